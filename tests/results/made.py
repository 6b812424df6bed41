"""One run, written down as a run folder and in the forms of other tools' tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.training.members import Member, Row

EPOCHS = 4


@dataclass(frozen=True)
class Made:
    """A run, before it is written down.

    Attributes:
        axes: of each hyperparameter, by its last name, the values as a study lists them; none where
            they are samples.
        rows: a row a training: the hyperparameters, `replicate`, `status`, `epochs` and `score`.
        folds: whether replicates are folds in place of seeds.
        logs: of hyperparameters that are samples, whether they were drawn on a logarithmic scale.
    """

    axes: Mapping[str, list[Any]]
    rows: list[dict[str, Any]]
    folds: bool = False
    logs: Mapping[str, bool] = field(default_factory=dict)

    @property
    def repeat(self) -> str:
        """What a replicate is called."""
        return "fold" if self.folds else "seed"

    @property
    def endings(self) -> set[str]:
        return {row["status"] for row in self.rows}


def as_run(made: Made, folder: Path, metric: str = "accuracy") -> Results:
    """The run folder."""
    members, rows = [], []
    for number, row in enumerate(made.rows):
        config = {f"model.{name}": row[name] for name in made.axes} | {"data.name": "digits"}
        seed, fold = (0, row["replicate"]) if made.folds else (row["replicate"], None)
        curves = None
        if row["epochs"]:
            curves = {metric: [*[0.5] * (row["epochs"] - 1), value(row)]}
        members.append(Member(str(number), config, seed, EPOCHS, fold, 3 if made.folds else None))
        rows.append(
            Row(
                str(number), config, seed, fold, row["status"], EPOCHS, "made", "cpu",
                epochs_run=row["epochs"], curves=curves,
            )
        )  # fmt: skip
    ledger = Ledger(folder).create()
    ledger.append(rows)
    varied = [f"model.{name}" for name in made.axes]
    study = {
        "name": "s",
        "varied": varied,
        "metric": metric,
        "mode": "max",
        "heatmap": {"x": varied[0], "y": varied[1], "over": None},
        "logs": {f"model.{name}": log for name, log in made.logs.items()},
        "levels": {f"model.{name}": values for name, values in made.axes.items() if values},
    }
    ledger.write_study(study, members)
    return Results.load(folder)


def value(row: Mapping[str, Any]) -> float:
    """What a training gave; what diverged or failed gave no number."""
    return row["score"] if row["status"] in ("complete", "stopped") else float("nan")


@dataclass(frozen=True)
class Form:
    """How a tool writes its table.

    Attributes:
        write: gives what else stands in a row, of its number and itself.
        setting, metric, seed, fold: what names become.
        text: whether settings are kept as text.
        mode: whether nothing but its reader says which way the metric is better.
        tells: the endings it can tell, beside complete.
        where: values that rows must have.
        budget: the columns that tell how long a training was.
        whole: what becomes of the table as a whole.
    """

    write: Callable[[int, Mapping[str, Any]], dict[str, Any]]
    setting: str = "{}"
    metric: str = "accuracy"
    seed: str = "seed"
    fold: str = "fold"
    text: bool = False
    mode: bool = False
    tells: tuple[str, ...] = ("failed", "diverged")
    where: Mapping[str, Any] = field(default_factory=dict)
    budget: tuple[str, ...] = ()
    whole: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame

    def frame(self, made: Made) -> pd.DataFrame:
        """The table."""
        rows = []
        for number, row in enumerate(made.rows):
            settings = {self.setting.format(name): row[name] for name in made.axes}
            replicate = row["replicate"]
            if self.text:
                settings = {name: str(v) for name, v in settings.items()}
                replicate = str(replicate)
            repeat = {self.fold if made.folds else self.seed: replicate}
            rows.append(settings | repeat | {self.metric: value(row)} | self.write(number, row))
        names = [self.setting.format(name) for name in made.axes]
        return self.whole(pd.DataFrame(rows).astype(dict.fromkeys(names, object)))


def _plain(_: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": row["status"], "epochs": row["epochs"]}


def _ray(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": 1_700_000_000 + number,
        "done": True,
        "training_iteration": row["epochs"],
        "trial_id": f"a_{number:05}",
        "date": "2026-01-01_10-00-00",
        "time_this_iter_s": 0.1 * number,
        "time_total_s": 0.2 * number,
        "pid": 300 + number,
        "hostname": "h",
        "node_ip": "127.0.0.1",
        "time_since_restore": 0.2 * number,
        "iterations_since_restore": row["epochs"],
        "logdir": f"t_{number}",
    }


def _optuna(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    states = {"complete": "COMPLETE", "failed": "FAIL", "stopped": "PRUNED"}
    return {
        "number": number,
        "datetime_start": f"2026-01-01 10:00:{number % 60:02}",
        "datetime_complete": f"2026-01-01 10:01:{number % 60:02}",
        "duration": f"0 days 00:00:0{number % 9}",
        "state": states[row["status"]],
    }


def _mlflow(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": f"{number:032x}",
        "experiment_id": 1,
        "status": "FAILED" if row["status"] == "failed" else "FINISHED",
        "artifact_uri": f"file:/a/{number}",
        "start_time": f"2026-01-01 10:00:{number % 60:02}+00:00",
        "end_time": f"2026-01-01 10:01:{number % 60:02}+00:00",
        "tags.mlflow.runName": f"run-{number}",
        "tags.mlflow.user": "u",
    }


def _wandb(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": f"sunny-{number}",
        "State": "failed" if row["status"] == "failed" else "finished",
        "Notes": "-",
        "User": "u",
        "Tags": "",
        "Created": "2026-01-01T10:00:00.000Z",
        "Runtime": 10 + number,
        "Sweep": "",
        "_step": 3 * row["epochs"],
        "_runtime": 1.5 * number,
        "epoch": row["epochs"],
    }


def _long(_: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": row["status"]}


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


def _each_epoch(frame: pd.DataFrame) -> pd.DataFrame:
    before = [frame.assign(epoch=epoch, accuracy=epoch / 10) for epoch in range(1, EPOCHS)]
    return pd.concat([*before, frame.assign(epoch=EPOCHS)]).sort_index(kind="stable")


def _folds_beside(frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in frame if name.startswith("param_")]
    rows: dict[str, dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        setting = {name: row[name] for name in names}
        of_setting = rows.setdefault(json.dumps(list(setting.values())), setting)
        of_setting[f"split{row['fold']}_test_accuracy"] = row["test_accuracy"]
    wide = pd.DataFrame(rows.values())
    scores = wide.filter(regex="^split")
    return wide.assign(
        mean_fit_time=0.1,
        std_fit_time=0.01,
        mean_test_accuracy=scores.mean(axis=1),
        std_test_accuracy=scores.std(axis=1, ddof=0),
        rank_test_accuracy=scores.mean(axis=1).rank(method="min", ascending=False).astype(int),
    )


_value: dict[str, Any] = {"metric": "value", "mode": True, "tells": ("failed",)}
FORMS = {
    "plain": Form(_plain, budget=("epochs",)),
    "dotted": Form(_plain, "model.{}", "val/acc", budget=("epochs",)),
    "ray": Form(_ray, "config/{}", seed="config/seed", tells=("diverged",)),
    "ray nested": Form(_ray, "config/model/{}", "eval/acc", "config/seed", tells=("diverged",)),
    "optuna": Form(_optuna, "params_{}", seed="user_attrs_seed", **_value),
    "optuna seed": Form(_optuna, "params_{}", seed="params_seed", **_value),
    "mlflow": Form(_mlflow, "params.{}", "metrics.accuracy", "params.seed", text=True),
    "mlflow tags": Form(_mlflow, "params.model.{}", "metrics.acc", "tags.seed", text=True),
    "wandb": Form(_wandb),
    "wandb nested": Form(_wandb, "model.{}", "val/accuracy"),
    "log": Form(_long, tells=(), where={"epoch": EPOCHS}, whole=_each_epoch),
}
WITH_FOLDS = {
    "plain": FORMS["plain"],
    "ray": Form(_ray, "config/{}", fold="config/fold", tells=("diverged",)),
    "sklearn": Form(_nothing, "param_{}", "test_accuracy", tells=(), whole=_folds_beside),
    "sklearn steps": Form(
        _nothing, "param_net__{}", "test_accuracy", tells=(), whole=_folds_beside
    ),
}


def _held(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.map(lambda held: json.dumps(held) if isinstance(held, list) else held)


FILES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "parquet": lambda frame, path: _held(frame).to_parquet(path),
    "xlsx": lambda frame, path: _held(frame).to_excel(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "json": lambda frame, path: frame.to_json(path, orient="records"),
}
"""By ending; a frame itself is read as well."""
