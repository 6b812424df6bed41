"""What an interaction looks like: where cells lie off the sum of their row and column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interplay.analysis.anova import LEVEL, Anova
from interplay.analysis.grid import Grid
from interplay.analysis.numbers import Floats
from interplay.analysis.projection import Additive
from interplay.analysis.tails import t_critical


@dataclass(frozen=True, eq=False)
class ResidualMap:
    """Double-centred residuals: cell means less their additive fit; arrays of shape (y, x).

    Attributes:
        residual: in the metric's unit; nan where empty.
        error: its standard error, from the pooled error; nan without one.
        stands_out: |residual| beyond what noise explains in any cell (t, Bonferroni over cells, 5%).
    """

    residual: Floats
    error: Floats
    stands_out: npt.NDArray[np.bool_]


def map_residuals(grid: Grid, anova: Anova) -> ResidualMap:
    """The residual of each cell, its error, and whether it stands out."""
    count = grid.counts
    taken = count > 0
    model = Additive(taken.astype(np.float64))
    residual = model.residual(anova.means - np.nanmean(anova.means))
    residual = np.where(np.square(residual) * len(grid.value) <= grid.zero, 0.0, residual)
    nothing = np.full(grid.shape, np.nan)
    if anova.mse is None:
        return ResidualMap(residual, nothing, np.zeros(grid.shape, dtype=bool))
    # diag(P D P) with P = 1 − Z G Z' and D = diag(1 / n).
    share = np.where(taken, 1 / np.maximum(count, 1), 0.0)
    middle = model.inverse @ model.gram(share) @ model.inverse
    variance = share * (1 - 2 * model.quadratic(model.inverse)) + model.quadratic(middle)
    error = np.where(taken, np.sqrt(anova.error.ms * np.maximum(variance, 0.0)), np.nan)
    critical = t_critical(LEVEL / (2 * int(taken.sum())), anova.error.df)
    # A cell that its row and column determine has no residual and no error.
    with np.errstate(invalid="ignore"):
        out = taken & (variance > 1e-9) & (np.abs(residual) > critical * error)
    return ResidualMap(residual, error, out)
