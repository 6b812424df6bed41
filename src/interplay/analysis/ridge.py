"""Where the best y lies for each x: the ridge of a grid, what ties with it, and whether it shifts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.grid import ROUNDING, Grid
from interplay.analysis.keepsets import keep_sets
from interplay.analysis.numbers import Floats
from interplay.analysis.tails import normal_above, t_critical

RESAMPLES = 1000
MOST_AT_ONCE = 5_000_000
"""Cells of resamples held in memory together."""
FEW = 5
"""Fewer seeds than this give no interval of a position."""

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RidgeRow:
    """The best y at one x.

    Attributes:
        x: its value.
        best_y: the y with the best mean.
        keep: every y that is not clearly worse than that row's best, in the axis' order; None where
            no spread says what is clear.
        support: for each y of `keep`, in how many of the resamples of seeds it was the best, 0 to 1;
            None with fewer than five seeds.
    """

    x: Any
    best_y: Any
    keep: tuple[Any, ...] | None
    support: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Shift:
    """How far the best y moves, in steps of the grid a step of x.

    Attributes:
        slope: of the best y's position over x's; None where an axis has no order.
        low, high: 95% interval; None with fewer than five seeds.
        claimed: whether "the optimum shifts" is claimed.
    """

    slope: float | None = None
    low: float | None = None
    high: float | None = None
    claimed: bool = False


@dataclass(frozen=True, eq=False)
class Ridge:
    """The ridge of a grid.

    Attributes:
        rows: one for each x.
        shift: not yet claimed: that also takes an interaction.
        kept: not clearly worse than the best of their x, shape (y, x).
        tied: not clearly worse than the best of all, shape (y, x).
        moved: whether two rows' keep-sets are disjoint, or the slope's interval excludes 0.
        best: (y, x) positions of the best of all.
    """

    rows: tuple[RidgeRow, ...]
    shift: Shift
    kept: Bools
    tied: Bools
    moved: bool
    best: tuple[int, int]

    def claiming(self, interaction: bool) -> Ridge:
        """With the shift claimed, if there is an interaction and the best y moved."""
        return replace(self, shift=replace(self.shift, claimed=interaction and self.moved))


def find_ridge(
    grid: Grid, anova: Anova, mode: str, seeds: int, unstable: Bools | None = None
) -> Ridge:
    """The best y for each x with its keep-set, and the shift of the best y along x.

    Args:
        mode: "max" or "min".
        seeds: how many there are; fewer than `FEW` give no intervals.
        unstable: cells with rows that diverged, shape (y, x): the mean of the rest is no
            recommendation, so they are neither best nor kept where a stable cell is there.
    """
    sign = 1.0 if mode == "max" else -1.0
    stable = _eligible(grid, unstable)
    score = np.where(stable, sign * anova.means, np.nan)
    sets = keep_sets(grid, anova, sign, stable)
    kept, rows = sets.kept, len(grid.x_axis)
    close = 10 * ROUNDING * float(np.abs(grid.value).max())
    best = _best(score, close)
    positions = None
    if seeds >= FEW and anova.mse:
        positions = _best_of_resamples(grid, anova, sign, close, stable, best)
    ridge = []
    for x in range(rows):
        values = tuple(grid.y_axis.values[y] for y in np.flatnonzero(kept[:, x]))
        support = None
        if positions is not None:
            share = np.bincount(positions[:, x], minlength=len(score)) / len(positions)
            support = tuple(float(s) for s in share[kept[:, x]])
        at, top = grid.x_axis.values[x], grid.y_axis.values[best[x]]
        ridge.append(RidgeRow(at, top, values if anova.mse else None, support))
    shift = _shift(grid, best, positions, seeds)
    apart = any(
        not (kept[:, a] & kept[:, b]).any() for a in range(rows) for b in range(a + 1, rows)
    )
    leans = (
        shift.slope is not None
        and shift.low is not None
        and shift.high is not None
        and min(shift.low * shift.slope, shift.high * shift.slope) > 0
    )
    top = int(np.nanargmax(score[best, np.arange(rows)]))
    return Ridge(tuple(ridge), shift, kept, sets.tied, apart or leans, (int(best[top]), top))


def _eligible(grid: Grid, unstable: Bools | None) -> Bools:
    """Cells that may be the best at their x: those that are stable, or all where none is."""
    taken = grid.counts > 0
    if unstable is None:
        return taken
    stable = taken & ~unstable
    return np.where(stable.any(axis=0), stable, taken)


def _best(score: Floats, close: float) -> Ints:
    """The position of the best y at each x of scores (…, y, x): the first of those within rounding.

    Empty cells never are.
    """
    filled = np.where(np.isnan(score), -np.inf, score)
    top = filled.max(axis=-2, keepdims=True)
    return np.asarray(np.argmax(filled >= top - close, axis=-2), dtype=np.int64)


def _best_of_resamples(
    grid: Grid, anova: Anova, sign: float, close: float, stable: Bools, best: Ints
) -> Ints:
    """The best y's position at each x in resamples, shape (resamples, x).

    Whole seeds are drawn with replacement, of values freed of the seeds' own levels, which would
    else favour cells that miss a bad seed; an x without a row in a resample keeps its best. Without
    seeds in common, the cells' means are drawn from normal distributions with the pooled error.
    """
    generator = np.random.default_rng(0)
    size, blocks = grid.counts.size, grid.n_blocks
    at_once = max(MOST_AT_ONCE // max(size, blocks), 1)
    if grid.blocks:
        code = grid.block * size + grid.cell
        value = sign * (anova.adjusted - grid.value.mean())
        total = np.bincount(code, value, size * blocks).reshape(blocks, size)
        count = np.bincount(code, minlength=size * blocks).reshape(blocks, size).astype(float)
    found = []
    for start in range(0, RESAMPLES, at_once):
        draws = min(at_once, RESAMPLES - start)
        if grid.blocks:
            drawn = generator.integers(blocks, size=(draws, blocks))
            drawn += np.arange(draws)[:, None] * blocks
            weight = np.bincount(drawn.ravel(), minlength=draws * blocks).reshape(draws, blocks)
            weight = weight.astype(np.float64)
            with np.errstate(divide="ignore", invalid="ignore"):
                # Every cell has every seed once: their number is known.
                each = blocks if (count == 1).all() else weight @ count
                scores = (weight @ total) / each
                if grid.folds is not None:  # means over folds scatter more than draws of them do
                    mean = total.sum(axis=0) / count.sum(axis=0)
                    scores = mean + np.sqrt(anova.inflation) * (scores - mean)
        else:
            error = np.sqrt((anova.mse or 0.0) / np.maximum(grid.counts, 1)).ravel()
            noise = generator.standard_normal((draws, size)) * error
            scores = sign * anova.means.ravel() + noise
        scores = np.where(stable, scores.reshape(draws, *grid.shape), np.nan)
        known = np.isfinite(scores).any(axis=-2)
        found.append(np.where(known, _best(scores, close), best))
    return np.concatenate(found)


def _shift(
    grid: Grid,
    best: Ints,
    positions: Ints | None,
    seeds: int,
) -> Shift:
    if not (grid.x_axis.numeric and grid.y_axis.numeric):
        return Shift()
    x = np.arange(len(best)) - (len(best) - 1) / 2
    weight = x / (x @ x)
    slope = round(float(best @ weight), 12) + 0.0  # no −0, no 1e-16
    if positions is None:
        return Shift(slope)
    # Percentiles of few seeds are too narrow; theirs are widened as Student's t is beyond the
    # normal distribution, by √(n / (n − 1)) t (Hesterberg 2015).
    wide = np.sqrt(seeds / (seeds - 1)) * t_critical(LEVEL / 2, seeds - 1)
    tail = normal_above(wide)
    low, high = np.quantile(positions @ weight, [tail, 1 - tail])
    return Shift(slope, round(float(low), 12) + 0.0, round(float(high), 12) + 0.0)
