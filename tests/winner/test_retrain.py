"""The choice trained on train and validation rows and tested once, beside torch by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from interplay.data.load import split_dataset
from interplay.errors import InterplayError
from interplay.models.factory import build_model
from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.training.batches import BatchOrder
from interplay.training.global_generators import own_globals
from interplay.training.members import section
from interplay.training.tensors import make_parts
from interplay.tuning.plan import make_plan
from interplay.winner.chosen import Chosen
from interplay.winner.retrain import replayed, retrain
from tests.tuning.fake import InProcess

WIDE = {"num_layers": 1, "hidden_size": [2, 32], "dropout": 0.0}
TESTED = {"test": 0.2, "scale": "standard"}


@pytest.fixture
def chosen_of(make_study, quiet_run):
    """A study that was run, and its choice."""

    def make(**changes):
        study = make_study(**{"epochs": 3, "model": WIDE, "data": TESTED, **changes})
        outcome = quiet_run(study)
        results = outcome.results
        return study, Chosen.of(results.best(), results)

    return make


def by_hand(dataset, config, seed, epochs, factors=None):
    """Accuracy on the test rows of a linear net trained on all others, with plain torch in float64."""
    data = section(config, "data")
    n = len(dataset.targets)
    split = split_dataset(dataset, {**data, "train_on": "train"}, None, None)
    train = np.sort(np.concatenate([split.train, split.valid]))
    assert not set(train) & set(split.test)
    assert len(train) + len(split.test) == n
    x = dataset.inputs.reshape(n, -1)
    # One mean and one width a channel, of the training rows.
    middle, width = x[train].mean(dtype=np.float64), x[train].std(dtype=np.float64)
    x = (x - np.float32(middle)) / np.float32(width)
    x, y = torch.from_numpy(x).double(), torch.from_numpy(dataset.targets)
    with own_globals(seed, "weights"):
        model = build_model(section(config, "model"), dataset.spec("flat")).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=config["optimizer.lr"])

    class Rows:
        lengths = host_lengths = None

        def __len__(self):
            return len(train)

    order = BatchOrder.of(seed, Rows(), data)
    for epoch in range(epochs):
        if factors:
            optimizer.param_groups[0]["lr"] = config["optimizer.lr"] * factors[epoch]
        for batch in order.epoch(epoch):
            rows = torch.from_numpy(train[batch])
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    test = torch.from_numpy(split.test)
    with torch.no_grad():
        out = model.eval()(x[test])
    return float((out.argmax(1) == y[test]).double().mean()), float(F.cross_entropy(out, y[test]))


@pytest.mark.parametrize("engine", ["reference", "stacked"])
def test_retraining_by_hand_gives_the_same_score(chosen_of, engine, monkeypatch):
    from interplay.winner import predictions

    double = {"dtype": torch.float64}
    real = make_parts
    monkeypatch.setattr(
        "interplay.training.tensors.make_parts", lambda *a, **k: real(*a, **k, **double)
    )
    study, chosen = chosen_of(engine=engine)
    test = predictions.outputs_of_test
    monkeypatch.setattr(predictions, "outputs_of_test", lambda *a: test(*a, **double))
    found = retrain(chosen, progress=False, session=InProcess())
    member = found.plan.members[0]
    assert member.config["data.train_on"] == "all"
    assert member.config["model.hidden_size"] == 32
    dataset = found.plan.dataset(member.config)
    hand = [by_hand(dataset, member.config, seed, study.epochs) for seed in study.seeds]
    assert found.scores["accuracy"].each == pytest.approx([a for a, _ in hand], abs=1e-8)
    assert found.scores["test_loss"].each == pytest.approx([b for _, b in hand], abs=1e-8)


def test_the_test_rows_are_read_by_nothing_else(chosen_of, monkeypatch):
    """With other test rows every figure is the same but those of the test."""
    from interplay.tuning import plan as plans

    study, chosen = chosen_of()
    clean = retrain(chosen, progress=False, session=InProcess())
    dataset = clean.plan.dataset(clean.plan.members[0].config)
    split = split_dataset(dataset, section(clean.plan.members[0].config, "data"), None, None)
    inputs, targets = dataset.inputs.copy(), dataset.targets.copy()
    inputs[split.test] = 1e6
    targets[split.test] = (targets[split.test] + 1) % 10
    # The split goes by class: the parts stay as they are where they are prescribed.
    parts = {
        "valid": np.setdiff1d(
            np.arange(len(targets)),
            np.union1d(
                split.test,
                split_dataset(
                    dataset,
                    {**section(clean.plan.members[0].config, "data"), "train_on": "train"},
                    None,
                    None,
                ).train,
            ),
        ),
        "test": split.test,
    }
    fixed = replace(dataset, fixed=parts)
    poisoned = replace(fixed, inputs=inputs, targets=targets)
    tables = []
    for data in (fixed, poisoned):
        monkeypatch.setattr(plans, "load_dataset", lambda *_, data=data: data)
        run = f"run-{len(tables)}"
        from interplay.tuning.execute import execute

        outcome = execute(
            study, chosen.ledger.folder.parent / run, progress=False, session=InProcess()
        )
        again = Chosen.of(outcome.results.best(), outcome.results)
        found = retrain(again, progress=False, session=InProcess())
        own = Results.load(found.folder).frame
        tables.append((outcome.results.frame, own, found))
    drop = ["seconds"]
    for part in (0, 1):
        one, other = (table[part].drop(columns=drop) for table in tables)
        assert one.equals(other)
    assert tables[0][2].scores["accuracy"].mean > 0.5 > tables[1][2].scores["accuracy"].mean


def test_looks_at_the_test_part_are_counted(chosen_of):
    _, chosen = chosen_of()
    first = retrain(chosen, progress=False, session=InProcess())
    second = retrain(chosen, progress=False, session=InProcess())
    assert (len(first.looks), len(second.looks)) == (0, 1)
    assert second.looks[0]["cell"] == {"model.hidden_size": 32}
    assert second.scores == first.scores
    assert json.loads(json.dumps(second.to_json()))["looked_before"]
    assert len(Ledger(first.folder).rows(["status"])) == 2  # nothing was trained twice


def test_choices_asked_for_where_something_is_given_are_told_apart(chosen_of):
    """Both cells are {}: what varies is given by the question."""
    _, chosen = chosen_of(epochs=1)
    found = []
    for width in (2, 32):
        choice = chosen.results.best(where={"model.hidden_size": width})
        assert choice.cell == {}
        one = Chosen(chosen.ledger, chosen.results, choice)
        found.append(retrain(one, progress=False, session=InProcess()))
    assert found[0].choice != found[1].choice
    assert [look["choice"] for look in found[1].looks] == [found[0].choice]


def test_other_data_than_the_choice_was_made_on_are_not_trained_on(chosen_of, monkeypatch):
    from interplay.tuning import plan as plans

    _, chosen = chosen_of(epochs=1)
    real = plans.load_dataset

    def changed(*arguments):
        dataset = real(*arguments)
        return replace(dataset, inputs=dataset.inputs + 1)

    monkeypatch.setattr(plans, "load_dataset", changed)
    with pytest.raises(InterplayError, match="are others than when the run was trained"):
        retrain(chosen, progress=False, session=InProcess())


def test_a_plateau_is_replayed(chosen_of):
    plateau = {"name": "plateau", "patience": 0, "factor": 0.5, "threshold": 0.5}
    study, chosen = chosen_of(epochs=4, schedule=plateau, seeds=3)
    told = replayed(chosen)
    factors = told["factors"]["value"]
    assert factors[0] == 1.0
    assert factors[-1] < 1.0
    found = retrain(chosen, progress=False, session=InProcess())
    member = found.plan.members[0]
    assert section(member.config, "schedule") == {"name": "listed", "factors": factors}
    hand = by_hand(found.plan.dataset(member.config), member.config, 0, study.epochs, factors)
    assert found.scores["accuracy"].each[0] == pytest.approx(hand[0], abs=0.01)
    assert found.scores["test_loss"].each[0] == pytest.approx(hand[1], rel=1e-3)
    assert any("median rate" in note for note in found.notes)


def test_without_a_test_part_there_is_advice(chosen_of):
    _, chosen = chosen_of(data={"test": 0.0})
    with pytest.raises(InterplayError, match=r"data\.test = 0\.2 before anything trains"):
        retrain(chosen, progress=False, session=InProcess())


def test_a_comparison_on_rows_that_were_trained_on_is_refused(make_study):
    with pytest.raises(InterplayError, match=r"train_on"):
        make_study(data={"train_on": "all"})


def test_members_of_before_keep_their_keys(make_study):
    study = make_study()
    assert "data.train_on" not in study.keyed(make_plan(study).members[0].config)


def test_a_choice_of_a_cross_validation_trains_on_all_its_folds_once(chosen_of):
    data = {**TESTED, "folds_by": "stratified"}
    study, chosen = chosen_of(folds=3, repeats=2, seeds=1, epochs=1, data=data)
    found = retrain(chosen, progress=False, session=InProcess())
    assert len(Ledger(found.folder).rows(["status"])) == 1
    # What it is tested on was in no fold of no repeat.
    (dataset,) = make_plan(study).datasets.values()
    own = section(chosen.config, "data")
    parts = [split_dataset(dataset, own, 3, fold) for fold in study.folds]
    told = split_dataset(dataset, {**own, "folds_by": "auto", "train_on": "all"}, None, None)
    assert all(np.array_equal(part.test, told.test) for part in parts)
    assert len(told.test) > 0
    assert len(told.train) == len(dataset.targets) - len(told.test)


def test_what_is_no_number_is_null_in_json(chosen_of):
    _, chosen = chosen_of(epochs=1, seeds=1)
    found = retrain(chosen, progress=False, session=InProcess())
    nan = float("nan")
    lost = replace(found.scores["accuracy"], each=(nan,), mean=nan, low=nan, high=nan)
    told = replace(found, scores={"r2": lost}).to_json()["scores"]["r2"]
    assert (told["each"], told["mean"], told["low"], told["sd"]) == ([None], None, None, None)
