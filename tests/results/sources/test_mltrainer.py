"""mltrainer's log folders, written by its own trainer."""

import pytest
import torch
from mltrainer import ReportTypes, Trainer, TrainerSettings
from mltrainer.metrics import Accuracy

from interplay.errors import TableError
from interplay.results.question import Question
from interplay.results.results import Results

BATCHES = [(torch.zeros(4, 3), torch.tensor([0, 1, 0, 1]))] * 2


class Net(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width = config["hidden"]
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, width), torch.nn.ReLU(), torch.nn.Linear(width, 2)
        )

    def forward(self, x):
        return self.layers(x)


class Plain(torch.nn.Module):
    """Keeps nothing of what it was made with."""

    def __init__(self, config):
        super().__init__()
        self.first = torch.nn.Linear(3, config["hidden"])
        self.second = torch.nn.Linear(config["hidden"], 2)

    def forward(self, x):
        return self.second(self.first(x))


def train(root, kind, lr, hidden, reports=(ReportTypes.TOML, ReportTypes.TENSORBOARD), epochs=2):
    # The name of a folder is the time in seconds: one training a second.
    settings = TrainerSettings(
        epochs=epochs, metrics=[Accuracy()], logdir=root / f"{lr}-{hidden}", train_steps=2,
        valid_steps=2, reporttypes=list(reports), optimizer_kwargs={"lr": lr, "weight_decay": 0.0},
        scheduler_kwargs=None, earlystop_kwargs=None,
    )  # fmt: skip
    model = kind({"hidden": hidden})
    trainer = Trainer(
        model, settings, torch.nn.CrossEntropyLoss(), torch.optim.SGD, BATCHES, BATCHES, None
    )
    trainer.loop()
    if trainer.writer is not None:
        trainer.writer.close()
    return trainer


@pytest.mark.parametrize(
    ("kind", "width"),
    [(Net, "hparams/model.config.hidden"), (Plain, "hparams/model.first.out_features")],
)
def test_a_row_a_training(tmp_path, kind, width):
    losses = {}
    for lr in (0.01, 0.1):
        for hidden in (2, 4):
            losses[lr, hidden] = train(tmp_path, kind, lr, hidden).test_loss
    results = Results.load(tmp_path)
    table, frame = results.table, results.frame
    assert table.varied == ("hparams/optimizer_kwargs.lr", width)
    assert table.one("budget") == "epochs_run"
    assert set(frame["epochs_run"]) == {2}
    for row in frame.to_dict("records"):
        own = losses[row["hparams/optimizer_kwargs.lr"], row[width]]
        assert row["Loss/test"] == pytest.approx(own, rel=1e-6)
    assert len(results.curves) == 8
    found = results.cells(Question("lr", width.rpartition(".")[2], "Loss/test"))
    assert (found.mode, found.n.tolist()) == ("min", [[1, 1], [1, 1]])


def test_settings_alone_are_no_results_and_what_is_broken_is_said(tmp_path):
    train(tmp_path, Net, 0.1, 2, reports=[ReportTypes.TOML])
    with pytest.raises(TableError, match="nothing that its trainings gave"):
        Results.load(tmp_path)
    train(tmp_path, Net, 0.01, 2)
    file = next(tmp_path.rglob("model.toml"))
    file.write_text("[model]\nlayers = <Linear>\n")
    results = Results.load(tmp_path)
    assert results.table.notes[0].startswith("1 model.toml of 2 are no TOML")
    next(tmp_path.rglob("settings.toml")).write_text("[model]\nepochs = \n")
    with pytest.raises(TableError, match=r"settings\.toml cannot be read"):
        Results.load(tmp_path)
