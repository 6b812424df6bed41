"""Tukey's one-degree-of-freedom test for non-additivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution

from interplay.analysis.fit import fit_factors
from interplay.analysis.grid import Grid
from interplay.analysis.labels import Codes, Floats


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
    value = grid.value - grid.value.mean()
    additive = fit_factors(value, [grid.x, grid.y])
    component = _component(value, grid, additive.effects)
    left = len(value) - additive.rank - 1
    rest = grid.squares(value - additive.values - component)
    ss = grid.squares(component)
    if left < 1 or not rest:
        return Tukey()
    ratio = ss / (rest / left)
    return Tukey(ratio, 1, left, float(f_distribution.sf(ratio, 1, left)))


def tukey_share(grid: Grid, interaction: Floats, df: int) -> float | None:
    """The part of the interaction's sum of squares that is Tukey's component, 0 to 1.

    None where there is no interaction, or only one degree of freedom of it, which is all Tukey's.
    Near 1: the lines of the interaction plot fan out, as ceilings and multiplicative scales make
    them.

    Args:
        interaction: what the full model's fit has beyond the additive one's, shape (N,).
        df: its degrees of freedom.
    """
    total = grid.squares(interaction)
    if not total or not df > 1:
        return None
    blocks = [grid.block] if grid.n_blocks > 1 else []
    value = grid.value - grid.value.mean()
    effects = fit_factors(value, [*blocks, grid.x, grid.y]).effects
    component = _component(interaction, grid, effects[-2:], blocks)
    return min(grid.squares(component) / total, 1.0)


def _component(
    value: Floats, grid: Grid, effects: tuple[Floats, ...], blocks: Sequence[Codes] = ()
) -> Floats:
    """The projection of values on α_x β_y, freed of what is additive; shape (N,)."""
    of_x, of_y = (effect - effect.mean() for effect in effects)
    product = of_x[grid.x] * of_y[grid.y]
    product = product - fit_factors(product, [*blocks, grid.x, grid.y]).values
    size = float(product @ product)
    scale = float(np.square(of_x).sum() * np.square(of_y).sum())
    if size <= 1e-20 * scale or scale == 0:
        return np.zeros_like(value)
    return np.asarray(product * (float(value @ product) / size))
