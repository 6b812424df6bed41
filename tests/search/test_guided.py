"""Guided searches: the same seed is the same search, stopped or not, in whatever order cells end."""

import os
import signal
import time

import pandas as pd
import pytest

from interplay.errors import InterplayError
from interplay.identity import same_as
from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.table.search_record import read
from interplay.tuning.execute import Interrupted, dry_run, execute
from interplay.tuning.run import _Deliver
from tests.tuning.fake import InProcess, Kill

GUIDED = ["bayes", "hyperopt", "optuna"]


def suggested(folder):
    return [cell for cells in read(folder).rounds for cell in cells]


@pytest.mark.parametrize("method", [*GUIDED, "random"])
def test_same_seed_same_cells_in_whatever_order_they_end(method, quiet_run, make_search, tmp_path):
    tables = []
    budget = {"time_budget": 1000.0} if method == "random" else {}  # a cell a trial
    study = make_search(method=method, trials=14, max_concurrent=3, **budget)
    for out, session in (("one", {"workers": 3, "order": 5}), ("two", {"workers": 1})):
        outcome = quiet_run(study, out, **session)
        assert outcome.failed == 0
        assert outcome.trained == 28
        tables.append((suggested(tmp_path / out), outcome.results.frame.drop(columns="seconds")))
    assert tables[0][0] == tables[1][0]
    assert tables[0][1].equals(tables[1][1])
    assert len({same_as(cell) for cell in tables[0][0]}) == 14
    other = quiet_run(make_search(method=method, trials=3, seed=1, max_concurrent=3), "other")
    assert other.trained == 6
    if method != "random":
        assert suggested(tmp_path / "other")[:3] != tables[0][0][:3]


def test_on_ray_a_search_is_the_same_as_without(
    ray_run, quiet_run, make_search, tmp_path, monkeypatch
):
    monkeypatch.setenv("SLOW", "0.1")  # so that cells end in any order
    study = make_search(method="hyperopt", trials=9, max_concurrent=3)
    on_ray = ray_run(study, "ray").results.frame.drop(columns="seconds")
    monkeypatch.setenv("SLOW", "0")
    assert on_ray.equals(quiet_run(study).results.frame.drop(columns="seconds"))
    assert suggested(tmp_path / "ray") == suggested(tmp_path / "run")


@pytest.mark.parametrize("method", GUIDED)
def test_a_killed_search_ends_with_the_cells_of_an_undisturbed_one(
    method, quiet_run, make_search, tmp_path
):
    study = make_search(method=method, trials=16)
    whole = quiet_run(study, "whole").results.frame.drop(columns="seconds")

    def killed(rows):
        if len(rows) >= 22:  # past what is drawn at random, amid a round
            raise Kill

    with pytest.raises(Kill):
        quiet_run(study, "run", workers=3, order=1, ends=killed)
    before = Ledger(tmp_path / "run").rows().num_rows
    assert 0 < before < 32
    outcome = quiet_run(study, "run")
    assert (outcome.trained, outcome.kept) == (32 - before, before)
    frame = outcome.results.frame.drop(columns="seconds")
    # Samplers hold what they drew themselves with more digits than a record has.
    pd.testing.assert_frame_equal(frame, whole, rtol=1e-9)
    session = InProcess()
    again = execute(study, tmp_path / "run", progress=False, session=session)
    assert (again.tried, again.kept) == (0, 32)
    assert not session.is_ready  # nothing to train needs no workers


@pytest.mark.parametrize("end", [Kill, KeyboardInterrupt])
@pytest.mark.parametrize("scheduler", [None, "asha"])
def test_a_search_broken_off_before_its_first_row_goes_on(
    end, scheduler, quiet_run, make_search, tmp_path
):
    top = {"epochs": 2} if scheduler else {}
    study = make_search(method="bayes", trials=4, scheduler=scheduler, top=top)

    def never(member):
        raise end

    with pytest.raises((end, Interrupted)):
        quiet_run(study, "run", dies=never)
    assert Ledger(tmp_path / "run").rows().num_rows == 0
    assert Results.load(tmp_path / "run").frame.empty
    assert quiet_run(study, "run").trained == 8
    (tmp_path / "run" / "study.json").unlink()  # as the folder was when its record came first
    assert quiet_run(study, "run").kept == 8


