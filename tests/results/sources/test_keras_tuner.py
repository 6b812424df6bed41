"""Projects of Keras Tuner: those of the installed version by itself, those of others by hand."""

import json
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError, as_flag
from interplay.results.question import Question
from interplay.results.results import Results


@pytest.fixture(scope="module")
def real(start, tmp_path_factory):
    """What the installed Keras Tuner leaves: `tests/results/sources/keras_searches.py`."""
    folder = tmp_path_factory.mktemp("keras")
    run = start("tests.results.sources.keras_searches", str(folder), cwd=folder, HOME=str(folder))
    _, error = run.communicate(timeout=200)
    assert run.returncode == 0, error
    return folder


STATES = {"COMPLETED": "complete", "FAILED": "failed", "INVALID": "failed"}


@pytest.mark.parametrize("project", ["grid", "halved"])
def test_a_search_is_what_its_api_says(real, project):
    results = Results.load(real / project)
    trials = json.loads((real / f"{project}.json").read_text(encoding="utf-8"))
    frame = results.frame.set_index("trial")
    assert list(frame.index) == list(trials)
    for name, trial in trials.items():
        row = frame.loc[name]
        for hyper in results.table.of("hyperparameter"):
            value = trial["values"].get(hyper)
            assert row[hyper] == value if value is not None else pd.isna(row[hyper])
        diverged = trial["status"] != "COMPLETED" and trial["score"] is not None
        assert row["status"] == ("diverged" if diverged else STATES[trial["status"]])
        score = math.nan if trial["score"] is None else trial["score"]
        assert row["score"] == pytest.approx(score, nan_ok=True)
        for metric in results.table.of("metric"):
            # The mean of its executions, of each at the epoch whose val_loss was best.
            _, values = trial["metrics"].get(metric, [[0, [math.nan]]])[0]
            assert row[metric] == pytest.approx(values[0], nan_ok=True)
            if trial["histories"] and row["status"] == "complete":
                best = [told[metric][np.argmin(told["val_loss"])] for told in trial["histories"]]
                assert row[metric] == pytest.approx(np.mean(best))
    assert results.table.default.metric == "val_loss"
    assert results.table.columns["act"].order == ("tanh", "relu")
    assert "the epoch which was best by the objective" in results.table.notes[0]
    if project == "grid":
        assert Counter(frame["status"]) == {"complete": 4, "failed": 1, "diverged": 1}
        assert "no such network" in frame["error"].dropna().item()
        assert results.varied == ("units", "act", "slope")  # where act is tanh there is none
    else:
        told = [trial["values"]["tuner/epochs"] for trial in trials.values()]
        assert results.table.one("budget") == "tuner/epochs"
        assert frame["tuner/epochs"].tolist() == told
        assert set(told) == {1, 2}


def entry(kind, name, *, when=None, **config):
    conditions = [
        {"class_name": "Parent", "config": {"name": parent, "values": values}}
        for parent, values in (when or {}).items()
    ]
    return {"class_name": kind, "config": {"name": name, "conditions": conditions, **config}}


def ranged(kind, name, low, high, step=None, sampling="linear", **more):
    numbers = {"min_value": low, "max_value": high, "step": step, "sampling": sampling}
    return entry(kind, name, default=None, **numbers, **more)


SPACE = [
    ranged("Int", "units", 8, 24, 8),
    entry("Choice", "act", default="relu", values=["relu", "tanh"], ordered=False),
]


def write(project, *trials, space=SPACE, order=None, directions=None, **oracle):
    """A project; a trial is its values, its metrics (lists of observations) and what its state has."""
    ways = {"max": ("accuracy", "val_accuracy")} | (directions or {})
    for number, (values, metrics, state) in enumerate(trials):
        found = {
            name: {
                "direction": next((way for way, names in ways.items() if name in names), "min"),
                "observations": [{"value": v, "step": step} for step, v in observed],
            }
            for name, observed in metrics.items()
        }
        trial = {
            "trial_id": str(number),
            "hyperparameters": {"space": space, "values": values},
            "metrics": {"metrics": found},
            "score": None, "best_step": 0, "status": "COMPLETED", "message": None, **state,
        }  # fmt: skip
        folder = project / f"trial_{trial['trial_id']}"
        folder.mkdir(parents=True)
        (folder / "trial.json").write_text(json.dumps(trial))
    started = order or [str(number) for number in range(len(trials))]
    told = {"ongoing_trials": {}, "hyperparameters": {"space": space, "values": {}}}
    told |= {"start_order": started, "end_order": started, "seed": 3079, **oracle}
    (project / "oracle.json").write_text(json.dumps(told))
    return project


