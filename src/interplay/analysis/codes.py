"""Rows of a table as whole numbers: which of them are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.axes import read_axis
from interplay.analysis.numbers import Codes, as_numbers, rounded


def compacted(codes: Codes) -> tuple[Codes, Codes]:
    """The codes ≥ 0 that occur, sorted, and each row's position among them; as `np.unique` does.

    Over a table of flags, which needs no sorting of many rows where codes are few.
    """
    top = int(codes.max(initial=-1)) + 1
    if top > 4 * len(codes) + 1000:
        found, place = np.unique(codes, return_inverse=True)
        return found.astype(np.int64), place.astype(np.int64)
    seen = np.zeros(top, dtype=bool)
    seen[codes] = True
    return np.flatnonzero(seen).astype(np.int64), (np.cumsum(seen) - 1)[codes].astype(np.int64)


def combined(columns: Sequence[npt.NDArray[np.integer[Any]]]) -> Codes:
    """One code per distinct row of several columns of codes ≥ 0: 0, 1, … in the columns' order."""
    code = columns[0].astype(np.int64)
    for column in columns[1:]:
        # Compacted after each column, so that products of many levels cannot overflow.
        code = compacted(code * (int(column.max(initial=0)) + 1) + column)[1]
    return code if len(columns) > 1 else compacted(code)[1]


def first_rows(code: Codes) -> Codes:
    """The first row of each code 0, 1, …, all of which occur."""
    first = np.empty(int(code.max(initial=-1)) + 1, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    return first


def rows_of(code: Codes) -> list[Codes]:
    """The rows of each code, in order; the codes in the order in which they first appear."""
    order = np.argsort(code, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    groups = np.split(order, starts[1:]) if len(code) else []
    return sorted(groups, key=lambda rows: int(rows[0]))


def setting_codes(frame: pd.DataFrame, names: Sequence[str]) -> Codes:
    """One code per distinct row of these columns, 0, 1, … in the order of their values."""
    columns = []
    for name in names:
        numbers = as_numbers(frame[name])
        if numbers is None:
            codes, axis = read_axis(frame[name])
            # Words by the alphabet: by appearance, a tie would depend on the order of the rows.
            columns.append(np.argsort(np.argsort(np.array(axis.labels)))[codes])
        else:
            codes, distinct = pd.factorize(numbers, use_na_sentinel=False)
            columns.append(np.unique(rounded(distinct), return_inverse=True)[1][codes])
    if not columns or frame.empty:
        return np.zeros(len(frame), dtype=np.int64)
    return combined(columns)
