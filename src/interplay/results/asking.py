"""From a question to the rows and options that answer it: every guard, whatever the table's source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.cautions import Caution
from interplay.analysis.codes import setting_codes
from interplay.analysis.numbers import as_numbers, text_of
from interplay.errors import Option, TableError, UnknownNameError, listed
from interplay.metrics import Mode
from interplay.results.naming import mapped
from interplay.results.question import Question
from interplay.results.scales import logs_of, orders_of
from interplay.results.telling import metric_named, told_by
from interplay.table.imported import ORIGIN
from interplay.table.statuses import WORDS, status_of
from interplay.table.table import BY_NAME, SINGLE, Table

ENDED = "how it ended"
"""A column beside those of a table that has none for it."""
NO_REASON = "not trained to {} = {} (whether a scheduler chose by their results is not on record)"


@dataclass(frozen=True)
class Asked:
    """A question that a table can be asked.

    Attributes:
        table: with the roles that the question tells.
        frame: the rows.
        options: of a `RowReader`.
        cautions: beyond those of the rows themselves.
    """

    table: Table
    frame: pd.DataFrame
    options: dict[str, Any]
    cautions: tuple[Caution, ...]


def ask(table: Table, question: Question) -> Asked:
    """The rows and options for a question, the table's own defaults where it says nothing.

    Raises:
        InterplayError: the table cannot be asked this.
    """
    table, question = mapped(table, question)
    x, y = _axes(table, question)
    metric = metric_of(table, question.metric)
    table = told_by(table, replace(question, x=x, y=y, metric=metric))
    where = where_of(table, question.where)
    one_origin(table, where)
    _check_axes(table, x, y)
    _check_rows(table, metric)
    mode = question.mode or mode_of(table, metric)
    frame, cautions = table.frame, _of_source(table, question)
    status, stopped = table.one("status"), {}
    if question.at_epoch is not None:
        frame, short = at_epoch(table, question.at_epoch, metric)
        cautions = (*cautions, *short)
        if status is None and ENDED in frame:
            status, stopped = ENDED, {"stopped": NO_REASON.format("epoch", question.at_epoch)}
    elif (budget := table.one("budget")) in where:
        if status is not None:
            frame = _broken_before(table, budget, where[budget])
        elif (found := _ended_before(table, budget, where[budget], metric)) is not None:
            frame, status = found, ENDED
            stopped = {"stopped": NO_REASON.format(budget, text_of(where[budget]))}
    folds = table.study.get("folds")
    hyper = [table.columns[name] for name in table.of("hyperparameter")]
    options = {
        "x": x,
        "y": y,
        "metric": metric,
        "mode": mode,
        "bounds": table.columns[metric].bounds,
        "seed": _seed(table),
        "fold": table.one("fold"),
        "parts": folds if isinstance(folds, int) else None,
        "budget": None if question.at_epoch else table.one("budget"),
        "status": status,
        **stopped,
        # Where a row's metric is known at one value only, one that was stopped is compared with
        # none: its budget is another, whether or not a column says so.
        "with_stopped": table.read_curves is not None and frame is table.frame,
        "follower": None if table.follower is None else str(table.follower),
        "where": where,
        "over": question.over or table.default.over,
        "others": tuple(name for name in table.varied if name not in (x, y)),
        "guessed": any(column.sure == "guessed" for column in hyper),
        "orders": {
            **{column.name: column.order for column in hyper if column.order},
            **orders_of(table, question.order, (x, y)),
        },
        "logs": logs_of(table, question.log, (x, y)),
        "bins": question.bins,
        "absent": frozenset(column.name for column in hyper if column.absent),
        "cells": table.cells,
    }
    return Asked(table, frame, options, cautions)


def asked_for(names: Sequence[str], options: Mapping[str, Any]) -> tuple[Question, dict[str, Any]]:
    """What a picture is of, and how it looks.

    Raises:
        InterplayError: an option that there is not, or a name given twice.
    """
    from interplay.plots.look import Looks

    asked = [field.name for field in fields(Question)]
    for name in options:
        if name not in asked and name not in Looks.__annotations__:
            raise UnknownNameError("the option", name, [*asked, *Looks.__annotations__])
    if len(names) > 3:
        raise TableError(f"{len(names)} names: x, y and metric are three")
    named: dict[str, Any] = dict(zip(("x", "y", "metric"), names, strict=False))
    if twice := [name for name in named if name in options]:
        raise TableError(f"{', '.join(twice)}: given by place and by name")
    question = Question(**named, **{k: v for k, v in options.items() if k in asked})
    return question, {k: v for k, v in options.items() if k not in asked}


def metric_of(table: Table, asked: str | None) -> str:
    """The column of the metric asked for, or of the table's own.

    Raises:
        InterplayError: there is none, or what is asked for is no metric.
    """
    asked = asked or table.default.metric
    if asked is None:
        names = ", ".join(table.of("metric")) or "none that is known"
        raise TableError("which metric? give ", Option("metric"), f"; there are {names}")
    metric = metric_named(table, asked)
    column = table.columns[metric]
    if column.role == "bookkeeping" and column.sure == "known":
        raise TableError(
            f"{metric} is bookkeeping of {table.name} and no metric: members that trained together "
            "share their time, and a size is not learned. Metrics are "
            + ", ".join(table.of("metric"))
        )
    return metric


def mode_of(table: Table, metric: str) -> Mode:
    """Which way a metric of the table is better.

    Raises:
        TableError: its name does not say.
    """
    mode = table.columns[metric].mode
    if mode is None:
        raise TableError(
            f"which way is {metric} better? Its name does not say: give ",
            Option("mode", "max"), " or ", Option("mode", "min"),
        )  # fmt: skip
    return mode


def at_epoch(table: Table, epoch: int, metric: str) -> tuple[pd.DataFrame, tuple[Caution, ...]]:
    """The rows that reached `epoch`, with `metric` as it was then, and those that broke off before.

    How those ended, where no column of the table says it, stands in a column `ENDED`.

    Raises:
        TableError: there are no curves, none is as long, or their schedules make epochs differ.
    """
    curves = curves_of(table, metric)
    at = curves[curves["epoch"] == epoch].set_index("member")[metric]
    rows = table.frame.index.isin(at.index)
    status = table.one("status")
    if not rows.any():
        last = int(curves["epoch"].max()) if len(curves) else 0
        raise TableError(f"no row reached epoch {epoch}; the longest ran {last}")
    # Those that broke off before are not gone, and what a scheduler stopped was chosen by results.
    broken = ~rows & (_broken(table.frame[status]) if status else True)
    frame = table.frame.loc[rows | broken].copy()
    # A user's function has no schedule that we know of.
    schedules = frame.get("schedule.name", pd.Series(None, frame.index, dtype=object))
    horizon = schedules.isin(table.horizons)
    if horizon.any() and frame.loc[horizon, "epochs_asked"].nunique() > 1:
        raise TableError(
            f"at epoch {epoch} the learning rates differ: under this schedule they depend on "
            "how many epochs were asked for, and these rows asked for different numbers"
        )
    frame[metric] = at.reindex(frame.index)
    if status:
        frame.loc[rows[rows | broken], status] = "complete"
    elif broken.any() and ENDED not in frame:
        frame[ENDED] = np.where(rows | ~_is_finite(table.frame[metric]), "complete", "stopped")
    short = int((~rows).sum())
    note = f"{short} of {len(table.frame)} rows did not reach epoch {epoch}"
    return frame, (Caution("short_of_epoch", note),) if short else ()


def _broken(status: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Which rows did not come to their end: stopped, diverged, failed, or without a result yet."""
    return status.map(lambda word: status_of(word) not in ("complete", None)).to_numpy(bool)


