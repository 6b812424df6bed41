"""Reading a column's values and writing them: numbers as one writes them, axes and their bins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

LOG_RATIO = 50.0
"""Positive values spanning this ratio may be logarithmic, where nobody says whether they are."""


def number_label(value: float, digits: int = 4, plain_from: float = 0.01) -> str:
    """A number as one writes it: 128, 0.8, 0.01, 1e-3, 3.16e-3, 1e-5, 10000.

    Plain from `plain_from` up to 100000; outside, the shorter of plain and exponent notation.
    Whole numbers are exact, others have at most `digits` significant digits.
    """
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    whole = value.is_integer() and abs(value) < 1e15
    if not whole:
        kept = max(digits, len(str(int(abs(value)))))
        value = float(f"{value:.{kept - 1}e}")
    plain = np.format_float_positional(value, trim="-")
    if value == 0 or plain_from <= abs(value) < 1e5:
        return "0" if value == 0 else plain
    exponent = _exponent(value, 16 if whole else max(digits, 1))
    shorter = len(exponent) < len(plain) or (abs(value) < 1 and len(exponent) == len(plain))
    return exponent if shorter else plain


def number_labels(
    values: Iterable[float], digits: int = 4, plain_from: float = 0.01
) -> tuple[str, ...]:
    """One label per number; numbers that differ get labels that differ (more digits if needed)."""
    values = [float(value) for value in values]
    labels: tuple[str, ...] = ()
    for kept in range(digits, 18):
        labels = tuple(number_label(value, kept, plain_from) for value in values)
        if len(set(labels)) == len(set(values)):
            break
    return labels


def mean_sd(mean: float, sd: float, like: tuple[float, float] | None = None) -> tuple[str, str]:
    """A mean and its spread as text, such as ("0.912", "±0.043"); "" for an unknown spread.

    Decimals follow the spread (two significant digits of it): 2 to 4 for means below 10, fewer
    for larger ones. `like`, a typical (mean, sd), sets the decimals in place of these two, so that
    the squares of one heatmap agree. What would round to zero is written with an exponent.
    """
    typical_mean, typical_sd = like or (mean, sd)
    magnitude = max(abs(typical_mean), 0.0 if math.isnan(typical_sd) else typical_sd)
    least = 2 if magnitude < 10 else 1 if magnitude < 100 else 0
    wanted = 3
    if math.isfinite(typical_sd) and typical_sd > 0:
        wanted = 1 - math.floor(math.log10(typical_sd))
    decimals = min(max(wanted, least), 4)
    tiny = wanted > 4 and 0 < magnitude < 0.01

    def written(value: float, digits: int) -> str:
        text = f"{value:.{decimals}f}"
        lost = value != 0 and (tiny or float(text) == 0 or len(text.lstrip("-")) > 7)
        return _exponent(value, digits) if lost and math.isfinite(value) else text

    return written(mean, 3), "" if math.isnan(sd) else f"±{written(sd, 2)}"


def _exponent(value: float, digits: int) -> str:
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(power)}"


def text_of(value: Any) -> str:
    """A setting's value as text: none, true, false, a number as one writes it, or itself."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return "none"
    if isinstance(value, (bool, np.bool_)) or str(value) in ("True", "False"):
        return str(value).lower()
    if isinstance(value, (int, float, np.integer, np.floating)):
        return number_label(float(value), 12)
    return str(value)


def listed(texts: Sequence[str], most: int = 12) -> str:
    """Texts for a message, the rest of a long list counted."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" … and {more} more" if more > 0 else "")


def as_numbers(column: pd.Series[Any]) -> Floats | None:
    """The column as floats (nan where empty), also from strings; None if it holds anything else.

    Booleans are not numbers here.
    """
    if pd.api.types.is_bool_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if column.dtype.kind == "M" or column.dtype.kind == "m":
        return None
    # Only the few distinct values are parsed, not the many rows.
    codes, distinct = pd.factorize(column)
    if any(isinstance(value, (bool, np.bool_)) for value in distinct):
        return None
    try:
        parsed = [float(value) if value != "" else math.nan for value in distinct]
    except (ValueError, TypeError):
        return None
    return np.array([*parsed, math.nan])[codes]


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
        return all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in self.values)


def read_axis(
    column: pd.Series[Any], order: Sequence[Any] = (), log: bool | None = None
) -> tuple[Codes, Axis]:
    """The levels of a column: each row's position (-1 where it has no value) and the axis.

    Numbers (also read as strings) stand in true order, booleans false before true, other values in
    the order given, then in order of appearance. Values in `order` that no row has are levels too.
    """
    name = str(column.name)
    numbers = as_numbers(column)
    wanted = as_numbers(pd.Series(list(order), dtype=object)) if len(order) else np.empty(0)
    if numbers is not None and wanted is not None:
        return _number_axis(name, numbers, wanted, log)
    codes, distinct = pd.factorize(column)
    texts = [text_of(value) for value in distinct]
    if (codes < 0).any():
        # An empty cell of a column of words is a choice as well: no norm, no schedule.
        texts.append("none")
    given = {text_of(value): value for value in order}
    level = given | {t: v for t, v in zip(texts, [*distinct, None], strict=False) if t not in given}
    if set(level) <= {"false", "true"}:
        level = {text: text == "true" for text in sorted(level)}
    place = {text: position for position, text in enumerate(level)}
    positions = np.array([place[text] for text in texts], dtype=np.int64)
    axis = Axis(name, tuple(level), tuple(level.values()), False, False, None)
    return positions[codes], axis


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
            columns.append(np.unique(_rounded(distinct), return_inverse=True)[1][codes])
    if not columns or frame.empty:
        return np.zeros(len(frame), dtype=np.int64)
    return combined(columns)


def _number_axis(
    name: str, numbers: Floats, wanted: Floats, log: bool | None
) -> tuple[Codes, Axis]:
    codes, distinct = pd.factorize(numbers)
    known = np.append(np.asarray(distinct, dtype=np.float64), wanted[~np.isnan(wanted)])
    levels, inverse = np.unique(_rounded(known), return_inverse=True)
    positions = np.append(inverse[: len(distinct)], -1)
    if np.isfinite(levels).all() and (levels == np.round(levels)).all():
        values: tuple[Any, ...] = tuple(int(level) for level in levels)
    else:
        values = tuple(float(level) for level in levels)
    axis = Axis(name, number_labels(levels), values, False, _is_log(levels, log), None)
    return positions[codes].astype(np.int64), axis


def _rounded(values: Floats) -> Floats:
    """To 12 significant digits, as members' keys are: 0.1 + 0.2 is the level 0.3."""
    with np.errstate(all="ignore"):
        power = 11 - np.floor(np.log10(np.abs(values)))
        shorter = np.round(values * 10.0**power) / 10.0**power
    return np.where(np.isfinite(shorter) & (np.abs(power) < 22), shorter, values)


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
    centre = np.sqrt(edges[:-1] * edges[1:]) if scaled else (edges[:-1] + edges[1:]) / 2
    axis = Axis(
        name=str(column.name),
        labels=tuple(f"{a}–{b}" for a, b in pairwise(labels)),
        values=tuple(float(value) for value in centre),
        binned=True,
        log=scaled,
        edges=tuple(float(edge) for edge in edges),
    )
    return np.where(np.isnan(numbers), -1, codes).astype(np.int64), axis


def short_names(x: str, y: str) -> tuple[str, str]:
    """The last part of two dotted names, where that tells them apart."""
    short_x, short_y = x.rpartition(".")[2], y.rpartition(".")[2]
    return (x, y) if short_x == short_y else (short_x, short_y)
