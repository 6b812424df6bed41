"""Which weights a run keeps: those of what ties, of all, of none; and what they are."""

import pytest
import torch

from interplay.errors import LedgerError
from interplay.models.factory import build_model
from interplay.table.ledger import Ledger
from interplay.table.weights import Weights
from interplay.training.kept import fill, state_of, weights_of
from interplay.training.members import row_of, section
from interplay.training.metrics import evaluate
from interplay.training.tensors import make_parts
from interplay.tuning.execute import execute
from interplay.tuning.keeping import Keeper
from interplay.tuning.plan import make_plan
from tests.tuning.fake import InProcess

WIDE = {"num_layers": 1, "hidden_size": [2, 64], "dropout": [0.0, 0.1]}


@pytest.mark.parametrize("engine", ["reference", "stacked"])
@pytest.mark.parametrize("keep", ["best", "all", "none"])
def test_weights_of_what_ties_stay(make_study, quiet_run, engine, keep):
    study = make_study(engine=engine, epochs=2, model=WIDE, best={"keep": keep})
    outcome = quiet_run(study)
    ledger = Ledger(outcome.folder)
    keys, frame = ledger.keys(), outcome.results.frame
    there = ledger.weights.keys()
    wide = {key for key, width in zip(keys, frame["model.hidden_size"], strict=True) if width == 64}
    assert there == {"best": wide, "all": set(keys), "none": set()}[keep]


@pytest.mark.parametrize("engine", ["reference", "stacked"])
def test_kept_weights_give_the_row_again(make_study, quiet_run, engine):
    norm = {"name": "conv", "channels": 4, "num_layers": 1, "norm": "batch", "dropout": [0.0, 0.5]}
    study = make_study(engine=engine, seeds=1, best={"keep": "all"})
    study = type(study)(**{**study.tables, "model": norm})
    outcome = quiet_run(study)
    ledger, plan = Ledger(outcome.folder), make_plan(study)
    frame = outcome.results.frame
    for number, member in enumerate(plan.members):
        data = section(member.config, "data")
        parts = make_parts(
            plan.dataset(member.config), "image", data, fold=None, folds=None, device="cpu"
        )
        model = build_model(section(member.config, "model"), parts.spec)
        fill(model, ledger.weights.read(member.key), "it").eval()
        with torch.no_grad():
            outputs = model(parts.valid.inputs)
        found = evaluate(outputs, parts.valid.targets, "classification")
        assert found["accuracy"] == pytest.approx(frame["accuracy"][number], abs=1e-9)
        assert found["valid_loss"] == pytest.approx(frame["valid_loss"][number], rel=1e-5)


def test_weights_that_cannot_be_written_lose_no_row(make_study, tmp_path, monkeypatch, capsys):
    def full(self, key, content):
        raise LedgerError("models cannot be written: No space left on device; make room")

    monkeypatch.setattr(Weights, "write", full)
    study = make_study(epochs=1, model=WIDE)
    outcome = execute(study, tmp_path / "run", progress=True, session=InProcess())
    assert (outcome.results.frame["status"] == "complete").all()
    assert len(outcome.results.frame) == 8
    said = capsys.readouterr().err
    assert said.count("weights are not kept") == 1
    assert "make room" in said


def test_none_forgets_those_of_before(make_study, quiet_run):
    study = make_study(epochs=1, model=WIDE, best={"keep": "all"})
    assert Ledger(quiet_run(study).folder).weights.keys()
    outcome = quiet_run(make_study(epochs=1, model=WIDE, best={"keep": "none"}))
    assert outcome.tried == 0
    assert not Ledger(outcome.folder).weights.keys()


def test_keeping_is_no_part_of_a_member(make_study):
    keys = [
        [member.key for member in make_plan(make_study(best={"keep": keep})).members]
        for keep in ("best", "none")
    ]
    assert keys[0] == keys[1]


def test_what_goes_first_are_the_worst_cells(make_study, tmp_path):
    study = make_study(epochs=2, model=WIDE, best={"keep": "all"})
    outcome = execute(study, tmp_path / "all", progress=False, session=InProcess())
    whole = Ledger(outcome.folder)
    plan = make_plan(make_study(epochs=2, model=WIDE))
    ledger = Ledger(tmp_path / "some").create()
    keeper = Keeper(plan, ledger, room=45_000)
    rows = {row["key"]: row for row in whole.rows().to_pylist()}
    for member in plan.members:
        row = rows[member.key]
        curves = {"accuracy": row["curve.accuracy"]}
        made = row_of(member, "complete", engine="e", device="d", curves=curves)
        made.weights = whole.weights.read(member.key)
        keeper.take([made])
        assert made.weights is None
        assert keeper.size <= 45_000
    kept = {m.config["model.hidden_size"] for m in plan.members if ledger.weights.has(m.key)}
    assert kept == {64}


def test_tied_weights_come_back():
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.Linear(3, 3)
            self.b = torch.nn.Linear(3, 3)
            self.b.weight = self.a.weight

    one, other = Tied(), Tied()
    fill(other, weights_of(one.state_dict()), "it")
    assert torch.equal(one.a.weight, other.b.weight)
    assert set(state_of(weights_of(one.state_dict()), "it")) == set(one.state_dict())
