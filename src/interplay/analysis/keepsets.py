"""Which cells are not clearly worse than the best: of their row of the ridge, and of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.grid import Grid
from interplay.analysis.moderation import Spread, moderate
from interplay.analysis.numbers import Codes, Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class KeepSets:
    """Cells not clearly worse than the best; arrays of shape (y, x), false where empty.

    Attributes:
        kept: than the best at their x.
        tied: than the best of all.
    """

    kept: Bools
    tied: Bools


def keep_sets(grid: Grid, anova: Anova, sign: float, stable: Bools) -> KeepSets:
    """Subset selection (Gupta 1965): a cell is dropped if a one-sided test finds the best better.

    Two tests are made, each at half the level, and one is enough. Welch's of the two cells' means,
    by their own spread (see `moderate`): a cell that explodes somewhere else hides nothing. And the
    same of ranks among all observations (Conover & Iman 1981): a mean of seven 0.4 and one 60 is
    worse than 0.28, which no test of means can see. Seeds' own levels are taken out first, by
    medians. Levels are shared out over all comparisons of the grid (Bonferroni), so that all sets
    hold their true best at once with 95%.

    Args:
        sign: 1 where more is better, −1 where less is.
        stable: cells that may be kept, shape (y, x); at least one at each x.
    """
    if not anova.mse:
        return KeepSets(stable, stable)
    value, share = _centred(grid)
    scores = np.where(stable, sign * anova.means, -np.inf).ravel()
    ranked = _ranks(sign * value)
    mean_rank = _means(grid, ranked)
    sides = [
        (sign * anova.means.ravel(), _spread(grid, value, share, scores, trend=True)),
        # Ranks are bounded: their spread goes down at both ends by itself, a trend would follow it.
        (mean_rank, _spread(grid, ranked, share, mean_rank, trend=False)),
    ]

    def kept(shape: tuple[int, int], comparisons: int) -> Bools:
        level = LEVEL / 2 / max(comparisons, 1)
        best = np.argmax(scores.reshape(shape), axis=0)
        keep = stable.reshape(shape)
        for mean, spread in sides:
            keep = keep & ~_clearly_below(best, mean.reshape(shape), grid.counts, spread, level)
        return np.asarray(keep).reshape(grid.shape)

    taken = int(stable.sum())
    return KeepSets(
        kept=kept(grid.shape, taken - len(grid.x_axis)), tied=kept((grid.counts.size, 1), taken - 1)
    )


def _clearly_below(best: Codes, mean: Floats, count: Codes, spread: Spread, level: float) -> Bools:
    """Whether a cell's mean is below that of the best in its column, by Welch's one-sided test."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = spread.variance.reshape(mean.shape) / count.reshape(mean.shape)
        df = spread.df.reshape(mean.shape)
        at = best, np.arange(mean.shape[1])
        both = part + part[at]
        freedom = both**2 / (part**2 / df + part[at] ** 2 / df[at])
        worse = mean[at] - mean > -stdtrit(freedom, level) * np.sqrt(both)
    worse[at] = False
    return np.asarray(worse)


def _centred(grid: Grid) -> tuple[Floats, Floats]:
    """Observations freed of their block's level, and how much of their variance that leaves.

    A block's level is the median over its rows of what they have beyond their cell's median: one
    exploded value moves neither. Of the variance of C normal values about their median there is left
    1 + v − 2 / C, v being the median's own.
    """
    if grid.n_blocks == 1:
        return grid.value, np.ones(len(grid.value))
    away = grid.value - _medians(grid.cell, grid.value)
    rows = np.bincount(grid.block)[grid.block]
    # Of a median of C normal values, to 3%.
    own = np.pi / (2 * rows + np.where(rows % 2, np.pi - 2, 2.5))
    return grid.value - _medians(grid.block, away), np.maximum(1 + own - 2 / rows, 0.0)


def _spread(grid: Grid, value: Floats, share: Floats, mean: Floats, *, trend: bool) -> Spread:
    """Of each cell, flat: its own spread around its mean, shrunk towards the others'.

    Args:
        share: of each observation's variance that centring has left.
        mean: by which the trend goes.
    """
    size, count = grid.counts.size, grid.counts.ravel()
    squares = np.bincount(grid.cell, np.square(value - _means(grid, value)[grid.cell]), size)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.bincount(grid.cell, share, size) * (1 - 1 / count)
        own = Spread(squares / df, np.where(count > 1, df, 0.0))
    filled = count > 0
    levels = [code.ravel()[filled] for code in np.indices(grid.shape)]
    known = Spread(own.variance[filled], own.df[filled])
    found = moderate(known, mean[filled], levels, trend=trend)
    variance, freedom = np.full(size, np.nan), np.full(size, np.nan)
    variance[filled], freedom[filled] = found.variance, found.df
    return Spread(variance, freedom)


def _means(grid: Grid, value: Floats) -> Floats:
    """Of each cell, flat; nan where empty."""
    with np.errstate(invalid="ignore"):
        return np.bincount(grid.cell, value, grid.counts.size) / grid.counts.ravel()


def _medians(code: Codes, value: Floats) -> Floats:
    """For each row the median of the values with its code."""
    return np.asarray(pd.Series(value).groupby(code).transform("median"), dtype=np.float64)


def _ranks(value: Floats) -> Floats:
    """1 for the lowest; equal ones share the middle of theirs."""
    return np.asarray(pd.Series(value).rank(), dtype=np.float64)
