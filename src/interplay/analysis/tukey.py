"""Tukey's one-degree-of-freedom test for non-additivity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interplay.analysis.grid import Grid
from interplay.analysis.numbers import Floats
from interplay.analysis.projection import Additive
from interplay.analysis.tails import f_above


@dataclass(frozen=True)
class Tukey:
    """The test; None where it is not defined."""

    F: float | None = None
    df1: int | None = None
    df2: int | None = None
    p: float | None = None


def tukey_test(grid: Grid) -> Tukey:
    """Tukey's test, for a grid with one row a cell (Tukey 1949; Milliken & Graybill 1970 for holes).

    The only alternative is M = μ + α_x + β_y + λ α_x β_y; any other interaction goes unseen, so a
    large p is no evidence of additivity.
    """
    table = np.full(grid.shape, np.nan)
    table[grid.y, grid.x] = grid.value - grid.value.mean()
    residual, component = _component(table)
    left = int((grid.counts > 0).sum()) - sum(grid.shape)
    ss, rest = grid.squares(component), grid.squares(residual - component)
    if left < 1 or not rest:
        return Tukey()
    ratio = ss / (rest / left)
    return Tukey(ratio, 1, left, f_above(ratio, 1, left))


def tukey_share(grid: Grid, means: Floats, df: int) -> float | None:
    """The part of the interaction's sum of squares that is Tukey's component, 0 to 1.

    None where there is no interaction, or only one degree of freedom of it, which is all Tukey's.
    Near 1: the lines of the interaction plot fan out, as ceilings and multiplicative scales make
    them.

    Args:
        means: of cells, nan where empty; shape (y, x).
        df: the interaction's degrees of freedom.
    """
    residual, component = _component(means - np.nanmean(means))
    total = grid.squares(residual)
    return min(grid.squares(component) / total, 1.0) if total and df > 1 else None


def _component(table: Floats) -> tuple[Floats, Floats]:
    """What a table has beyond its additive fit, and of that the part along α_x β_y; 0 if empty."""
    taken = ~np.isnan(table)
    model = Additive(taken.astype(np.float64))
    fit = model.fit(table)
    of_x, of_y = fit.mean(axis=0) - fit.mean(), fit.mean(axis=1) - fit.mean()
    residual = np.where(taken, table - fit, 0.0)
    product = np.nan_to_num(model.residual(np.outer(of_y, of_x)))
    size = float((product**2).sum())
    if size <= 1e-20 * float((of_x**2).sum() * (of_y**2).sum()) or size == 0:
        return residual, np.zeros_like(residual)
    return residual, product * float((residual * product).sum() / size)
