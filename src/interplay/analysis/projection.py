"""The additive model on a grid's cells, by matrices of the size of its x + y levels only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from interplay.analysis.numbers import Floats


@dataclass(frozen=True, eq=False)
class Additive:
    """Weighted least squares of cells on x + y: the hat matrix is Z G Z' with G = (Z'WZ)⁺.

    Attributes:
        weight: of the cells, 0 where empty; shape (y, x).
    """

    weight: Floats

    @cached_property
    def inverse(self) -> Floats:
        """G, shape (y + x, y + x)."""
        return np.asarray(
            np.linalg.pinv(self.gram(self.weight), rcond=1e-10, hermitian=True), dtype=np.float64
        )

    def gram(self, table: Floats) -> Floats:
        """Z' diag(table) Z of a table over the cells, shape (y + x, y + x)."""
        return np.block(
            [[np.diag(table.sum(axis=1)), table], [table.T, np.diag(table.sum(axis=0))]]
        )

    def quadratic(self, matrix: Floats) -> Floats:
        """z' matrix z of each cell's row z of Z, shape (y, x)."""
        ys, diagonal = len(self.weight), np.diagonal(matrix)
        return diagonal[:ys, None] + diagonal[None, ys:] + 2 * matrix[:ys, ys:]

    def fit(self, tables: Floats) -> Floats:
        """The fitted values of tables of shape (…, y, x), at empty cells too."""
        filled = np.where(self.weight > 0, tables, 0.0) * self.weight
        totals = np.concatenate([filled.sum(axis=-1), filled.sum(axis=-2)], axis=-1)
        effects = totals @ self.inverse
        ys = len(self.weight)
        return np.asarray(effects[..., :ys, None] + effects[..., None, ys:])

    def residual(self, table: Floats) -> Floats:
        """A table less its additive fit: double-centred, where all weights are equal. Shape (y, x).

        Empty cells are nan.
        """
        return np.where(self.weight > 0, table - self.fit(table), np.nan)
