"""What a table must hold before its cells may be compared: its columns, its rows, equal budgets."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.axes import NOT_THERE
from interplay.analysis.codes import combined, setting_codes
from interplay.analysis.numbers import Floats, as_numbers, number_labels, text_of
from interplay.errors import BudgetError, Option, TableError, UnknownNameError, listed
from interplay.table.statuses import status_of


class Outcome(enum.IntEnum):
    """How a training ended, as far as a mean is concerned: only `COMPLETE` rows have a value in it.

    Rows that were stopped are complete where they are compared at equal budgets.
    """

    COMPLETE = 0
    DIVERGED = 1
    FAILED = 2
    STOPPED = 3
    UNFINISHED = 4


def _outcome_of(word: Any, with_stopped: bool) -> int:
    """The `Outcome` that a word of a status column says; -1 where it says none."""
    said = status_of(word)
    if said == "stopped" and with_stopped:
        return Outcome.COMPLETE
    return -1 if said is None else Outcome[said.upper()]


def need_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise `UnknownNameError`, with the nearest match, for a column the table does not have."""
    for name in names:
        if name not in frame.columns:
            raise UnknownNameError("column", name, [str(column) for column in frame.columns])


def outcomes(
    frame: pd.DataFrame, metric: str, status: str | None = "status", with_stopped: bool = True
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Each row's metric (float) and `Outcome` (int8), both of shape (rows,).

    Without a status column, or where it holds a word that no tool writes, a finite metric is
    complete. A non-finite one is diverged, whatever the status claims, unless the row failed or
    has no result yet.

    Args:
        status: its column, which may be absent.
        with_stopped: whether rows that were stopped early are compared with the others.

    Raises:
        UnknownNameError: there is no such metric.
        TableError: the metric is not numeric.
    """
    need_columns(frame, [metric])
    column = frame[metric]
    values = as_numbers(column)
    if values is None:
        seen = [text_of(value) for value in column.dropna().unique()[:3]]
        commas = "; numbers need points" if any("," in text for text in seen) else ""
        raise TableError(f"metric {metric!r} is not numeric: it holds {', '.join(seen)}, …{commas}")
    outcome = np.where(np.isfinite(values), Outcome.COMPLETE, Outcome.DIVERGED).astype(np.int8)
    if status is not None and status in frame.columns:
        codes, words = pd.factorize(frame[status])
        known = [_outcome_of(word, with_stopped) for word in words]
        # The larger is the worse: complete < diverged < failed < without a result.
        outcome = np.maximum(outcome, np.array([*known, -1], dtype=np.int8)[codes])
    return values, outcome


def select_rows(frame: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    """The rows whose columns have the values asked for.

    Numbers are compared as numbers (to nine digits), everything else as text.

    Raises:
        UnknownNameError: a column that does not exist.
        TableError: a value that does not occur, with those that do; or no row left.
    """
    need_columns(frame, list(where))
    keep = np.ones(len(frame), dtype=bool)
    for name, value in where.items():
        column = frame[name]
        numbers = as_numbers(column)
        if numbers is None or text_of(value) in EMPTY:
            codes, distinct = pd.factorize(column)
            same = [text_of(one) == text_of(value) for one in distinct]
            # Where none is a value beside others, as a run has it, it is not what is not there.
            nothing = text_of(value) in EMPTY and not any(same)
            match = np.array([*same, nothing])[codes]
        else:
            try:
                match = np.isclose(numbers, float(value), rtol=1e-9, atol=0)
            except (TypeError, ValueError, OverflowError):
                match = np.zeros(len(frame), dtype=bool)
        if not match.any():
            raise TableError(
                f"{name} = {text_of(value)} does not occur; values: {listed(values_of(column))}"
            )
        keep &= match
    if where and not keep.any():
        asked = ", ".join(f"{name} = {text_of(value)}" for name, value in where.items())
        raise TableError(f"no rows left with {asked}: no row has all of these values")
    return frame if keep.all() else frame[keep]


EMPTY = ("none", "nan", NOT_THERE)
"""What rows without a value may be asked for by."""


def values_of(column: pd.Series[Any], empty: str = "none") -> tuple[str, ...]:
    """The distinct values of a column as text: numbers in true order, others as they appear.

    Args:
        empty: what having none is called, which is told last.
    """
    numbers, none = as_numbers(column), (empty,) if column.isna().any() else ()
    if numbers is not None:
        return (*number_labels(np.unique(numbers[~np.isnan(numbers)])), *none)
    texts = dict.fromkeys(text_of(value) for value in column.dropna().unique())
    return tuple(dict.fromkeys([*texts, *none]))


def check_budgets(
    frame: pd.DataFrame,
    *,
    cell: Sequence[str],
    budget: str | None,
    seed: str | None,
    has_curves: bool = False,
    follower: str | None = None,
) -> list[str]:
    """Refuse to compare cells whose models trained for unequal budgets.

    Rows that diverged or failed do not count: they are drawn as such, never compared. Budgets that
    differ between seeds only, and are the same in every cell (each has members of each budget, some
    of which may have diverged or failed), are a warning. Where each cell has seeds of its own, as
    in a random search of another tool, budgets that differ are refused.

    Args:
        frame: a row a member, with `status` where it has one.
        cell: the columns that make a cell.
        budget: the column of budgets, such as `epochs_run`; None or absent: nothing to check.
        seed: the column of seeds; None or absent: all rows must have one budget.
        has_curves: whether the table knows its metrics at every epoch, for the ways out.
        follower: a study file whose cells train equally long, for the ways out.

    Returns:
        The warnings, one sentence each.

    Raises:
        UnknownNameError: a column of `cell` that does not exist.
        TableError: a budget that is not a finite number.
        BudgetError: unequal budgets.
    """
    need_columns(frame, cell)
    if budget is None or budget not in frame.columns:
        return []
    counted = np.ones(len(frame), dtype=bool)
    if "status" in frame.columns:
        codes, words = pd.factorize(frame["status"])
        bad = [_outcome_of(word, True) > Outcome.COMPLETE for word in words]
        counted = ~np.array([*bad, False])[codes]
    budgets = as_numbers(frame.loc[counted, budget])
    if budgets is None or not np.isfinite(budgets).all():
        raise TableError(
            f"budget column {budget!r} must hold a number in every row; "
            f"it holds {listed(values_of(frame.loc[counted, budget]))}"
        )
    if budgets.size == 0 or budgets.min() == budgets.max():
        return []
    codes, levels = pd.factorize(budgets, sort=True)
    counts = np.bincount(codes)
    texts = [
        f"{label} in {count} row{'s' if count > 1 else ''}"
        for label, count in zip(number_labels(levels), counts, strict=True)
    ]
    found = f"{budget} = {listed(texts, 8)}"
    if seed is not None and seed in frame.columns:
        seeds, _ = pd.factorize(frame[seed], use_na_sentinel=False)
        of_seed = np.full(seeds.max() + 1, -1)
        of_seed[seeds[counted]] = codes
        if (of_seed[seeds[counted]] == codes).all():
            known = of_seed[seeds] >= 0
            cells = setting_codes(frame[known], cell)
            if _pairs(cells, of_seed[seeds[known]]) == (cells.max() + 1) * len(levels):
                return [f"budgets differ between seeds, equally in every cell: {found}"]
    usual = number_labels(levels)[int(np.argmax(counts))]
    ways: tuple[str | Option, ...] = (
        "or train the cells anew, all equally long (`interplay convert` writes such a study of "
        "another tool's): only that shows which are better in the end",
    )
    ways = (Option("where", (budget, usual)), " keeps those that trained equally long; ", *ways)
    if has_curves:
        least = next((level for level in levels if level >= 1), 1)  # 0: known at no epoch
        ways = (Option("at_epoch", int(least)), " compares all rows at that epoch; ", *ways)
    else:
        ways = (*ways[:2], Option("budget"), " names another column, if this is none; ", *ways[2:])
    if follower is not None:
        text = (
            f"{follower} is the study to follow this scan: it trains what mattered equally long; "
        )
        ways = (text, *ways)
    raise BudgetError(
        f"models that trained unequally long cannot be compared: {found}. Ways out: ", *ways
    )


def _pairs(a: npt.NDArray[np.integer[Any]], b: npt.NDArray[np.integer[Any]]) -> int:
    """How many different pairs two columns of codes hold."""
    return int(combined([a, b]).max()) + 1
