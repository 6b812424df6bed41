"""Every caution that an analysis of an interaction owes its reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from interplay.analysis.anova import Effect
from interplay.analysis.axes import Axis
from interplay.analysis.cautions import Caution
from interplay.analysis.checks import Outcome
from interplay.analysis.claims import Tests
from interplay.analysis.grid import Grid
from interplay.analysis.ridge import FEW
from interplay.analysis.robust import noisiest_cell
from interplay.analysis.rows import Rows
from interplay.analysis.scale import Transformed
from interplay.errors import how_many, listed

LEAST = 3
"""Fewer seeds than this give no verdict."""
SPREAD = 3.0
"""A residual sd this many times another's is no longer about the same."""
MOST_NAMED = 6


def cell_values(grid: Grid, cells: npt.NDArray[Any]) -> tuple[tuple[Any, Any], ...]:
    """(x, y) values of cells, given as rows of (y position, x position)."""
    return tuple((grid.x_axis.values[x], grid.y_axis.values[y]) for y, x in cells)


def diagnose(
    grid: Grid,
    tests: Tests,
    effect: Effect,
    transformed: Transformed | None,
    best: tuple[int, int],
    seeds: int,
) -> Iterator[Caution]:
    """The cautions, those that forbid a verdict first.

    Args:
        best: (y, x) positions of the best cell.
        seeds: how many replicates there are: rows of a usual cell, no more than seeds.
    """
    yield from _of_replicates(grid, tests, effect, seeds)
    yield from _of_folds(grid, tests)
    yield from _of_inert(grid)
    yield from _of_seed_effects(grid, tests)
    yield from _of_spread(grid, tests)
    yield from _of_edges(grid, best)
    if transformed is not None and transformed.moved_in:
        yield Caution(
            "at_bounds",
            f"{how_many(transformed.moved_in, 'value is', 'values are')} exactly 0 or 1, where there "
            "is no logit: on that scale moved inwards by half the smallest distance of the others",
        )


def _of_replicates(grid: Grid, tests: Tests, effect: Effect, seeds: int) -> Iterator[Caution]:
    one, many = (
        (grid.unit, f"{grid.unit}s") if grid.blocks else ("training a cell", "trainings a cell")
    )
    what = how_many(seeds, one, many)
    if grid.counts.max() == 1 and not tests.anova.terms["residual"].df:
        yield Caution(
            "one_row_a_cell",
            "one training a cell: noise and interaction cannot be told apart. Tukey's test sees "
            "only lines that fan out, so a large p there is no evidence that there is none",
        )
    thin = np.argwhere((grid.counts > 0) & (grid.counts < LEAST))
    if len(thin) and grid.counts.max() >= LEAST:
        yield Caution(
            "thin_cells",
            f"{len(thin)} of {int((grid.counts > 0).sum())} cells {_have(thin)} fewer than {LEAST} "
            f"finite rows: {_named(grid, thin)}",
            cell_values(grid, thin),
        )
    if seeds < LEAST:
        yield Caution("few_seeds", f"{what}: no verdict with fewer than {LEAST}")
    elif seeds < FEW:
        yield Caution(
            "few_seeds_for_positions",
            f"{what}: where the best lies has no interval with fewer than {FEW}",
        )
    open_question = not tests.claimed and tests.p is not None and not grid.inert
    if seeds >= LEAST and open_question and effect.detectable is not None:
        yield Caution(
            "smallest_interaction",
            f"an interaction smaller than a partial ω² of {effect.detectable:.2f} is more likely "
            f"than one time in five to be missed with {what}",
        )


def _of_folds(grid: Grid, tests: Tests) -> Iterator[Caution]:
    anova = tests.anova
    if grid.folds is None or anova.mse is None:
        return
    made = "from what seeds, folds and chance do to a cell, " if grid.folds.crossed else ""
    yield Caution(
        "folds_share_rows",
        f"folds share training rows, so cells are held against {anova.inflation:.2f} times the "
        f"residual {made}with a variance factor of 1/folds + n_test/n_train ({grid.folds.overlap:.2f}; "
        "Nadeau and Bengio 2003)",
    )


def _of_inert(grid: Grid) -> Iterator[Caution]:
    for name in grid.inert:
        axis = grid.x_axis if name == "x" else grid.y_axis
        yield Caution(
            "inert_axis",
            f"{_short(axis)} changes nothing: values are identical along it. It may not reach the "
            "model at all",
        )
    if grid.seed_ignored:
        yield Caution(
            "seed_ignored",
            f"the {grid.unit} changes nothing: all values of a cell are identical, so there is no spread "
            "to test against",
        )


def _of_seed_effects(grid: Grid, tests: Tests) -> Iterator[Caution]:
    for name, axis in (("x", grid.x_axis), ("y", grid.y_axis)):
        unit, test = grid.unit, tests.strata.by_seed.get(name)  # type: ignore[call-overload]
        if test is not None and test.p is not None and test.p < 0.01:
            yield Caution(
                "seed_axis",
                f"{_short(axis)} acts differently from {unit} to {unit} ({unit} × {_short(axis)}: "
                f"F({test.df1}, {test.df2}) = {test.F:.2f}): judge its own effect by the {unit}s as "
                "strata, not by the residual",
            )


