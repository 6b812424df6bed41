"""From a table to the rows that answer a question about two axes: checked, placed, coded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.axes import NOT_THERE, Axis, bin_axis, read_axis
from interplay.analysis.cautions import Caution
from interplay.analysis.checks import (
    Outcome,
    check_budgets,
    need_columns,
    outcomes,
    select_rows,
    values_of,
)
from interplay.analysis.codes import combined, compacted, first_rows, setting_codes
from interplay.analysis.numbers import Codes, as_numbers, text_of
from interplay.errors import Option, TableError, how_many, listed
from interplay.kinds import Over
from interplay.metrics import Bounds, Mode

GRID_LEVELS = 12
"""An axis with at most this many distinct values is never binned unasked."""
GRID_FILL = 0.5
"""Rows that fill more than this part of the (x, y) pairs are a grid, others random samples."""
Flags = npt.NDArray[np.bool_]
MOST_LEVELS = 500
"""More positions than this on one axis are no heatmap."""
MOST_NAMED = 20
"""Hyperparameters that a message names one by one."""
BINS = 8
"""As many as are named where somebody should ask for some."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows placed on two axes.

    Attributes:
        x, y: the axes.
        table: a row a training, with codes from 0: `cell` (y position * len(x) + x position),
            `setting` (of the other hyperparameters that vary), `sample` (of all), `seed`, `fold`;
            and `value`, `outcome` (an `Outcome`).
        seed, fold: the columns that were used as such, or None.
        varying: the other hyperparameters that vary in these rows.
        asked: how many rows there were, those without a place included.
        there: of which cells it is known that they are; shape (len(y), len(x)).
        cautions: what a reader must know of these rows.
    """

    x: Axis
    y: Axis
    table: pd.DataFrame
    seed: str | None
    fold: str | None
    varying: tuple[str, ...]
    asked: int
    there: npt.NDArray[np.bool_]
    cautions: tuple[Caution, ...]

    @cached_property
    def good(self) -> pd.DataFrame:
        """The rows of `table` that have a value to compare."""
        return self.table[self.table["outcome"] == Outcome.COMPLETE]

    @property
    def binned(self) -> list[str]:
        """Names of the axes whose positions are bins."""
        return [axis.name for axis in (self.x, self.y) if axis.binned]


@dataclass(frozen=True)
class RowReader:
    """What is asked of a table; `read` finds the rows for it.

    A numeric axis is binned if the rows are random samples and not a grid: it has more than
    `GRID_LEVELS` distinct values, no given order, and the rows fill at most `GRID_FILL` of the
    (x, y) pairs. `bins` also asks for it: any numeric axis without a given order and with more than
    so many distinct values.

    Attributes:
        x, y, metric, mode: the question.
        parts: how many folds the rows are cut into at a time; as many as there are where unknown.
        seed, fold, budget, status: columns. The names `seed`, `fold`, `epochs_run` and `status` may
            be absent from a table, others may not.
        with_stopped: whether rows that were stopped early are compared, at equal budgets, as where
            curves hold all epochs; without, they are left out.
        stopped: what is said of those left out so.
        follower: a study file whose cells train equally long where these did not, for the message.
        bounds: (lowest, highest) value that the metric can take; None: what its name says.
        where: values that rows must have; applied first.
        over: what to do with other settings that vary: "mean" over them (per seed), or the setting
            with the "best" mean over seeds, per cell; one with diverged members ranks last.
        others: the other varied hyperparameters.
        guessed: whether somebody only guessed which columns are hyperparameters.
        orders: the values of an axis as they were given: the order of words, and levels that may
            have no rows yet.
        logs: whether an axis is logarithmic; where unknown, a positive one over a wide range is.
        bins: how many bins for an axis; default `bin_count` of its distinct values.
        absent: the hyperparameters that some cells do not have, which is a level of theirs.
        cells: a row a cell, where there are no others; None where that is not known.
    """

    x: str
    y: str
    metric: str
    mode: Mode = "max"
    seed: str | None = "seed"
    fold: str | None = None
    parts: int | None = None
    budget: str | None = "epochs_run"
    status: str | None = "status"
    with_stopped: bool = True
    stopped: str = "stopped before the end, chosen by their results"
    follower: str | None = None
    bounds: Bounds | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    over: Over | None = None
    others: tuple[str, ...] = ()
    guessed: bool = False
    orders: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    logs: Mapping[str, bool] = field(default_factory=dict)
    bins: int | None = None
    absent: Collection[str] = ()
    cells: pd.DataFrame | None = None

    def read(self, frame: pd.DataFrame) -> Rows:
        """The rows of a table with a row a member.

        Raises:
            UnknownNameError: a column that does not exist, with the nearest match.
            BudgetError: cells that trained unequally long.
            TableError: any other question that this table cannot answer.
        """
        self._check_question(frame)
        if frame.empty:
            raise TableError("the table has no rows")
        frame = select_rows(frame, self.where)
        values, outcome = outcomes(frame, self.metric, self.status, self.with_stopped)
        varying = self._varying(frame, outcome)
        seed, fold = (
            name if name in frame.columns and name not in (self.x, self.y) else None
            for name in (self.seed, self.fold)
        )
        judged = frame.assign(
            status=pd.Categorical.from_codes(outcome, categories=pd.Index(_WORDS))
        )
        budgets = check_budgets(
            judged,
            cell=(self.x, self.y, *varying),
            budget=self.budget,
            seed=seed,
            has_curves=self.with_stopped,
            follower=self.follower,
        )
        cautions = [Caution("budgets_differ_by_seed", message) for message in budgets]
        if seed and (missing := int(frame[seed].isna().sum())):
            lacking = how_many(missing, "row has", "rows have")
            message = f"{lacking} no {seed}: taken as one more"
            cautions.append(Caution("no_seed", message))

        x_codes, x = self._axis(frame, self.x, outcome)
        y_codes, y = self._axis(frame, self.y, outcome)
        placed = (x_codes >= 0) & (y_codes >= 0)
        if not placed.all():
            left = int((~placed).sum())
            message = f"left out: {how_many(left, 'row')} without a value of {self.x} or {self.y}"
            cautions.append(Caution("left_out", message))
            frame, x_codes, y_codes = frame[placed], x_codes[placed], y_codes[placed]
        _check_levels(x, x_codes)
        _check_levels(y, y_codes)
        rows = pd.DataFrame({"value": values[placed], "outcome": outcome[placed]})
        rows["cell"] = y_codes * len(x) + x_codes
        rows["setting"] = setting_codes(frame, varying)
        if x.binned or y.binned:
            rows["sample"] = setting_codes(frame, (self.x, self.y, *varying))
        else:
            rows["sample"] = combined([rows["cell"].to_numpy(), rows["setting"].to_numpy()])
        rows["seed"] = setting_codes(frame, (seed,) if seed else ())
        rows["fold"] = setting_codes(frame, (fold,) if fold else ())

        members = combined([rows[key].to_numpy() for key in ("sample", "seed", "fold")])
        repeats = len(rows) - (int(members.max(initial=-1)) + 1)
        if seed and repeats:
            again = how_many(repeats, "row repeats", "rows repeat")
            message = f"{again} the setting and seed of another; all are used"
            hint = "" if fold else " (if they are folds, name their column)"
            cautions.append(Caution("repeated_rows", message + hint))
        cautions += _left_out(rows, x, y, self.stopped)
        there = self._there(x, y)
        return Rows(x, y, rows, seed, fold, varying, len(placed), there, tuple(cautions))

    def _there(self, x: Axis, y: Axis) -> npt.NDArray[np.bool_]:
        """Which squares have a cell, or may have one."""
        if self.cells is None or x.binned or y.binned:
            return np.ones((len(y), len(x)), dtype=bool)
        there = np.zeros((len(y), len(x)), dtype=bool)
        where = {name: value for name, value in self.where.items() if name in self.cells}
        try:
            cells = select_rows(self.cells, where)
        except TableError:  # rows that the study does not ask for any more
            return there
        at_x, at_y = (_places(cells[axis.name], axis) for axis in (x, y))
        placed = (at_x >= 0) & (at_y >= 0)
        there[at_y[placed], at_x[placed]] = True
        return there

    def _check_question(self, frame: pd.DataFrame) -> None:
        optional = {
            "seed": self.seed,
            "fold": self.fold,
            "epochs_run": self.budget,
            "status": self.status,
        }
        named = [name for usual, name in optional.items() if name not in (None, usual)]
        need_columns(frame, [self.x, self.y, self.metric, *self.others, *map(str, named)])
        if self.x == self.y:
            raise TableError(f"x and y are both {self.x!r}: two hyperparameters are needed")
        if self.metric in (self.x, self.y):
            raise TableError(f"{self.metric!r} is the metric: it cannot be an axis as well")
        for key, value, allowed in (
            ("mode", self.mode, ("max", "min")),
            ("over", self.over, (None, "mean", "best")),
        ):
            if value not in allowed:
                raise TableError(f"{key} = {value!r}; allowed: {', '.join(map(str, allowed))}")
        if self.bins is not None and not 2 <= self.bins <= MOST_LEVELS:
            raise TableError(f"bins = {self.bins}; allowed: 2 to {MOST_LEVELS}")

    def _varying(self, frame: pd.DataFrame, outcome: npt.NDArray[np.int8]) -> tuple[str, ...]:
        """The other settings that still vary; an error unless it is said what to do with them.

        None is a value, but not of rows that wait, or failed, maybe before they had their settings.
        """
        ended = ~np.isin(outcome, (Outcome.FAILED, Outcome.UNFINISHED))
        rest = [name for name in dict.fromkeys(self.others) if name not in (self.x, self.y)]
        varying = tuple(
            name
            for name in rest
            if frame[name].nunique() + bool(frame[name].isna().to_numpy()[ended].any()) > 1
        )
        if varying and self.over is None:
            found = {n: values_of(frame[n], self._empty(n)) for n in varying[:MOST_NAMED]}
            lines = "; ".join(f"{name} has {listed(values)}" for name, values in found.items())
            if (more := len(varying) - len(found)) > 0:
                lines += f"; … and {more} more"
            example = (varying[0], found[varying[0]][0])
            guess: tuple[str | Option, ...] = ()
            if self.guessed:
                axes = [self.x, self.y]
                guess = ("; if these are no hyperparameters, ", Option("params", axes), " says so")
            raise TableError(
                f"besides {self.x} and {self.y}, these vary: {lines}. Ways out: ",
                Option("where", example), " keeps one value, ",
                Option("over", "mean"), " averages over them, ",
                Option("over", "best"), " takes each cell's best setting", *guess,
            )  # fmt: skip
        return varying

    def _empty(self, name: str) -> str:
        """What having no value of a hyperparameter is called."""
        return NOT_THERE if name in self.absent else "none"

    def _axis(
        self, frame: pd.DataFrame, name: str, outcome: npt.NDArray[np.int8]
    ) -> tuple[Codes, Axis]:
        """A column's codes and axis. No value is a level where a row without one has a result;
        among words, where a row without one has ended."""
        log, order = self.logs.get(name), self.orders.get(name, ())
        numbers = as_numbers(frame[name])
        known = outcome == Outcome.COMPLETE if numbers is not None else outcome < Outcome.UNFINISHED
        missing = frame[name].isna().to_numpy() if numbers is None else np.isnan(numbers)
        none = bool(missing[known].any())
        empty = self._empty(name)
        if numbers is None or len(order) or np.isinf(numbers).any():
            return read_axis(frame[name], order, log, none=none, empty=empty)
        distinct = len(pd.factorize(numbers)[1])
        bins = distinct > (GRID_LEVELS if self.bins is None else self.bins)
        if bins and self.bins is None:
            pairs = frame[[self.x, self.y]]
            possible = distinct * pairs[self.y if name == self.x else self.x].nunique(dropna=False)
            bins = len(pairs.drop_duplicates()) <= GRID_FILL * possible
        if bins:
            return bin_axis(frame[name], self.bins, log)
        return read_axis(frame[name], order, log, none=none, empty=empty)


def _places(column: pd.Series[Any], axis: Axis) -> Codes:
    """Where on an axis each value of a column lies; -1 where it is none of its levels."""
    places = {text_of(v): i for i, v in enumerate(axis.values) if v is not None}
    codes, distinct = pd.factorize(column)
    nothing = axis.values.index(None) if None in axis.values else -1
    found = [*(places.get(text_of(value), -1) for value in distinct), nothing]
    return np.array(found, dtype=np.int64)[codes]


def _left_out(rows: pd.DataFrame, x: Axis, y: Axis, stopped: str) -> Iterator[Caution]:
    """What rows were stopped, or have no result yet, and what that does to their cells."""
    kept = rows.loc[rows["outcome"] == Outcome.COMPLETE, "cell"].unique()
    for kind, code, text in (
        (Outcome.STOPPED, "stopped_left_out", stopped),
        (Outcome.UNFINISHED, "unfinished", "have no result yet"),
    ):
        cells = rows.loc[rows["outcome"] == kind, "cell"]
        if cells.empty:
            continue
        one = len(cells) == 1
        were = ("was " if one else "were ") if kind == Outcome.STOPPED else ""
        told = text.replace("have ", "has ", 1).replace("their", "its") if one else text
        message = f"{how_many(len(cells), 'row')} {were}{told}: left out"
        places = [divmod(cell, len(x)) for cell in np.setdiff1d(cells, kept).tolist()]
        named = tuple((x.values[column], y.values[row]) for row, column in places)
        if places:
            texts = [f"({x.labels[column]}, {y.labels[row]})" for row, column in places]
            cells_left = how_many(len(places), "cell")
            message += f", which leaves {cells_left} empty: {listed(texts, 6)}"
        yield Caution(code, message, named)


_WORDS = [outcome.name.lower() for outcome in Outcome]


def _check_levels(axis: Axis, codes: Codes) -> None:
    present = compacted(codes)[0]
    if present.size < 2:
        found = f"one value only ({axis.labels[present[0]]})" if present.size else "no values"
        raise TableError(f"{axis.name} has {found} in these rows: two or more are needed")
    if len(axis) > MOST_LEVELS:
        raise TableError(
            f"{axis.name} has {len(axis)} values, more than a heatmap can show ({MOST_LEVELS}). "
            "Ways out: ",
            *((Option("bins", BINS), " pools those that are near; ") if axis.numeric else ()),
            Option("where"), " keeps some rows",
        )  # fmt: skip


def averaged(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The mean value per distinct row of keys, each row of the table weighing the same."""
    code = combined([table[key].to_numpy() for key in keys])
    if len(table) == int(code.max(initial=-1)) + 1:
        return table[[*keys, "value"]].reset_index(drop=True)
    result = table[keys].iloc[first_rows(code)].reset_index(drop=True)
    with np.errstate(all="ignore"):
        result["value"] = np.bincount(code, table["value"].to_numpy()) / np.bincount(code)
    return result


def best_settings(
    rows: pd.DataFrame, good: pd.DataFrame, mode: str
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Both tables' rows of each cell's best setting; how many settings have diverged members.

    Ties go to the setting that comes first in the order of values.
    """
    key = ["cell", "setting"]
    diverged = (rows["outcome"] == Outcome.DIVERGED).groupby([rows[k] for k in key]).max()
    ranked = diverged.rename("diverged").to_frame()
    ranked["score"] = good.groupby(key)["value"].mean() * (-1 if mode == "max" else 1)
    ranked["empty"] = ranked["score"].isna()
    ranked = ranked.reset_index().sort_values(["cell", "empty", "diverged", "score", "setting"])
    chosen = ranked.drop_duplicates("cell")[key]
    return rows.merge(chosen, on=key), good.merge(chosen, on=key), int(diverged.sum())
