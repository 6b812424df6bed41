"""What to try next around the values that did well: a few levels of one hyperparameter."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from interplay.analysis.importance import choice_codes
from interplay.identity import Value, canonical
from interplay.space.domains import Choice, Domain, Float, Int, Law, NoGridError

DIGITS = 3
"""Significant digits of a level: nobody means 0.003162277."""
TAIL = 0.01
"""The share of draws at each end of a law in which no level is set, unless a good value lies there."""


def levels_around(
    domain: Domain, good: Sequence[Any], ranked: Sequence[Any], most: int
) -> list[Value]:
    """At most `most`, at least two levels that cover the good values and a step more at each end.

    Args:
        domain: of a hyperparameter that varies.
        good: its values in the best cells, as the tidy table has them.
        ranked: its values in all cells, the best cell first.
    """
    if isinstance(domain, Choice):
        return _choices(domain, good, ranked, most)
    if isinstance(domain, Law):
        return _drawn(domain, np.asarray(good, dtype=float), most)
    try:
        grid = domain.grid()
    except NoGridError:
        assert isinstance(domain, (Float, Int))
        return _numbers(domain, np.asarray(good, dtype=float), most)
    # The range is a grid already: its own levels, which the scan's cells lie on.
    numbers = np.asarray(grid, dtype=float)
    at = [int(np.abs(numbers - float(value)).argmin()) for value in good]
    low, high = max(min(at) - 1, 0), min(max(at) + 1, len(grid) - 1)
    return [grid[i] for i in _spread(low, high, most)]


def _choices(domain: Choice, good: Sequence[Any], ranked: Sequence[Any], most: int) -> list[Value]:
    """Those among the best cells, the most frequent where there are too many; never only one."""
    counts = Counter(choice_codes(domain.values, good).tolist())
    order = [*counts, *(c for c in choice_codes(domain.values, ranked).tolist() if c not in counts)]
    order += [c for c in range(len(domain.values)) if c not in order]
    wanted = min(max(len(counts), 2), most)
    # Stable: what is as frequent stays in the order of the cells it came from.
    kept = sorted(dict.fromkeys(order), key=lambda c: -counts[c])[:wanted]
    return [domain.values[c] for c in sorted(kept)]


def _numbers(domain: Float | Int, good: np.ndarray[Any, Any], most: int) -> list[Value]:
    """Evenly spaced (in the logarithm where that is the scale), within the domain."""
    scale, back = (np.log, np.exp) if domain.log else (np.asarray, np.asarray)
    low, high = (float(scale(float(end))) for end in (good.min(), good.max()))
    lowest, highest = (float(scale(float(end))) for end in (domain.low, domain.high))
    # A step of the new grid; where the good values lie close together, a part of the range.
    step = max((high - low) / (most - 1), (highest - lowest) / 20)
    low, high = max(low - step, lowest), min(high + step, highest)
    if isinstance(domain, Int):
        ends = float(back(low)), float(back(high))
        # Down and up to whole numbers, so that a narrow region still has a neighbour each side.
        first = max(math.floor(ends[0] + 1e-9), domain.low)
        last = min(math.ceil(ends[1] - 1e-9), domain.high)
        if last - first < most:
            return list(range(first, last + 1))
        low, high = float(scale(float(first))), float(scale(float(last)))
        return sorted({round(float(back(u))) for u in np.linspace(low, high, most)})
    return _short([float(back(u)) for u in np.linspace(low, high, most)], domain)


def _drawn(domain: Law, good: np.ndarray[Any, Any], most: int) -> list[Value]:
    """Evenly spaced by the share of draws below them."""
    share = domain.share(good)
    low, high = float(share.min()), float(share.max())
    step = max((high - low) / (most - 1), 1 / 20)
    # Not to the very ends, which of an unbounded law nobody would draw.
    low, high = max(low - step, min(low, TAIL)), min(high + step, max(high, 1 - TAIL))
    if domain.q is None:
        return _short([domain.at(u) for u in np.linspace(low, high, most)], domain)
    first, last = (round(domain.at(u) / domain.q) for u in (low, high))
    lowest, highest = (round(end / domain.q) for end in (domain.low, domain.high))
    first, last = max(min(first, last - 1), lowest), min(max(last, first + 1), highest)
    multiples = _spread(first, last, most)
    return [canonical(multiple * domain.q) for multiple in multiples]


def _short(levels: Sequence[float], domain: Float | Law) -> list[Value]:
    """With few digits, as long as they stay apart and in the domain."""
    for digits in range(DIGITS, 12):
        short = [float(f"{value:.{digits - 1}e}") for value in levels]
        short = [min(max(value, domain.low), domain.high) for value in short]
        if len(set(short)) == len(levels):
            return short
    return sorted({canonical(value) for value in levels})


def _spread(low: int, high: int, most: int) -> list[int]:
    """At most so many whole numbers from low to high, both ends among them."""
    if high - low < most:
        return list(range(low, high + 1))
    return [round(float(u)) for u in np.linspace(low, high, most)]
