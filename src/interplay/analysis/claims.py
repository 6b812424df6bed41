"""When an interaction is claimed: the tests that must agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interplay.analysis.anova import LEVEL, Anova, analyse_variance
from interplay.analysis.codes import combined, first_rows
from interplay.analysis.grid import Grid
from interplay.analysis.numbers import Floats
from interplay.analysis.robust import Box, Strata, box_correct, seed_strata


@dataclass(frozen=True, eq=False)
class Tests:
    """The tests of one grid on one scale.

    Attributes:
        claimed: whether they say that x and y interact.
        p: the largest of those that had to agree; None where one is undefined.
        by_strata: whether the seeds as strata decided, alone.
    """

    anova: Anova
    box: Box
    strata: Strata
    claimed: bool
    p: float | None
    by_strata: bool


def run_tests(grid: Grid) -> Tests:
    """The analysis of variance, the tests that hold where it does not, and what they say together.

    An interaction is claimed if F and its Box-corrected form both are below 5%. At 2 × 2 with
    seeds in common the seeds as strata decide alone: there the correction has nothing to correct.
    There with seeds and folds the analysis of variance decides, which knows both.
    Rows that repeat a cell and seed must agree with their averages too: a copy is no replicate.
    """
    anova = analyse_variance(grid)
    box, strata = box_correct(grid, anova), seed_strata(grid, anova.inflation)
    crossed = grid.folds is not None and grid.folds.crossed
    by_strata = bool(grid.blocks and grid.shape == (2, 2) and not grid.repeats and not crossed)
    p: float | None
    if grid.repeats:
        single = run_tests(_averaged(grid))
        p = _larger(_larger(anova.terms["xy"].p, box.p), single.p)
    elif by_strata:
        p = strata.tests["xy"].p
    else:
        p = _larger(anova.terms["xy"].p, box.p)
    return Tests(anova, box, strata, p is not None and p < LEVEL, p, by_strata)


def _larger(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)


def _averaged(grid: Grid) -> Grid:
    """One observation a cell and block."""
    code = combined([grid.cell, grid.block])
    first = first_rows(code)
    value: Floats = np.bincount(code, grid.value) / np.bincount(code)
    parts = {name: getattr(grid, name)[first] for name in ("x", "y", "block")}
    folds = None if grid.folds is None else grid.folds.at(first)
    return replace(grid, value=value, folds=folds, **parts)
