"""Which cells are not clearly worse than the best: of their row of the ridge, and of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.codes import combined, first_rows
from interplay.analysis.grid import Grid
from interplay.analysis.numbers import Floats
from interplay.analysis.tails import t_critical

PAIRED_FROM = 5
"""With at least so many common seeds, differences seed by seed are tested too."""

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

    The tests use the pooled error, or the row's own where that is larger. With enough common seeds
    the differences seed by seed are tested as well, each at half the level: they see what the
    pooled error hides where a few noisy cells have made it. Levels are shared out over all
    comparisons of the grid (Bonferroni), so that all sets hold their true best at once with 95%.

    Args:
        sign: 1 where more is better, −1 where less is.
        stable: cells that may be kept, shape (y, x); at least one at each x.
    """
    if not anova.mse:
        return KeepSets(stable, stable)
    rows, taken = len(grid.x_axis), int(stable.sum())
    table = _by_seed(grid, sign)
    level = LEVEL / 2 if table is not None else LEVEL
    whole = (grid.counts.size, 1)

    def kept(shape: tuple[int, int], comparisons: int, variance: Floats) -> Bools:
        score, count = (sign * anova.means).reshape(shape), grid.counts.reshape(shape)
        each = level / max(comparisons, 1)
        may = stable.reshape(shape)
        best = np.argmax(np.where(may, score, -np.inf), axis=0)
        at = best, np.arange(shape[1])
        critical = t_critical(each, anova.terms["residual"].df or 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(variance * (1 / count + 1 / count[at]))
            worse = score[at] - score > critical * error
        if table is not None:
            seeds = table.reshape(-1, *shape)
            worse |= _clearly_positive(seeds[:, at[0], at[1]][:, None] - seeds, each)
        return np.asarray(may & ~worse).reshape(grid.shape)

    return KeepSets(
        kept=kept(grid.shape, taken - rows, _row_errors(grid, anova)),
        tied=kept(whole, taken - 1, np.array([anova.mse])),
    )


def _by_seed(grid: Grid, sign: float) -> Floats | None:
    """Scores of shape (seed, y, x), nan where a seed has no such cell; None without enough seeds."""
    if not grid.blocks or grid.repeats or grid.n_blocks < PAIRED_FROM:
        return None
    table = np.full((grid.n_blocks, grid.counts.size), np.nan)
    table[grid.block, grid.cell] = sign * grid.value
    return table.reshape(grid.n_blocks, *grid.shape)


def _clearly_positive(differences: Floats, level: float) -> Bools:
    """Whether the mean over the first axis is above 0 (paired t test); false where unknown."""
    count = np.isfinite(differences).sum(axis=0)
    mean = np.nansum(differences, axis=0) / np.maximum(count, 1)
    away = np.where(np.isfinite(differences), differences - mean, 0.0)
    error = np.sqrt((away**2).sum(axis=0) / np.maximum(count - 1, 1) / np.maximum(count, 1))
    critical = -stdtrit(np.maximum(count - 1, 1), level)
    return np.asarray((count >= PAIRED_FROM) & (mean > critical * error) & (mean > 0))


def _row_errors(grid: Grid, anova: Anova) -> Floats:
    """The error variance at each x: the pooled one, or its own rows' where that is larger.

    One noisy row is lost in the pooled error, and its keep-set would be too small.
    """
    columns = len(grid.x_axis)
    cells = (grid.counts > 0).sum(axis=0)
    rows = np.bincount(grid.x, minlength=columns)
    residual = anova.residual
    if grid.n_blocks > 1:  # what a seed does to the whole row changes none of its comparisons
        row = combined([grid.x, grid.block])
        residual = residual - (np.bincount(row, residual) / np.bincount(row))[row]
        left = rows - np.bincount(grid.x[first_rows(row)], minlength=columns) - cells + 1
    else:
        left = rows - cells
    own = np.bincount(grid.x, residual**2, columns) / np.maximum(left, 1)
    return np.where(left > 0, np.maximum(own, anova.mse or 0.0), anova.mse or 0.0)