def best(units, act, accuracy, step=1, **values):
    """A trial as since 1.1: of its best epoch, the mean of its executions."""
    seen = {"accuracy": accuracy + 0.1, "loss": 1 - accuracy, "val_accuracy": accuracy}
    metrics = {name: [(step, [value])] for name, value in seen.items()}
    return {"units": units, "act": act, **values}, metrics, {"score": accuracy, "best_step": step}


def grid():
    return [
        best(u, a, 0.5 + u / 100 + (a == "tanh") / 10) for a in ("tanh", "relu") for u in (8, 16)
    ]


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_project_is_what_its_files_say(tmp_path):
    project = write(tmp_path / "search", *grid(), order=["3", "0", "1", "2"])
    for source in (project, project / "oracle.json", tmp_path):
        results = Results.load(source)
        assert results.name == "search"
        frame, table = results.frame, results.table
        assert frame["trial"].tolist() == ["3", "0", "1", "2"]
        assert frame["val_accuracy"].tolist() == pytest.approx([0.66, 0.68, 0.76, 0.58])
        assert frame["status"].tolist() == ["complete"] * 4
        assert results.varied == ("units", "act")
        columns = table.columns
        assert (columns["units"].order, columns["units"].log) == ((8, 16, 24), False)
        assert (columns["act"].order, columns["act"].log) == (("relu", "tanh"), None)
        assert [columns[n].mode for n in ("val_accuracy", "accuracy", "loss")] == [
            "max",
            "max",
            "min",
        ]
        assert table.default.metric == "val_accuracy"
        assert "best by the objective, not the last" in table.notes[0]
        found = results.cells(Question("units", "act"))
        assert found.y.labels == ("relu", "tanh")
        # Of values that may be taken and that no trial had the place is kept.
        assert found.mean[:, :2].ravel().tolist() == pytest.approx([0.58, 0.66, 0.68, 0.76])


def test_how_trials_ended(tmp_path):
    ends = [
        ({"status": "COMPLETED", "score": 0.5}, "complete", None),
        ({"status": "FAILED", "message": "Traceback …\nValueError: too big\n\n"}, "failed", "ValueError: too big"),
        ({"status": "INVALID"}, "failed", None),
        ({"status": "INVALID", "score": math.nan}, "diverged", None),
        ({"status": "FAILED", "score": math.nan}, "diverged", None),
        ({"status": "RUNNING"}, "unfinished", None),
        ({"status": "IDLE"}, "unfinished", None),
        ({"status": "STOPPED", "score": 0.5}, "stopped", None),
        ({"status": "TrialStatus.COMPLETED", "score": 0.5}, "complete", None),
    ]  # fmt: skip
    trials = [
        ({"units": 8, "act": "relu"}, {"val_accuracy": [(0, [0.5])]} if s.get("score") else {}, s)
        for s, *_ in ends
    ]
    frame = Results.load(write(tmp_path, *trials)).frame
    assert frame["status"].tolist() == [status for _, status, _ in ends]
    assert [None if pd.isna(e) else e for e in frame["error"]] == [error for *_, error in ends]


def test_each_epoch_of_each_execution_where_they_are_kept(tmp_path):
    """As up to 1.0: an execution is a row, and its epochs are a curve."""
    curves = {8: [[0.5, 0.6], [0.7, 0.8]], 16: [[0.5, 0.4], [0.9]]}
    trials = [
        (
            {"units": units, "act": "relu"},
            {
                "val_loss": [(step, values) for step, values in enumerate(seen)],
                "val_accuracy": [(step, [0.1] * len(values)) for step, values in enumerate(seen)],
            },
            {"score": score},
        )
        for (units, seen), score in zip(curves.items(), (0.55, 0.45), strict=True)
    ]
    results = Results.load(write(tmp_path, *trials))
    frame = results.frame
    assert frame["execution"].tolist() == [0, 1, 0, 1]
    assert frame["val_loss"].tolist() == [0.7, 0.8, 0.9, 0.4]
    assert frame["epochs_run"].tolist() == [2, 2, 2, 1]
    assert results.table.one("budget") == "epochs_run"
    assert results.table.default.metric == "val_loss"
    assert not results.table.notes
    found = [tuple(row) for row in results.curves[["member", "epoch", "val_loss"]].to_numpy()]
    assert found == [(0, 1, 0.5), (0, 2, 0.7), (1, 1, 0.6), (1, 2, 0.8), (2, 1, 0.5), (2, 2, 0.9), (3, 1, 0.4)]  # fmt: skip


