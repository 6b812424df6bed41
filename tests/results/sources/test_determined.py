"""What `det experiment describe --metrics --csv --outdir` writes (by hand: it needs a cluster)."""

import csv
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError, as_flag
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.table.statuses import status_of

EXPERIMENTS = (
    "Experiment ID,State,Progress,Started,Ended,Name,Description,Archived,Resource Pool,Labels"
)
METRICS = ("Training Metric: loss", "Validation Metric: accuracy", "Validation Metric: loss")
STEP, STEPS = 100, 3


def accuracy(lr, width, step):
    return 0.5 + lr + width / 100 - 1 / (step + 1)


def trial(lr=0.1, width=8, steps=STEPS, state="COMPLETED", experiment=7, **more):
    hparams = {"optimizer": {"lr": lr, "name": "sgd"}, "width": width, "betas": [0.9, 0.99], **more}
    return {"hparams": hparams, "steps": steps, "state": state, "experiment": experiment}


def table(file, names, rows):
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([names, *rows])


def write(folder, *trials, old=False, metrics=METRICS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiments.csv").write_text(
        EXPERIMENTS + "\n7,STATE_COMPLETED,100.00%,,,grid,,False,,\n"
    )
    times = ("Start Time", "End Time") if old else ("Started", "Ended")
    names = ["Trial ID", "Experiment ID", "State", *times, "H-Params"]
    at = "2023-05-01 10:00:00+0000"
    table(
        folder / "trials.csv", names,
        [
            [number, t["experiment"], t["state"], at, None, json.dumps(t["hparams"], indent=4)]
            for number, t in enumerate(trials, 1)
        ],
    )  # fmt: skip
    times = ("Start Time", "End Time") if old else ("Report Time",)
    own, checkpoint, validation = (
        [f"{of}State", *(of + time for time in times)] for of in ("", "Checkpoint ", "Validation ")
    )
    names = ["Trial ID", "# of Batches", *own, *metrics[:1], *checkpoint, *validation, *metrics[1:]]
    rows = []
    for number, t in enumerate(trials, 1):
        lr, width = t["hparams"]["optimizer"]["lr"], t["hparams"]["width"]
        for step in range(1, t["steps"] + 1):
            value = accuracy(lr, width, step)
            measured = dict(zip(METRICS, (1 / step, value, 1 - value), strict=True))
            told = [measured[name] for name in metrics]
            done = ["COMPLETED", *[at] * len(times)]
            none = [""] * len(done)
            rows.append([number, step * STEP, *done, *told[:1], *none, *done, *told[1:]])
    table(folder / "workloads.csv", names, rows)
    return folder


def grid(**more):
    return [trial(lr, width, **more) for lr in (0.1, 0.01) for width in (8, 16)]


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("old", [False, True])
def test_rows_and_curves_are_those_of_the_files(tmp_path, old):
    results = Results.load(write(tmp_path / "grid", *grid(), old=old))
    frame, found = results.frame, results.table
    assert results.name == "grid"
    assert frame["trial"].tolist() == ["1", "2", "3", "4"]
    assert frame["optimizer.lr"].tolist() == [0.1, 0.1, 0.01, 0.01]
    assert set(frame["betas"]) == {"[0.9, 0.99]"}
    assert frame["started"].tolist() == ["2023-05-01 10:00:00+0000"] * 4
    assert results.varied == ("optimizer.lr", "width")
    assert (found.one("budget"), found.one("status"), found.one("seed")) == (
        "batches",
        "status",
        None,
    )
    assert set(found.of("metric")) == {"training/loss", "validation/loss", "validation/accuracy"}
    assert [found.columns[f"validation/{n}"].mode for n in ("accuracy", "loss")] == ["max", "min"]
    assert frame["batches"].tolist() == [300] * 4
    assert frame["validation/accuracy"].tolist() == [
        accuracy(lr, width, 3) for lr in (0.1, 0.01) for width in (8, 16)
    ]
    first = results.curves[results.curves["member"] == 0]
    assert first["epoch"].tolist() == [100, 200, 300]
    assert first["validation/accuracy"].tolist() == [accuracy(0.1, 8, step) for step in (1, 2, 3)]
    cells = results.cells(Question("lr", "width", "accuracy", at_epoch=200))
    assert cells.mean[0, 0] == pytest.approx(accuracy(0.01, 8, 2))
    assert not found.notes


def test_a_step_of_2020_that_measured_nothing_has_fewer_cells(tmp_path):
    folder = write(tmp_path, *grid(), trial(steps=1, state="ERROR"), old=True)
    with (folder / "workloads.csv").open("a", encoding="utf-8", newline="") as out:
        # The step that failed: neither training metrics nor cells for them.
        csv.writer(out).writerow([5, 200, "ERROR", "", "", *[""] * 6, "", ""])
    results = Results.load(folder)
    row = results.frame.iloc[4]
    assert (row["status"], row["batches"], row["validation/loss"]) == (
        "ERROR",
        200,
        pytest.approx(1 - accuracy(0.1, 8, 1)),
    )
    assert results.cells(Question("lr", "width", "accuracy")).n.tolist() == [[1, 1], [1, 1]]
    with (folder / "workloads.csv").open("a", encoding="utf-8") as out:
        out.write("5,300,ERR")
    with pytest.raises(TableError, match=r"workloads\.csv has a row that was not written whole"):
        Results.load(folder)


