"""Whole runs on Ray Tune: the same table however it is run, top-ups, failures kept."""

import os
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

import interplay
from interplay.errors import InterplayError, LedgerError
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.tuning.execute import Interrupted

OWN = ["seconds"]


def comparable(frame):
    return frame.drop(columns=OWN)


def test_workers_packs_and_engines_do_not_change_the_table(
    ray_run, quiet_run, make_study, monkeypatch
):
    tables = []
    for workers, fewest, engine in (
        (1, 8, "reference"),
        (1, 8, "stacked"),
        (2, 8, "auto"),
        (2, 1, "stacked"),
        (2, 8, "reference"),
    ):
        monkeypatch.setattr("interplay.tuning.packs.FEWEST", fewest)
        study = make_study(
            epochs=2, engine=engine, resources={"workers": workers}, model={"norm": "batch"}
        )
        out = f"run-{workers}-{fewest}-{engine}"
        if engine == "auto":
            outcome = ray_run(study, out)
        else:
            outcome = quiet_run(study, out, workers=workers, order=workers)
        assert outcome.trained == 8
        tables.append(comparable(outcome.results.frame))
        if engine != "auto":
            assert set(tables[-1].pop("engine")) == {engine}
        else:
            assert set(tables[-1].pop("engine")) == {"stacked"}
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], rtol=1e-4)
    assert (tables[0]["status"] == "complete").all()
    assert tables[0]["model.dropout"].tolist() == [0.0, 0.0, 0.5, 0.5] * 2


def test_top_up_trains_only_what_is_new(quiet_run, make_study):
    first = quiet_run(make_study())
    again = quiet_run(make_study())
    assert (again.trained, again.kept) == (0, 8)
    more = quiet_run(make_study(seeds=3, model={"hidden_size": [4, 8, 16]}))
    assert (more.trained, more.kept) == (18 - 8, 8)
    merged = more.results.frame.merge(
        first.results.frame, on=["model.hidden_size", "model.dropout", "seed"]
    )
    assert len(merged) == 8
    assert (merged["seconds_x"] == merged["seconds_y"]).all()
    # A smaller study in the same folder reads its own rows only.
    fewer = quiet_run(make_study(seeds=1))
    assert (fewer.trained, len(fewer.results.frame)) == (0, 4)


def test_random_search_records_what_the_model_got(quiet_run, make_study):
    search = {"method": "random", "trials": 3}
    model = {
        "hidden_size": {"low": 4, "high": 64, "distribution": "logintuniform"},
        "dropout": {"low": 0.0, "high": 0.5},
    }
    results = quiet_run(make_study(model=model, search=search, seeds=1)).results
    frame = results.frame
    assert len(frame) == 3
    # 64 inputs, 10 outputs, one hidden layer: the count proves the size that was built.
    hidden = frame["model.hidden_size"]
    assert (frame["parameters"] == 64 * hidden + hidden + 10 * hidden + 10).all()
    more = quiet_run(make_study(model=model, search={**search, "trials": 4}, seeds=1))
    assert (more.trained, more.kept) == (1, 3)


def test_folds_are_members(quiet_run, make_study):
    frame = quiet_run(make_study(seeds=1, folds=3, model={"dropout": 0.0})).results.frame
    assert frame["fold"].tolist() == [0, 1, 2, 0, 1, 2]
    assert frame["accuracy"].nunique() > 2


BROKEN = """
from torch import nn
def make(width, depth=1):
    if width == 7:
        raise ValueError("seven is out of stock")
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
"""


def test_own_models_train_and_what_cannot_be_built_is_a_failed_cell(
    quiet_run, make_study, tmp_path
):
    (tmp_path / "broken_sometimes.py").write_text(BROKEN)

    def study(**model):
        return interplay.Study(
            name="own",
            epochs=1,
            seeds=2,
            data={"name": "digits", "batch_size": 256},
            model={"builder": "broken_sometimes:make", **model},
            folders=[tmp_path],
        )

    outcome = quiet_run(study(width=[4, 7]))
    frame = outcome.results.frame
    assert frame["status"].tolist() == ["complete", "complete", "failed", "failed"]
    assert "seven is out of stock" in frame["error"].iloc[3]
    assert "broken_sometimes.py, line 5" in frame["error"].iloc[3]
    assert outcome.failed == 2
    again = quiet_run(study(width=[4, 7]))
    assert (again.tried, again.trained) == (2, 0)  # failed ones are tried again
    # Nothing can be built at all: the study's mistake, before anything trains.
    with pytest.raises(InterplayError, match="seven is out of stock"):
        quiet_run(study(width=7), "none")
    assert not (tmp_path / "none" / "study.json").exists()


DEADLY = """
import os
def train(seed, x):
    if x and seed == 0:
        os._exit(9)
    return {"value": x}
"""


