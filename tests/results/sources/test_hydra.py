"""Sweeps that Hydra itself wrote; those of Optuna's sweeper, which needs an old Optuna, by hand."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError
from interplay.results.question import Question
from interplay.results.results import Results

EPOCHS = 3
APP = f"""\
import csv
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig


def loss(cfg, epoch):
    return 1 / (epoch + 1) + cfg.optim.lr + cfg.model.width / 100 + cfg.seed / 1000


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    logs = Path(HydraConfig.get().runtime.output_dir) / "logs" / "version_0"
    logs.mkdir(parents=True)
    with (logs / "metrics.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["epoch", "step", "train/loss", "val/loss", "val/acc"])
        for epoch in range({EPOCHS}):
            rows.writerow([epoch, epoch * 10 + 5, loss(cfg, epoch) / 2, "", ""])
            rows.writerow([epoch, epoch * 10 + 9, "", loss(cfg, epoch), 0.5])


main()
"""
CONFIG = """\
defaults:
- model: mlp
- _self_
optim:
  lr: 0.1
  betas: [0.9, 0.99]
seed: 0
where: ${hydra:runtime.cwd}
"""


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hydra")
    (folder / "app.py").write_text(APP)
    (folder / "conf" / "model").mkdir(parents=True)
    (folder / "conf" / "config.yaml").write_text(CONFIG)
    for name, width in (("mlp", 16), ("cnn", 8)):
        (folder / "conf" / "model" / f"{name}.yaml").write_text(f"width: {width}\nname: {name}\n")
    return folder


@pytest.fixture(scope="module")
def swept(program):
    asked = ("-m", "optim.lr=0.01,0.1", "model=mlp,cnn", "seed=0,1")
    subprocess.run([sys.executable, "app.py", *asked], cwd=program, check=True, capture_output=True)
    [sweep] = program.glob("multirun/*/*")
    return sweep


@pytest.fixture
def sweep(swept, tmp_path):
    """A copy of that sweep, elsewhere."""
    return shutil.copytree(swept, tmp_path / "sweep")


def test_each_job_is_as_hydra_wrote_it(swept):
    for source in (swept, swept.parent, swept.parents[1]):
        results = Results.load(source)
        frame, table = results.frame, results.table
        assert frame["job"].tolist() == [str(number) for number in range(8)]
        for row in frame.to_dict("records"):
            job = swept / row["job"]
            config = OmegaConf.load(job / ".hydra" / "config.yaml")
            assert (row["optim.lr"], row["model"], row["seed"]) == (
                config.optim.lr, config.model.name, config.seed,
            )  # fmt: skip
            log = pd.read_csv(
                job / "logs" / "version_0" / "metrics.csv", float_precision="round_trip"
            )
            assert row["val/loss"] == log["val/loss"].dropna().iloc[-1]
            member = results.curves[results.curves["member"] == int(row["job"])]
            assert member["epoch"].tolist() == [1, 2, 3]
            assert member["val/loss"].tolist() == log["val/loss"].dropna().tolist()
            assert member["train/loss"].tolist() == log["train/loss"].dropna().tolist()
        assert results.varied == ("optim.lr", "model")
        assert [table.one(role) for role in ("seed", "budget", "status")] == [
            "seed",
            "epochs_run",
            "status",
        ]
        assert set(table.of("metric")) == {"train/loss", "val/loss", "val/acc"}
        # What follows from a group is none of the hyperparameters.
        assert {"model.width", "model.name", "where", "optim.betas"} <= set(table.of("bookkeeping"))
        assert table.columns["model"].order == ("mlp", "cnn")
        found = results.cells(Question("lr", "model", "val/loss"))
        assert found.n.tolist() == [[2, 2], [2, 2]]
        assert found.mean[0, 1] == pytest.approx(1 / 3 + 0.1 + 0.16 + 0.0005)
        assert not table.notes


def test_unequal_epochs_are_refused(sweep):
    for job in ("0", "1"):
        log = sweep / job / "logs" / "version_0" / "metrics.csv"
        log.write_text("".join(log.read_text().splitlines(keepends=True)[:-2]))
    results = Results.load(sweep)
    assert results.frame["epochs_run"].tolist() == [2, 2, 3, 3, 3, 3, 3, 3]
    with pytest.raises(BudgetError):
        results.cells(Question("lr", "model", "val/loss"))
    cells = results.cells(Question("lr", "model", "val/loss", at_epoch=2))
    assert cells.mean[0, 0] == pytest.approx(1 / 2 + 0.01 + 0.16 + 0.0005)


def test_a_last_value_that_is_no_number_is_one(sweep):
    """And not the last number before it."""
    log = sweep / "3" / "logs" / "version_0" / "metrics.csv"
    whole = log.read_text()
    log.write_text(whole[: whole.rindex("0.5")] + "nan\n")
    values = Results.load(sweep).frame["val/acc"].tolist()
    assert np.isnan(values.pop(3))
    assert values == [0.5] * 7


def test_jobs_without_a_log_are_unfinished(sweep):
    shutil.rmtree(sweep / "2" / "logs")
    results = Results.load(sweep)
    assert results.frame["status"].tolist() == ["complete"] * 2 + ["unfinished"] + ["complete"] * 5
    assert "of which Hydra does not say how they ended: 1 of 8" in results.table.notes[0]
    for job in range(8):
        shutil.rmtree(sweep / str(job) / "logs", ignore_errors=True)
    with pytest.raises(TableError, match=r"no job of .* has a log of metrics.*storage of Optuna's"):
        Results.load(sweep)


def test_the_log_that_counts(sweep):
    first = sweep / "0" / "logs" / "version_0" / "metrics.csv"
    for version, loss in ((2, 0.2), (10, 0.1)):
        folder = sweep / "0" / "logs" / f"version_{version}"
        folder.mkdir()
        (folder / "metrics.csv").write_text(f"epoch,val/loss\n0,1.5\n1,{loss}\n")
    (sweep / "0" / "predictions.csv").write_text("x,y\n1,2\n")
    results = Results.load(sweep)
    assert results.frame["val/loss"][0] == 0.1
    assert "several logs, of which the last is read: 1 of 8" in results.table.notes[0]
    for version in (0, 2, 10):
        shutil.rmtree(sweep / "0" / "logs" / f"version_{version}")
    (sweep / "0" / "history.csv").write_text("epoch,val/loss\n0,1.5\n")
    with pytest.raises(
        TableError, match=r"holds 2 CSVs: history\.csv, predictions\.csv; call metrics"
    ):
        Results.load(sweep)
    assert not first.exists()


def test_a_row_that_was_not_written_whole_is_left_out(sweep):
    log = sweep / "3" / "logs" / "version_0" / "metrics.csv"
    log.write_text(log.read_text() + "3,39,,0.7")
    results = Results.load(sweep)
    assert results.frame["epochs_run"].tolist() == [3] * 8
    assert "not written whole, left out: 1 of 8" in results.table.notes[0]


@pytest.mark.parametrize(
    ("log", "value", "epochs"),
    [
        ("loss\n0.5\n0.4\n", 0.4, 2),
        ("step,loss\n10,0.5\n20,0.4\n", 0.4, 20),
        ("loss,word\n0.5,a\n", 0.5, None),
        ("epoch,loss\n0,0.5\n0,0.4\n", 0.4, 1),
        ("epoch,loss,lr\n1,0.5,\n1,,0.1\n2,0.3,\n", 0.3, 2),
    ],
)
def test_logs_of_other_forms(tmp_path, log, value, epochs):
    for number in range(2):
        job = tmp_path / str(number)
        (job / ".hydra").mkdir(parents=True)
        (job / ".hydra" / "overrides.yaml").write_text(f"- lr=0.{number}\n")
        (job / "log.csv").write_text(log)
    frame = Results.load(tmp_path).frame
    assert frame["loss"].tolist() == [value] * 2
    assert frame.get("epochs_run", pd.Series([None])).tolist()[0] == epochs


OPTUNA = """\
hydra:
  sweeper:
    _target_: hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper
    direction: {direction}
    search_space: {old}
    params: {new}
"""


@pytest.mark.parametrize("form", ["params", "search_space"])
def test_a_sweep_of_optunas(tmp_path, form):
    """Its objective is the metric whose best value is the result's, in the sweeper's direction."""
    new = {"lr": "tag(log, interval(0.001, 0.1))", "drop": "interval(0, 0.5)", "n": "choice(8, 16)"}
    old = {
        "lr": {"type": "float", "low": 0.001, "high": 0.1, "log": True},
        "drop": {"low": 0, "high": 1},
    }
    told = {
        "old": old if form == "search_space" else "null",
        "new": new if form == "params" else "null",
    }
    for number, (lr, drop, gain) in enumerate(
        [(0.01, 0.1, 0.5), (0.002, 0.4, 0.75), (0.05, 0.3, 0.25)]
    ):
        job = tmp_path / str(number)
        (job / ".hydra").mkdir(parents=True)
        (job / ".hydra" / "overrides.yaml").write_text(f"- lr={lr}\n- drop={drop}\n")
        (job / ".hydra" / "config.yaml").write_text(f"lr: {lr}\ndrop: {drop}\n")
        (job / ".hydra" / "hydra.yaml").write_text(OPTUNA.format(direction="maximize", **told))
        (job / "metrics.csv").write_text(f"epoch,my_gain,loss\n0,0.1,1\n1,{gain},{2 - gain}\n")
    (tmp_path / "optimization_results.yaml").write_text(
        "name: optuna\nbest_params: {}\nbest_value: 0.75\n"
    )
    table = Results.load(tmp_path).table
    assert (table.default.metric, table.columns["my_gain"].mode) == ("my_gain", "max")
    assert (table.columns["lr"].log, table.columns["drop"].log) == (True, False)
    assert table.columns["loss"].mode == "min"
    (tmp_path / "optimization_results.yaml").write_text("name: optuna\nbest_value: 0.6\n")
    assert Results.load(tmp_path).table.default.metric is None


def test_overrides_of_every_form(tmp_path):
    forms = [
        "lr=0.1",
        "+model.width=8",
        "++opt=sgd",
        "~dropout",
        "db@backup=my sql",
        "text='a, b'",
        "none=null",
    ]
    for number in range(2):
        job = tmp_path / str(number)
        (job / ".hydra").mkdir(parents=True)
        lines = "\n".join(f'- "{form}"' for form in [*forms, f"seed={number}", f"n={number}"])
        (job / ".hydra" / "overrides.yaml").write_text(lines)
        config = f"lr: 0.1\nmodel:\n  width: 8\nopt: {{name: sgd, nesterov: true}}\nseed: {number}\nn: {number}\n"
        (job / ".hydra" / "config.yaml").write_text(config + f"unasked: {number}\n")
        (job / "metrics.csv").write_text("loss,n\n0.5,3\n")
    results = Results.load(tmp_path)
    row = {n: None if pd.isna(v) else v for n, v in results.frame.iloc[0].items()}
    told = {n: row[n] for n in ("lr", "model.width", "opt", "dropout", "db@backup", "text", "none")}
    assert told == {
        "lr": 0.1, "model.width": 8, "opt": "sgd", "dropout": None, "db@backup": "my sql",
        "text": "a, b", "none": None,
    }  # fmt: skip
    # A setting that varies though nobody overrode it is one more hyperparameter.
    assert results.varied == ("config.n", "unasked") or set(results.varied) == {
        "config.n",
        "unasked",
    }
    assert (results.table.one("seed"), row["n"]) == ("seed", 3)


def test_what_is_no_sweep_is_one_message(swept, sweep):
    with pytest.raises(TableError, match=f"one job of Hydra's; give its sweep, {sweep}"):
        Results.load(sweep / "0")
    again = shutil.copytree(swept, sweep.parent / "then")
    with pytest.raises(
        TableError, match=f"holds 2 sweeps of Hydra's, the last first: {again}, {sweep}"
    ):
        Results.load(sweep.parent)
    shutil.rmtree(again)
    hidden = sweep / "1" / ".hydra"
    for name, text, message in (
        ("overrides.yaml", "lr: 1", "it is no list"),
        ("overrides.yaml", "- [", "cannot be read"),
        ("overrides.yaml", "- ''", "no override of Hydra's"),
        ("config.yaml", "- 1", "no table of names and values"),
        ("config.yaml", "a: [", "cannot be read"),
    ):
        whole = (hidden / name).read_text()
        (hidden / name).write_text(text)
        with pytest.raises(TableError, match=message):
            Results.load(sweep)
        told = call("columns", sweep)
        assert (told.exit_code, message in " ".join(told.stderr.split())) == (2, True)
        (hidden / name).write_text(whole)
    (sweep / "1" / "logs" / "version_0" / "metrics.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TableError, match=r"metrics\.csv cannot be read"):
        Results.load(sweep)
