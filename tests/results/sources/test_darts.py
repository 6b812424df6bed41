"""Tables and folders of darts' tunes, written as its tuning and Lightning's log write them."""

import math
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError
from interplay.results.question import Question
from interplay.results.results import Results

SEEDS, FOLDS, EVERY = (42, 21), (0, 1), 3
EPOCHS = {0.001: 6, 0.01: 9}
"""At the higher rate validation got better for longer."""


def iou(lr, size, seed, fold, epochs):
    return 0.5 + lr + size / 100 + (seed == 42) / 1000 + fold / 500 - 1 / epochs


def curve(lr, size, seed, fold, epochs):
    """Lines of Lightning's log: a training row an epoch, a validation row each third."""
    lines = ["epoch,step,train/loss,val/JaccardIndex,val/loss"]
    for epoch in range(epochs):
        lines.append(f"{epoch},{epoch * 10 + 9},{1 / (epoch + 1)!r},,")
        if (epoch + 1) % EVERY == 0:
            value = iou(lr, size, seed, fold, epoch + 1)
            lines.append(f"{epoch},{epoch * 10 + 9},,{value!r},{1 - value!r}")
    return "\n".join(lines) + "\n"


def write(artifacts, name="brave-otter-1", skip=()):
    """A tune as `tune_smp` leaves it."""
    tune = artifacts / name
    frames = []
    for number, (lr, size) in enumerate([(lr, size) for lr in EPOCHS for size in (8, 16)]):
        cv, rows = f"{name}-cv{number}", []
        for seed in SEEDS:
            for fold in FOLDS:
                if (number, seed, fold) in skip:
                    continue
                run, ident, at = (
                    f"{cv}-run-f{fold}s{seed}",
                    f"id{number}{seed}{fold}",
                    (lr, size, seed, fold),
                )
                value = iou(*at, EPOCHS[lr])
                rows.append(
                    {
                        "run_name": run, "run_id": ident, "seed": seed, "fold": fold, "duration": 12.5,
                        "train/loss": 1 / EPOCHS[lr], "val/JaccardIndex": value, "val/loss": 1 - value,
                        "checkpoint": f"{tune}/{cv}/{run}-{ident}/checkpoints/epoch=5.ckpt",
                        "is_unstable": False,
                    }
                )  # fmt: skip
                folder = tune / cv / f"{run}-{ident}"
                folder.mkdir(parents=True)
                (folder / "metrics.csv").write_text(curve(*at, EPOCHS[lr]))
        infos = pd.DataFrame(rows)
        infos["score"] = infos["val/JaccardIndex"].mean()
        infos["score_is_unstable"] = infos["is_unstable"].any()
        infos.to_parquet(tune / cv / "run_infos.parquet")
        settings = {
            "model_arch": "Unet", "model_encoder": "dpn107", "model_encoder_weights": None,
            "augment": None, "learning_rate": lr, "gamma": 0.9, "focal_loss_alpha": None,
            "focal_loss_gamma": 2.0, "batch_size": size, "bands": None,
        }  # fmt: skip
        for key, value in settings.items():
            infos[key] = value
        infos["augment"] = [["HorizontalFlip", "Blur"]] * len(infos)
        infos["cv_name"] = cv
        frames.append(infos)
    pd.concat(frames).reset_index(drop=True).to_parquet(tune / f"{name}.parquet")
    return tune


@pytest.fixture
def tune(tmp_path):
    return write(tmp_path / "artifacts")


def test_a_tune_with_its_logs(tune):
    own = pd.read_parquet(tune / f"{tune.name}.parquet")
    for source in (tune, tune.parent):
        results = Results.load(source)
        frame, table = results.frame, results.table
        assert results.name == tune.name
        for name in ("run_id", "seed", "fold", "val/JaccardIndex", "learning_rate", "batch_size"):
            assert frame[name].tolist() == own[name].tolist()
        assert set(frame["augment"]) == {'["HorizontalFlip", "Blur"]'}
        assert [table.one(role) for role in ("seed", "fold", "budget")] == [
            "seed",
            "fold",
            "epochs_run",
        ]
        assert results.varied == ("learning_rate", "batch_size")
        assert set(table.of("hyperparameter")) == set(own.columns[12:-1])
        assert table.of("metric") == ("train/loss", "val/JaccardIndex", "val/loss")
        modes = [table.columns[n].mode for n in ("val/JaccardIndex", "val/loss")]
        assert modes == ["max", "min"]
        assert frame["epochs_run"].tolist() == [EPOCHS[lr] for lr in own["learning_rate"]]
        assert not table.notes


