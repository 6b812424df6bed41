"""Tail probabilities and quantiles: scipy.special's, which import in a tenth of scipy.stats' time."""

from __future__ import annotations

from scipy.optimize import brentq
from scipy.special import chdtri, fdtr, fdtrc, fdtri, ncfdtr, ndtr, stdtrit

LARGE = 1e6
"""Noncentral F is slow to compute, and at last not at all, for much larger noncentralities."""


def f_above(ratio: float, df1: float, df2: float) -> float:
    """The probability that F(df1, df2) is larger."""
    return float(fdtrc(df1, df2, ratio))


def f_critical(level: float, df1: float, df2: float) -> float:
    """What F(df1, df2) exceeds with probability `level`."""
    return float(fdtri(df1, df2, 1 - level))


def t_critical(level: float, df: float) -> float:
    """What Student's t exceeds with probability `level`."""
    return -float(stdtrit(df, level))


def normal_above(z: float) -> float:
    """The probability that a standard normal is larger."""
    return float(ndtr(-z))


def noncentrality(ratio: float, df1: float, df2: float, below: float) -> float:
    """The λ at which F(df1, df2, λ) is below `ratio` with this probability.

    0 where that is less likely even at λ = 0.
    """

    def excess(size: float) -> float:
        return float(ncfdtr(df1, df2, size, ratio) if size else fdtr(df1, df2, ratio)) - below

    if excess(0.0) <= 0:
        return 0.0
    if df1 * ratio > LARGE:  # then only the denominator varies: χ²(df2) / df2
        return df1 * ratio * float(chdtri(df2, below)) / df2
    high = max(df1 * ratio, 1.0)
    while excess(high) > 0:
        high *= 2
    return float(brentq(excess, 0.0, high, xtol=1e-10, rtol=1e-12))
