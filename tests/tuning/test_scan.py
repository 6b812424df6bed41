"""Scans: cells stopped between epochs, and what becomes of their rows."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.tuning.execute import execute
from tests.tuning.conftest import EPOCHS
from tests.tuning.fake import InProcess, Kill

# Good cells first: a scheduler stops a cell for what it knows of others.
DIGITS = {
    "epochs": EPOCHS,
    "model": {"hidden_size": [16, 32], "dropout": 0.3},
    "optimizer": {"lr": [3e-3, 1e-2, 1e-6, 1e-7]},
    "search": {"scheduler": "asha", "max_concurrent": 2},
    "resources": {"workers": 2},
}


def rows_by_key(folder):
    return {row["key"]: row for row in Ledger(folder).rows().to_pylist()}


def check_rows(frame):
    """Complete rows ran to the end, stopped ones did not, and a cell's members go together."""
    complete, stopped = (frame[frame["status"] == s] for s in ("complete", "stopped"))
    assert len(complete) + len(stopped) == len(frame)
    assert (complete["epochs_run"] == EPOCHS).all()
    assert stopped["epochs_run"].between(1, EPOCHS - 1).all()
    assert (frame["epochs_asked"] == EPOCHS).all()
    return complete, stopped


@pytest.mark.parametrize(
    ("method", "scheduler"),
    [
        ("grid", "asha"),
        ("random", "asha"),
        ("random", "median"),
        ("bayes", "asha"),
        ("hyperopt", "median"),
        ("optuna", "asha"),
    ],
)
def test_every_method_with_a_scheduler(method, scheduler, quiet_run, make_scan):
    if method == "grid":  # from the best to the worst
        study = make_scan({"x": [round(1 - i / 8, 3) for i in range(9)]}, scheduler=scheduler)
    else:
        study = make_scan(method=method, scheduler=scheduler, trials=12)
    outcome = quiet_run(study)
    frame = outcome.results.frame
    complete, stopped = check_rows(frame)
    assert len(stopped)
    assert outcome.trained == len(frame)
    cells = frame.groupby("trial.x")
    assert (cells.size() == 2).all()
    assert (cells["status"].nunique() == 1).all()
    assert complete["trial.x"].max() == frame["trial.x"].max()
    # The value is the epoch's that a row reached, not that of the last one asked for.
    expected = frame["trial.x"] + frame["epochs_run"] / 100 + frame["seed"] / 1000
    assert frame["value"].to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize("engine", ["stacked", "reference"])
def test_rows_are_those_of_whole_trainings_cut_short(engine, quiet_run, make_study, tmp_path):
    scan = quiet_run(make_study(**DIGITS, engine=engine), "scan").results
    complete, stopped = check_rows(scan.frame)
    assert set(scan.frame["engine"]) == {engine}
    assert set(complete["optimizer.lr"]) <= {3e-3, 1e-2}
    assert (stopped["optimizer.lr"] <= 1e-6).sum() >= 4
    # A cell a trial as well, so that members stack as they do in the scan.
    search = {"method": "random", "trials": 24, "time_budget": 1e6}
    whole = quiet_run(make_study(**{**DIGITS, "search": search}, engine=engine), "whole").results
    assert set(whole.frame["status"]) == {"complete"}
    full, short = (rows_by_key(tmp_path / out) for out in ("whole", "scan"))
    shared = full.keys() & short.keys()
    assert {short[key]["status"] for key in shared} == {"complete", "stopped"}
    for key in shared:
        for name in ("curve.train_loss", "curve.valid_loss", "curve.accuracy"):
            assert short[key][name] == full[key][name][: short[key]["epochs_run"]]


def test_stopped_cells_are_run_again_without_the_scheduler(quiet_run, make_study, tmp_path):
    first = quiet_run(make_study(**DIGITS))
    _, stopped = check_rows(first.results.frame)
    before = rows_by_key(tmp_path / "run")
    again = quiet_run(make_study(**DIGITS))
    assert (again.tried, again.kept) == (0, 16)
    full = quiet_run(make_study(**{**DIGITS, "search": {}}))
    assert (full.trained, full.kept) == (len(stopped), 16 - len(stopped))
    frame = full.results.frame
    assert set(frame["status"]) == {"complete"}
    assert set(frame["epochs_run"]) == {EPOCHS}
    for key, row in rows_by_key(tmp_path / "run").items():
        assert (row["seconds"] == before[key]["seconds"]) == (before[key]["status"] == "complete")
    assert full.results.cells(Question(x="hidden_size", y="lr")).warnings == ()


def test_more_trials_are_compared_with_the_cells_that_are_there(quiet_run, make_scan):
    x = [0.9, 0.8, 0.7, 0.6]
    first = quiet_run(make_scan({"x": x}))
    kept = len(first.results.frame)
    more = quiet_run(make_scan({"x": [*x, 0.1]}))
    assert (more.trained, more.kept) == (2, kept)
    bad = more.results.frame[more.results.frame["trial.x"] == 0.1]
    assert set(bad["status"]) == {"stopped"}
    assert set(bad["epochs_run"]) == {1}


