"""Rows of a table: a data frame, a dict of columns, a dict of one row's values, or a list of such."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.raw import Taken
from interplay.data.raw.arrays import arrays
from interplay.errors import DataError, listed, nearest, shown


def columns(given: Any, /, *, names: list[str], words: dict[str, list[str]]) -> Taken:
    """Columns by name, in any order; others are not looked at. Without words an array (n, columns).

    Args:
        names: of the columns, in the order of the inputs.
        words: of the columns that hold words, all their words: one input (0 or 1) each.

    Raises:
        DataError: where a column is not there, a value is missing, or a word is not known.
    """
    if not words and _is_array(given):
        return arrays(given, shape=[len(names)])
    table, single = _columns(given)
    parts = [_column(table, name, words.get(name)) for name in names]
    if len(sizes := {len(part) for part in parts}) != 1 or 0 in sizes:
        raise DataError("the columns given have no rows, or not equally many")
    return Taken(np.concatenate(parts, axis=1).astype(np.float32), single=single)


def _is_array(given: Any) -> bool:
    """Whether it holds numbers by place and not by name."""
    if isinstance(given, (list, tuple)):
        return bool(given) and not isinstance(given[0], Mapping)
    return isinstance(given, np.ndarray) or type(given).__name__ == "Tensor"


def _columns(given: Any) -> tuple[Mapping[str, Any], bool]:
    """Values by column, and whether they were those of one row."""
    if hasattr(given, "columns"):  # a data frame
        return {str(name): given[name].tolist() for name in given.columns}, False
    if isinstance(given, Mapping):
        single = all(isinstance(value, str) or not _is_many(value) for value in given.values())
        return {str(k): [v] if single else list(v) for k, v in given.items()}, single
    if isinstance(given, (list, tuple)) and all(isinstance(row, Mapping) for row in given):
        names = {str(name) for row in given for name in row}
        return {name: [row.get(name) for row in given] for name in names}, False
    raise DataError(
        "rows are a data frame, a dict of columns, a dict of one row's values, or a list of such; "
        f"this is {type(given).__name__}"
    )


def _is_many(value: Any) -> bool:
    return hasattr(value, "__len__") and getattr(value, "ndim", 1) > 0


def _column(table: Mapping[str, Any], name: str, known: list[str] | None) -> NDArray[np.float64]:
    """(rows, 1), or (rows, words)."""
    if name not in table:
        near = nearest(name, table)
        hint = f"; is it {near!r}?" if near else ""
        raise DataError(f"the rows have no column {name!r}; they have {listed([*table])}{hint}")
    values = table[name]
    for value in values:
        if value is None or value != value:  # NaN
            raise DataError(f"column {name!r} lacks a value; fill it in, or leave the row out")
    if known is not None:
        place = {word: i for i, word in enumerate(known)}
        for value in values:
            if str(value) not in place:
                near = nearest(str(value), known)
                hint = f"; did you mean {near!r}?" if near else ""
                raise DataError(
                    f"column {name!r}: {shown(value)} is no word that was trained on; "
                    f"allowed: {listed(known)}{hint}"
                )
        return np.eye(len(known))[[place[str(value)] for value in values]]
    try:
        found = np.array([float(value) for value in values], dtype=np.float64)
    except (TypeError, ValueError):
        strange = next(v for v in values if not isinstance(v, (bool, int, float)))
        raise DataError(f"column {name!r} holds numbers, not {shown(strange)}") from None
    if not all(map(math.isfinite, found)):
        raise DataError(f"column {name!r} holds a number that is not finite")
    return found[:, None]