@pytest.mark.slow
def test_a_member_that_kills_its_worker_takes_no_other_with_it(ray_run, tmp_path):
    """One worker, and the first of its packs holds the bad member and another."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    study = interplay.Study(
        name="own",
        seeds=2,
        trial={"function": "deadly:train", "x": [0, 1]},
        search={"metric": "value", "mode": "max"},
        resources={"workers": 1},
        folders=[tmp_path],
    )
    frame = ray_run(study).results.frame
    bad = (frame["trial.x"] == 1) & (frame["seed"] == 0)
    assert len(frame) == 4
    assert (frame["status"] == bad.map({False: "complete", True: "failed"})).all()
    assert "worker" in frame.loc[bad, "error"].item()


def made(member):
    return {"accuracy": [0.5], "train_loss": [1.0], "valid_loss": [1.0]}


@pytest.mark.parametrize("engine", ["stacked", "reference"])
def test_a_death_is_searched_for_in_smaller_packs(engine, quiet_run, make_study):
    study = make_study(engine=engine, seeds=4)

    def dies(member):
        return member.seed == 3 and member.config["model.dropout"] == 0.5

    outcome = quiet_run(study, gives=made, dies=dies)
    frame = outcome.results.frame
    bad = (frame["seed"] == 3) & (frame["model.dropout"] == 0.5)
    assert len(frame) == 16
    assert (frame["status"] == bad.map({False: "complete", True: "failed"})).all()
    assert set(frame.loc[bad, "error"]) == {"the worker died: killed by a test"}
    assert (outcome.tried, outcome.trained, outcome.failed) == (16, 14, 2)
    # The way back: failed members are tried again, and nothing else.
    again = quiet_run(study, gives=made)
    assert (again.tried, again.trained, again.kept, again.failed) == (2, 2, 14, 0)


def test_trained_members_are_counted_however_many_are_failed_still(quiet_run, make_search_like):
    """Failed members that a rerun did not come to are none of those that it tried."""
    study = make_search_like(trials=4)
    quiet_run(study, dies=lambda member: True)
    more = quiet_run(make_search_like(trials=4, time_budget=1e-9), workers=1)
    assert (more.tried, more.trained) == (1, 1)
    assert more.failed == 3


@pytest.fixture
def make_search_like(tmp_path):
    (tmp_path / "plain_of.py").write_text("def train(seed, x):\n    return {'value': x}\n")

    def make(**search):
        search = {"method": "random", "metric": "value", "mode": "max", **search}
        search.setdefault("time_budget", 1000.0)  # a cell a trial
        trial = {"function": "plain_of:train", "x": {"low": 0.0, "high": 1.0}}
        return Study(name="plain", seeds=1, folders=[tmp_path], trial=trial, search=search)

    return make


def test_a_disk_that_fills_up_ends_the_run_with_one_sentence(quiet_run, make_study, monkeypatch):
    """And what was not kept is not taken for trained: the same study goes on from there."""
    study = make_study()
    append, kept = Ledger.append, []

    def filling(ledger, rows):
        if kept:
            raise LedgerError("no room")
        append(ledger, rows)
        kept.extend(rows)

    monkeypatch.setattr(Ledger, "append", filling)
    with pytest.raises(LedgerError, match="no room"):
        quiet_run(study, gives=made)
    monkeypatch.undo()
    outcome = quiet_run(study, gives=made)
    assert (outcome.trained, outcome.kept) == (8 - len(kept), len(kept))


def test_a_driver_that_cannot_keep_rows_says_so(quiet_run, make_search_like, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LedgerError, match="No space left on device; make room"):
        quiet_run(make_search_like(trials=3))


def test_a_run_broken_off_before_its_first_row_goes_on(quiet_run, make_study, tmp_path):
    def never(member):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="0 of 8 members"):
        quiet_run(make_study(), dies=never)
    frame = Results.load(tmp_path / "run").frame
    assert {"model.hidden_size", "seed", "status", "accuracy"} <= set(frame.columns)
    assert frame.empty
    assert quiet_run(make_study(), gives=made).trained == 8


STUDY = """
name = "killed"
epochs = 3
seeds = 3
engine = "reference"
[data]
name = "digits"
[model]
name = "linear"
hidden_size = [8, 32]
dropout = [0.0, 0.4]
"""


def parts(folder):
    return sorted(Path(folder, "rows").glob("*.parquet"))


def wait_for_rows(process, folder, at_least):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len(parts(folder)) >= at_least:
            return
        time.sleep(0.02)
    raise AssertionError(f"no rows appeared: {process.communicate()}")


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(start, quiet_run, tmp_path):
    total = 12
    (tmp_path / "killed.toml").write_text(STUDY)
    whole = quiet_run(Study.load(tmp_path / "killed.toml"), "whole").results.frame
    assert len(whole) == total

    command = ("tests.tuning.driver", "tune", "killed.toml", "--out", "run")  # its end is not Ray's
    killed = start(*command, cwd=tmp_path)
    wait_for_rows(killed, tmp_path / "run", 1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    ledger = Ledger(tmp_path / "run")
    before = {r["key"]: r for r in ledger.rows().to_pylist()}
    assert 0 < len(before) < total

    outcome = quiet_run(Study.load(tmp_path / "killed.toml"), "run")
    assert (outcome.trained, outcome.kept) == (total - len(before), len(before))
    after = ledger.rows().to_pylist()
    assert len(after) == total == len({r["key"] for r in after})
    for row in after:  # what had been reported was not trained again
        if row["key"] in before:
            assert row["seconds"] == before[row["key"]]["seconds"]
    pd.testing.assert_frame_equal(
        comparable(Results.load(tmp_path / "run").frame), comparable(whole), rtol=1e-4
    )


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(start, tmp_path):
    (tmp_path / "killed.toml").write_text(STUDY)
    command = ("interplay", "tune", "killed.toml", "resources.workers=1", "--out", "run")
    run = start(*command, cwd=tmp_path)
    wait_for_rows(run, tmp_path / "run", 1)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "finished and kept in" in err
    assert "Traceback" not in err
    assert 0 < len(Results.load(tmp_path / "run").frame) < 12