def test_points_come_first_and_every_cell_of_the_grid_has_its_turn(quiet_run, make_scan):
    x = [0.1, 0.2, 0.9]
    study = make_scan({"x": x}, points_to_evaluate=[{"x": 0.9}], max_concurrent=1)
    frame = quiet_run(study).results.frame
    assert frame["trial.x"].unique().tolist() == [0.9, 0.1, 0.2]
    assert frame["status"].tolist() == ["complete"] * 2 + ["stopped"] * 4


def test_an_unstable_cell_scores_worst_and_keeps_its_status(quiet_run, make_scan):
    trial = {"x": [0.5, 0.4, 0.9], "wrong_at": 2}
    study = make_scan(trial, max_concurrent=1, grace_period=3)
    frame = quiet_run(study).results.frame
    assert frame[frame["seed"] == 1]["status"].tolist() == ["diverged"] * 3
    assert frame[frame["seed"] == 1]["epochs_run"].tolist() == [1] * 3
    whole = make_scan({**trial, "wrong_at": [0, 2]}, max_concurrent=1, grace_period=3)
    frame = quiet_run(whole, "both").results.frame
    statuses = frame.groupby(["trial.wrong_at", "trial.x"])["status"].agg(list)
    assert statuses[0, 0.9] == ["complete"] * 2
    assert statuses[2, 0.9] == ["stopped", "diverged"]  # the best of them, but for that


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


SCAN = """
name = "tiny"
epochs = 6
seeds = 2
[data]
name = "digits"
batch_size = 256
[model]
name = "linear"
hidden_size = [16, 32]
[optimizer]
lr = [3e-3, 1e-2, 1e-6, 1e-7]
[schedule]
name = "cosine"
[search]
scheduler = "asha"
max_concurrent = 2
grace_period = 2
"""


def test_a_scan_through_the_verbs(ray_running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(SCAN)
    done = call("tune", "tiny.toml")
    assert done.exit_code == 0, done.output
    results = Results.load("runs/tiny")
    complete, stopped = check_rows(results.frame)
    counts = f"{len(complete) // 2} ran to the end, {len(stopped) // 2} stopped early"
    assert f"scan     8 cells: {counts}" in done.stdout
    assert "heatmap" not in done.stdout
    assert not Path("reports/tiny/heatmap.png").exists()

    refused = call("heatmap", "runs/tiny")
    assert refused.exit_code == 2
    assert f"epochs_run = 2 in {(stopped['epochs_run'] == 2).sum()} rows" in refused.stderr
    assert "--at-epoch" in refused.stderr
    assert "tiny-zoom.toml" in refused.stderr  # the study that the scan wrote
    assert not Path("heatmap.png").exists()

    # All asked for the same epochs, so that a cosine's rates were the same up to there.
    early = call("heatmap", "runs/tiny", "--at-epoch", 2, "-o", "early.png")
    assert early.exit_code == 0, early.output
    assert "did not reach" not in early.stderr
    late = call("heatmap", "runs/tiny", "--at-epoch", 3, "-o", "late.png")
    assert late.exit_code == 0, late.output
    short = (results.frame["epochs_run"] < 3).sum()
    assert f"{short} of 16 rows did not reach epoch 3" in late.stderr
    assert Path("late.png").exists()

    curves, frame = results.curves, results.frame
    at = curves[curves["epoch"] == 2].set_index("member")["accuracy"]
    means = at.groupby([frame["optimizer.lr"], frame["model.hidden_size"]]).mean().unstack()
    found = results.pivot("hidden_size", "lr", at_epoch=2)
    assert found.sort_index().to_numpy() == pytest.approx(means.to_numpy())

    # Asked for another number of epochs, the same schedule has other rates.
    results.frame.loc[0, "epochs_asked"] = 12
    with pytest.raises(ValueError, match="asked for different numbers"):
        results.cells(Question(x="hidden_size", y="lr", at_epoch=2))


def test_a_scan_of_functions_at_an_epoch(quiet_run, make_scan):
    study = make_scan({"x": [0.9, 0.8, 0.2, 0.1], "steps": [6, 7]}, max_concurrent=2)
    results = quiet_run(study).results
    check_rows(results.frame)
    with pytest.raises(BudgetError):
        results.cells(Question(x="x", y="steps"))
    assert results.pivot("x", "steps", at_epoch=1).notna().all(axis=None)


def test_a_killed_scan_trains_again_only_what_was_running(quiet_run, make_scan, tmp_path):
    study = make_scan(method="hyperopt", trials=16)

    def killed(rows):
        if len(rows) >= 10:
            raise Kill

    with pytest.raises(Kill):
        quiet_run(study, ends=killed, order=3)
    before = rows_by_key(tmp_path / "run")
    assert {"complete", "stopped"} >= {row["status"] for row in before.values()}
    outcome = quiet_run(study)
    check_rows(outcome.results.frame)
    assert (outcome.trained, outcome.kept) == (32 - len(before), len(before))
    after = rows_by_key(tmp_path / "run")
    assert all(after[key]["seconds"] == row["seconds"] for key, row in before.items())


def test_a_scan_of_a_grid_that_is_finished_needs_no_workers(quiet_run, make_scan, tmp_path):
    study = make_scan({"x": [0.9, 0.8, 0.1]})
    quiet_run(study)
    session = InProcess()
    again = execute(study, tmp_path / "run", progress=False, session=session)
    assert (again.tried, again.kept) == (0, 6)
    assert not session.is_ready
