"""`Study.trials_dataframe()`, as a frame or saved as CSV: a row a trial, in the order of their numbers.

Parameters are `params_lr`, what was optimised `value`, `values_0` … or, where the study names it,
`value_loss`; of a frame with levels a slash stands for the first underscore.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from interplay.metrics import meaning_of
from interplay.results.sources.guess import guess_columns
from interplay.results.sources.known import apart
from interplay.table.table import Column, Default, Table, varying

OWN = {"number", "state"}
VALUE = re.compile(r"values?(?:[_/](?P<name>.+))?")


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it has numbers, states and values of trials."""
    names = list(map(str, frame.columns))
    return set(names) >= OWN and any(map(VALUE.fullmatch, names)) and any(map(_is_of_trial, names))


def _is_of_trial(name: str) -> bool:
    return name.startswith(("params_", "params/", "datetime_start"))


def read_frame(name: str, frame: pd.DataFrame) -> Table:
    """The table of trials; objectives have the names that the study gives them.

    Args:
        frame: as `plain` leaves it.
    """
    values = [column for column in map(str, frame.columns) if VALUE.fullmatch(column)]
    taken = {column for column in map(str, frame.columns) if column not in values}
    objectives = {
        column: next(iter(apart([_named(column)], "value_", taken).values())) for column in values
    }
    frame, ordered = frame.rename(columns=objectives), is_numeric_dtype(frame["number"])
    if ordered:
        frame = frame.sort_values("number", kind="stable", ignore_index=True)
    if "duration" in frame and "seconds" not in frame:
        spent = pd.to_timedelta(frame["duration"].map(_told), errors="coerce")
        frame = frame.assign(seconds=spent.dt.total_seconds())
    ordered = ordered and "seconds" in frame and is_numeric_dtype(frame["seconds"])
    others = guess_columns(frame.drop(columns=list(objectives.values())))
    told = {}
    for objective in objectives.values():
        meaning = meaning_of(objective)
        told[objective] = Column(objective, "metric", mode=meaning.mode, bounds=meaning.bounds)
    columns = {n: told.get(n) or others[n] for n in map(str, frame.columns)}
    only = next(iter(told)) if len(told) == 1 else None
    return Table(
        name, frame, columns, varying(frame, columns), default=Default(metric=only), ordered=ordered
    )


def _told(duration: Any) -> str | pd.Timedelta | None:
    """How long a trial took, in a CSV as text."""
    return duration if isinstance(duration, (str, pd.Timedelta)) else None


def _named(column: str) -> str:
    """What an objective is called: `loss` of `value_loss`, and as it is where it has no name."""
    found = VALUE.fullmatch(column)
    name = found["name"] if found else None
    return column.replace("/", "_") if name is None or name.isdecimal() else name
