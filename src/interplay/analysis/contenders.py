"""Which cell is best, and which of the others cannot be told from it, however many hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.checks import Outcome, check_budgets, outcomes
from interplay.analysis.codes import compacted, first_rows, setting_codes
from interplay.analysis.fit import fit_factors
from interplay.analysis.grid import folds_of
from interplay.analysis.keepsets import Bools, Contest, tied_cells
from interplay.analysis.numbers import Codes, Floats
from interplay.analysis.score import score_of
from interplay.errors import TableError
from interplay.kinds import How
from interplay.metrics import Mode

Within = Literal["ties", "1se"]


def contenders(
    frame: pd.DataFrame,
    varied: Sequence[str],
    metric: str,
    mode: Mode,
    *,
    within: Within = "ties",
    score: How = "mean",
    status: str | None = "status",
    seed: str | None = None,
    fold: str | None = None,
    budget: str | None = None,
    parts: int | None = None,
) -> tuple[pd.DataFrame, list[npt.NDArray[Any]]]:
    """A row a cell, the best first, and which rows of `frame` each cell has.

    Args:
        frame: the tidy table.
        varied: the columns that make a cell.
        within: what ties with the best: "ties", the cells not clearly worse by the test of
            `keepsets.keep_sets`, with which all true bests are held at 95%; "1se", those whose mean
            is within one standard error of the best cell's mean (Breiman et al. 1984), which holds
            no such promise.
        score: what a cell's replicates come to; cells are ranked by it. Ties are of means.
        parts: folds of one cross-validation, which share training rows; None: all that there are.
        status, seed, fold, budget: columns, None where there are none. Seeds and folds that are the
            same in all cells are compared cell by cell.

    Returns:
        `varied`; `score`; `mean`, `sd` (ddof 1) and `n` of the metric over complete rows, the means
        as if each cell had every seed; `unstable`, rows that diverged; `tied`; and the medians of
        `parameters` and `seconds` where the table has them. A cell with a diverged row comes last
        and ties with none, unless there is no other. And of each cell the labels, in `frame`'s index,
        of its rows.

    Raises:
        BudgetError: unequal budgets.
        TableError: no row has a value.
    """
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *varied, metric])))
    values, outcome = outcomes(frame, metric, status, with_stopped=False)
    good = outcome == Outcome.COMPLETE
    if not good.any():
        raise TableError(f"no row has a value of {metric}")
    check_budgets(frame[good], cell=varied, budget=budget, seed=seed)
    cell = setting_codes(frame, varied)
    size = int(cell.max()) + 1
    table = frame.iloc[first_rows(cell)][list(varied)].reset_index(drop=True)
    block = _blocks(frame, [name for name in (seed, fold) if name and name in frame], cell, good)
    value, place = values[good], cell[good]
    counts = np.bincount(place, minlength=size)
    unstable = np.bincount(cell[outcome == Outcome.DIVERGED], minlength=size)
    means = _means(value, place, block, size)
    own = _split(value, place, size)
    found = [score_of(list(one), score, mode) if len(one) else None for one in own]
    table["score"] = means if score == "mean" else pd.Series(found, dtype=float)
    table["mean"] = means
    table["sd"] = [float(np.std(one, ddof=1)) if len(one) > 1 else np.nan for one in own]
    table["n"], table["unstable"] = counts, unstable
    sign = 1.0 if mode == "max" else -1.0
    stable = (counts > 0) & (unstable == 0)
    stable = stable if stable.any() else counts > 0
    ranked = sign * table["score"].to_numpy(dtype=float)
    best = int(np.argmax(np.where(stable & np.isfinite(ranked), ranked, -np.inf)))
    if within == "1se":
        error = table["sd"][best] / np.sqrt(counts[best])
        room = 0.0 if np.isnan(error) else float(error)
        tied = stable & (sign * (means - means[best]) >= -room)
    else:
        levels = [setting_codes(table, [name]) for name in varied]
        of_seed, of_fold = (
            setting_codes(frame[good], [name] if name and name in frame else [])
            for name in (seed, fold)
        )
        folds = folds_of(of_seed, of_fold, parts) if block.any() else None
        contest = Contest(value, place, block, counts, levels, folds)
        tied = _tied(contest, means, stable, sign)
    tied[best] = True
    table["tied"] = tied
    for name in ("parameters", "seconds"):
        if name in frame:
            costs = pd.to_numeric(frame[name], errors="coerce").astype("float64")
            if costs.notna().any():  # of a function's trainings nobody knows the parameters
                table[name] = costs.groupby(cell).median()
    order = np.lexsort((-np.where(np.isfinite(ranked), ranked, -np.inf), ~stable))
    labels = _split(frame.index.to_numpy(), cell, size)
    return table.iloc[order].reset_index(drop=True), [labels[one] for one in order]


def _blocks(frame: pd.DataFrame, names: Sequence[str], cell: Codes, good: Bools) -> Codes:
    """The block (a seed, or one of its folds) of each complete row; all 0 where blocks are not
    shared by cells, so that their levels cannot be told from the cells'."""
    rows = frame[good]
    block = setting_codes(rows, names)
    there = compacted(cell[good])[1]
    blocks, cells = int(block.max()) + 1, int(there.max()) + 1
    if blocks < 2 or cells < 2:
        return np.zeros_like(block)
    fit = fit_factors(np.zeros(len(rows)), [block, there])
    return block if fit.rank == blocks + cells - 1 else np.zeros_like(block)


def _means(value: Floats, cell: Codes, block: Codes, size: int) -> Floats:
    """Of each cell, as if it had every block; nan where it has no row."""
    found = np.full(size, np.nan)
    places, there = compacted(cell)
    centre = float(value.mean())
    if block.any():
        fit = fit_factors(value - centre, [block, there])
        found[places] = fit.effects[1] + fit.effects[0].mean() + centre
    else:
        found[places] = np.bincount(there, value) / np.bincount(there)
    return found


def _split(value: npt.NDArray[Any], cell: Codes, size: int) -> list[npt.NDArray[Any]]:
    """The values of each cell."""
    order = np.argsort(cell, kind="stable")
    return np.split(value[order], np.cumsum(np.bincount(cell, minlength=size))[:-1])


def _tied(contest: Contest, means: Floats, stable: Bools, sign: float) -> Bools:
    """The cells that are not clearly worse; all that are stable where nothing tells how they scatter."""
    if (contest.counts > 1).sum() == 0:
        return stable.copy()
    return tied_cells(contest, means, stable, sign)
