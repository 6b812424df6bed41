"""Whole runs on Ray Tune: the same table however it is run, top-ups, failures kept."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import interplay
from interplay.errors import InterplayError
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.tuning.execute import execute

OWN = ["seconds"]


def comparable(frame):
    return frame.drop(columns=OWN)


@pytest.fixture
def quiet_run(ray_running, tmp_path):
    def run(study, folder="run"):
        return execute(study, tmp_path / folder, progress=False)

    return run


def test_workers_packs_and_engines_do_not_change_the_table(quiet_run, make_study, monkeypatch):
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
        outcome = quiet_run(study, f"run-{workers}-{fewest}-{engine}")
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
import os
from torch import nn
def make(width, depth=1, kill=False):
    if width == 7:
        raise ValueError("seven is out of stock")
    return Net(width, kill)
class Net(nn.Module):
    def __init__(self, width, kill):
        super().__init__()
        self.kill, self.layers = kill, nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
    def forward(self, x):
        if self.training and self.kill and len(x) > 16:
            os._exit(9)
        return self.layers(x)
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
    assert "broken_sometimes.py, line 6" in frame["error"].iloc[3]
    assert outcome.failed == 2
    again = quiet_run(study(width=[4, 7]))
    assert (again.tried, again.trained) == (2, 0)  # failed ones are tried again
    # Nothing can be built at all: the study's mistake, before anything trains.
    with pytest.raises(InterplayError, match="seven is out of stock"):
        quiet_run(study(width=7), "none")
    assert not (tmp_path / "none" / "study.json").exists()


@pytest.mark.slow
def test_a_member_that_kills_its_worker_takes_no_other_with_it(quiet_run, tmp_path):
    (tmp_path / "broken_sometimes.py").write_text(BROKEN)
    study = interplay.Study(
        name="own",
        epochs=1,
        seeds=2,
        data={"name": "digits", "batch_size": 256},
        model={"builder": "broken_sometimes:make", "width": [4, 8], "kill": [False, True]},
        folders=[tmp_path],
    )
    outcome = quiet_run(study)
    frame = outcome.results.frame
    assert len(frame) == 8
    assert (frame["status"] == frame["model.kill"].map({False: "complete", True: "failed"})).all()
    assert frame.loc[frame["model.kill"], "error"].notna().all()


STUDY = """
name = "killed"
epochs = 8
seeds = 4
engine = "reference"
[data]
name = "digits"
[model]
name = "linear"
hidden_size = [8, 32]
dropout = [0.0, 0.4]
"""
# Fast: enough shapes, and so packs, that a kill finds some of them still to train.
STACKED = (
    STUDY.replace("reference", "stacked")
    .replace("= 8\n", "= 20\n")
    .replace("= 4\n", "= 12\n")
    .replace("[8, 32]", "[8, 16, 32, 64]")
)


def start(tmp_path, out):
    return subprocess.Popen(
        [sys.executable, "-m", "interplay", "tune", "killed.toml", "--out", out],
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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
@pytest.mark.parametrize(
    ("text", "total"), [(STUDY, 16), (STACKED, 96)], ids=["reference", "stacked"]
)
def test_a_killed_run_goes_on_where_it_was(quiet_run, tmp_path, text, total):
    (tmp_path / "killed.toml").write_text(text)
    whole = quiet_run(Study.load(tmp_path / "killed.toml"), "whole").results.frame
    assert len(whole) == total

    killed = start(tmp_path, "run")
    wait_for_rows(killed, tmp_path / "run", 2)
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
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    (tmp_path / "killed.toml").write_text(STUDY)
    run = start(tmp_path, "run")
    wait_for_rows(run, tmp_path / "run", 1)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "finished and kept in" in err
    assert "Traceback" not in err
    assert 0 < len(Results.load(tmp_path / "run").frame) < 16
