"""The choice that a table supports: its best cell, what ties with it, and which of these to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.checks import Outcome, outcomes, select_rows
from interplay.analysis.contenders import Within, contenders
from interplay.analysis.numbers import as_numbers, text_of
from interplay.errors import Option, TableError, how_many, listed
from interplay.identity import same_as
from interplay.metrics import Mode
from interplay.results.asking import metric_of, mode_of, one_origin, where_of
from interplay.study.named import CHEAP
from interplay.table.table import Table

if TYPE_CHECKING:
    from interplay.results.question import Question

COSTS = {"parameters": "the fewest parameters", "seconds": "the least time to train"}
"""Columns by which one of several cells is the cheapest."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A cell taken, and what it was taken from.

    Attributes:
        table: a row a cell, the best first, as of `contenders`.
        names: the hyperparameters that make a cell.
        rows: of each cell the labels of its trainings in the table's frame.
        taken: the row of the one that is chosen.
        by: what decided among those that tie.
        within: what ties.
        metric, mode: what was compared.
        notes: what a reader must know, a sentence each.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    rows: Sequence[npt.NDArray[Any]]
    taken: int
    by: tuple[str, ...]
    within: Within
    metric: str
    mode: Mode
    notes: tuple[str, ...]

    @property
    def cell(self) -> dict[str, Any]:
        """The chosen cell's hyperparameters; None of one that it does not have."""
        return self.setting(self.taken)

    def setting(self, row: int) -> dict[str, Any]:
        """A cell's hyperparameters, plain values."""
        return {name: plain(self.table[name].iloc[row]) for name in self.names}

    @property
    def said(self) -> str:
        """The chosen cell in words, by short names."""
        return self.words(self.taken)

    def words(self, row: int) -> str:
        """A cell in words, by short names; what it does not have is left out."""
        there = {name: value for name, value in self.setting(row).items() if value is not None}
        texts = (f"{name.rpartition('.')[2]}={text_of(value)}" for name, value in there.items())
        return ", ".join(texts) or "the one cell"

    @property
    def why(self) -> str:
        """What decided among the cells that tie, in words."""
        words = [COSTS.get(name, self._order(name)) for name in self.by if name != "score"]
        return ", then ".join(words) or "the best score"

    def _order(self, name: str) -> str:
        short = name.removeprefix("-").rpartition(".")[2]
        return f"the {'highest' if name[:1] == '-' else 'lowest'} {short}"

    @property
    def compared(self) -> int:
        """Cells with a training that came to its end and none that diverged."""
        stable = (self.table["n"] > 0) & (self.table["unstable"] == 0)
        return max(1, int(stable.sum()))

    @property
    def like(self) -> str:
        """What the cells that tie with the best have in common, in words."""
        ties = "not clearly worse than the best"
        return ties if self.within == "ties" else "within one standard error of the best"

    @property
    def tied(self) -> pd.DataFrame:
        """The cells that tie, the best among them."""
        return self.table[self.table["tied"]]

    def to_json(self) -> dict[str, Any]:
        """The choice as plain values; what is not a number is null."""

        def row(number: int) -> dict[str, Any]:
            rest = [name for name in self.table.columns if name not in self.names]
            return {
                "setting": self.setting(number),
                **{name: plain(self.table[name].iloc[number]) for name in rest},
            }

        return {
            "metric": self.metric,
            "mode": self.mode,
            "within": self.within,
            "by": list(self.by),
            "cells": len(self.table),
            "best": row(0),
            "chosen": row(self.taken),
            "ties": [row(int(number)) for number in np.flatnonzero(self.table["tied"])],
            "notes": list(self.notes),
        }


