"""Whether two hyperparameters interact: the whole analysis of one grid, and its record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.anova import Effect, Term, TermName, interaction_effect
from interplay.analysis.axes import Axis
from interplay.analysis.cautions import Caution
from interplay.analysis.checks import Outcome
from interplay.analysis.claims import Tests, run_tests
from interplay.analysis.codes import combined
from interplay.analysis.components import Components, find_components
from interplay.analysis.diagnose import LEAST, diagnose, of_rows
from interplay.analysis.grid import Grid, check_estimable, folds_of, present_levels
from interplay.analysis.numbers import Codes, text_of
from interplay.analysis.ridge import Ridge, find_ridge
from interplay.analysis.robust import Box, Stratum, StratumName
from interplay.analysis.rows import RowReader, Rows, averaged, best_settings
from interplay.analysis.scale import Transformed, scale_for, to_scale
from interplay.analysis.shape import ResidualMap, map_residuals
from interplay.analysis.tukey import Tukey, tukey_share, tukey_test
from interplay.analysis.verdict import sentence
from interplay.errors import TableError
from interplay.metrics import meaning_of

LARGEST = 1e70
"""Squares of variances of larger values, or of smaller ones than 1 / this, summed over all rows, do
not fit into a float."""


@dataclass(frozen=True, eq=False)
class Interaction:
    """What one table says of the interaction of x and y; what is undefined is None.

    Attributes:
        x, y: the axes, with the levels that have rows.
        metric, mode: as asked.
        n_rows, n_used: rows asked about, and those with a finite value.
        n_seeds: seeds among the used rows; None without a seed column.
        replicates: what the verdict rests on: rows of a usual cell, and no more than there are seeds.
        blocks: whether seeds are shared between cells, and so taken out as blocks.
        unit: what a block is: "seed", or "fold" where there are no seeds.
        tests: the analysis of variance, Box's correction and the strata.
        effect: interval of the interaction's size.
        tukey: with one row a cell.
        transformed: the tests on the logit or log scale.
        residuals: of cells off their additive fit.
        tukey_share: the part of the interaction that fans out.
        ridge: the best y for each x, and its shift.
        claimed, removable: of the interaction.
        components: what a cell's spread is made of, where it has seeds and folds.
        cautions: the warnings.
        verdict: one sentence.
    """

    x: Axis
    y: Axis
    metric: str
    mode: str
    n_rows: int
    n_used: int
    n_seeds: int | None
    replicates: int
    blocks: bool
    unit: str
    tests: Tests
    effect: Effect
    tukey: Tukey
    transformed: Transformed | None
    residuals: ResidualMap
    tukey_share: float | None
    ridge: Ridge
    claimed: bool
    removable: bool
    components: Components | None
    cautions: tuple[Caution, ...]
    verdict: str

    @property
    def anova(self) -> Mapping[TermName, Term]:
        """The terms seed, x, y, xy and residual."""
        return self.tests.anova.terms

    @property
    def box(self) -> Box:
        """The Box-corrected test."""
        return self.tests.box

    @property
    def strata(self) -> Mapping[StratumName, Stratum]:
        """x, y and xy against their own interactions with the seeds."""
        return self.tests.strata.tests

    @property
    def y_is_inert(self) -> bool:
        """Whether y changes nothing: then its first level is not its best one."""
        return not (self.anova["y"].ss or self.anova["xy"].ss)

    def to_json(self) -> dict[str, Any]:
        """The record that `interplay interaction --json` prints."""
        transformed = self.transformed
        return {
            "x": self.x.name,
            "y": self.y.name,
            "metric": self.metric,
            "mode": self.mode,
            "n_rows": self.n_rows,
            "n_used": self.n_used,
            "n_seeds": self.n_seeds,
            "blocks": self.blocks,
            "anova": _terms(self.anova),
            "box": asdict(self.box),
            "strata": {name: asdict(test) for name, test in self.strata.items()},
            "tukey": asdict(self.tukey),
            "effect": asdict(self.effect),
            "transformed": transformed
            and {
                "scale": transformed.scale,
                "anova": _terms(transformed.tests.anova.terms),
                "box": asdict(transformed.tests.box),
                "claimed": transformed.tests.claimed,
            },
            "ridge": [
                {
                    **asdict(row),
                    "x": _level(row.x),
                    "best_y": _level(row.best_y),
                    "keep": row.keep if row.keep is None else [_level(y) for y in row.keep],
                }
                for row in self.ridge.rows
            ],
            "shift": asdict(self.ridge.shift),
            "shape": {
                "tukey_share": self.tukey_share,
                "stands_out": [
                    {
                        "x": _level(self.x.values[x]),
                        "y": _level(self.y.values[y]),
                        "residual": float(value),
                    }
                    for y, x in np.argwhere(self.residuals.stands_out)
                    for value in [self.residuals.residual[y, x]]
                ],
            },
            "interaction": {"claimed": self.claimed, "removable": self.removable},
            "components": self.components and self.components.to_json(),
            "warnings": [
                {
                    "code": caution.code,
                    "message": caution.message,
                    "cells": [{"x": _level(x), "y": _level(y)} for x, y in caution.cells],
                }
                for caution in self.cautions
            ],
            "verdict": self.verdict,
        }


def _terms(terms: Mapping[TermName, Term]) -> dict[str, Any]:
    return {name: asdict(term) for name, term in terms.items()}


@dataclass(frozen=True)
class InteractionTest(RowReader):
    """Rows to an `Interaction`: options here (see `RowReader`), the work in the call.

    The model is M ~ seed + x*y, with seeds (times folds) as blocks where cells share them. Other
    settings that vary are averaged over for each cell and seed, or each cell's best is taken.
    """

    def __call__(self, frame: Any) -> Interaction:
        """The analysis of a table with a row a member.

        Raises:
            UnknownNameError: a column that does not exist, with the nearest match.
            BudgetError: cells that trained unequally long.
            TableError: samples that are no grid, a design in which the interaction cannot be
                estimated, or any other question that this table cannot answer.
        """
        rows = self.read(frame)
        if rows.binned:
            raise TableError(
                f"{' and '.join(rows.binned)} {'have' if len(rows.binned) > 1 else 'has'} random "
                "samples, no grid: an interaction is tested between cells that have rows of their "
                "own. Train listed values (`[8, 16, 32]`, or a range with `count`), all with the "
                "same seeds"
            )
        good, cautions = self._observations(rows)
        grid, more = self._grid(rows, good)
        cautions += more
        check_estimable(grid)
        cautions += of_rows(rows, grid)
        grid = grid.levelled()
        seeds = int(rows.good["seed"].nunique()) if rows.seed else None
        replicates = int(np.median(grid.counts[grid.counts > 0]))
        if grid.blocks and seeds is not None:
            replicates = min(replicates, seeds)  # folds of a seed are no seeds
        tests = run_tests(grid)
        decided = tests.strata.tests["xy"] if tests.by_strata else None
        df = (decided.df1, decided.df2) if decided and decided.df1 and decided.df2 else None
        effect = interaction_effect(tests.anova, df)
        tukey = Tukey() if tests.anova.terms["residual"].df else tukey_test(grid)
        share = tukey_share(grid, tests.anova.means, tests.anova.terms["xy"].df or 0)
        residuals = map_residuals(grid, tests.anova)
        unstable = _unstable(rows, grid)
        ridge = find_ridge(grid, tests.anova, self.mode, replicates, unstable)
        transformed = self._transformed(grid)
        cautions += diagnose(grid, tests, effect, transformed, ridge.best, replicates)

        claimed = tests.claimed and replicates >= LEAST
        ridge = ridge.claiming(claimed)
        removable = claimed and not ridge.moved and _vanishes(tests, transformed)
        verdict = sentence(
            grid, self.metric, tests, effect, ridge, tukey, transformed,
            seeds=replicates, claimed=claimed, removable=removable,
        )  # fmt: skip
        used = int((rows.table["outcome"] == 0).sum())
        return Interaction(
            grid.x_axis, grid.y_axis, self.metric, self.mode, rows.asked, used, seeds, replicates,
            grid.blocks, grid.unit, tests, effect, tukey, transformed, residuals,
            share, ridge, claimed, removable, find_components(grid, tests.anova.error.own),
            tuple(cautions), verdict,
        )  # fmt: skip

    def _observations(self, rows: Rows) -> tuple[pd.DataFrame, list[Caution]]:
        """The finite rows, one for each cell, seed and fold where other settings vary."""
        good, cautions = rows.good, list(rows.cautions)
        if good.empty:
            raise TableError(f"no row has a finite {self.metric}: there is nothing to compare")
        largest = float(np.abs(good["value"]).max())
        if largest > LARGEST:
            raise TableError(f"{self.metric} holds {largest:.3g}: too large to analyse")
        if 0 < largest < 1 / LARGEST:
            raise TableError(f"{self.metric} is {largest:.3g} at most: too small to analyse")
        if rows.varying:
            names = ", ".join(rows.varying)
            if self.over == "best":
                _, good, _ = best_settings(rows.table, good, self.mode)
                text = f"each cell shows its best {names}, chosen on the same rows: luck included"
                cautions.append(Caution("best_of_settings", text))
            good = averaged(good, ["cell", "seed", "fold"])
        return good, cautions

    def _grid(self, rows: Rows, good: pd.DataFrame) -> tuple[Grid, list[Caution]]:
        """The observations on the levels that have any; a caution where seeds are not shared."""
        block = combined([good["seed"].to_numpy(), good["fold"].to_numpy()])
        grid = _placed(rows, good, block, bool(rows.seed or rows.fold))
        if rows.fold is not None and grid.n_blocks > 1:
            seed, fold = (good[unit].to_numpy() for unit in ("seed", "fold"))
            parts = self.parts or int(rows.table["fold"].nunique())
            grid = replace(grid, folds=folds_of(seed, fold, parts))
        if not (grid.blocks and combined([grid.cell, block]).max() == block.max() > 0):
            return grid, []
        text = (
            f"no two cells share a {grid.unit}: rows are taken as replicates, and {grid.unit}s take "
            "no noise out"
        )
        return _placed(rows, good, block, False), [Caution("seeds_not_shared", text)]

    def _transformed(self, grid: Grid) -> Transformed | None:
        bounds = self.bounds or meaning_of(self.metric).bounds
        scale = scale_for(self.mode, grid.value, bounds)
        if scale is None:
            return None
        value, moved_in = to_scale(grid.value, scale)
        return Transformed(scale, run_tests(replace(grid, value=value).levelled()), moved_in)


def _placed(rows: Rows, good: pd.DataFrame, block: Codes, blocks: bool) -> Grid:
    """Rows of cells as a grid, on the levels that have any."""
    y, x = np.divmod(good["cell"].to_numpy(), len(rows.x))
    x, x_axis = present_levels(x, rows.x)
    y, y_axis = present_levels(y, rows.y)
    value = good["value"].to_numpy(dtype=np.float64)
    block = block if blocks else np.zeros_like(block)
    unit = "fold" if rows.fold and not rows.seed else "seed"
    # Squares that can have no cell are no holes.
    whole = not np.setdiff1d(np.flatnonzero(rows.there), good["cell"].to_numpy()).size
    return Grid(x_axis, y_axis, value, x, y, block, blocks, unit, whole)


def _unstable(rows: Rows, grid: Grid) -> Any:
    """Cells with rows that diverged, on the grid's levels; shape (y, x).

    A row that failed, was stopped or has no result says nothing of its cell's other rows.
    """
    bad = rows.table.loc[rows.table["outcome"] == Outcome.DIVERGED, "cell"].to_numpy()
    table = np.zeros((len(rows.y), len(rows.x)), dtype=bool)
    table.flat[bad] = True
    ys = [rows.y.labels.index(label) for label in grid.y_axis.labels]
    xs = [rows.x.labels.index(label) for label in grid.x_axis.labels]
    return table[np.ix_(ys, xs)]


def _level(value: Any) -> Any:
    """A level as JSON can write it: infinite ones as text."""
    return text_of(value) if isinstance(value, float) and not math.isfinite(value) else value


def _vanishes(tests: Tests, transformed: Transformed | None) -> bool:
    """Whether the interaction is gone on the other scale: neither claimed there, nor half as large."""
    if transformed is None or transformed.tests.claimed:
        return False
    here, there = (t.anova.terms["xy"].partial_omega2 for t in (tests, transformed.tests))
    return here is not None and there is not None and there < here / 2
