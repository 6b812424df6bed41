"""The levels of a column as one side of a heatmap, or its samples in bins."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.numbers import (
    Codes,
    Floats,
    as_numbers,
    number_labels,
    parsed_numbers,
    rounded,
    text_of,
)
from interplay.identity import is_number

NOT_THERE = "not there"
"""The level of an axis at which its hyperparameter is none of a cell's."""
LOG_RATIO = 50.0
"""Positive values spanning this ratio may be logarithmic, where nobody says whether they are."""


@dataclass(frozen=True)
class Axis:
    """One side of a heatmap.

    Attributes:
        name: the column.
        labels: one text per position.
        values: the value at each position; the centre of a bin.
        binned: whether positions are bins.
        log: whether the values lie on a logarithmic scale.
        edges: of the bins, one more than there are bins. A bin is half-open, [low, high), the last
            one closed. None where not binned.
    """

    name: str
    labels: tuple[str, ...]
    values: tuple[Any, ...]
    binned: bool
    log: bool
    edges: tuple[float, ...] | None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def numeric(self) -> bool:
        """Whether the positions are numbers in true order."""
        return all(map(is_number, self.values))

    @property
    def upwards(self) -> bool:
        """Whether it stands as numbers do, not as words: its values are numbers in true order, also
        as strings, behind which may come levels for what has none."""
        first = [value for value in self.values if text_of(value) not in ("none", NOT_THERE)]
        numbers = parsed_numbers(first)
        if not first or numbers is None or list(self.values[: len(first)]) != first:
            return False
        return bool((np.diff(numbers) > 0).all())


def read_axis(
    column: pd.Series[Any],
    order: Sequence[Any] = (),
    log: bool | None = None,
    *,
    none: bool | None = None,
    empty: str = "none",
) -> tuple[Codes, Axis]:
    """The levels of a column: each row's position (-1 where it has no value) and the axis.

    Numbers (also read as strings) stand in true order, what has none behind them, booleans false
    before true, other values in the order given, then words that all have numbers in them by those,
    the rest in order of appearance. Values in `order` that no row has are levels too.

    Args:
        none: whether having no value is a level, among numbers the last; by default it is among
            words, where it has a meaning: no norm, no schedule.
        empty: what that level is called.
    """
    name = str(column.name)
    numbers = as_numbers(column)
    wanted = as_numbers(pd.Series(list(order), dtype=object)) if len(order) else np.empty(0)
    if numbers is not None and wanted is not None:
        codes, axis = _number_axis(name, numbers, wanted, log)
        lacking = none or np.isnan(wanted).any()
        return _with_none(codes, axis, empty) if lacking else (codes, axis)
    codes, distinct = pd.factorize(column)
    seen = {text_of(value): value for value in distinct}
    if (codes < 0).any() and none is not False:
        seen[empty] = None
    given = {text_of(value): value for value in order}
    rest = [text for text in seen if text not in given]
    last = ("none",) if empty == "none" else ("none", empty)
    words = [text for text in (*given, *rest) if text not in last]
    sizes = parsed_numbers(words)
    if words and sizes is not None:
        size = dict(zip(words, sizes, strict=True))
        texts = sorted(words, key=size.__getitem__)
        texts += [text for text in last if text in given or text in rest]
    else:
        if all(any(c.isdigit() for c in text) for text in rest if text not in last):
            rest.sort(key=lambda text: (text in last, _natural(text)))
        elif empty in rest and empty != "none":  # no value, which stands behind all that are
            rest = [*(text for text in rest if text != empty), empty]
        texts = [*given, *rest]
    level = {text: given[text] if text in given else seen[text] for text in texts}
    if set(level) <= {"false", "true"}:
        level = {text: text == "true" for text in sorted(level)}
    place = {text: position for position, text in enumerate(level)}
    held = [*map(text_of, distinct), empty]
    positions = np.array([place.get(text, -1) for text in held], dtype=np.int64)
    axis = Axis(name, tuple(level), tuple(level.values()), False, False, None)
    return positions[codes], axis