def _is_finite(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    values = as_numbers(column)
    return np.zeros(len(column), dtype=bool) if values is None else np.isfinite(values)


def _broken_before(table: Table, budget: str, asked: Any) -> pd.DataFrame:
    """The rows, those that broke off on the way to a budget as such: no other budget hides them.

    Where curves tell what a row was at its end, one that was stopped just there counts.
    """
    frame, status, asked = table.frame, table.one("status"), _number(asked)
    if status is None or asked is None:
        return frame
    numbers = pd.to_numeric(frame[budget], errors="coerce")
    if not (numbers == asked).any():
        return frame  # nobody was on the way to what nobody reached
    broken = _broken(frame[status])
    frame = frame.assign(**{budget: numbers.mask(broken & ~(numbers >= asked), asked)})
    if table.read_curves is not None:
        stopped = frame[status].map(lambda word: status_of(word) == "stopped")
        frame.loc[stopped & (numbers == asked), status] = "complete"
    return frame


def _number(asked: Any) -> float | None:
    """A budget that is asked for, maybe as text; None where it is no number."""
    try:
        return float(asked)
    except (TypeError, ValueError, OverflowError):
        return None


def _ended_before(table: Table, budget: str, asked: Any, metric: str) -> pd.DataFrame | None:
    """The rows of a table that does not say how they ended, with that in a column `ENDED`.

    Those that ended before a budget are of settings that have no row at it or beyond; of several,
    as in a log, the one that came farthest. None where there are no such rows.
    """
    frame, asked = table.frame, _number(asked)
    if asked is None or ENDED in frame:
        return None
    numbers = pd.to_numeric(frame[budget], errors="coerce")
    told = (*table.of("hyperparameter"), table.one("seed"), table.one("fold"))
    setting = setting_codes(frame, [n for n in told if n is not None and n in frame])
    reached = numbers.groupby(setting).transform("max")
    short = (numbers == reached) & (reached < asked)
    if not short.any() or not (numbers == asked).any():
        return None
    ended = frame.assign(**{budget: numbers.mask(short, asked)})
    # One whose last value is not finite diverged, which that value says.
    ended[ENDED] = np.where(short & _is_finite(frame[metric]), "stopped", "complete")
    return ended


def curves_of(table: Table, metric: str) -> pd.DataFrame:
    """The table's curves, which have this metric.

    Raises:
        InterplayError: there are none, or they do not.
    """
    if metric not in table.curves:
        known = ", ".join(map(str, table.curves.columns[2:]))
        raise TableError(f"{table.name} has no curves of {metric!r}; it has those of {known}")
    return table.curves


def _axes(table: Table, question: Question) -> tuple[str, str]:
    x, y = question.x, question.y
    if x is None and y is None:
        x, y = table.default.x, table.default.y
    if x is None or y is None:
        for name in (x, y):  # one that is misspelt is said first
            if name is not None:
                table.find(name, "hyperparameter")
        names = ", ".join(table.varied or table.of("hyperparameter") or table.columns)
        raise TableError(
            "which two? give ", Option("x"), " and ", Option("y"), f"; there are {names}"
        )
    return table.find(x, "hyperparameter"), table.find(y, "hyperparameter")


def where_of(table: Table, where: Mapping[str, Any]) -> dict[str, Any]:
    """The values that rows must have, by full name.

    Raises:
        InterplayError: a column that there is not, or the second value of one.
    """
    found: dict[str, Any] = {}
    for name, value in where.items():
        full = table.find(name, "hyperparameter")
        if full in found:
            raise TableError(Option("where", (name, value)), f": {full} has a value already")
        found[full] = value
    return found


def one_origin(table: Table, where: Mapping[str, Any]) -> None:
    """Refuse rows that were imported from several places, unless it is said which.

    Raises:
        TableError: they are of several.
    """
    names = [one["name"] for one in table.study.get("origins", ())]
    if len(names) > 1 and ORIGIN not in where:
        raise TableError(
            f"rows of {len(names)} origins, {listed(names, 6)}: other code and other splits are no "
            "one map; keep one: ",
            Option("where", (ORIGIN, names[0])),
        )


def _check_axes(table: Table, x: str, y: str) -> None:
    for name in (x, y):
        if name not in table.varied and table.columns[name].sure == "known":
            raise TableError(
                f"{name} does not vary here; what varies: {listed(table.varied, 20) or 'nothing'}"
            )


def _check_rows(table: Table, metric: str) -> None:
    """Refuse a table without a row that counts, and say what became of its rows."""
    frame, status = table.frame, table.one("status")
    if frame.empty:
        raise TableError(f"{table.name}: no member has finished yet")
    if status is None:
        return
    words = frame[status].dropna().unique()
    if strange := [text_of(word) for word in words if status_of(word) is None]:
        raise TableError(
            f"status column {status!r} holds {listed(strange, 4)}, which says not how a training "
            f"ended; words that do: {listed(sorted(WORDS), 60)}. Another column? ",
            Option("status"),
        )
    if metric in frame and frame[metric].notna().any():
        return
    counts = Counter(status_of(word) for word in frame[status])
    found = ", ".join(f"{n} {word}" for word, n in counts.items() if word)
    text = f"no row of {table.name} has a result: of {len(frame)} rows {found}"
    errors = list(frame["error"].dropna()) if "error" in frame else []
    raise TableError(text + (f"; the first with: {errors[0]}" if errors else ""))


def _seed(table: Table) -> str | None:
    """The column of seeds; beside folds one that does not vary is none: folds are what is repeated."""
    seed, fold = table.one("seed"), table.one("fold")
    if seed is None or fold is None or table.columns[seed].sure == "told":
        return seed
    there = seed in table.frame and fold in table.frame
    constant = there and table.frame[seed].nunique() < 2 <= table.frame[fold].nunique()
    return None if constant else seed


def _of_source(table: Table, question: Question) -> tuple[Caution, ...]:
    """What a reader must know of the rows, of guesses that change the numbers, of columns left."""
    taken = {role: table.one(role) for role in SINGLE}
    guessed = [
        f"{name} as the {role}"
        for role, name in taken.items()
        if name and table.columns[name].sure == "guessed"
    ]
    cautions = [Caution("source", note) for note in table.notes]
    if question.metric is not None and question.metric in table.folded:
        text = (
            f"{question.metric} is a mean over folds, and these are rows here: what is compared "
            f"is {table.folded[question.metric]}, with {table.one('fold')} as its blocks"
        )
        cautions.append(Caution("folds_of_mean", text))
    if guessed:
        text = f"taken by their names: {', '.join(guessed)}"
        cautions.append(Caution("guessed_columns", text))
    rest = [
        name
        for name in table.of("bookkeeping")
        if table.columns[name].sure == "guessed"
        and table.columns[name].why != BY_NAME  # a tool's times and places are no settings
        and name not in question.where
        and table.frame[name].nunique() > 1
    ]
    if rest:
        text = f"columns that also vary and were not named: {listed(rest, 6)}"
        cautions.append(Caution("unnamed_columns", text))
    return tuple(cautions)
