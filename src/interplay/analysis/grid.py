"""Observations on a grid x × y in blocks, and what can be estimated from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from interplay.analysis.axes import Axis
from interplay.analysis.codes import combined, compacted
from interplay.analysis.numbers import Codes, Floats
from interplay.errors import TableError, how_many, listed

SAME = 1e-6
"""Values that differ by at most this part of the larger are the same training twice."""
ROUNDING = 1e-13
"""The part of a value that is rounding."""
Cell = tuple[int, int]
"""(x position, y position)."""


@dataclass(frozen=True, eq=False)
class Folds:
    """Where folds are among what blocks are made of.

    Attributes:
        seed, fold: codes of each row; seeds all 0 where there are none.
        overlap: n_test / n_train: how much folds share.
    """

    seed: Codes
    fold: Codes
    overlap: float

    @property
    def crossed(self) -> bool:
        """Whether there are seeds too."""
        return bool(self.seed.any())

    def at(self, rows: Codes) -> Folds:
        """Of some rows alone."""
        return replace(self, seed=self.seed[rows], fold=self.fold[rows])


def folds_of(seed: Codes, fold: Codes, parts: int | None) -> Folds | None:
    """What blocks are made of, by each row's seed and fold; None where folds are too few to share
    rows.

    Args:
        parts: of one cross-validation; as many as there are folds where not known.
    """
    seed, fold = compacted(seed)[1], compacted(fold)[1]
    parts = parts or int(fold.max(initial=0)) + 1
    return Folds(seed, fold, 1 / (parts - 1)) if parts > 1 and fold.any() else None


class Observed(Protocol):
    """Observations of cells in blocks, however many hyperparameters the cells have."""

    @property
    def value(self) -> Floats: ...
    @property
    def cell(self) -> Codes: ...
    @property
    def block(self) -> Codes: ...
    @property
    def counts(self) -> npt.NDArray[np.int64]: ...
    @property
    def n_blocks(self) -> int: ...
    @property
    def folds(self) -> Folds | None: ...


@dataclass(frozen=True, eq=False)
class Grid:
    """Observations y = value at (x, y, block), with only the levels that occur.

    Attributes:
        x_axis, y_axis: with the levels that occur, in order.
        value: shape (N,).
        x, y, block: codes of shape (N,); block is all 0 without blocks.
        blocks: whether seeds (and folds) are shared between cells.
        unit: what a block is, for words: "seed", or "fold" where there are no seeds.
        whole: whether all the cells that there are have observations.
        folds: of blocks that are folds, or seeds and folds.
    """

    x_axis: Axis
    y_axis: Axis
    value: Floats
    x: Codes
    y: Codes
    block: Codes
    blocks: bool
    unit: str = "seed"
    whole: bool = False
    folds: Folds | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(y levels, x levels), as a heatmap's rows and columns."""
        return len(self.y_axis), len(self.x_axis)

    @cached_property
    def cell(self) -> Codes:
        """Code of the cell: y position * x levels + x position."""
        return self.y * len(self.x_axis) + self.x

    @cached_property
    def n_blocks(self) -> int:
        return int(self.block.max(initial=0)) + 1

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Observations a cell, shape (y levels, x levels)."""
        size = self.shape[0] * self.shape[1]
        return np.bincount(self.cell, minlength=size).reshape(self.shape)

    @cached_property
    def repeats(self) -> int:
        """Observations beyond the first of a cell and block; 0 without blocks."""
        if not self.blocks:
            return 0
        return len(self.value) - (int(combined([self.cell, self.block]).max()) + 1)

    @cached_property
    def zero(self) -> float:
        """A sum of squares up to this is rounding."""
        return len(self.value) * (ROUNDING * float(np.abs(self.value).max())) ** 2

    def squares(self, values: Floats) -> float:
        """The sum of squares; exactly 0 where it is rounding."""
        total = float(np.square(values).sum())
        return total if total > self.zero else 0.0

    @cached_property
    def inert(self) -> tuple[str, ...]:
        """The axes ("x", "y") along which values are the same, in every block and all along.

        Rows of a cell that share no seed with other cells' cannot show it.
        """
        if not self.blocks and len(self.value) > np.count_nonzero(self.counts):
            return ()
        others = {"x": self.y, "y": self.x}
        return tuple(name for name, other in others.items() if is_same(self, other, self.block))

    @cached_property
    def seed_ignored(self) -> bool:
        """Whether all values of a cell are the same, whatever the seed."""
        return is_same(self, self.cell)

    def levelled(self) -> Grid:
        """With values that are the same made equal, so that what they differ by is 0, not rounding.

        That is along inert axes, and within cells where the seed is ignored.
        """
        groups = [combined([self.y if n == "x" else self.x, self.block]) for n in self.inert]
        groups += [combined([self.cell])] if self.seed_ignored else []
        if not groups:
            return self
        value = self.value
        for group in groups:
            value = (np.bincount(group, value) / np.bincount(group))[group]
        return replace(self, value=value)


def is_same(grid: Grid, *keys: Codes) -> bool:
    """Whether values with equal keys are the same to `SAME`, and some keys have two values."""
    code = combined(list(keys))
    size = int(code.max(initial=-1)) + 1
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, code, grid.value)
    np.maximum.at(high, code, grid.value)
    # Relative to the values compared, or to the table's usual ones where those are nearly 0: a
    # sentinel elsewhere in the table makes nothing alike.
    usual = float(np.median(np.abs(grid.value)))
    same = high - low <= SAME * np.maximum(np.maximum(np.abs(low), np.abs(high)), usual)
    return bool(size < len(code) and same.all())


def check_estimable(grid: Grid) -> None:
    """Refuse a design that cannot tell its terms apart, with the reason.

    Raises:
        TableError: x and y, or the seeds and the cells, are confounded; or holes leave nothing to
            compare.
    """
    rows, columns = grid.shape
    where_y, where_x = np.nonzero(grid.counts)
    parts, label = _components(columns, rows, where_x, where_y)
    x, y = grid.x_axis.name, grid.y_axis.name
    if parts > 1:
        islands = []
        for part in range(parts):
            at = label[:columns] == part
            over = label[columns:] == part
            islands.append(f"{x} {_levels(grid.x_axis, at)} with {y} {_levels(grid.y_axis, over)}")
        apart = "each value of one has values of the other to itself"
        if where_x.size == max(rows, columns):
            apart = "no grid: every value of one comes with one value of the other, as random samples do"
        raise TableError(
            f"{x} and {y} cannot be told apart (a disconnected design): {apart}: "
            f"{listed(islands, 4)}. "
            + (
                "There are no cells between them"
                if grid.whole
                else "Train the missing cells between them"
            )
        )
    if where_x.size - columns - rows + 1 == 0:
        raise TableError(
            f"no interaction of {x} and {y} can be estimated: with the empty cells, "
            f"{how_many(where_x.size, 'cell leaves', 'cells leave')} no 2 × 2 to compare. "
            + ("There are no others" if grid.whole else "Train the missing cells")
        )
    if not grid.blocks:
        return
    cell = compacted(grid.cell)[1]
    parts, label = _components(where_x.size, grid.n_blocks, cell, grid.block)
    if parts > 1:
        raise TableError(
            f"{grid.unit}s are confounded with the cells: they fall into {parts} groups that share no cell"
            f"{_confounded(grid, label)}. Train all cells with the same {grid.unit}s, or leave the "
            f"{grid.unit} column out to take the rows as replicates"
        )


def _confounded(grid: Grid, label: npt.NDArray[Any]) -> str:
    """Which axis the groups of seeds follow, if one does."""
    group = label[len(label) - grid.n_blocks :][grid.block]
    for axis, code in ((grid.x_axis, grid.x), (grid.y_axis, grid.y)):
        if int(combined([code, group]).max()) + 1 == len(axis):
            return f" (each {axis.name} has {grid.unit}s of its own)"
    return ""


def _components(a: int, b: int, of_a: Codes, of_b: Codes) -> tuple[int, npt.NDArray[Any]]:
    """Components of the bipartite graph of a + b levels, and each level's."""
    ones = np.ones(len(of_a), dtype=np.int8)
    graph = coo_array((ones, (of_a, np.asarray(of_b) + a)), shape=(a + b, a + b))
    parts, label = connected_components(graph, directed=False)
    return int(parts), label


def _levels(axis: Axis, chosen: npt.NDArray[np.bool_]) -> str:
    texts: Sequence[str] = [t for t, one in zip(axis.labels, chosen, strict=True) if one]
    return listed(texts, 4)


def present_levels(codes: Codes, axis: Axis) -> tuple[Codes, Axis]:
    """Codes and axis without the levels that no row has.

    Raises:
        TableError: fewer than two are left.
    """
    found, place = compacted(codes)
    if len(found) < 2:
        raise TableError(
            f"{axis.name} has finite rows at one value only ({axis.labels[found[0]]}): an "
            "interaction needs two or more"
        )
    kept = replace(
        axis,
        labels=tuple(axis.labels[i] for i in found),
        values=tuple(axis.values[i] for i in found),
    )
    return place, kept