def test_early_stopping_is_unequal_budgets(tune):
    results = Results.load(tune)
    asked = ("learning_rate", "batch_size", "JaccardIndex")
    with pytest.raises(BudgetError):
        results.cells(Question(*asked))
    cells = results.cells(Question(*asked, at_epoch=6))
    assert cells.n.tolist() == [[2, 2], [2, 2]]
    expected = np.mean([iou(0.01, 16, seed, fold, 6) for seed in SEEDS for fold in FOLDS])
    assert cells.mean[1, 1] == pytest.approx(expected)
    told = CliRunner().invoke(app, ["interaction", str(tune), "--x", "learning_rate", "--y", "batch_size",
        "--metric", "JaccardIndex", "--at-epoch", "6"])  # fmt: skip
    assert told.exit_code == 0, told.stderr


def test_the_table_alone_says_that_budgets_are_not_known(tune, tmp_path):
    table = tune / f"{tune.name}.parquet"
    frame = pd.read_parquet(table)
    frame.to_csv(tmp_path / "t.csv")
    shutil.copy(table, tmp_path / "t.parquet")
    for results in (
        Results.load(table),
        Results.load(tmp_path / "t.parquet"),
        Results.load(tmp_path / "t.csv"),
        Results.from_frame(frame),
    ):
        assert [results.table.one(r) for r in ("seed", "fold", "budget")] == ["seed", "fold", None]
        assert results.varied == ("learning_rate", "batch_size")
        assert "how long each trained is not in its table" in results.table.notes[0]
        cells = results.cells(Question("learning_rate", "batch_size", "JaccardIndex"))
        # Of seeds: folds are part of each.
        assert cells.n.tolist() == [[2, 2], [2, 2]]


def test_logs_that_are_not_there(tune):
    for log in sorted(tune.rglob("metrics.csv"))[:3]:
        log.unlink()
    results = Results.load(tune)
    assert results.table.notes == ("trainings whose metrics.csv is not there: 3 of 16",)
    for log in tune.rglob("metrics.csv"):
        log.unlink()
    assert Results.load(tune).table.one("budget") is None
    assert "how long each trained" in Results.load(tune).table.notes[0]


def test_what_failed_and_what_is_unstable_is_said(tmp_path):
    tune = write(tmp_path, skip=[(1, 42, 0), (2, 21, 1)])
    file = tune / f"{tune.name}.parquet"
    frame = pd.read_parquet(file)
    frame.loc[0, ["val/JaccardIndex", "is_unstable"]] = [math.nan, True]
    frame.to_parquet(file)
    notes = " ".join(Results.load(tune).table.notes)
    assert "count here as they are: 1 of 14" in notes
    assert "settings with fewer trainings than others: 2 of 4" in notes


def test_a_cross_validation_alone_is_one_setting(tune):
    cv = tune / f"{tune.name}-cv0"
    results = Results.load(cv)
    assert (len(results.frame), results.varied) == (4, ())
    assert results.frame["epochs_run"].tolist() == [6] * 4


def test_what_cannot_be_read_is_one_message(tune, tmp_path):
    write(tune.parent, "calm-fox-2")
    with pytest.raises(
        TableError, match=r"2 tables of darts; which\? .*brave-otter-1, .*calm-fox-2"
    ):
        Results.load(tune.parent)
    log = next(tune.rglob("metrics.csv"))
    whole = log.read_bytes()
    log.write_bytes(b"\xff\xfe")
    with pytest.raises(TableError, match=r"metrics\.csv cannot be read"):
        Results.load(tune)
    log.write_bytes(whole)
    table = tune / f"{tune.name}.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(table)
    with pytest.raises(TableError, match="no table of darts"):
        Results.load(tune)
    table.write_bytes(b"PAR1")
    with pytest.raises(TableError, match=r"is no Parquet table"):
        Results.load(tune)
    table.unlink()
    with pytest.raises(TableError, match=r"not their tune's \.parquet"):
        Results.load(tune)
