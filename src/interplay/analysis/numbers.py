"""Numbers and settings as text, and columns of text as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.errors import shown

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


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
    if isinstance(value, int) and value.bit_length() > 1023:  # beyond all floats
        return shown(value)
    if isinstance(value, (bool, np.bool_)) or str(value) in ("True", "False"):
        return str(value).lower()
    if isinstance(value, (int, float, np.integer, np.floating)):
        return number_label(float(value), 12)
    return str(value)


def as_numbers(column: pd.Series[Any]) -> Floats | None:
    """The column as floats (nan where empty), also from strings; None if it holds anything else.

    Booleans are not numbers here, nor what has two parts.
    """
    kind = column.dtype.kind
    if kind in "iuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind in "bcMm":
        return None
    # Only the few distinct values are parsed, not the many rows.
    codes, distinct = pd.factorize(column.to_numpy(object))
    parsed = parsed_numbers(distinct)
    return None if parsed is None else np.append(parsed, math.nan)[codes]


def parsed_numbers(values: Iterable[Any]) -> Floats | None:
    """The values as floats, also from strings; None if any is something else."""
    parsed = []
    try:
        for value in values:
            if isinstance(value, (bool, np.bool_)):
                return None
            parsed.append(float(value) if value != "" else math.nan)
    except (ValueError, TypeError, OverflowError):
        return None
    return np.array(parsed, dtype=np.float64)


def rounded(values: Floats) -> Floats:
    """To 12 significant digits, as members' keys are: 0.1 + 0.2 is the level 0.3."""
    with np.errstate(all="ignore"):
        power = 11 - np.floor(np.log10(np.abs(values)))
        shorter = np.round(values * 10.0**power) / 10.0**power
    return np.where(np.isfinite(shorter) & (np.abs(power) < 22), shorter, values)


def short_names(x: str, y: str) -> tuple[str, str]:
    """The last part of two dotted names, where that tells them apart."""
    short_x, short_y = x.rpartition(".")[2], y.rpartition(".")[2]
    return (x, y) if short_x == short_y else (short_x, short_y)