def test_hyperband_is_compared_at_equal_epochs_only(tmp_path):
    trials = []
    for units in (8, 16):
        for act in ("relu", "tanh"):
            own = {
                "tuner/epochs": 2,
                "tuner/initial_epoch": 0,
                "tuner/bracket": 1,
                "tuner/round": 0,
            }
            trials.append(best(units, act, 0.5 + units / 100, **own))
    own = {"tuner/epochs": 4, "tuner/initial_epoch": 2, "tuner/bracket": 1, "tuner/round": 1}
    trials.append(best(16, "relu", 0.9, **own, **{"tuner/trial_id": "0002"}))
    project = write(tmp_path, *trials)
    results = Results.load(project)
    assert results.varied == ("units", "act")
    assert results.table.one("budget") == "tuner/epochs"
    assert "trials with more tuner/epochs are those that were best at fewer" in results.table.notes
    with pytest.raises(BudgetError) as refused:
        results.cells(Question("units", "act"))
    assert "`--where tuner/epochs=2`" in refused.value.said(as_flag)
    found = results.cells(Question("units", "act", where={"tuner/epochs": 2}))
    assert found.mean[:, :2].ravel().tolist() == pytest.approx([0.58, 0.66, 0.58, 0.66])
    told = call("interaction", project, "--x", "units", "--y", "act", "--where", "tuner/epochs=2")
    assert told.exit_code == 0, told.stderr
    assert "were best at fewer" in " ".join((told.stdout + told.stderr).split())


def test_spaces(tmp_path):
    space = [
        ranged("Int", "few", 1, 5),
        ranged("Int", "many", 1, 500),
        ranged("Int", "doubled", 4, 40, 2, "log"),
        ranged("Float", "lr", 1e-4, 1e-1, sampling="log"),
        ranged("Float", "tens", 1e-3, 1e-1, 10, "log"),
        ranged("Float", "rate", 0.0, 0.5, 0.25, None),
        ranged("Float", "momentum", 0.5, 0.99, sampling="reverse_log"),
        entry("Boolean", "bias", default=False),
        entry("Fixed", "data", value="digits"),
        entry("Choice", "size", default=3, values=[5, 3], ordered=True),
        entry("Odd", "odd"),
    ]
    values = {"few": 1, "many": 7, "doubled": 8, "lr": 0.01, "tens": 0.01, "rate": 0.25}
    values |= {"momentum": 0.9, "bias": True, "data": "digits", "size": 3, "odd": 1, "seed": 4}
    table = Results.load(write(tmp_path, (values, {}, {}), space=space)).table
    columns = table.columns
    assert {n: columns[n].order for n in values} == {
        "few": (1, 2, 3, 4, 5), "many": (), "doubled": (4, 8, 16, 32), "lr": (), "momentum": (),
        "tens": (1e-3, 1e-2, pytest.approx(1e-1)), "rate": (0.0, 0.25, 0.5), "bias": (False, True),
        "data": ("digits",), "size": (5, 3), "odd": (), "seed": (),
    }  # fmt: skip
    logs = {name for name in values if columns[name].log}
    assert logs == {"doubled", "lr", "tens"}
    assert (table.one("seed"), columns["seed"].sure) == ("seed", "guessed")
    assert any("reversed logarithmic scale" in note and "momentum" in note for note in table.notes)
    assert any("not known here" in note and "odd" in note for note in table.notes)