def _natural(text: str) -> list[tuple[float, str]]:
    """Numbers in a text by their size: [64, 32] before [128], resnet18 before resnet101."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", text)
    # The end of a list stands before its next value: [8] before [8, 8].
    return [(float(p), "") if i % 2 else (-1.0, p.rstrip("])}")) for i, p in enumerate(pieces)]


def _number_axis(
    name: str, numbers: Floats, wanted: Floats, log: bool | None
) -> tuple[Codes, Axis]:
    codes, distinct = pd.factorize(numbers)
    known = np.append(np.asarray(distinct, dtype=np.float64), wanted[~np.isnan(wanted)])
    levels, inverse = np.unique(rounded(known), return_inverse=True)
    positions = np.append(inverse[: len(distinct)], -1)
    if np.isfinite(levels).all() and (levels == np.round(levels)).all():
        values: tuple[Any, ...] = tuple(int(level) for level in levels)
    else:
        values = tuple(float(level) for level in levels)
    axis = Axis(name, number_labels(levels), values, False, _is_log(levels, log), None)
    return positions[codes].astype(np.int64), axis


def _with_none(codes: Codes, axis: Axis, empty: str) -> tuple[Codes, Axis]:
    """With one more level for what has no number."""
    codes = np.where(codes < 0, len(axis), codes)
    return codes, replace(axis, labels=(*axis.labels, empty), values=(*axis.values, None))


def _is_log(values: Floats, log: bool | None) -> bool:
    """As told; else whether sorted values span `LOG_RATIO` and crowd at the low end as logs do."""
    if values.size == 0 or not values[0] > 0:
        return False
    if log is not None:
        return log
    low, high, middle = values[0], values[-1], values[(values.size - 1) // 2]
    if not LOG_RATIO <= high / low < math.inf:
        return False
    # A uniform sample may span much as well; its median is the arithmetic middle.
    return bool(abs(np.log(middle**2 / low / high)) <= 2 * abs(np.log(2 * middle / (low + high))))


def bin_count(distinct: int) -> int:
    """How many bins for so many distinct samples: √(distinct / 3), within 3 to 8.

    Two axes binned so have about three samples in a square.
    """
    return min(max(round(math.sqrt(distinct / 3)), 3), 8)


def bin_axis(
    column: pd.Series[Any], bins: int | None = None, log: bool | None = None
) -> tuple[Codes, Axis]:
    """A column of finite numbers in bins of equal width, on a linear or a logarithmic scale.

    Nothing is interpolated. Edges between whole numbers are raised to the next whole number, which
    leaves every value in its bin and keeps the labels exact.
    """
    numbers = as_numbers(column)
    assert numbers is not None
    levels = np.unique(numbers[~np.isnan(numbers)])
    scaled = _is_log(levels, log)
    count = bins or bin_count(levels.size)
    low, high = float(levels[0]), float(levels[-1])
    edges = (np.geomspace if scaled else np.linspace)(low, high, count + 1)
    edges[0], edges[-1] = low, high
    if (levels == np.round(levels)).all():
        edges = np.unique(np.ceil(edges - 1e-9))
    codes = np.searchsorted(edges[1:-1], numbers, side="right")
    labels = number_labels(edges, digits=2, plain_from=0.001)
    to = " to " if low < 0 else "–"  # -2–-1 is hard to read
    centre = np.sqrt(edges[:-1] * edges[1:]) if scaled else (edges[:-1] + edges[1:]) / 2
    axis = Axis(
        name=str(column.name),
        labels=tuple(f"{a}{to}{b}" for a, b in pairwise(labels)),
        values=tuple(float(value) for value in centre),
        binned=True,
        log=scaled,
        edges=tuple(float(edge) for edge in edges),
    )
    return np.where(np.isnan(numbers), -1, codes).astype(np.int64), axis
