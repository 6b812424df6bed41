"""TensorBoard folders that PyTorch's own writer and the plugin of hyperparameters wrote."""

import contextlib

import numpy as np
import pytest
from torch.utils.tensorboard.summary import hparams
from torch.utils.tensorboard.writer import SummaryWriter

from interplay.errors import TableError
from interplay.results.question import Question
from interplay.results.results import Results

EPOCHS = 3
GRID = [(lr, width, seed) for lr in (0.01, 0.1) for width in (8, 16) for seed in (0, 1)]


def acc(lr, width, seed, epoch):
    return np.float32(0.5 + lr + width / 100 + seed / 1000 + epoch / 50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder a training: curves, and below them what `add_hparams` writes."""
    root = tmp_path_factory.mktemp("runs")
    for number, (lr, width, seed) in enumerate(GRID):
        with SummaryWriter(root / f"run{number}") as writer:
            for epoch in range(EPOCHS):
                writer.add_scalar("val/accuracy", acc(lr, width, seed, epoch), epoch)
            writer.add_scalars("parts", {"one": 1.0}, 0)
            settings = {"lr": lr, "width": width, "seed": seed, "act": "relu", "wd": None}
            writer.add_hparams(settings, {"hparam/best": 0.75}, run_name="told")
    return root


def test_settings_and_curves_are_joined(folder):
    results = Results.load(folder)
    table, frame = results.table, results.frame
    assert len(frame) == len(GRID)
    assert table.varied == ("hparams/lr", "hparams/width")
    assert (table.one("seed"), table.one("budget")) == ("hparams/seed", "epochs_run")
    assert frame["hparams/width"].tolist() == [width for _, width, _ in GRID]
    assert frame["val/accuracy"].tolist() == [acc(*one, EPOCHS - 1) for one in GRID]
    assert set(frame["hparam/best"]) == {0.75}
    assert set(frame["parts_one/parts"]) == {1.0}
    curve = results.curves[results.curves["member"] == 5]
    assert curve["epoch"].tolist() == [1, 2, 3]
    assert curve["val/accuracy"].tolist() == [acc(*GRID[5], e) for e in range(EPOCHS)]
    found = results.cells(Question("lr", "width", "accuracy", at_epoch=2))
    assert found.n.tolist() == [[2, 2], [2, 2]]
    assert found.mean[0, 1] == pytest.approx(np.mean([acc(0.1, 8, s, 1) for s in (0, 1)]))


def test_one_writer_for_many_settings_is_many_trainings(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("shared", 1.0, 0)
        for lr in (0.1, 0.2):
            writer.add_hparams({"lr": lr}, {"acc": lr * 2}, run_name=f"lr{lr}")
    results = Results.load(tmp_path)
    assert results.frame["acc"].tolist() == [np.float32(0.2), np.float32(0.4)]
    assert "shared" not in results.frame
    assert results.table.notes[0].endswith("hyperparameters, left out: 1 of 3")


def test_a_training_without_an_end_is_unfinished(tmp_path):
    for lr in (0.1, 0.2):
        with SummaryWriter(tmp_path / str(lr)) as writer:
            started, ended = hparams({"lr": lr}, {"acc": 1.0})[1:]
            writer.file_writer.add_summary(started)
            if lr == 0.1:
                writer.file_writer.add_summary(ended)
            for step in (100, 200):
                writer.add_scalar("acc", lr, step)
                writer.add_scalar("epoch", step // 100 - 1, step)
    results = Results.load(tmp_path)
    assert results.frame["status"].tolist() == ["success", "running"]
    # Where a training logs its epoch, steps are batches.
    assert results.curves["epoch"].tolist() == [1, 2, 1, 2]
    assert results.frame["epochs_run"].tolist() == [2, 2]


def test_events_without_settings_and_broken_ones_are_messages(tmp_path):
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_scalar("acc", 1.0, 0)
    with pytest.raises(TableError, match=r"no hyperparameters with them.*add_hparams"):
        Results.load(tmp_path)
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_hparams({"lr": 0.1}, {"acc": 0.5}, run_name=".")
    whole = sorted((tmp_path / "run").iterdir())
    for file in whole:
        data = file.read_bytes()
        for part in (b"", data[: len(data) // 2], data[:-3], b"no events at all" * 20):
            file.write_bytes(part)
            with contextlib.suppress(TableError):
                assert len(Results.load(tmp_path).frame) == 1
        file.write_bytes(data)
    assert Results.load(tmp_path).frame["acc"].tolist() == [0.5]