def wait_for_parts(process, run, number):
    deadline = time.monotonic() + 120
    while len(list((run / "rows").glob("*.parquet"))) < number:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def test_more_trials_and_more_seeds_go_on_from_what_is_there(quiet_run, make_search, tmp_path):
    quiet_run(make_search(method="optuna", trials=8), "run")
    first = suggested(tmp_path / "run")
    more = quiet_run(make_search(method="optuna", trials=12), "run")
    assert suggested(tmp_path / "run")[:8] == first
    assert (more.trained, more.kept) == (8, 16)
    seeds = quiet_run(make_search(method="optuna", trials=12, top={"seeds": 3}), "run")
    assert (seeds.trained, seeds.kept) == (12, 24)
    assert (seeds.results.frame.groupby("trial.x").size() == 3).all()


@pytest.mark.parametrize("method", GUIDED)
def test_cells_that_are_there_already_are_told_and_not_tried_again(
    method, quiet_run, make_search, tmp_path
):
    small = {"x": [0.1, 0.3, 0.9], "y": 0.7, "kind": ["a", "b"], "width": 16}
    quiet_run(make_search(method="random", trials=4, trial=small), "run")
    there = Ledger(tmp_path / "run").rows().num_rows
    outcome = quiet_run(make_search(method=method, trials=8, trial=small), "run")
    assert len(read(tmp_path / "run").before) * 2 == there
    assert outcome.results.frame.groupby(["trial.x", "trial.kind"]).size().eq(2).all()


def test_points_come_first_and_leave_out_what_is_in_the_middle(quiet_run, make_search, tmp_path):
    points = [{"x": 0.3, "y": 0.7}, {"trial.kind": "c", "width": 4}]
    study = make_search(method="hyperopt", trials=5, points_to_evaluate=points)
    quiet_run(study)
    cells = suggested(tmp_path / "run")
    assert len(cells) == 5
    assert (cells[0]["trial.x"], cells[0]["trial.y"]) == (0.3, 0.7)
    assert cells[0]["trial.width"] == 16  # the middle of 4 to 64 on a log scale
    assert (cells[1]["trial.x"], cells[1]["trial.kind"], cells[1]["trial.width"]) == (0.5, "c", 4)


def test_an_unstable_cell_scores_worst_and_the_search_goes_on(quiet_run, make_search):
    study = make_search(method="optuna", trials=12, trial={"kind": ["a", "bad"]})
    outcome = quiet_run(study)
    frame = outcome.results.frame
    assert outcome.failed == 0
    bad = frame["trial.kind"] == "bad"
    assert (frame["status"] == bad.map({True: "diverged", False: "complete"})).all()
    ranked = outcome.results.ranked()
    assert ranked["trial.kind"].iloc[0] == "a"
    assert ranked["trial.kind"].iloc[-1] == "bad"


def test_time_budget_ends_a_search_and_resuming_goes_on(quiet_run, make_search):
    outcome = quiet_run(make_search(method="optuna", trials=5000, time_budget=1.0))
    assert 0 < outcome.trained < 10_000
    assert (outcome.results.frame["status"] == "complete").all()
    more = quiet_run(make_search(method="optuna", trials=5000, time_budget=1.0))
    assert more.trained > 0
    assert more.kept == outcome.trained


def test_the_time_of_a_budget_begins_when_a_worker_is_ready(quiet_run, make_search):
    """However long that takes: the cells that begin before the first rows are there train."""
    outcome = quiet_run(make_search(method="bayes", trials=8, time_budget=1e-9), workers=3)
    assert outcome.trained == 3 * 2
    assert len(outcome.results.ranked()) == 3


def test_a_cell_of_networks_trains_all_its_seeds_and_folds_as_one_stack(
    quiet_run, make_study, tmp_path
):
    study = make_study(
        seeds=3,
        folds=2,
        model={"hidden_size": [4, 8], "dropout": {"low": 0.0, "high": 0.5}},
        search={"method": "optuna", "trials": 4, "metric": "valid_loss"},
    )
    outcome = quiet_run(study)
    frame = outcome.results.frame
    assert set(frame["engine"]) == {"stacked"}
    cells = frame.groupby(["model.hidden_size", "model.dropout"])
    assert (cells.size() == 6).all()
    assert (cells["seconds"].nunique() == 1).all()  # each one's share of the stack's


def test_models_that_cannot_be_built_are_failed_cells(quiet_run, make_study):
    study = make_study(
        model={"name": "conv", "num_layers": [1, 9], "hidden_size": 4, "channels": 4},
        search={"method": "random", "trials": 6, "time_budget": 1000.0},
    )
    outcome = quiet_run(study)
    frame = outcome.results.frame
    assert set(frame.loc[frame["status"] == "failed", "model.num_layers"]) <= {9}


