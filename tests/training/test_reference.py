"""The reference engine: seeded, exact, exactly as long as asked; every optimiser and schedule."""

import json
import random

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, mean_absolute_error, r2_score, root_mean_squared_error

from interplay.data.dataset import Dataset
from interplay.data.load import load_dataset
from interplay.models import FAMILIES
from interplay.models.factory import build_model
from interplay.study.study import Study
from interplay.training.batches import BatchOrder
from interplay.training.dropout import SeededDropout, seed_dropout
from interplay.training.global_generators import own_globals
from interplay.training.members import Member, section
from interplay.training.metrics import evaluate
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.randomness import key_of
from interplay.training.schedules import SCHEDULES
from interplay.training.tensors import make_parts
from tests.models.pairwise import pairwise
from tests.training.elsewhere import train


@pytest.fixture(scope="module")
def digits():
    return load_dataset({"name": "digits"})


def test_the_same_member_gives_the_same_numbers_in_any_process(digits, make_study, start, tmp_path):
    study = make_study(epochs=2, model={"dropout": 0.5, "norm": "batch"})
    here = train(study, digits, seed=3)
    # Whatever the process did before must not matter.
    torch.manual_seed(99)
    torch.randn(7)
    np.random.seed(5)
    again = train(study, digits, seed=3)
    assert again.curves == here.curves
    tables = json.dumps(study.tables)
    process = start("tests.training.elsewhere", tables, "3", cwd=tmp_path)
    out, err = process.communicate()
    assert process.returncode == 0, err
    other = json.loads(out.splitlines()[-1])
    for name, values in here.curves.items():
        assert other[name] == pytest.approx(values, rel=1e-5), name
    assert train(study, digits, seed=4).curves != here.curves


def test_global_generators_are_left_as_they_were(digits, make_study):
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    expected = (torch.rand(1).item(), np.random.rand(), random.random())
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    train(make_study(), digits)
    assert (torch.rand(1).item(), np.random.rand(), random.random()) == expected


def test_exactly_the_epochs_asked_for(digits, make_study):
    # A learning rate at which nothing improves would trip any early stopping.
    row = train(make_study(epochs=14, optimizer={"lr": 1e-12}), digits)
    assert (row.status, row.epochs_run, row.epochs_asked) == ("complete", 14, 14)
    assert {len(v) for v in row.curves.values()} == {14}
    assert set(row.curves) == {"train_loss", "valid_loss", "accuracy", "f1"}


def test_it_learns(digits, make_study):
    study = make_study(
        epochs=15, data={"batch_size": 32}, model={"hidden_size": 64, "dropout": 0.0}
    )
    assert train(study, digits).curves["accuracy"][-1] > 0.93


def test_divergence_is_a_result(digits, make_study):
    row = train(
        make_study(epochs=5, model={"hidden_size": 64}, optimizer={"name": "sgd", "lr": 1e30}),
        digits,
    )
    assert row.status == "diverged"
    assert row.error is None
    assert row.epochs_run < 5


def test_what_a_model_raises_is_a_failed_row(tmp_path, digits, make_study):
    (tmp_path / "raises.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__(); self.l = nn.Linear(64, 10)\n"
        "    def forward(self, x):\n"
        "        raise RuntimeError('no way')\n"
        "def make(): return Net()\n"
    )
    study = Study(
        name="s",
        epochs=1,
        data={"name": "digits"},
        model={"builder": "raises:make"},
        folders=[tmp_path],
    )
    row = train(study, digits)
    assert row.status == "failed"
    assert row.error == "RuntimeError: no way"


