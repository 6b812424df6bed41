"""A run folder: every column is known, from what the study says and the ledger's own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.identity import as_held, same_as
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
    study = ledger.study()
    frame = with_absent(ledger.frame(), study)
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
        cells=with_absent(ledger.cells(), study) if study.get("closed") else None,
        folder=ledger.folder,
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
    absent = {entry["name"] for entry in study.get("space", ()) if _depends(entry)}
    columns = {
        name: Column(
            name,
            "hyperparameter",
            order=tuple(map(as_held, study.get("levels", {}).get(name, ()))),
            log=study.get("logs", {}).get(name),
            absent=name in absent,
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


def with_absent(frame: pd.DataFrame, study: Mapping[str, Any]) -> pd.DataFrame:
    """A frame without values of hyperparameters in rows of cells that do not have them.

    What a model then got, its own default, is nothing that was tried.

    Args:
        study: what is on record of it: `space` says when each is there.
    """
    space = {entry["name"]: entry for entry in study.get("space", ())}
    there: dict[str, npt.NDArray[np.bool_]] = {}

    def mask(name: str) -> npt.NDArray[np.bool_]:
        if name not in there:
            found = np.ones(len(frame), dtype=bool)
            for other, values in space[name].get("when", {}).items():
                found &= mask(other) & _is_one_of(frame, other, values)
            if "times" in space[name]:
                found &= mask(space[name]["times"])
            there[name] = found
        return there[name]

    changed = {}
    for name, entry in space.items():
        if name not in frame or not _depends(entry) or mask(name).all():
            continue
        column = frame[name].astype(object).where(mask(name), None)
        if column[mask(name)].isna().any():  # None, which is a value
            column[mask(name) & column.isna()] = "none"
        changed[name] = column.astype("Int64") if _is_whole(entry) else column.infer_objects()
    return frame.assign(**changed) if changed else frame


def _depends(entry: Mapping[str, Any]) -> bool:
    """Whether a hyperparameter may not be there: also with what it is times of."""
    return "when" in entry or "times" in entry


def _is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether all its values are whole numbers."""
    listed = entry.get("values", [None])
    ints = entry["kind"] == "int" or all(type(value) is int for value in listed)
    ints = ints or type(entry.get("q")) is int  # what a law draws, rounded
    return ints and "times" not in entry


def _is_one_of(frame: pd.DataFrame, name: str, values: Sequence[Any]) -> npt.NDArray[np.bool_]:
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    wanted = {same_as(as_held(value)) for value in values}
    codes, distinct = pd.factorize(frame[name])
    found = [same_as(value) in wanted for value in (*distinct.tolist(), None)]
    return np.array(found)[codes]
