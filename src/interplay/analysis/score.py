"""One number for a cell, from the metric of its members."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interplay.kinds import How
from interplay.metrics import Mode


def score_of(values: Sequence[float | None], how: How, mode: Mode) -> float | None:
    """A cell's score over its seeds and folds.

    Args:
        values: the metric of each member; None or not finite where it diverged or failed.
        how: mean, median, the worst (min), or the harmonic or geometric mean, which weigh low
            values more and are 0 where a value is.

    Returns:
        None where a member has no finite value (such a cell is unstable), or where a harmonic or
        geometric mean does not exist because a value is negative.
    """
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    if not len(numbers) or not np.isfinite(numbers).all():
        return None
    if how in ("harmonic", "geometric"):
        from scipy import stats

        if (numbers < 0).any():
            return None
        mean = stats.hmean if how == "harmonic" else stats.gmean
        return float(mean(numbers)) if (numbers > 0).all() else 0.0
    if how == "min":
        return float(numbers.min() if mode == "max" else numbers.max())
    return float(np.median(numbers) if how == "median" else numbers.mean())


def worst(scores: Sequence[float | None], mode: Mode) -> float | None:
    """What an unstable cell is told to score: no better than any that is known; None with none."""
    known = [score for score in scores if score is not None]
    return (min if mode == "max" else max)(known, default=None)