@pytest.mark.parametrize(
    ("family", "optimizer", "schedule"),
    [
        tuple(row.values())
        for row in pairwise(
            {
                "family": FAMILIES.names,
                "optimizer": OPTIMIZERS.names,
                "schedule": SCHEDULES.names,
            }
        )
    ],
)
def test_every_family_optimizer_and_schedule_trains(digits, family, optimizer, schedule):
    needed = {"factors": {"value": [0.5]}} if schedule == "listed" else {}
    small = {"architecture": 1} if family == "mlp" else {"hidden_size": 4, "num_layers": 1}
    study = Study(
        name="small",
        epochs=1,
        data={"name": "digits", "batch_size": 512},
        model={"name": family, "dropout": 0.1, **small},
        optimizer={"name": optimizer, "lr": 1e-3},
        schedule={"name": schedule, **needed},
    )
    row = train(study, digits)
    assert row.status == "complete", row.error
    assert np.isfinite(row.curves["valid_loss"]).all()


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ({"name": "none"}, [1, 1, 1, 1]),
        ({"name": "step", "step_size": 2, "gamma": 0.5}, [1, 0.5, 0.5, 0.25]),
        # Each epoch's as it is told; beyond, the last.
        ({"name": "listed", "factors": {"value": [1, 0.5, 0.2]}}, [0.5, 0.2, 0.2, 0.2]),
        ({"name": "cosine"}, [(1 + np.cos(np.pi * k / 4)) / 2 for k in (1, 2, 3, 4)]),
        # One epoch upwards, then a cosine over the three that are left; the last is of what follows.
        (
            {"name": "cosine", "warmup": 0.25},
            [1, *((1 + np.cos(np.pi * k / 3)) / 2 for k in (1, 2, 3))],
        ),
        # Of a share of four epochs, up to three.
        ({"name": "cosine", "warmup": 0.99}, [0.5, 0.75, 1, 0]),
        # The loss never improves by the huge threshold: a drop every second epoch.
        ({"name": "plateau", "factor": 0.5, "patience": 1, "threshold": 0.99}, [1, 1, 0.5, 0.5]),
    ],
)
def test_schedules_move_the_rate_once_an_epoch(digits, make_study, schedule, factors, tmp_path):
    from interplay.training.reference import make_trainer

    study = make_study(
        epochs=4,
        data={"batch_size": 512},
        model={"hidden_size": 4, "dropout": 0.0},
        optimizer={"lr": 0.1},
        schedule=schedule,
    )
    config = study.cells()[0]
    parts = make_parts(digits, "flat", section(config, "data"), fold=None, folds=None, device="cpu")
    model = build_model(section(config, "model"), parts.spec)
    rates = []
    trainer = make_trainer(
        Member("k", config, 0, 4),
        model,
        parts,
        "cpu",
        tmp_path,
    )
    for _ in range(4):
        trainer.epoch()
        rates.append(trainer.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.1 * f for f in factors])


@pytest.mark.parametrize(("warmup", "first"), [(0.0, 1.0), (0.5, 1 / 3), (0.99, 1 / 4)])
def test_a_rate_that_rises_begins_low(digits, make_study, warmup, first, tmp_path):
    from interplay.training.reference import make_trainer
    from interplay.training.stacked.update.schedules import Cosine

    study = make_study(epochs=4, schedule={"name": "cosine", "warmup": warmup})
    config = study.cells()[0]
    parts = make_parts(digits, "flat", section(config, "data"), fold=None, folds=None, device="cpu")
    model = build_model(section(config, "model"), parts.spec)
    trainer = make_trainer(Member("k", config, 0, 4), model, parts, "cpu", tmp_path)
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * first)
    assert Cosine(section(config, "schedule"), 1e-3, 4).value == pytest.approx(1e-3 * first)
    assert "schedule.warmup" in study.keyed(config) or warmup == 0


def test_balanced_classes_weigh_what_scikit_learn_says():
    from sklearn.utils.class_weight import compute_class_weight

    from interplay.training.class_weights import class_weights

    y = np.array([0] * 30 + [2] * 6 + [3] * 14)
    data = Dataset.from_arrays(np.zeros((50, 2), np.float32), y)
    options = {"split_seed": 0, "valid": 0.2, "test": 0.0, "subset": 1.0, "scale": "none"}
    parts = make_parts(data, "flat", options, fold=None, folds=None, device="cpu")
    train = parts.train.targets.numpy()
    wanted = np.zeros(4)
    wanted[[0, 2, 3]] = compute_class_weight("balanced", classes=np.array([0, 2, 3]), y=train)
    assert class_weights("balanced", parts).tolist() == pytest.approx(wanted.tolist())
    assert class_weights("none", parts) is None


