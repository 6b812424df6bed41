"""What a scan's worker reports epoch by epoch, and what Tune's schedulers make of it; without Ray."""

import pytest
import torch

from interplay.study.settings import Search
from interplay.table.ledger import Ledger
from interplay.training.stacked.engine import StackRun
from interplay.tuning.packs import Pack
from interplay.tuning.plan import make_plan
from interplay.tuning.search.scheduler import (
    EPOCH,
    SCORE,
    UNSTABLE,
    ScanTrainable,
    make_scheduler,
    reported,
    reported_before,
    tell_past,
)
from interplay.tuning.worker import Context, Target
from tests.tuning.conftest import EPOCHS


def scan_worker(study, engine="stacked"):
    """A worker on all members of a study, as if they were one cell, without Ray around it."""
    plan = make_plan(study)
    packs = [Pack(tuple(plan.members), engine)]
    target = Target(plan.metric, plan.mode, "mean")
    worker = object.__new__(ScanTrainable)
    context = Context(packs, plan.datasets, study.folders, "cpu", 1, target)
    worker.setup({"pack": 0}, context=context)
    return worker


def steps_of(worker):
    results = [worker.step()]
    while not results[-1]["done"]:
        results.append(worker.step())
    return results


def curves_of(rows):
    return {row.key: row.curves for row in rows}


@pytest.fixture
def one_shape(make_study):
    return make_study(model={"hidden_size": 4, "dropout": [0.0, 0.5]}, seeds=3, epochs=4)


def test_a_step_reports_the_score_so_far(one_shape):
    results = steps_of(scan_worker(one_shape))
    assert [result[EPOCH] for result in results] == [1, 2, 3, 4]
    rows = results[-1]["rows"]
    assert {row.status for row in rows} == {"complete"}
    for epoch, result in enumerate(results):
        accuracies = [row.curves["accuracy"][epoch] for row in rows]
        assert result[SCORE] == pytest.approx(sum(accuracies) / 6)


def test_a_worker_taken_again_begins_anew(one_shape):
    worker = scan_worker(one_shape)
    expected = curves_of(steps_of(worker)[-1]["rows"])
    worker.reset_config({"pack": 0})
    worker.step()
    worker.reset_config({"pack": 0})  # after a trial that was stopped
    results = steps_of(worker)
    assert [result[EPOCH] for result in results] == [1, 2, 3, 4]
    assert curves_of(results[-1]["rows"]) == expected


def test_a_stack_that_breaks_amid_a_scan_catches_up_one_by_one(one_shape, monkeypatch):
    alone = curves_of(steps_of(scan_worker(one_shape, "reference"))[-1]["rows"])
    advance = StackRun.advance

    def breaks(run):
        if run.epoch == 2:
            raise RuntimeError("something that only a third epoch shows")
        advance(run)

    monkeypatch.setattr(StackRun, "advance", breaks)
    results = steps_of(scan_worker(one_shape))
    assert [result["rows"][0].engine for result in results] == ["stacked"] * 2 + ["reference"] * 2
    assert [row.epochs_run for row in results[-1]["rows"]] == [4] * 6
    assert len(results) == 4
    assert curves_of(results[-1]["rows"]) == alone


def test_a_stack_too_large_for_memory_is_halved_amid_a_scan(one_shape, monkeypatch):
    expected = curves_of(steps_of(scan_worker(one_shape))[-1]["rows"])
    advance = StackRun.advance

    def short_of_memory(run):
        if run.epoch == 1 and len(run.tracks) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        advance(run)

    monkeypatch.setattr(StackRun, "advance", short_of_memory)
    worker = scan_worker(one_shape)
    rows = steps_of(worker)[-1]["rows"]
    assert [len(training.pack.members) for training in worker.trainings] == [2, 1, 2, 1]
    assert {row.engine for row in rows} == {"stacked"}
    for row in rows:
        losses = expected[row.key]["valid_loss"]
        assert row.curves["valid_loss"] == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize(("mode", "worst"), [("max", -UNSTABLE), ("min", UNSTABLE)])
