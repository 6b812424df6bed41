"""From rows to cells: the mean, spread and n of each square of a two-variable heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.checks import (
    Outcome,
    check_budgets,
    need_columns,
    outcomes,
    select_rows,
    values_of,
)
from interplay.analysis.labels import (
    Axis,
    Codes,
    Floats,
    as_numbers,
    bin_axis,
    combined,
    listed,
    read_axis,
    setting_codes,
    text_of,
)
from interplay.errors import TableError

GRID_LEVELS = 12
"""An axis with at most this many distinct values is never binned unasked."""
GRID_FILL = 0.5
"""Rows that fill more than this part of the (x, y) pairs are a grid, others random samples."""
MOST_LEVELS = 500
"""More positions than this on one axis are no heatmap."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The numbers of a heatmap; arrays have shape (len(y), len(x)), row i is y.values[i].

    Attributes:
        x, y: the axes.
        metric, mode: what was measured, and whether "max" or "min" is better.
        statistic: a phrase such as "mean ± sd over 5 seeds".
        mean, sd: over the n units of a cell (seeds, or rows); nan where there are none. sd has
            ddof 1 and is nan for n < 2.
        n: units that entered the mean.
        complete, diverged, failed: rows. None of them in an empty cell.
        best: (row, column) of the best mean of a cell without divergence, or None.
        title_notes: what a title must say besides: n, averaged and fixed settings, bins.
        warnings: sentences for a footnote.
    """

    x: Axis
    y: Axis
    metric: str
    mode: str
    statistic: str
    mean: Floats
    sd: Floats
    n: Ints
    complete: Ints
    diverged: Ints
    failed: Ints
    best: tuple[int, int] | None
    title_notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """A row a cell, empty ones too: the axes (bins as labels), mean, sd, n and the counts."""
        names = ("mean", "sd", "n", "complete", "diverged", "failed")
        table = pd.DataFrame({name: getattr(self, name).ravel() for name in names})
        x, y = (axis.labels if axis.binned else axis.values for axis in (self.x, self.y))
        # A foreign table may well call its axis "n".
        table.insert(0, self.y.name, [v for v in y for _ in x], allow_duplicates=True)
        table.insert(0, self.x.name, [v for _ in y for v in x], allow_duplicates=True)
        return table


@dataclass(frozen=True)
class CellMeans:
    """Rows to cells: options here, the work in the call.

    Each cell's rows are averaged in steps: over folds, then over the other settings (or the best of
    them is taken), and last over seeds, whose spread is the sd. Without a seed column the rows are
    the units, or the folds where those are named.

    A numeric axis is binned if the rows are random samples and not a grid: it has more than
    `GRID_LEVELS` distinct values, no given order, and the rows fill at most `GRID_FILL` of the
    (x, y) pairs. `bins` also asks for it: any numeric axis without a given order and with more than
    so many distinct values. In bins the rows are the units.

    Attributes:
        x, y, metric, mode: the question.
        seed, fold, budget: columns. The names `seed`, `fold` and `epochs_run` may be absent from a
            table, others may not.
        where: values that rows must have; applied first.
        over: what to do with other settings that vary: "mean" over them (per seed), or the setting
            with the "best" mean over seeds, per cell; one with diverged members ranks last.
        others: the other varied hyperparameters.
        orders: the values of an axis as they were given: the order of words, and levels that may
            have no rows yet.
        logs: whether an axis is logarithmic; where unknown, a positive one over a wide range is.
        bins: how many bins for an axis; default `bin_count` of its distinct values.
    """

    x: str
    y: str
    metric: str
    mode: Literal["max", "min"] = "max"
    seed: str | None = "seed"
    fold: str | None = None
    budget: str | None = "epochs_run"
    where: Mapping[str, Any] = field(default_factory=dict)
    over: Literal["mean", "best"] | None = None
    others: tuple[str, ...] = ()
    orders: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    logs: Mapping[str, bool] = field(default_factory=dict)
    bins: int | None = None

    def __call__(self, frame: pd.DataFrame) -> Cells:
        """The cells of a table with a row a member.

        Raises:
            UnknownNameError: a column that does not exist, with the nearest match.
            BudgetError: cells that trained unequally long.
            TableError: any other question that this table cannot answer.
        """
        self._check_question(frame)
        if frame.empty:
            raise TableError("the table has no rows")
        frame = select_rows(frame, self.where)
        values, outcome = outcomes(frame, self.metric)
        varying = self._varying(frame)
        seed, fold = (
            name if name in frame.columns and name not in (self.x, self.y) else None
            for name in (self.seed, self.fold)
        )
        judged = frame.assign(
            status=pd.Categorical.from_codes(outcome, categories=pd.Index(_WORDS))
        )
        warnings = check_budgets(
            judged, cell=(self.x, self.y, *varying), budget=self.budget, seed=seed
        )

        x_codes, x = self._axis(frame, self.x)
        y_codes, y = self._axis(frame, self.y)
        placed = (x_codes >= 0) & (y_codes >= 0)
        if not placed.all():
            left = int((~placed).sum())
            warnings.append(f"left out: {left} rows without a value of {self.x} or {self.y}")
        frame, x_codes, y_codes = frame[placed], x_codes[placed], y_codes[placed]
        _check_levels(x, x_codes)
        _check_levels(y, y_codes)
        rows = pd.DataFrame({"value": values[placed], "outcome": outcome[placed]})
        rows["cell"] = y_codes * len(x) + x_codes
        rows["setting"] = setting_codes(frame, varying)
        rows["sample"] = setting_codes(frame, (self.x, self.y, *varying))
        rows["seed"] = setting_codes(frame, (seed,) if seed else ())
        rows["fold"] = setting_codes(frame, (fold,) if fold else ())

        binned = [axis.name for axis in (x, y) if axis.binned]
        unit = "row" if binned else "seed" if seed else "fold" if fold else "row"
        members = len(rows[["sample", "seed", "fold"]].drop_duplicates())
        if seed and members < len(rows):
            warnings.append(
                f"{len(rows) - members} rows repeat the setting and seed of another; all are used"
                + ("" if fold else " (if they are folds, name their column)")
            )
        good = rows[rows["outcome"] == Outcome.COMPLETE]
        if fold and seed:
            good = _averaged(good, ["sample", "setting", "cell", "seed", "fold"])
            good = _averaged(good, ["sample", "setting", "cell", "seed"])
        if unit != "row":
            good = _averaged(good, ["setting", "cell", unit])
        if varying and self.over == "best":
            rows, good, last = self._best_settings(rows, good)
            if last:
                warnings.append(f"over best: {last} settings with diverged members ranked last")
        elif varying and not binned:
            warnings += _uneven(good)
        if unit != "row":
            good = _averaged(good, ["cell", unit])
        return self._cells(x, y, rows, good, unit, varying, warnings)

    def _check_question(self, frame: pd.DataFrame) -> None:
        optional = {"seed": self.seed, "fold": self.fold, "epochs_run": self.budget}
        named = [name for usual, name in optional.items() if name not in (None, usual)]
        need_columns(frame, [self.x, self.y, self.metric, *self.others, *map(str, named)])
        if self.x == self.y:
            raise TableError(f"x and y are both {self.x!r}: a heatmap needs two hyperparameters")
        if self.metric in (self.x, self.y):
            raise TableError(f"{self.metric!r} is the metric: it cannot be an axis as well")
        for key, value, allowed in (
            ("mode", self.mode, ("max", "min")),
            ("over", self.over, (None, "mean", "best")),
        ):
            if value not in allowed:
                raise TableError(f"{key} = {value!r}; allowed: {', '.join(map(str, allowed))}")
        if self.bins is not None and self.bins < 2:
            raise TableError(f"bins = {self.bins}; allowed: 2 or more")

    def _varying(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """The other settings that still vary; an error unless it is said what to do with them."""
        rest = [name for name in dict.fromkeys(self.others) if name not in (self.x, self.y)]
        varying = tuple(name for name in rest if frame[name].nunique(dropna=False) > 1)
        if varying and self.over is None:
            found = {name: values_of(frame[name]) for name in varying}
            lines = "; ".join(f"{name} has {listed(values)}" for name, values in found.items())
            example = f"{varying[0]}={found[varying[0]][0]}"
            raise TableError(
                f"besides {self.x} and {self.y}, these vary: {lines}. Ways out: "
                f"`--where {example}` keeps one value, `--over mean` averages over them, "
                "`--over best` takes each cell's best setting"
            )
        return varying

    def _axis(self, frame: pd.DataFrame, name: str) -> tuple[Codes, Axis]:
        log, order = self.logs.get(name), self.orders.get(name, ())
        numbers = as_numbers(frame[name])
        if numbers is None or len(order) or np.isinf(numbers).any():
            return read_axis(frame[name], order, log)
        distinct = int(np.unique(numbers[~np.isnan(numbers)]).size)
        if self.bins is None:
            other = self.y if name == self.x else self.x
            possible = distinct * frame[other].nunique(dropna=False)
            sampled = len(frame[[name, other]].drop_duplicates()) <= GRID_FILL * possible
            bins = distinct > GRID_LEVELS and sampled
        else:
            bins = distinct > self.bins
        return bin_axis(frame[name], self.bins, log) if bins else read_axis(frame[name], order, log)

    def _best_settings(
        self, rows: pd.DataFrame, good: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame, int]:
        """Both tables' rows of each cell's best setting; how many settings have diverged members.

        Ties go to the setting that comes first in the order of values.
        """
        key = ["cell", "setting"]
        diverged = (rows["outcome"] == Outcome.DIVERGED).groupby([rows[k] for k in key]).max()
        ranked = diverged.rename("diverged").to_frame()
        ranked["score"] = good.groupby(key)["value"].mean() * (-1 if self.mode == "max" else 1)
        ranked["empty"] = ranked["score"].isna()
        ranked = ranked.reset_index().sort_values(["cell", "empty", "diverged", "score", "setting"])
        chosen = ranked.drop_duplicates("cell")[key]
        return rows.merge(chosen, on=key), good.merge(chosen, on=key), int(diverged.sum())

    def _cells(
        self,
        x: Axis,
        y: Axis,
        rows: pd.DataFrame,
        good: pd.DataFrame,
        unit: str,
        varying: tuple[str, ...],
        warnings: Sequence[str],
    ) -> Cells:
        size, shape = len(x) * len(y), (len(y), len(x))
        cell, value = good["cell"].to_numpy(), good["value"].to_numpy()
        with np.errstate(all="ignore"):
            n = np.bincount(cell, minlength=size)
            mean = np.bincount(cell, value, size) / n
            sd = np.sqrt(np.bincount(cell, (value - mean[cell]) ** 2, size) / (n - 1))
            # Equal values have no spread, also where their sum was rounded.
            sd = np.where(sd <= 1e-14 * np.abs(mean), 0.0, sd)
        sd = np.where(n < 2, np.nan, sd)
        complete, diverged, failed = (
            np.bincount(rows["cell"][rows["outcome"] == kind], minlength=size).reshape(shape)
            for kind in Outcome
        )
        score = np.where((n > 0) & (diverged.ravel() == 0), mean, np.nan)
        score = score if self.mode == "max" else -score
        first = None if np.isnan(score).all() else int(np.nanargmax(score))

        counts = n[n > 0] if n.any() else np.zeros(1, dtype=np.int64)
        low, high = int(counts.min()), int(counts.max())
        span = str(low) if low == high else f"{low} to {high}"
        statistic = f"mean ± sd over {span} {unit}s"
        if high < 2:
            statistic = f"one {unit} per cell" if high else "no complete rows"
        notes = [f"n = {span} per cell"]
        if varying and self.over:
            notes.append(f"over {self.over} of {', '.join(varying)}")
        notes += [f"{name} = {text_of(value)}" for name, value in self.where.items()]
        if binned := [axis.name for axis in (x, y) if axis.binned]:
            notes.append(f"binned {' and '.join(binned)}: settings inside a bin are pooled")
        return Cells(
            x=x,
            y=y,
            metric=self.metric,
            mode=self.mode,
            statistic=statistic,
            mean=mean.reshape(shape),
            sd=sd.reshape(shape),
            n=n.reshape(shape),
            complete=complete,
            diverged=diverged,
            failed=failed,
            best=None if first is None else (first // len(x), first % len(x)),
            title_notes=tuple(notes),
            warnings=tuple(warnings),
        )


_WORDS = [outcome.name.lower() for outcome in Outcome]


def _averaged(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The mean value per distinct row of keys, each row of the table weighing the same."""
    code = combined([table[key].to_numpy() for key in keys])
    firsts = ~pd.Series(code).duplicated().to_numpy()
    result = table.loc[firsts, keys].reset_index(drop=True)
    with np.errstate(all="ignore"):
        result["value"] = np.bincount(code, table["value"].to_numpy()) / np.bincount(code)
    return result


def _check_levels(axis: Axis, codes: Codes) -> None:
    present = np.unique(codes)
    if present.size < 2:
        found = f"one value only ({axis.labels[present[0]]})" if present.size else "no values"
        raise TableError(f"{axis.name} has {found} in these rows: a heatmap needs two or more")
    if len(axis) > MOST_LEVELS:
        raise TableError(
            f"{axis.name} has {len(axis)} values, more than a heatmap can show ({MOST_LEVELS}); "
            "ask for bins or select rows"
        )


def _uneven(good: pd.DataFrame) -> list[str]:
    """A warning where cells average over different settings, so that their means differ by that."""
    firsts = ~good[["cell", "setting"]].duplicated()
    counts = np.bincount(good.loc[firsts, "cell"])
    counts = counts[counts > 0]
    total = good["setting"].nunique()
    if counts.size == 0 or counts.min() == total:
        return []
    return [
        f"over mean: cells average over {counts.min()} to {counts.max()} of {total} settings, "
        "so they differ by more than x and y"
    ]
