"""Trainings advanced an epoch at a time, in turn with others, give the numbers of whole ones."""

import pytest

from interplay.data.load import load_dataset
from interplay.models.factory import build_model, input_kind
from interplay.study.study import Study
from interplay.training.dropout import seed_dropout
from interplay.training.function import FunctionRun
from interplay.training.global_generators import own_globals
from interplay.training.members import Member, section
from interplay.training.reference import MemberRun, make_trainer
from interplay.training.running import finish
from interplay.training.stacked.engine import start_stack
from interplay.training.tensors import make_parts

EPOCHS = 4
# A bar so high that the rate drops after each second epoch: what the plateau has seen counts.
PLATEAU = {"name": "plateau", "factor": 0.5, "patience": 1, "threshold": 0.5}
OWN = """
import random
import numpy as np
import torch
from torch import nn

class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 10))
    def forward(self, x):
        if self.training:
            x = x + torch.randn_like(x) * 0.1 * random.random() + 0.1 * np.random.rand()
        return self.layers(x)

def make():
    return Noisy()

def train(seed, epochs):
    total = 0.0
    for _ in range(epochs):
        total += random.random() + np.random.rand() + torch.rand(1).item()
        yield {"total": total}
"""


@pytest.fixture(scope="module")
def digits():
    return load_dataset({"name": "digits"})


@pytest.fixture
def noisy(tmp_path):
    (tmp_path / "noisy_net.py").write_text(OWN)
    return Study(
        name="noisy",
        epochs=EPOCHS,
        data={"name": "digits", "batch_size": 256},
        model={"builder": "noisy_net:make"},
        schedule=PLATEAU,
        folders=[tmp_path],
    )


@pytest.fixture
def dropping(make_study):
    return make_study(
        epochs=EPOCHS, model={"dropout": 0.5, "norm": "batch", "hidden_size": 8}, schedule=PLATEAU
    )


def member_of(study, seed):
    return Member(f"{seed}", study.cells()[0], seed, study.epochs)


def parts_of(study, dataset):
    config = study.cells()[0]
    data = section(config, "data")
    kind = input_kind(section(config, "model"), data["view"], dataset)
    return make_parts(dataset, kind, data, fold=None, folds=None, device="cpu")


def in_turn(runs, epochs=EPOCHS):
    for _ in range(epochs):
        for run in runs:
            run.advance()
    return [run.rows for run in runs]


def in_one_loop(study, parts, seed, folder):
    """mltrainer's own loop, the global generators one member's throughout."""
    member = member_of(study, seed)
    with own_globals(seed, "weights"):
        model = build_model(section(member.config, "model"), parts.spec, study.folders)
    seed_dropout(model, seed)
    with own_globals(seed, "forward"):
        trainer = make_trainer(member, model, parts, "cpu", folder)
        trainer.loop()
    return trainer.curves


@pytest.mark.parametrize("study", ["noisy", "dropping"])
def test_members_in_turn_on_the_reference_engine(study, digits, tmp_path, request):
    study = request.getfixturevalue(study)
    parts = parts_of(study, digits)
    runs = [MemberRun(member_of(study, s), parts, "cpu", study.folders) for s in (0, 1)]
    rows = [row for (row,) in in_turn(runs)]
    assert [row.curves for row in rows] == [
        in_one_loop(study, parts, s, tmp_path / f"log-{s}") for s in (0, 1)
    ]
    assert all((row.status, row.epochs_run) == ("complete", EPOCHS) for row in rows)
    assert all(run.done for run in runs)
    assert rows[0].curves != rows[1].curves


def test_stacks_in_turn(dropping, digits):
    parts = parts_of(dropping, digits)

    def start(*seeds):
        members = [member_of(dropping, seed) for seed in seeds]
        return start_stack(members, [parts] * len(members))

    whole = [finish(start(0, 1)), finish(start(2, 3))]
    runs = [start(0, 1), start(2, 3)]
    alone = MemberRun(member_of(dropping, 5), parts)
    turns = in_turn([runs[0], alone, runs[1]])
    for rows, expected in zip((turns[0], turns[2]), whole, strict=True):
        assert [row.curves for row in rows] == [row.curves for row in expected]
        assert {row.status for row in rows} == {"complete"}


def test_functions_in_turn(noisy, tmp_path):
    study = Study(
        name="s",
        epochs=EPOCHS,
        trial={"function": "noisy_net:train"},
        search={"metric": "total", "mode": "max"},
        folders=[tmp_path],
    )
    whole = [finish(FunctionRun(member_of(study, s), [tmp_path]))[0] for s in (0, 1)]
    runs = [FunctionRun(member_of(study, s), [tmp_path]) for s in (0, 1)]
    rows = [row for (row,) in in_turn(runs)]
    assert [row.curves for row in rows] == [row.curves for row in whole]
    assert [row.status for row in rows] == ["complete"] * 2
    assert rows[0].curves != rows[1].curves


@pytest.mark.parametrize("kind", ["reference", "stacked", "function"])
def test_an_unfinished_run_says_how_far_it_is(kind, noisy, dropping, digits, tmp_path):
    parts, member = parts_of(dropping, digits), member_of(dropping, 0)
    if kind == "function":
        config = {"trial.function": "noisy_net:train"}
        run = FunctionRun(Member("k", config, 0, EPOCHS), [tmp_path])
    else:
        run = MemberRun(member, parts) if kind == "reference" else start_stack([member], [parts])
    seconds = 0.0
    for epoch in range(EPOCHS):
        (row,) = run.rows
        assert (row.status, row.epochs_run, run.done) == ("stopped", epoch, False)
        assert all(len(curve) == epoch for curve in (row.curves or {}).values())
        run.advance()
        (row,) = run.rows
        assert row.seconds > seconds
        seconds = row.seconds
    assert (row.status, row.epochs_run, run.done) == ("complete", EPOCHS, True)


def test_random_numbers_put_in_place_start_no_cuda(monkeypatch):
    import torch

    from interplay.training.reference import own_globals

    def started(*args):
        raise AssertionError("CUDA was started")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "_lazy_init", started)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", started)
    with own_globals(0, "weights"):
        first = torch.rand(3)
    with own_globals(0, "weights"):
        assert torch.equal(torch.rand(3), first)
