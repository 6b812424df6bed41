"""One run, written down as the folders in which other tools leave their trials."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from tests.results.made import Made, value

Row = Mapping[str, Any]
ENDS = {"complete": "COMPLETED", "stopped": "STOPPED"}
"""Of Keras Tuner; what diverged has failed there."""


@dataclass(frozen=True)
class Folder:
    """How a tool writes its folder.

    Attributes:
        write: writes that of a run; gives nothing.
        setting, metric: what names become.
        tells: the endings it can tell, beside complete.
        holds: kinds of values that a hyperparameter can have there.
    """

    write: Callable[[Made, Path], None]
    metric: str
    setting: str = "{}"
    tells: tuple[str, ...] = ("failed", "diverged")
    holds: tuple[type, ...] = (bool, int, float, str, list, type(None))


def _table(file: Path, names: list[str], rows: list[list[Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([names, *rows])


def _settings(made: Made, row: Row) -> dict[str, Any]:
    return {name: row[name] for name in made.axes} | {made.repeat: row["replicate"]}


def _log(row: Row) -> list[list[Any]]:
    """Epoch, and the metric then; NaN as Python writes it."""
    earlier = [[epoch, 0.5] for epoch in range(row["epochs"] - 1)]
    return [*earlier, [row["epochs"] - 1, value(row)]] if row["epochs"] else []


def _keras(made: Made, folder: Path) -> None:
    space = []
    for name, values in made.axes.items():
        ends = {"min_value": -100, "max_value": 1000, "step": None}
        log = "log" if made.logs.get(name) else "linear"
        kind = "Choice" if values else "Float" if made.logs.get(name) else "Int"
        config = {"values": values, "ordered": True} if values else {**ends, "sampling": log}
        space.append({"class_name": kind, "config": {"name": name, "conditions": [], **config}})
    seed = {"name": made.repeat, "conditions": [], "values": [0, 1, 2, 3], "ordered": True}
    hyper = {"space": [*space, {"class_name": "Choice", "config": seed}]}
    names = [f"{number:04}" for number in range(len(made.rows))]
    for name, row in zip(names, made.rows, strict=True):
        score = None if row["status"] == "failed" else value(row)
        seen = [] if score is None else [{"value": [score], "step": row["epochs"] - 1}]
        trial = {
            "trial_id": name,
            "hyperparameters": hyper | {"values": _settings(made, row)},
            "metrics": {"metrics": {"accuracy": {"direction": "max", "observations": seen}}},
            "score": score,
            "best_step": row["epochs"] - 1,
            "status": ENDS.get(row["status"], "FAILED"),
            "message": None,
        }
        (folder / f"trial_{name}").mkdir(parents=True)
        (folder / f"trial_{name}" / "trial.json").write_text(json.dumps(trial), encoding="utf-8")
    oracle = {"hyperparameters": hyper | {"values": {}}, "start_order": names}
    (folder / "oracle.json").write_text(json.dumps(oracle), encoding="utf-8")


def _hydra(made: Made, folder: Path) -> None:
    def write(file: Path, told: Any) -> None:
        with file.open("w", encoding="utf-8") as out:
            YAML(typ="safe", pure=True).dump(told, out)

    drawn = {
        name: "tag(log, interval(1e-5, 1))" if log else "range(1, 9)"
        for name, log in made.logs.items()
    }
    for number, row in enumerate(made.rows):
        own = folder / str(number) / ".hydra"
        own.mkdir(parents=True)
        settings = _settings(made, row)
        write(own / "overrides.yaml", [f"{n}={json.dumps(v)}" for n, v in settings.items()])
        write(own / "config.yaml", settings)
        write(own / "hydra.yaml", {"hydra": {"sweeper": {"params": drawn}}})
        _table(own.parent / "metrics.csv", ["epoch", "val/acc"], _log(row))
    if not made.logs:
        write(folder / "multirun.yaml", {"hydra": {}})


def _darts(made: Made, folder: Path) -> None:
    rows = []
    for number, row in enumerate(made.rows):
        place = {"seed": 42, "fold": 0} | {made.repeat: row["replicate"]}
        score, run = value(row), f"t-cv{number}-run"
        bare = {n: v for n, v in _settings(made, row).items() if n != made.repeat}
        told = {"run_name": run, "run_id": "id", **place, "duration": 1.5, "val/Accuracy": score}
        told |= {"checkpoint": f"{run}.ckpt", "is_unstable": math.isnan(score), "score": score}
        rows.append(
            told | {"score_is_unstable": math.isnan(score), "gamma": 0.9, **bare, "cv_name": "c"}
        )
        _table(folder / "t-cv0" / f"{run}-id" / "metrics.csv", ["epoch", "val/Accuracy"], _log(row))
    frame = pd.DataFrame(rows)
    frame = frame.astype(dict.fromkeys(made.axes, object))
    frame.to_parquet(folder / "t-cv0" / "run_infos.parquet")
    frame.to_parquet(folder / f"{folder.name}.parquet")


def _determined(made: Made, folder: Path) -> None:
    states = {"failed": "ERROR", "complete": "COMPLETED", "diverged": "COMPLETED"}
    trials, workloads = [], []
    for number, row in enumerate(made.rows, 1):
        hyper = {"net": {n: row[n] for n in made.axes}, made.repeat: row["replicate"]}
        trials.append([number, 7, states[row["status"]], "", "", json.dumps(hyper, indent=4)])
        workloads += [
            [number, 100 * (epoch + 1), "COMPLETED", "COMPLETED", value]
            for epoch, value in _log(row)
        ]
    names = ["Trial ID", "Experiment ID", "State", "Started", "Ended", "H-Params"]
    _table(folder / "trials.csv", names, trials)
    names = ["Trial ID", "# of Batches", "State", "Validation State", "Validation Metric: accuracy"]
    _table(folder / "workloads.csv", names, workloads)


FOLDERS = {
    "keras tuner": Folder(_keras, "accuracy", holds=(bool, int, float, str)),
    "hydra": Folder(_hydra, "val/acc", tells=("diverged",)),
    "darts": Folder(_darts, "val/Accuracy", tells=("diverged",)),
    "determined": Folder(_determined, "validation/accuracy", "net.{}"),
}
