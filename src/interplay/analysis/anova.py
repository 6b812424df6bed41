"""Analysis of variance of a grid, type II: M ~ seed + x*y by comparison of nested models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interplay.analysis.codes import compacted
from interplay.analysis.components import Error, error_of
from interplay.analysis.fit import Fit, fit_factors
from interplay.analysis.grid import Grid
from interplay.analysis.numbers import Codes, Floats
from interplay.analysis.tails import f_above, f_critical, noncentrality
from interplay.errors import TableError

LEVEL = 0.05
POWER = 0.8

TermName = Literal["seed", "x", "y", "xy", "residual"]


@dataclass(frozen=True)
class Term:
    """One line of an analysis of variance; None where a number is not defined.

    Attributes:
        df, ss, F, p: of the test against the residual.
        partial_eta2: ss / (ss + residual ss).
        partial_omega2, partial_omega2_raw: df (F − 1) / (df (F − 1) + N), cut at 0 and as it is
            (Olejnik & Algina 2003).
        share: of the total sum of squares. Shares of an unbalanced table need not add up to 1.
    """

    df: int | None = None
    ss: float | None = None
    F: float | None = None
    p: float | None = None
    partial_eta2: float | None = None
    partial_omega2: float | None = None
    partial_omega2_raw: float | None = None
    share: float | None = None


@dataclass(frozen=True, eq=False)
class Anova:
    """An analysis of variance, and what later steps need of its fits.

    Attributes:
        terms: by name: seed, x, y, xy, residual.
        n: observations.
        means: of cells, as if each had every block; nan where empty; shape (y, x).
        residual: observations less the full model's fit, shape (N,).
        adjusted: observations less their block's effect, shape (N,).
        error: what x, y and xy are held against: the residual, but where folds share rows.
    """

    terms: Mapping[TermName, Term]
    n: int
    means: Floats
    residual: Floats
    adjusted: Floats
    error: Error

    @property
    def inflation(self) -> float:
        """The error as a multiple of the residual mean square; 1 but where folds share rows."""
        return self.error.ms / self.mse if self.mse else 1.0

    @property
    def mse(self) -> float | None:
        """The residual mean square; None where nothing is left over, or no degrees of freedom."""
        term = self.terms["residual"]
        return term.ss / term.df if term.ss and term.df else None


def analyse_variance(grid: Grid) -> Anova:
    """The type II table of M ~ seed + x*y, or of M ~ x*y without blocks.

    Each term is compared with the model that has all terms but those that contain it (Langsrud
    2003), which is right for unbalanced tables and empty cells too.

    Raises:
        TableError: the seeds are confounded with x and y.
    """
    centre = float(grid.value.mean())
    value = grid.value - centre
    places, cell = compacted(grid.cell)
    block: list[Codes] = [grid.block] if grid.n_blocks > 1 else []

    additive = fit_factors(value, [*block, grid.x, grid.y])
    if additive.rank < grid.n_blocks + sum(grid.shape) - 2:
        raise TableError(
            f"{grid.unit}s are confounded with {grid.x_axis.name} and {grid.y_axis.name}: no {grid.unit} has "
            f"enough cells to tell them apart. Train all cells with the same {grid.unit}s"
        )
    full = fit_factors(value, [*block, cell])
    smaller: dict[TermName, tuple[Fit, Fit]] = {
        "x": (additive, fit_factors(value, [*block, grid.y])),
        "y": (additive, fit_factors(value, [*block, grid.x])),
        "xy": (full, additive),
    }
    if block:
        smaller["seed"] = full, fit_factors(value, [cell])

    residual = value - full.values
    left, total = len(value) - full.rank, grid.squares(value)
    rest = grid.squares(residual) if left else 0.0
    plain = Error(rest / left if left else 0.0, left)
    error = error_of(grid, plain.ms, left) if plain.ms else plain
    terms: dict[TermName, Term] = {"seed": Term()}
    for name, (more, less) in smaller.items():
        # Of the fits' difference: the difference of two large sums would be rounding.
        ss = grid.squares(more.values - less.values)
        against = plain if name == "seed" else error
        terms[name] = _term(more.rank - less.rank, ss, against, (left, rest), total, len(value))
    terms["residual"] = Term(left, rest, share=rest / total if total else None)

    means = np.full(grid.shape, np.nan)
    level = centre + (full.effects[0].mean() if block else 0.0)
    means.flat[places] = full.effects[-1] + level
    adjusted = full.effects[-1][cell] + level + residual
    return Anova(terms, len(value), means, residual, adjusted, error)


def _term(
    df: int, ss: float, error: Error, residual: tuple[int, float], total: float, n: int
) -> Term:
    """A term against `error`; its size is in units of the residual's (df, ss)."""
    share = ss / total if total else None
    left, rest = residual
    if not (left and rest and df):
        return Term(df, ss, share=share)
    ratio, mse = (ss / df) / error.ms, rest / left
    beyond = df * (ratio - 1) * (error.ms / mse)
    raw = beyond / (beyond + n)
    return Term(
        df=df,
        ss=ss,
        F=ratio,
        p=f_above(ratio, df, error.df),
        partial_eta2=ss / (ss + rest),
        partial_omega2=max(raw, 0.0),
        partial_omega2_raw=raw,
        share=share,
    )


@dataclass(frozen=True)
class Effect:
    """How large an interaction is in the population, as λ / (λ + N) of the noncentrality λ.

    Attributes:
        low, high: the interval of `level` confidence for it, by inverting the noncentral F
            (Steiger 2004); it is on the scale of partial ω².
        detectable: the smallest that a test of these rows finds 4 times in 5 (80% power).
    """

    low: float | None = None
    high: float | None = None
    level: float = 1 - LEVEL
    detectable: float | None = None


def interaction_effect(anova: Anova, df: tuple[float, float] | None = None) -> Effect:
    """The interval for the interaction's effect size, and the smallest one these rows can show.

    Args:
        df: degrees of freedom of the test that decides, where that is not the analysis' own F.
    """
    term, residual = anova.terms["xy"], anova.terms["residual"]
    if term.F is None or not term.df or not residual.df:
        return Effect()
    low, high = (
        anova.inflation * noncentrality(term.F, term.df, anova.error.df, tail)
        for tail in (1 - LEVEL / 2, LEVEL / 2)
    )
    df1, df2 = df or (term.df, anova.error.df)
    detectable = noncentrality(f_critical(LEVEL, df1, df2), df1, df2, 1 - POWER)
    detectable *= anova.inflation
    n = anova.n
    return Effect(low / (low + n), high / (high + n), detectable=detectable / (detectable + n))