def test_single_trains_the_one_configuration(quiet_run, make_search):
    fixed = {"x": 0.1, "y": 0.2, "kind": "a", "width": 8}
    study = make_search(method="single", trials=None, trial=fixed)
    outcome = quiet_run(study)
    assert outcome.trained == 2
    with pytest.raises(InterplayError, match=r"trial.x = '0 to 1': .*this varies"):
        make_search(method="single", trials=None)


STUDY = """
name = "killed"
seeds = 2
[trial]
function = "quick:train"
x = { low = 0.0, high = 1.0 }
y = { low = 0.01, high = 1.0, log = true }
[search]
method = "optuna"
trials = 16
metric = "value"
mode = "min"
"""


def tune(start, folder, out, *overrides, slow):
    """A driver of its own, whose workers are in its own process: how it ends is not Ray's."""
    command = ("tests.tuning.driver", "tune", "killed.toml", *overrides, "--out", out)
    return start(*command, cwd=folder, SLOW=slow)


@pytest.mark.slow
def test_a_killed_search_in_a_store_goes_on_and_leaves_nothing_running_there(start, folder):
    (folder / "killed.toml").write_text(STUDY.replace("trials = 16", "trials = 10"))
    store = f"search.storage=sqlite:///{folder / 'store.db'}"
    killed = tune(start, folder, "run", store, slow="0.2")
    wait_for_parts(killed, folder / "run", 3)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = {row["key"]: row for row in Ledger(folder / "run").rows().to_pylist()}
    asked = suggested(folder / "run")
    resumed = tune(start, folder, "run", store, slow="0")
    _, err = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, err
    rows = Ledger(folder / "run").rows().to_pylist()
    assert len(rows) == 20 == len({row["key"] for row in rows})
    assert all(
        row["seconds"] == before[row["key"]]["seconds"] for row in rows if row["key"] in before
    )
    assert suggested(folder / "run")[: len(asked)] == asked
    import optuna

    trials = optuna.load_study(
        study_name="killed", storage=f"sqlite:///{folder / 'store.db'}"
    ).get_trials()
    states = [trial.state.name for trial in trials]
    assert states.count("COMPLETE") == 10
    assert "RUNNING" not in states
    frame = Results.load(folder / "run").frame
    told = {(t.params["trial.x"], round(t.value, 9)) for t in trials if t.state.name == "COMPLETE"}
    ours = {(x, round(v, 9)) for x, v in frame.groupby("trial.x")["value"].mean().items()}
    assert {v for _, v in told} == {v for _, v in ours}


def unknown_metric(run, folder, study):
    """Rows that were kept of a study whose function returns another metric."""
    with pytest.raises(InterplayError, match="'vlaue' is not known; allowed: value; did you mean"):
        run(study)
    return Ledger(folder / "run").rows().num_rows


def test_a_metric_that_the_function_does_not_return_ends_a_search_at_once(
    quiet_run, make_search, tmp_path
):
    study = make_search(method="optuna", trials=60, metric="vlaue")
    assert 0 < unknown_metric(quiet_run, tmp_path, study) < 120


def test_what_the_driver_cannot_take_ends_a_run_on_ray_at_once(ray_run, make_search, tmp_path):
    grid = {"x": {"low": 0.0, "high": 1.0, "count": 40}, "y": 0.5, "width": 8}
    top = {"resources": {"workers": 1}}
    study = make_search(method="grid", trials=None, metric="vlaue", trial=grid, top=top)
    assert 0 < unknown_metric(ray_run, tmp_path, study) < 240
    assert _Deliver.receivers == _Deliver.errors == {}  # nothing of the study is held


def test_a_worker_that_dies_fails_its_cell_and_the_search_goes_on(quiet_run, make_search):
    study = make_search(method="random", trials=6, time_budget=1000.0, trial={"kind": ["a", "b"]})
    outcome = quiet_run(study, dies=lambda member: member.config["trial.kind"] == "b")
    frame = outcome.results.frame
    assert (frame["status"] == frame["trial.kind"].map({"a": "complete", "b": "failed"})).all()
    assert outcome.trained == (frame["status"] == "complete").sum()


@pytest.mark.parametrize("search", [{"method": "bayes", "trials": 5}, {"scheduler": "asha"}])
def test_a_dry_run_of_a_search(search, make_study, tmp_path):
    changes = {"epochs": 3, "search": search}
    if "method" in search:
        changes["model"] = {"dropout": {"low": 0.0, "high": 0.5}}
    plan = dry_run(make_study(**changes), tmp_path / "run")
    assert plan["chosen"] == (5 if "method" in search else 4)
    assert not (tmp_path / "run").exists()
