"""Which cells are not clearly worse than the best: of their row of the ridge, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.codes import compacted
from interplay.analysis.components import error_of
from interplay.analysis.fit import fit_factors
from interplay.analysis.grid import Folds, Grid
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


@dataclass(frozen=True, eq=False)
class Contest:
    """Observations of cells, which may be of any number of hyperparameters.

    Attributes:
        value: shape (N,).
        cell, block: codes of shape (N,); block is all 0 without blocks.
        counts: observations a cell, shape (cells,).
        levels: of each hyperparameter, every cell's level; shape (cells,) each.
        folds: what blocks are made of, where folds are among it.
    """

    value: Floats
    cell: Codes
    block: Codes
    counts: npt.NDArray[np.int64]
    levels: Sequence[Codes]
    folds: Folds | None = None

    @property
    def n_blocks(self) -> int:
        return int(self.block.max(initial=0)) + 1


Sides = tuple[Floats, list[tuple[Floats, Spread]]]
"""Scores, -inf where a cell may not be kept; and pairs of means and their spreads, a test each."""


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
    levels = [code.ravel() for code in np.indices(grid.shape)]
    contest = Contest(grid.value, grid.cell, grid.block, grid.counts.ravel(), levels)
    sides = _sides(contest, sign * anova.means.ravel(), stable.ravel(), sign)
    if grid.folds is not None:  # a mean over blocks is less sure than so many rows would make it
        sides = _blurred(sides, anova.inflation, anova.error.df)
    taken = int(stable.sum())
    return KeepSets(
        kept=_kept(contest, sides, stable, taken - len(grid.x_axis)),
        tied=_kept(contest, sides, stable.reshape(-1, 1), taken - 1).reshape(grid.shape),
    )


def tied_cells(contest: Contest, means: Floats, stable: Bools, sign: float) -> Bools:
    """As `tied` of `keep_sets`, of cells that need not be a grid of two; shape (cells,).

    Args:
        means: of the cells, as if each had every block; nan where empty.
        stable: cells that may be kept; at least one.
    """
    sides = _sides(contest, sign * means, stable, sign)
    if contest.folds is not None:
        factors = [compacted(code)[1] for code in (contest.block, contest.cell)]
        fit = fit_factors(contest.value, factors)
        left = len(contest.value) - fit.rank
        rest = float(np.square(contest.value - fit.values).sum())
        if left and rest:
            error = error_of(contest, rest / left, left)
            sides = _blurred(sides, error.ms * left / rest, error.df)
    return _kept(contest, sides, stable.reshape(-1, 1), int(stable.sum()) - 1).ravel()


def _sides(contest: Contest, means: Floats, stable: Bools, sign: float) -> Sides:
    """What is compared: means by their spread, and mean ranks by theirs; more is better in both."""
    value, share = _centred(contest)
    ranked = _ranks(sign * value)
    mean_rank = _means(contest, ranked)
    scores = np.where(stable, means, -np.inf)
    return scores, [
        (means, _spread(contest, value, share, scores, trend=True)),
        # Ranks are bounded: their spread goes down at both ends by itself, a trend would follow it.
        (mean_rank, _spread(contest, ranked, share, mean_rank, trend=False)),
    ]


def _kept(contest: Contest, sides: Sides, stable: Bools, comparisons: int) -> Bools:
    """The cells of each column of `stable` that are not clearly below its best."""
    shape, level = stable.shape, LEVEL / 2 / max(comparisons, 1)
    scores, tests = sides
    best, keep = np.argmax(scores.reshape(shape), axis=0), stable
    for mean, spread in tests:
        keep = keep & ~_clearly_below(best, mean.reshape(shape), contest.counts, spread, level)
    return np.asarray(keep)


def _blurred(sides: Sides, inflation: float, df: float) -> Sides:
    """With spreads so many times larger, and known with so many degrees of freedom at most."""
    scores, tests = sides
    return scores, [
        (mean, Spread(spread.variance * inflation, np.minimum(spread.df, df)))
        for mean, spread in tests
    ]


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


def _centred(contest: Contest) -> tuple[Floats, Floats]:
    """Observations freed of their block's level, and how much of their variance that leaves.

    A block's level is the median over its rows of what they have beyond their cell's median: one
    exploded value moves neither. Of the variance of C normal values about their median there is left
    1 + v − 2 / C, v being the median's own.
    """
    if not contest.block.any():
        return contest.value, np.ones(len(contest.value))
    away = contest.value - _medians(contest.cell, contest.value)
    rows = np.bincount(contest.block)[contest.block]
    # Of a median of C normal values, to 3%.
    own = np.pi / (2 * rows + np.where(rows % 2, np.pi - 2, 2.5))
    return contest.value - _medians(contest.block, away), np.maximum(1 + own - 2 / rows, 0.0)


def _spread(contest: Contest, value: Floats, share: Floats, mean: Floats, *, trend: bool) -> Spread:
    """Of each cell, flat: its own spread around its mean, shrunk towards the others'.

    Args:
        share: of each observation's variance that centring has left.
        mean: by which the trend goes.
    """
    size, count = contest.counts.size, contest.counts
    squares = np.bincount(
        contest.cell, np.square(value - _means(contest, value)[contest.cell]), size
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.bincount(contest.cell, share, size) * (1 - 1 / count)
        own = Spread(squares / df, np.where(count > 1, df, 0.0))
    filled = count > 0
    levels = [code[filled] for code in contest.levels]
    known = Spread(own.variance[filled], own.df[filled])
    found = moderate(known, mean[filled], levels, trend=trend)
    variance, freedom = np.full(size, np.nan), np.full(size, np.nan)
    variance[filled], freedom[filled] = found.variance, found.df
    return Spread(variance, freedom)


def _means(contest: Contest, value: Floats) -> Floats:
    """Of each cell, flat; nan where empty."""
    with np.errstate(invalid="ignore"):
        return np.bincount(contest.cell, value, contest.counts.size) / contest.counts


def _medians(code: Codes, value: Floats) -> Floats:
    """For each row the median of the values with its code."""
    return np.asarray(pd.Series(value).groupby(code).transform("median"), dtype=np.float64)


def _ranks(value: Floats) -> Floats:
    """1 for the lowest; equal ones share the middle of theirs."""
    return np.asarray(pd.Series(value).rank(), dtype=np.float64)
