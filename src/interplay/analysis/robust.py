"""Tests that hold where the plain F does not: unequal spread (Box), effects that differ by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.grid import Grid
from interplay.analysis.projection import Additive
from interplay.analysis.tails import f_above, f_critical

StratumName = Literal["x", "y", "xy"]


@dataclass(frozen=True)
class Box:
    """The interaction's F with its degrees of freedom adjusted for the cells' variances.

    Attributes:
        epsilon: df1 as a part of the plain one; 1 at equal variances.
        df1, df2: adjusted.
        p: of F / bias at df1, df2; the bias is 1 for balanced tables.
    """

    epsilon: float | None = None
    df1: float | None = None
    df2: float | None = None
    p: float | None = None


def box_correct(grid: Grid, anova: Anova) -> Box:
    """Box's approximation to the distribution of F at unequal variances (Box 1954, theorem 6.1).

    A quadratic form y'Py of independent y with variances Σ is about a χ² of tr(PΣ)² / tr(PΣPΣ)
    degrees of freedom; so are numerator and denominator. The variances are the cells' own, of the
    full model's residuals.
    """
    term, mse = anova.terms["xy"], anova.mse
    if term.F is None or mse is None or not term.df:
        return Box()
    count = grid.counts
    within = np.bincount(grid.cell, np.square(anova.residual), count.size).reshape(grid.shape)
    variance = np.where(count > 1, within / np.maximum(count - 1, 1), mse) * (count > 0)
    left = np.maximum(count - 1, 0).astype(np.float64)

    # P = 1 − Z G Z', on cell means weighted by their counts.
    model = Additive(count.astype(np.float64))
    product = model.inverse @ model.gram(count * variance)
    trace = float(variance.sum() - np.trace(product))
    second = float(np.sum(model.inverse * model.gram(count * variance**2)))
    squared = float((variance**2).sum()) - 2 * second + float(np.sum(product * product.T))
    if trace <= 0 or squared <= 0:
        return Box()
    df1 = trace**2 / squared

    cells = int((count > 0).sum())
    if grid.n_blocks > 1:  # residuals are centred over cells in each block as well
        spread = (variance**2).sum() * (1 - 2 / cells) + (variance.sum() / cells) ** 2
        per_block = (anova.terms["residual"].df or 0) / (cells - 1)
        df2 = per_block * (variance.sum() * (1 - 1 / cells)) ** 2 / spread
    else:
        df2 = (left * variance).sum() ** 2 / (left * variance**2).sum()
    bias = (trace / term.df) / ((left * variance).sum() / left.sum())
    df2 *= anova.error.df / (anova.terms["residual"].df or 1)
    p = f_above(term.F / bias, df1, df2)
    return Box(df1 / term.df, float(df1), float(df2), p)


def noisiest_cell(grid: Grid, anova: Anova) -> tuple[int, float] | None:
    """The cell whose variance is more than chance lets the largest be, and its share of all.

    Cochran's test for an outlying variance (Cochran 1941), at 5%. None where no cell is.
    """
    left = anova.terms["residual"].df or 0
    cells = int((grid.counts > 0).sum())
    if anova.mse is None or cells < 3:
        return None
    within = np.bincount(grid.cell, np.square(anova.residual), grid.counts.size)
    share = within / within.sum()
    each = left / cells
    ratio = f_critical(LEVEL / cells, each, (cells - 1) * each)
    cell = int(share.argmax())
    return (cell, float(share[cell])) if share[cell] > 1 / (1 + (cells - 1) / ratio) else None


@dataclass(frozen=True)
class Stratum:
    """A term against its own interaction with the seeds; None where that is not defined."""

    df1: int | None = None
    df2: int | None = None
    F: float | None = None
    p: float | None = None


@dataclass(frozen=True, eq=False)
class Strata:
    """Seeds as strata.

    Attributes:
        tests: x against seed×x, y against seed×y, xy against seed×x×y.
        by_seed: seed×x and seed×y against seed×x×y: whether an axis acts differently by seed.
        used: blocks that have every cell; the others are left out here.
    """

    tests: Mapping[StratumName, Stratum]
    by_seed: Mapping[StratumName, Stratum]
    used: int


def seed_strata(grid: Grid, inflation: float = 1.0) -> Strata:
    """Each term against its own interaction with the blocks, as for repeated measures.

    Right whatever the seeds' effects on an axis are, because a seed's whole profile is the unit.
    Computed over the blocks that have every cell that the grid has; undefined without blocks, with
    repeated rows, or with fewer than two such blocks.

    Args:
        inflation: of the variance of a mean over blocks that share rows.
    """
    nothing = Strata(dict.fromkeys(("x", "y", "xy"), Stratum()), {}, 0)
    if not grid.blocks or grid.repeats:
        return nothing
    taken = grid.counts > 0
    cells, (ys, xs) = int(taken.sum()), grid.shape
    whole = np.bincount(grid.block) == cells
    used = int(whole.sum())
    if used < 2:
        return nothing
    table = np.zeros((grid.n_blocks, taken.size))
    table[grid.block, grid.cell] = grid.value
    table = table[whole].reshape(used, ys, xs)
    mean = table.mean(axis=0)
    # First the mean over seeds, then what each seed has beyond it; of no interest: each one's level.
    parts = np.concatenate([mean[None], table - mean])
    parts -= parts.sum(axis=(1, 2), keepdims=True) / cells
    parts *= taken
    additive = Additive(taken.astype(np.float64)).fit(parts) * taken
    over_y = (parts.sum(axis=2) / taken.sum(axis=1))[:, :, None] * taken
    over_x = (parts.sum(axis=1) / taken.sum(axis=0))[:, None, :] * taken
    effects = {
        "x": (xs - 1, additive - over_y),
        "y": (ys - 1, additive - over_x),
        "xy": (cells - xs - ys + 1, parts - additive),
    }
    tests: dict[StratumName, Stratum] = {}
    errors: dict[str, tuple[int, float]] = {}
    for name, (df, effect) in effects.items():
        ss = used * grid.squares(effect[0])
        error = grid.squares(effect[1:])
        errors[name] = df * (used - 1), error
        tests[name] = _ratio(df, ss / inflation, *errors[name])  # type: ignore[index]
    by_seed: dict[StratumName, Stratum] = {
        "x": _ratio(*errors["x"], *errors["xy"]),
        "y": _ratio(*errors["y"], *errors["xy"]),
    }
    return Strata(tests, by_seed, used)


def _ratio(df1: int, ss1: float, df2: int, ss2: float) -> Stratum:
    if not (df1 and df2 and ss2):
        return Stratum()
    ratio = (ss1 / df1) / (ss2 / df2)
    return Stratum(df1, df2, ratio, f_above(ratio, df1, df2))
