"""Frames of rows, wherever they come from: each tool's form is one file here, and one registration.

Its file has `recognises_frame(frame)`, whether the names of its columns are that tool's, and
`read_frame(name, frame)`, which gives a `Table`. A frame that no tool is known by has its columns'
roles guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from interplay.errors import TableError, words_of
from interplay.registry import Entry, Registry
from interplay.results.sources.guess import guess_table, plain
from interplay.results.sources.nested import flat
from interplay.table.table import Table

FORMS: Registry[Entry] = Registry("form of a frame")
"""In the order in which they are asked whether a frame is theirs."""
for _name, _summary in {
    "sklearn": "the cv_results_ of a search of scikit-learn",
    "optuna_frames": "the trials_dataframe() of a study of Optuna",
    "mlflow": "the runs that search_runs of MLflow gives",
    "darts": "the table of a tune of darts",
    "determined": "one table of an experiment of Determined's, which is refused",
    "wandb": "the export of a chart of W&B's, which is refused",
}.items():
    FORMS.register(Entry(_name, f"{__package__}.{_name}:read_frame", _summary))


TOO_LARGE = "a whole number is too large for a table (hundreds of digits): write it as text"


def table_of(name: str, frame: pd.DataFrame) -> Table:
    """The table of a frame, read by the form that knows it, else by guessing.

    Args:
        frame: a row a training, or what a tool's form makes of it. Lists and dicts in it become
            their text.

    Raises:
        TableError: it has no rows, columns of one name, or what no table tells apart.
    """
    frame = plain(frame)
    if frame.empty:
        raise TableError(f"{name} has no rows")
    if (form := FORMS.knowing("recognises_frame", frame)) is None:
        return guess_table(name, frame)
    table: Table = form.build(name, frame)
    return table


def frame_of(rows: Any) -> pd.DataFrame:
    """A frame of what Python holds: a frame, a dict of columns, or a list of dicts, one a row.

    Dicts in a row become columns of their own: `config/lr` of `{"config": {"lr": 0.1}}`.

    Raises:
        TableError: it is none of these.
    """
    if isinstance(rows, pd.DataFrame):
        return rows
    if isinstance(rows, Mapping):
        return _of_columns(rows)
    if isinstance(rows, Iterable) and not isinstance(rows, (str, bytes)):
        return of_records(rows)
    raise TableError(
        f"{type(rows).__name__} is no table; what is: a pandas frame, a dict of columns, a list of "
        "dicts"
    )


def _of_columns(columns: Mapping[Any, Any]) -> pd.DataFrame:
    for name, values in columns.items():
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise TableError(
                f"a dict of columns has a list of values for each; {name!r} has "
                f"{type(values).__name__}"
            )
    try:
        return pd.DataFrame(dict(columns))
    except OverflowError:
        raise TableError(TOO_LARGE) from None
    except (ValueError, TypeError) as error:
        raise TableError(f"a dict of columns makes no table: {words_of(error)}") from None


def of_records(records: Iterable[Any]) -> pd.DataFrame:
    """A frame of records, one a row, those in them flat: `config/lr`; what one lacks is empty.

    Raises:
        TableError: one is no dict, or has two values of one name.
    """
    rows = []
    for number, record in enumerate(records, 1):
        if not isinstance(record, Mapping):
            raise TableError(f"record {number} is {type(record).__name__}, and no dict of values")
        try:
            # An empty dict is a value.
            rows.append(dict(flat(record, "/", whole=lambda table: not table)))
        except RecursionError:
            raise TableError(f"record {number} is nested too deeply") from None
        except TableError as error:
            raise TableError(f"record {number}: {error}") from None
    return of_rows(rows)


def of_rows(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame of rows, each with a value a column; what one lacks is empty.

    Raises:
        TableError: it holds a number that no frame can.
    """
    try:
        return pd.DataFrame(list(rows))
    except OverflowError:
        raise TableError(TOO_LARGE) from None