def test_a_diverged_member_makes_the_score_worst(make_scan, mode, worst):
    study = make_scan({"x": 0.5, "wrong_at": 2}, mode=mode, scheduler=None)
    worker = scan_worker(study, "function")
    first, second = worker.step(), worker.step()
    assert (first[SCORE], second[SCORE]) == (pytest.approx(0.5105), worst)
    assert [row.status for row in second["rows"]] == ["stopped", "diverged"]
    last = steps_of(worker)[-1]
    assert (last[EPOCH], last[SCORE]) == (EPOCHS, worst)
    assert [row.status for row in last["rows"]] == ["complete", "diverged"]


@pytest.mark.parametrize(("seeds", "wrong_at"), [(2, 0), (2, 1), (2, 4), ([1], 1), ([1], 4)])
def test_a_resumed_scan_knows_the_scores_that_were_reported(make_scan, tmp_path, seeds, wrong_at):
    study = make_scan({"x": 0.5, "wrong_at": wrong_at}, {"seeds": seeds}, scheduler=None)
    results = steps_of(scan_worker(study, "function"))
    ledger = Ledger(tmp_path / "run").create()
    ledger.append(results[-1]["rows"])
    scores = reported_before(ledger.rows().to_pylist(), Target("value", "max", "mean"))
    assert scores == [result[SCORE] for result in results]


def test_a_cell_none_of_whose_members_goes_on_is_done(make_study):
    study = make_study(
        epochs=9, model={"hidden_size": 8, "dropout": 0.0}, optimizer={"name": "sgd", "lr": 1e30}
    )
    results = steps_of(scan_worker(study))
    assert len(results) < 9
    assert {row.status for row in results[-1]["rows"]} == {"diverged"}


def decide(scheduler, trial, scores):
    """What the scheduler says after each score."""
    scheduler.on_trial_add(None, trial)
    return [
        scheduler.on_trial_result(None, trial, {EPOCH: epoch, SCORE: score})
        for epoch, score in enumerate(scores, 1)
    ]


class Trial:
    trial_id = "new"


@pytest.mark.parametrize("name", ["asha", "median"])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_a_scheduler_that_is_told_the_past_stops_what_is_worse(name, mode):
    sign = 1 if mode == "max" else -1
    search = Search(scheduler=name, grace_period=2)
    past = [[sign * s] * 6 for s in (0.9, 0.8, 0.7)] + [[sign * 0.5, -sign * UNSTABLE]]
    for score, expected in ((0.1, "STOP"), (0.95, "CONTINUE")):
        scheduler = make_scheduler(search, 6, mode)
        tell_past(scheduler, past)
        assert decide(scheduler, Trial(), [sign * score] * 2) == ["CONTINUE", expected]
    fresh = make_scheduler(search, 6, mode)
    assert decide(fresh, Trial(), [sign * 0.1] * 2) == ["CONTINUE", "CONTINUE"]


@pytest.mark.parametrize(
    ("name", "past"), [("asha", [0.9, None, None]), ("median", [0.9, 0.8, None])]
)
@pytest.mark.parametrize("mode", ["max", "min"])
def test_an_unstable_cell_is_a_number_to_schedulers(name, past, mode):
    worst = reported([None], Target("value", mode, "mean"))
    sign = 1 if mode == "max" else -1
    scheduler = make_scheduler(Search(scheduler=name), 6, mode)
    tell_past(scheduler, [[worst if score is None else sign * score] for score in past])
    assert decide(scheduler, Trial(), [worst]) == ["STOP"]


def test_the_grace_period_is_a_tenth_where_none_is_given():
    for epochs, grace in ((5, 1), (30, 3)):
        scheduler = make_scheduler(Search(scheduler="median"), epochs, "max")
        tell_past(scheduler, [[0.9] * epochs] * 4)
        assert decide(scheduler, Trial(), [0.1] * grace)[-1] == "STOP"
        other = make_scheduler(Search(scheduler="median"), epochs, "max")
        tell_past(other, [[0.9] * epochs] * 4)
        assert "STOP" not in decide(other, Trial(), [0.1] * (grace - 1))