def choose(
    table: Table,
    question: Question,
    *,
    by: str | Sequence[str] | None = None,
    within: Within | None = None,
) -> Choice:
    """The best cell of a table by its score over replicates, and which of those that tie to take.

    Args:
        table: with the roles and names that the question told.
        question: its metric, mode and where are asked.
        by: "score", the best itself; "parameters" or "seconds", the cheapest of those that tie; or
            hyperparameters, the first deciding: the lowest value (of words the first of their
            order), of `-name` the highest. The study's where left out, else "score".
        within: what ties, as of `contenders`; the study's where left out, else "ties".

    Raises:
        InterplayError: the table cannot say which is best, or what it is asked to choose by.
    """
    asked = table.study.get("best") or {}
    within = within or asked.get("within", "ties")
    if within not in ("ties", "1se"):
        raise TableError(Option("within", str(within)), ": allowed: ties, 1se")
    by = by if by is not None else asked.get("by", "score")
    order = [by] if isinstance(by, str) else list(by)
    metric = metric_of(table, question.metric)
    mode = question.mode or mode_of(table, metric)
    where = where_of(table, question.where)
    one_origin(table, where)
    frame = select_rows(table.frame, where)
    names = tuple(name for name in table.varied if name not in where)
    seed, fold, status = table.one("seed"), table.one("fold"), table.one("status")
    found, rows = contenders(
        frame, names, metric, mode, within=within, score=table.score, status=status,
        seed=seed, fold=fold, budget=table.one("budget"), parts=table.study.get("folds"),
    )  # fmt: skip
    keys = [_ranks(table, found, name) for name in order if name != "score"]
    tied = np.flatnonzero(found["tied"].to_numpy())
    taken = min(tied, key=lambda row: (*(key[row] for key in keys), row))
    notes = _notes(found, table, frame, metric, within)
    return Choice(found, names, rows, int(taken), tuple(order), within, metric, mode, tuple(notes))


def _ranks(table: Table, cells: pd.DataFrame, name: str) -> np.ndarray[Any, Any]:
    """Of each cell its place in the order that a choice goes by, the first the most wanted."""
    if name in COSTS:
        if name not in cells or cells[name].isna().all():
            raise TableError(
                f"{table.name} has no numbers in a column {name}, so none is the one with "
                f"{COSTS[name]}; ",
                Option("by", "score"), " takes the best, or a hyperparameter decides",
            )  # fmt: skip
        costs = cells[name].to_numpy(dtype=float, na_value=np.inf)
        return np.where(np.isnan(costs), np.inf, costs)
    down, named = name[:1] == "-", name.removeprefix("-")
    try:
        full = table.find(named, "hyperparameter")
    except TableError as error:
        raise TableError(Option("by", name), f": {error}; or one of {', '.join(CHEAP)}") from None
    if full not in cells:
        raise TableError(
            Option("by", name),
            f": {full} does not vary here; what varies: {listed(table.varied, 20)}",
        )
    order = table.columns[full].order
    places = {same_as(plain(value)): i for i, value in enumerate(order)}
    column = cells[full]
    values = as_numbers(column)
    if values is None:
        words = [same_as(plain(value)) for value in column]
        if lacking := [
            text_of(v)
            for v, w in zip(column, words, strict=True)
            if w not in places and not pd.isna(v)
        ]:
            raise TableError(
                Option("by", name), f": the values of {full} have no order: {listed(lacking, 6)}; "
                "a hyperparameter of numbers has one, and words in the order in which a study lists them",
            )  # fmt: skip
        values = np.array([places.get(word, len(places)) for word in words], dtype=float)
    values = np.where(np.isnan(values), np.inf, values)
    return np.asarray(-values if down else values)


def _notes(
    cells: pd.DataFrame, table: Table, frame: pd.DataFrame, metric: str, within: Within
) -> list[str]:
    """What a reader of the choice must know."""
    notes = list(table.notes)
    best = cells.iloc[0]
    if (cells["n"] <= 1).all():
        notes.append(
            "one training a cell: nothing says how far another seed would lie, so nobody can tell "
            "which cells tie, and the best may be the luckiest"
        )
    elif within == "1se" and best["n"] < 2:
        notes.append(
            "the best cell has one training and so no standard error: nothing ties with it"
        )
    if table.score != "mean":
        notes.append(f"ranked by the {table.score} over replicates; ties are of means")
    if best["unstable"]:
        notes.append("every cell has a training that diverged; the best of these is named")
    elif unstable := int((cells["unstable"] > 0).sum()):
        notes.append(f"{how_many(unstable, 'cell')} with a training that diverged cannot be chosen")
    most = int(cells["n"].max())
    if 0 < best["n"] < most:
        notes.append(
            f"the best cell has {how_many(int(best['n']), 'training')}, others have {most}"
        )
    _, outcome = outcomes(frame, metric, table.one("status"), with_stopped=False)
    if stopped := int((outcome == Outcome.STOPPED).sum()):
        rows = how_many(stopped, "row was", "rows were")
        notes.append(f"{rows} stopped before the end, chosen by their results: left out")
    method = str((table.study.get("search") or {}).get("method", ""))
    if len(cells) > 1 and method in ("bayes", "hyperopt", "optuna"):
        notes.append(
            "a guided search went where scores were high, lucky ones among them: its best score is "
            "higher than a new training's would be on average"
        )
    return notes


def plain(value: Any) -> Any:
    """A value as JSON and study files write it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value