def _of_spread(grid: Grid, tests: Tests) -> Iterator[Caution]:
    anova, count = tests.anova, grid.counts
    if anova.mse is None:
        return
    squares = np.bincount(grid.cell, np.square(anova.residual), count.size).reshape(grid.shape)
    for axis, over in ((grid.x_axis, 0), (grid.y_axis, 1)):
        # Levels with hardly a row beyond one a cell have no spread of their own to compare.
        known = (count - 1).clip(min=0).sum(axis=over) >= 2
        if known.sum() < 2:
            continue
        sd = np.sqrt(squares.sum(axis=over) / np.maximum(count.sum(axis=over), 1))
        low = int(np.argmin(np.where(known, sd, np.inf)))
        high = int(np.argmax(np.where(known, sd, -np.inf)))
        if sd[high] > SPREAD * sd[low]:
            ratio = sd[high] / sd[low] if sd[low] > 0 else np.inf
            times = f"{ratio:.1f} times" if ratio < 1000 else "more than 1000 times"
            yield Caution(
                "unequal_spread",
                f"the residual spread at {_short(axis)} = {axis.labels[high]} is {times} that at "
                f"{axis.labels[low]}: means there are less sure than they look",
            )
    noisy = noisiest_cell(grid, anova)
    if noisy is not None:
        yield _of_cell(grid, "one_cell_residual", *noisy, "residual spread")
    offset = count * np.square(np.nan_to_num(anova.means - grid.value.mean()))
    total = (squares + offset).ravel()
    share = total / total.sum()
    taken = int((count > 0).sum())
    # At 2 × 2 or 2 × 3 a single cell holds much of the whole by nature.
    if taken > 6 and share.max() > min(0.5, max(0.2, 10 / taken)):
        cell = int(share.argmax())
        yield _of_cell(grid, "one_cell_total", cell, float(share[cell]), "whole variation")


def _of_cell(grid: Grid, code: str, cell: int, share: float, what: str) -> Caution:
    at = np.array([divmod(cell, len(grid.x_axis))])
    text = f"one cell ({_named(grid, at)}) makes {share:.0%} of the {what}"
    return Caution(code, text, cell_values(grid, at))


def _short(axis: Axis) -> str:
    return axis.name.rpartition(".")[2]


def _have(cells: npt.NDArray[np.intp]) -> str:
    return "has" if len(cells) == 1 else "have"


def _named(grid: Grid, cells: npt.NDArray[Any]) -> str:
    """Cells for a message, given as rows of (y position, x position)."""
    texts = [f"{_at(grid.x_axis, x)}, {_at(grid.y_axis, y)}" for y, x in cells]
    return listed(texts, MOST_NAMED)


def _at(axis: Axis, position: int) -> str:
    return f"{_short(axis)} = {axis.labels[position]}"


def _of_edges(grid: Grid, best: tuple[int, int]) -> Iterator[Caution]:
    inert = grid.inert
    for name, axis, position in (("x", grid.x_axis, best[1]), ("y", grid.y_axis, best[0])):
        if not axis.numeric or len(axis) < 3 or name in inert:
            continue
        for end, where, direction in ((0, "lowest", "below"), (len(axis) - 1, "highest", "above")):
            if position == end:
                yield Caution(
                    "best_on_edge",
                    f"the best cell lies at the {where} {_short(axis)} ({axis.labels[end]}): a "
                    f"better one may lie {direction}; extend the range, if it can go there",
                    cell_values(grid, np.array([best])),
                )


def of_rows(rows: Rows, grid: Grid) -> Iterator[Caution]:
    """What happened to rows before the analysis: non-finite ones, empty cells."""
    table = rows.table
    words = {Outcome.DIVERGED: "not finite", Outcome.FAILED: "failed"}
    bad = table[table["outcome"].isin(list(words))]
    if len(bad):
        found = {word: int((bad["outcome"] == kind).sum()) for kind, word in words.items()}
        kinds = [f"{count} {word}" for word, count in found.items() if count]
        cells, counts = np.unique(bad["cell"].to_numpy(), return_counts=True)
        y, x = np.divmod(cells, len(rows.x))
        texts = [
            f"{_at(rows.x, i)}, {_at(rows.y, j)}: {n}" for i, j, n in zip(x, y, counts, strict=True)
        ]
        yield Caution(
            "non_finite",
            f"{how_many(len(bad), 'row')} left out ({', '.join(kinds)}), by cell: "
            f"{listed(texts, MOST_NAMED)}",
            tuple((rows.x.values[i], rows.y.values[j]) for i, j in zip(x, y, strict=True)),
        )
    empty = np.argwhere(grid.counts == 0)
    if len(empty):
        yield Caution(
            "empty_cells",
            f"{len(empty)} of {grid.counts.size} cells {_have(empty)} no finite row: "
            f"{_named(grid, empty)}",
            cell_values(grid, empty),
        )