def test_what_a_searcher_stopped_has_fewer_batches(tmp_path):
    """Determined says COMPLETED of it all the same."""
    folder = write(tmp_path, *grid(), trial(0.1, 8, steps=1))
    results = Results.load(folder)
    assert "what its searcher stopped" in results.table.notes[0]
    with pytest.raises(BudgetError) as refused:
        results.cells(Question("lr", "width", "accuracy"))
    assert (
        "batches = 100 in 1 row, 300 in 4 rows. Ways out: `--at-epoch 100`"
        in refused.value.said(as_flag)
    )
    asked = (
        "heatmap",
        folder,
        "--x",
        "lr",
        "--y",
        "width",
        "--metric",
        "accuracy",
        "-o",
        tmp_path / "h.png",
    )
    assert call(*asked).exit_code == 2
    assert call(*asked, "--at-epoch", 100).exit_code == 0
    assert call(*asked, "--where", "batches=300").exit_code == 0


def test_how_trials_ended(tmp_path):
    states = {
        "COMPLETED": "complete", "ERROR": "failed", "CANCELED": "failed", "ACTIVE": "unfinished",
        "PAUSED": "unfinished", "RUNNING": "unfinished", "QUEUED": "unfinished",
        "PULLING": "unfinished", "STARTING": "unfinished", "STOPPING_KILLED": "unfinished",
    }  # fmt: skip
    results = Results.load(write(tmp_path, *(trial(state=state, steps=2) for state in states)))
    assert results.frame["status"].map(status_of).tolist() == list(states.values())
    assert not results.table.notes


def test_seeds_and_rows_of_other_experiments(tmp_path):
    trials = [t | {"experiment": e} for e in (7, 8) for s in (0, 1) for t in grid(seed=s)]
    results = Results.load(write(tmp_path, *trials))
    assert results.table.one("seed") == "seed"
    assert set(results.varied) == {"optimizer.lr", "width", "experiment"}
    with pytest.raises(TableError, match="experiment"):
        results.cells(Question("lr", "width", "accuracy"))
    cells = results.cells(Question("lr", "width", "accuracy", where={"experiment": 8}))
    assert cells.n.tolist() == [[2, 2], [2, 2]]


def test_values_that_are_none_numbers_or_left_out(tmp_path):
    folder = write(tmp_path, *grid())
    lines = (folder / "workloads.csv").read_text().splitlines()
    names = lines[0].split(",")
    place = names.index("Validation Metric: accuracy")
    for line, value in ((3, "NaN"), (6, "Infinity"), (12, "")):
        row = lines[line].split(",")
        row[place] = value
        lines[line] = ",".join(row)
    (folder / "workloads.csv").write_text("\n".join(lines) + "\n")
    results = Results.load(folder)
    found = results.frame["validation/accuracy"].tolist()
    assert pd.isna(found[0])
    assert found[1] == float("inf")
    assert found[3] == accuracy(0.01, 16, 2)
    assert "validations lack one in trials 4" in results.table.notes[0]


def test_what_is_not_whole_is_one_message(tmp_path):
    folder = write(tmp_path, *grid())
    whole = {name: (folder / name).read_bytes() for name in ("trials.csv", "workloads.csv")}
    head, *_ = whole["trials.csv"].split(b"\r\n")
    for name, text, message in (
        ("workloads.csv", whole["workloads.csv"][:-20], "not written whole"),
        ("workloads.csv", b"", "holds no metrics; with --metrics it does"),
        ("trials.csv", head + b"\r\n", "holds no trials"),
        ("trials.csv", head + b"\r\n1,7,COMPLETED,,,{\r\n", "H-Params of trial 1 cannot be read"),
        ("trials.csv", head + b"\r\n1,7,COMPLETED,,,3\r\n", "H-Params of trial 1 cannot be read"),
        ("trials.csv", head + b"\r\n1,7,COMPLETED,,,\r\n", "has a trial without"),
        (
            "trials.csv",
            head + b"\r\n1,7,ERROR,,,{}\r\n1,7,ERROR,,,{}\r\n",
            "trial 1 more than once",
        ),
        ("workloads.csv", b"\xff\xfe", "cannot be read"),
    ):
        (folder / name).write_bytes(text)
        with pytest.raises(TableError, match=message):
            Results.load(folder)
        assert call("columns", folder).exit_code == 2
        (folder / name).write_bytes(whole[name])
    write(folder, *grid(), metrics=())
    with pytest.raises(TableError, match="with --metrics it does"):
        Results.load(folder)
    for name in whole:
        with pytest.raises(
            TableError, match=r"one part .*`det experiment describe ID --metrics --csv"
        ):
            Results.load(folder / name)
    (folder / "workloads.csv").unlink()
    with pytest.raises(ValueError, match="is not a run folder"):
        Results.load(folder)
