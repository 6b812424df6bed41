"""A run folder: every column is known, from what the study says and the ledger's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.identity import as_held
from interplay.metrics import Meaning, meaning_of
from interplay.table.folder import STUDY
from interplay.table.ledger import COLUMNS, Ledger
from interplay.table.table import Column, Default, Role, Table
from interplay.training.schedules import with_horizon

OWN: dict[str, Role] = {
    "seed": "seed",
    "fold": "fold",
    "epochs_run": "budget",
    "status": "status",
}
"""What the ledger's own columns are; the rest of them are bookkeeping."""


def recognises(source: str) -> bool:
    """Whether there is a study in this folder."""
    return (Path(source) / STUDY).is_file()


def read(source: str) -> Table:
    """The table of a run.

    Raises:
        LedgerError: the folder cannot be read.
    """
    ledger = Ledger.open(source)
    study, frame = ledger.study(), ledger.frame()
    asked = study.get("heatmap") or {}
    return Table(
        name=study["name"],
        frame=frame,
        columns=columns_of(frame, study),
        varied=tuple(study.get("varied", ())),
        default=Default(asked.get("x"), asked.get("y"), study["metric"], asked.get("over")),
        study=study,
        score=study.get("search", {}).get("score", "mean"),
        ordered=True,
        horizons=tuple(study.get("schedule_horizon", with_horizon())),
        read_curves=ledger.curves,
        follower=ledger.follower() if study.get("search", {}).get("scheduler") else None,
    )


def columns_of(frame: pd.DataFrame, study: Mapping[str, Any]) -> dict[str, Column]:
    """The columns of a ledger's frame: hyperparameters, the ledger's own, then metrics.

    Args:
        study: what is known of the study; empty of a frame that was saved without it.
    """
    names = list(map(str, frame.columns))
    first = min((i for i, name in enumerate(names) if name in COLUMNS), default=len(names))
    settings = dict.fromkeys([*study.get("varied", ()), *names[:first]])
    columns = {
        name: Column(
            name,
            "hyperparameter",
            order=tuple(map(as_held, study.get("levels", {}).get(name, ()))),
            log=study.get("logs", {}).get(name),
        )
        for name in settings
    }
    for name in COLUMNS:
        columns[name] = Column(name, OWN.get(name, "bookkeeping"))
    if "fold" not in frame or frame["fold"].isna().all():
        columns["fold"] = Column("fold", "bookkeeping")
    own = study.get("metric")
    for name in dict.fromkeys([*names[first:], *([own] if own else [])]):
        if name not in COLUMNS:
            meaning = meaning_of(name)
            if name == own:
                meaning = Meaning(study["mode"], meaning.bounds)
            columns[name] = Column(name, "metric", mode=meaning.mode, bounds=meaning.bounds)
    return columns