def test_what_a_condition_leaves_out_is_none(tmp_path):
    space = [
        entry("Boolean", "drop", default=False),
        ranged("Float", "rate", 0.0, 0.5, 0.25, when={"drop": [True]}),
        ranged("Int", "units", 8, 16, 8),
    ]
    # Keras Tuner sets every hyperparameter that it has seen before, be it used or not.
    trials = [
        ({"drop": drop, "rate": rate, "units": 8}, {"loss": [(0, [rate])]}, {"score": rate})
        for drop, rate in ((False, 0.25), (True, 0.25), (True, 0.5))
    ]
    results = Results.load(write(tmp_path, *trials, space=space))
    assert [None if pd.isna(r) else r for r in results.frame["rate"]] == [None, 0.25, 0.5]
    assert results.varied == ("drop", "rate")


def test_directions_that_nobody_told(tmp_path):
    """Keras Tuner takes a metric that it does not know for a loss."""
    seen = {"my_thing": [(0, [0.3])], "val_f1": [(0, [0.4])], "score": [(0, [0.7])]}
    trial = ({"units": 8, "act": "relu"}, seen, {"score": 0.3})
    table = Results.load(write(tmp_path / "a", trial)).table
    assert table.default.metric == "my_thing"
    assert [table.columns[n].mode for n in seen] == ["min", "max", "max"]
    assert set(table.of("metric")) == set(seen)
    assert "trial_score" in table.of("bookkeeping")
    known = (trial[0], seen | {"val_f1": [(0, [0.3])]}, trial[2])
    table = Results.load(write(tmp_path / "b", known, directions={"max": ("score",)})).table
    assert (table.default.metric, table.columns["my_thing"].mode) == (None, None)


def test_names_that_several_things_have(tmp_path):
    values = {"loss": 1, "status": "on", "trial": 3, "epochs_run": 2}
    results = Results.load(write(tmp_path, (values, {"loss": [(0, [0.5])]}, {}), space=[]))
    assert results.table.of("hyperparameter") == (
        "hp/epochs_run",
        "hp/loss",
        "hp/status",
        "hp/trial",
    )
    assert results.frame["loss"].tolist() == [0.5]


def test_what_is_not_whole_is_one_message(tmp_path):
    project = write(tmp_path / "p", *grid())
    trial = project / "trial_1" / "trial.json"
    whole = trial.read_text()
    for text, message in {
        whole[:200]: r"trial\.json cannot be read",
        "": r"trial\.json cannot be read",
        "[1]": "no table of names and values",
        "{}": "no trial of Keras Tuner's",
        '{"hyperparameters": {"values": {}}, "metrics": {"metrics": {"a": 3}}}': "no trial of Keras",
        '{"hyperparameters": 3, "metrics": {}}': "no trial of Keras Tuner's",
    }.items():
        trial.write_text(text)
        with pytest.raises(TableError, match=message):
            Results.load(project)
        assert call("columns", project).exit_code == 2
    trial.write_text(
        '{"hyperparameters": {"values": {"x": []}, "space": 3}, "metrics": {"metrics": {}}}'
    )
    assert len(Results.load(project).frame) == 4
    trial.unlink()
    assert "trials that were begun and of which there is no file, left out: 1" in (
        Results.load(project).table.notes
    )
    (project / "oracle.json").write_text("{")
    with pytest.raises(TableError, match=r"oracle\.json cannot be read"):
        Results.load(project)
    write(tmp_path / "q", *grid())
    with pytest.raises(TableError, match=r"2 projects of Keras Tuner; which\? .*p, .*q"):
        Results.load(tmp_path)
    (tmp_path / "r").mkdir()
    with pytest.raises(TableError, match="no trial of Keras"):
        Results.load(write(tmp_path / "r"))


@pytest.mark.parametrize("key", ["min_value", "max_value", "step", "sampling", "values", "name"])
@pytest.mark.parametrize("value", [None, "word", [], {}, -1, 0, 1e308])
def test_a_broken_space_costs_its_order_only(tmp_path, key, value):
    space = json.loads(json.dumps([*SPACE, ranged("Float", "lr", 0.1, 10, 10, "log")]))
    for one in space:
        one["config"][key] = value
    trials = [({**values, "lr": 0.1}, *rest) for values, *rest in grid()]
    results = Results.load(write(tmp_path, *trials, space=space))
    assert results.frame["units"].tolist() == [8, 16, 8, 16]
