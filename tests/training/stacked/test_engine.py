"""The stacked engine gives what the reference engine gives, and members never touch one another."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn

from interplay.data.dataset import Dataset
from interplay.models import FAMILIES
from interplay.study.study import Study
from interplay.training.dropout import seed_dropout
from interplay.training.members import Member, section
from interplay.training.reference import train_member
from interplay.training.stacked.engine import train_stack
from interplay.training.stacked.sharing import shape_key
from interplay.training.stacked.stack import stack
from interplay.training.stacked.twin import NotStackableError
from interplay.training.stacked.update.schedules import Plateau
from interplay.training.tensors import make_parts
from tests.models.pairwise import pairwise
from tests.models.tables import VALUES, cases

OPTIMIZERS = [
    {"name": "adam"},
    {"name": "adam", "amsgrad": True},
    {"name": "adamw"},
    {"name": "sgd", "momentum": 0.9, "dampening": 0.1},
    {"name": "sgd", "momentum": 0.5, "nesterov": True},
    {"name": "rmsprop", "lr": 1e-3},
    {"name": "rmsprop", "lr": 1e-3, "centered": True, "momentum": 0.3},
]
SCHEDULES = [
    {"name": "none"},
    {"name": "cosine"},
    {"name": "cosine", "warmup": 0.5, "eta_min": 1e-4},
    {"name": "step", "step_size": 2, "gamma": 0.5},
    {"name": "plateau", "patience": 0, "factor": 0.5, "threshold": 0.2},
    {"name": "listed", "factors": {"value": [0.5, 1.0, 0.1]}},
]
# How the members of a stack differ from one another, besides their seeds.
DIFFERENCES = [{}, {"model.dropout": 0.5}, {"optimizer.lr": 3e-3}, {"optimizer.weight_decay": 0.01}]


EPOCHS = 3  # a rate that falls after two of them is trained with


def small_data(kind, task, n=36):
    g = np.random.default_rng(0)
    shape = {"flat": (7,), "image": (2, 9, 7), "sequence": (6, 3), "tokens": (6,)}[kind]
    tokens = kind == "tokens"
    x = g.integers(0, 11, (n, *shape)) if tokens else g.normal(size=(n, *shape))
    y = g.integers(0, 4, n) if task == "classification" else g.normal(size=(n, 2))
    y[:4] = np.arange(4) if task == "classification" else y[:4]
    lengths = g.integers(1, 7, n) if kind in ("sequence", "tokens") else None
    return Dataset.from_arrays(x, y, kind=kind, task=task, lengths=lengths)


def configure(kind, task, family, *, model=(), optimizer=(), schedule=(), training=(), **data):
    """A configuration, and the parts it trains on."""
    study = Study(
        name="s",
        epochs=EPOCHS,
        data={"name": "digits", "batch_size": 9, **data},
        model={"name": family, **dict(model)},
        optimizer=dict(optimizer),
        schedule=dict(schedule),
        training=dict(training),
    )
    config = study.resolve({k: d.grid()[0] for k, d in study.space.domains.items()})
    return config, small_data(kind, task)


def parts_of(config, data, kind, dtype=torch.float64, fold=None, folds=None):
    return make_parts(
        data, kind, section(config, "data"), fold=fold, folds=folds, device="cpu", dtype=dtype
    )


def both(configs, seeds, parts, epochs=EPOCHS):
    members = [
        Member(str(i), c, s, epochs) for i, (c, s) in enumerate(zip(configs, seeds, strict=True))
    ]
    return train_stack(members, [parts] * len(members)), [train_member(m, parts) for m in members]


def assert_same(stacked, reference, tolerance):
    for one, other in zip(stacked, reference, strict=True):
        assert other.error is None, other.error
        assert (one.status, one.epochs_run, one.parameters) == (
            other.status,
            other.epochs_run,
            other.parameters,
        )
        for name, values in other.curves.items():
            if name == "r2" and not np.isfinite(values).all():
                continue
            np.testing.assert_allclose(
                one.curves[name], values, rtol=tolerance, atol=tolerance, err_msg=name
            )


UPDATES = pairwise(
    {
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "clip": [0.0, 0.5],
        "difference": DIFFERENCES,
    }
)


def designs(family):
    """Every pair of a family's own options, kinds of data among them, and of the ways to update,
    side by side: what updates sees no layers. Linear networks have each row of both, others as
    many as they have options."""
    own = {k: v for k, v in VALUES[family].items() if k != "dropout"}
    own |= {"kind": [kind for name, kind in cases() if name == family]}
    rows = pairwise({**own, "task": ["classification", "regression"], "bucket": [False, True]})
    count = max(len(rows), len(UPDATES)) if family == "linear" else len(rows)
    return [{**rows[i % len(rows)], **UPDATES[i % len(UPDATES)]} for i in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES.names)
def test_equal_over_options_optimizers_and_schedules(family):
    for number, row in enumerate(designs(family)):
        model = {k: row[k] for k in VALUES[family] if k != "dropout"} | {"dropout": 0.3}
        config, data = configure(
            row["kind"],
            row["task"],
            family,
            model=model,
            optimizer={"lr": 1e-3, **row["optimizer"]},
            schedule=row["schedule"],
            training={"clip_norm": row["clip"]},
            bucket=row["bucket"],
        )
        other = {**config, **row["difference"]}
        # Three epochs of three steps, with the schedule moving in between.
        for dtype, tolerance in ((torch.float64, 1e-8), (torch.float32, 1e-3))[
            : 1 + (number % 3 == 0)
        ]:
            parts = parts_of(config, data, row["kind"], dtype)
            stacked, reference = both([config, other], [0, 1], parts)
            assert stacked[0].engine == "stacked"
            assert_same(stacked, reference, tolerance)


def test_every_family_stacks_so_that_planning_need_not_try():
    for family, kind in cases():
        config, data = configure(kind, "classification", family)
        parts = parts_of(config, data, kind)
        with torch.random.fork_rng():
            from interplay.models.factory import build_model

            models = [build_model(section(config, "model"), parts.spec) for _ in range(2)]
            stack([seed_dropout(model, 0) for model in models])
    assert {family for family, _ in cases()} == set(FAMILIES.names)


def test_per_member_settings_of_every_optimizer():
    for options, changes in [
        (
            {"name": "adam"},
            {"optimizer.betas": [0.5, 0.9], "optimizer.eps": 1e-3, "optimizer.lr": 1e-2},
        ),
        ({"name": "adamw"}, {"optimizer.weight_decay": 0.3}),
        ({"name": "sgd"}, {"optimizer.momentum": 0.9, "optimizer.dampening": 0.5}),
        (
            {"name": "rmsprop"},
            {"optimizer.alpha": 0.5, "optimizer.momentum": 0.5, "optimizer.weight_decay": 0.1},
        ),
    ]:
        config, data = configure(
            "flat", "classification", "linear", model={"dropout": 0.2}, optimizer=options
        )
        changed = {**config, **changes, "training.clip_norm": 0.05}
        stacked, reference = both(
            [config, changed, config], [0, 0, 3], parts_of(config, data, "flat")
        )
        assert_same(stacked, reference, 1e-8)
        assert stacked[0].curves["valid_loss"] != stacked[1].curves["valid_loss"]


@pytest.mark.parametrize("change", ["seed", "lr", "dropout", "neighbours"])
def test_members_never_influence_one_another(change):
    config, data = configure(
        "flat", "classification", "linear", model={"dropout": 0.3, "norm": "batch"}
    )
    parts = parts_of(config, data, "flat", torch.float32)
    base, _ = both([config] * 3, [0, 1, 2], parts)
    if change == "seed":
        other, _ = both([config] * 3, [0, 7, 2], parts)
    elif change == "neighbours":
        other, _ = both([config], [0], parts)
        assert other[0].curves == base[0].curves
        return
    else:
        key = {"lr": "optimizer.lr", "dropout": "model.dropout"}[change]
        other, _ = both([config, {**config, key: 0.05}, config], [0, 1, 2], parts)
    assert other[0].curves == base[0].curves or change == "lr"
    for i in (0, 2):
        # A column of rates takes another kernel than one rate for all: rounding, no more.
        np.testing.assert_allclose(
            other[i].curves["valid_loss"], base[i].curves["valid_loss"], rtol=1e-5
        )
    assert other[1].curves != base[1].curves


def test_a_diverged_member_is_frozen_and_the_others_go_on():
    config, data = configure("flat", "regression", "linear", optimizer={"name": "sgd", "lr": 1e-2})
    wild = {**config, "optimizer.lr": 1e20}
    parts = parts_of(config, data, "flat")
    stacked, reference = both([config, wild, config], [0, 1, 2], parts)
    assert [row.status for row in stacked] == ["complete", "diverged", "complete"]
    assert_same(stacked, reference, 1e-8)
    all_wild, _ = both([wild, wild], [0, 1], parts)
    assert [row.status for row in all_wild] == ["diverged", "diverged"]


def test_folds_of_unequal_size_train_together():
    config, data = configure(
        "flat", "classification", "linear", model={"dropout": 0.3}, scale="standard"
    )
    data = small_data("flat", "classification", n=62)
    parts = {f: parts_of(config, data, "flat", fold=f, folds=4) for f in range(4)}
    assert len({len(p.valid) for p in parts.values()}) == 2
    members = [Member(f"{s}{f}", config, s, 3, f, 4) for s in (0, 1) for f in range(4)]
    stacked = train_stack(members, [parts[m.fold] for m in members])
    assert_same(stacked, [train_member(m, parts[m.fold]) for m in members], 1e-8)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_weights_of_classes_are_each_folds_own(smoothing):
    training = {"class_weights": "balanced", "label_smoothing": smoothing, "clip_norm": 0.5}
    config, data = configure(
        "flat", "classification", "linear", model={"dropout": 0.3}, training=training
    )
    rare = np.where(np.arange(36) % 5 > 0, 0, data.targets)  # one class has most of the rows
    data = replace(data, targets=rare, num_outputs=6)  # and two have none
    parts = {f: parts_of(config, data, "flat", fold=f, folds=3) for f in range(3)}
    members = [Member(f"{s}{f}", config, s, 3, f, 3) for s in (0, 1) for f in range(3)]
    stacked = train_stack(members, [parts[m.fold] for m in members])
    assert_same(stacked, [train_member(m, parts[m.fold]) for m in members], 1e-8)
    plain = [replace(m, config={**config, "training.class_weights": "none"}) for m in members]
    unweighted = train_stack(plain, [parts[m.fold] for m in members])
    assert all(a.curves != b.curves for a, b in zip(stacked, unweighted, strict=True))
    assert shape_key(config, 3, 9, 2) != shape_key(plain[0].config, 3, 9, 2)


@pytest.mark.parametrize(
    "options",
    [o for o in SCHEDULES if o["name"] == "plateau"]
    + [
        {
            "name": "plateau",
            "patience": 1,
            "factor": 0.1,
            "threshold": 1e-4,
            "cooldown": 2,
            "min_lr": 1e-4,
        },
    ],
)
def test_plateau_on_a_scripted_sequence_of_losses(options):
    losses = [
        1.0,
        0.9,
        0.9,
        0.95,
        0.89995,
        0.5,
        0.6,
        0.6,
        0.6,
        0.6,
        0.6,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
    ]
    full = {"cooldown": 0, "min_lr": 0.0, **options}
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, **{k: v for k, v in full.items() if k != "name"}
    )
    ours = Plateau(full, 0.1, len(losses))
    for loss in losses:
        theirs.step(loss)
        assert ours.after_epoch(loss) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.slow
def test_whole_trainings_are_equal_in_distribution():
    config, _ = configure(
        "flat", "classification", "linear", model={"dropout": 0.4, "hidden_size": 16}
    )
    data = small_data("flat", "classification", n=120)
    data.targets[:] = (data.inputs[:, :2] @ np.array([1.0, 2.0]) > 0) + 2 * (data.inputs[:, 2] > 0)
    parts = parts_of(config, data, "flat", torch.float32)
    stacked, reference = both([config] * 20, list(range(20)), parts, epochs=8)
    for metric in ("valid_loss", "accuracy"):
        ours, theirs = ([row.curves[metric][-1] for row in rows] for rows in (stacked, reference))
        assert ks_2samp(ours, theirs).pvalue > 0.05
        assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.01)
        assert np.std(ours) > 0


def test_what_does_not_stack_says_why():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))
            self.layer = nn.Linear(7, 4)

        def forward(self, x):
            return self.layer(x) * self.scale

    for models, says in [
        ([Scaled(), Scaled()], "Scaled"),
        ([nn.Linear(7, 4), nn.Linear(7, 5)], "one shape"),
        ([nn.Sequential(nn.Linear(7, 4)), nn.Linear(7, 4)], "one type"),
        ([nn.Sequential(nn.Linear(7, 4), nn.AlphaDropout(0.1)) for _ in range(2)], "AlphaDropout"),
        ([nn.Sequential(nn.ReLU()) for _ in range(2)], None),
    ]:
        if says is None:
            stack(models)
            continue
        with pytest.raises(NotStackableError, match=says):
            stack(models)