def test_clipping_bounds_a_step(digits, make_study):
    def moved(clip):
        study = make_study(
            data={"batch_size": 2000},
            optimizer={"name": "sgd", "lr": 1.0},
            model={"hidden_size": 4, "dropout": 0.0},
            training={"clip_norm": clip},
        )
        return train(study, digits).curves["valid_loss"][0]

    assert moved(1e-9) == pytest.approx(moved(1e-12), abs=1e-6)
    assert abs(moved(0.0) - moved(1e-9)) > 1e-3


def test_label_smoothing_is_in_the_training_loss_only(digits, make_study):
    rows = [
        train(
            make_study(
                optimizer={"lr": 1e-12},
                model={"dropout": 0.0, "hidden_size": 4},
                training={"label_smoothing": s},
            ),
            digits,
        )
        for s in (0.0, 0.5)
    ]
    plain, smooth = rows
    assert smooth.curves["valid_loss"] == pytest.approx(plain.curves["valid_loss"], rel=1e-5)
    assert smooth.curves["train_loss"] != pytest.approx(plain.curves["train_loss"], rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_classification_metrics_against_sklearn(seed):
    g = torch.Generator().manual_seed(seed)
    outputs, targets = torch.randn(57, 6, generator=g), torch.randint(5, (57,), generator=g)
    got = evaluate(outputs, targets, "classification")
    predicted = outputs.argmax(1).numpy()
    assert got["accuracy"] == pytest.approx((predicted == targets.numpy()).mean())
    assert got["f1"] == pytest.approx(
        f1_score(targets, predicted, average="macro", zero_division=0)
    )
    assert got["valid_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(outputs, targets).item()
    )


@pytest.mark.parametrize("seed", range(3))
def test_regression_metrics_against_sklearn(seed):
    g = np.random.default_rng(seed)
    outputs, targets = g.normal(size=(31, 1)).astype("f4"), g.normal(size=(31, 1)).astype("f4")
    got = evaluate(torch.from_numpy(outputs), torch.from_numpy(targets), "regression")
    assert got["mae"] == pytest.approx(mean_absolute_error(targets, outputs), rel=1e-5)
    assert got["rmse"] == pytest.approx(root_mean_squared_error(targets, outputs), rel=1e-5)
    assert got["r2"] == pytest.approx(r2_score(targets, outputs), rel=1e-5)
    assert got["valid_loss"] == pytest.approx(got["rmse"] ** 2)


def test_regression_trains(make_study):
    g = np.random.default_rng(0)
    x = g.normal(size=(300, 5)).astype("f4")
    data = Dataset.from_arrays(x, x @ np.array([1, 2, 0, 0, -1.0]))
    study = make_study(
        epochs=60,
        data={"batch_size": 32},
        model={"hidden_size": 32, "dropout": 0.0},
        optimizer={"lr": 1e-2},
    )
    assert train(study, data).curves["r2"][-1] > 0.95


def test_batches_are_whole_and_every_row_has_its_turn():
    order = BatchOrder(0, rows=10, batch_size=4)
    epochs = [order.epoch(number) for number in range(30)]
    assert all(e.shape == (2, 4) and len(set(e.ravel())) == 8 for e in epochs)
    assert set(np.concatenate(epochs).ravel()) == set(range(10))
    assert BatchOrder(0, rows=3, batch_size=8).epoch(0).shape == (1, 3)


def test_buckets_hold_similar_lengths_in_one_order_for_all_seeds():
    lengths = np.random.default_rng(0).integers(10, 52, 330)
    one, other = (BatchOrder(seed, 330, 32, lengths, bucket=True) for seed in (0, 1))
    for number in range(3):
        a, b = one.epoch(number), other.epoch(number)
        assert a.shape == (10, 32)
        assert len(set(a.ravel())) == 320
        assert np.ptp(lengths[a], axis=1).mean() < 8 < np.ptp(lengths) / 2
        assert not np.array_equal(a, b)
        assert np.abs(lengths[a].max(1) - lengths[b].max(1)).max() <= 3
        assert (np.diff(lengths[a], axis=1) <= 0).all()
    again = BatchOrder(0, 330, 32, lengths, bucket=True)
    assert not np.array_equal(again.epoch(0), again.epoch(1))


def test_a_batch_is_what_it_is_without_lengths_but_longest_first():
    lengths = np.random.default_rng(0).integers(10, 52, 330)
    plain, ordered = BatchOrder(0, 330, 32), BatchOrder(0, 330, 32, lengths)
    for number in range(3):
        a, b = plain.epoch(number), ordered.epoch(number)
        assert np.array_equal(np.sort(a, axis=1), np.sort(b, axis=1))
        assert (np.diff(lengths[b], axis=1) <= 0).all()
        assert np.ptp(lengths[b][:, 0]) > 0


def test_valid_rows_stand_longest_first_and_keep_their_lengths_and_targets():
    g = np.random.default_rng(0)
    lengths = g.integers(1, 7, 60)
    inputs = np.where(np.arange(6) < lengths[:, None], 1.0, 0.0)[..., None]
    data = Dataset.from_arrays(
        inputs, lengths[:, None].astype(float), kind="sequence", task="regression", lengths=lengths
    )
    data_of = {"name": "digits", "scale": "none"}
    config = Study(name="s", epochs=1, model={"name": "recurrent"}, data=data_of).resolve({})
    parts = make_parts(
        data, "sequence", section(config, "data"), fold=None, folds=None, device="cpu"
    )
    for part in (parts.train, parts.valid):
        assert torch.equal(part.lengths.float(), part.targets[:, 0])
        assert torch.equal(part.inputs.sum((1, 2)), part.targets[:, 0])
    assert (parts.valid.lengths.diff() <= 0).all()
    assert (parts.train.lengths.diff() > 0).any()


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_dropout_drops_its_rate_keeps_the_mean_and_rests_in_evaluation(p):
    layer = SeededDropout(p, key_of(0, "dropout"))
    x = torch.ones(400, 500)
    out = layer(x)
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert out.mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize("shape", [(3, 5, 40), (3, 5, 1)])
def test_a_sequences_numbers_do_not_depend_on_its_padding(shape):
    def dropped(steps):
        layer = SeededDropout(0.5, key_of(0, "dropout"))
        return [layer(torch.ones(shape[0], steps, shape[2])) for _ in range(3)]

    for short, long in zip(dropped(5), dropped(9), strict=True):
        assert torch.equal(short, long[:, :5])


def test_every_dropout_of_a_users_model_gets_its_masks():
    shared = torch.nn.Dropout(0.3)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 3), shared, torch.nn.Sequential(torch.nn.Dropout(0.5)), shared
    )
    seed_dropout(model, 0)
    kinds = [m for m in model.modules() if isinstance(m, SeededDropout)]
    assert [m.p for m in kinds] == [0.3, 0.5]
    assert model[1] is model[3]
    keys = [int(key) for m in kinds for key in m.masks.keys]
    assert keys == [key_of(0, "dropout", layer) for layer in (0, 1)]


def test_a_dropout_used_twice_in_a_forward_has_two_masks_and_its_rate_may_change():
    layer = SeededDropout(0.5, key_of(0, "dropout"))
    first, second = layer(torch.ones(8, 50)), layer(torch.ones(8, 50))
    assert not torch.equal(first, second)
    again = SeededDropout(0.25, key_of(0, "dropout"))
    milder = again(torch.ones(8, 50))
    assert bool(((milder == 0) <= (first == 0)).all())  # a smaller rate drops some of the same
    again.p = 0.5
    assert torch.equal(again(torch.ones(8, 50)), second)


def test_initial_weights_are_the_seeds_own(make_study):
    spec = load_dataset({"name": "digits"}).spec("flat")
    options = section(make_study().cells()[0], "model")

    def weights(seed):
        with own_globals(seed, "weights"):
            return build_model(options, spec).state_dict()

    one, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(one[k], again[k]) for k in one)
    assert not all(torch.equal(one[k], other[k]) for k in one)
