"""A table whose tool says what its columns are."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from interplay.analysis.rows import GRID_LEVELS
from interplay.metrics import meaning_of
from interplay.table.table import BY_NAME, SINGLE, Column, Default, Role, Table, varying


def known_table(
    name: str,
    frame: pd.DataFrame,
    *,
    hyperparameters: Sequence[str],
    metrics: Sequence[str],
    roles: Mapping[Role, str] | None = None,
    orders: Mapping[str, Sequence[Any]] | None = None,
    logs: Mapping[str, bool] | None = None,
    modes: Mapping[str, Any] | None = None,
    absent: Collection[str] = (),
    guessed: Collection[str] = (),
    others: Mapping[str, Column] | None = None,
    default: Default | None = None,
    ordered: bool = False,
    read_curves: Callable[[], pd.DataFrame] | None = None,
    folded: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """The table of a frame; every column that no argument names is bookkeeping.

    Args:
        frame: a row a training, as `guess.plain` leaves it.
        hyperparameters, metrics: their columns.
        roles: which column is the seed, fold, budget or status, where one is.
        orders: of hyperparameters, the values they may take, in order.
        logs: of hyperparameters, whether their scale is logarithmic.
        modes: of metrics, which way is better, where the tool says so.
        absent: hyperparameters that some rows' cells do not have.
        guessed: columns whose role follows from their names alone, which a reader may tell better.
        others: what columns are that the arguments before do not name.
        default: what is asked where a reader does not say.
        ordered, read_curves, folded, notes: as of `Table`.
    """
    roles, orders, logs, modes = roles or {}, orders or {}, logs or {}, modes or {}
    assert set(roles) <= set(SINGLE)
    named: dict[str, Column] = dict(others or {})
    for column in hyperparameters:
        order = tuple(orders.get(column, ()))
        named[column] = Column(
            column, "hyperparameter", order=order, log=logs.get(column), absent=column in absent
        )
    for column in metrics:
        meaning = meaning_of(column)
        mode = modes.get(column, meaning.mode)
        # What is better the other way than its name says is another quantity: a negative loss.
        bounds = meaning.bounds if mode == meaning.mode else None
        named[column] = Column(column, "metric", mode=mode, bounds=bounds)
    for role, column in roles.items():
        named[column] = Column(column, role)
    columns = {n: named.get(n, Column(n, "bookkeeping")) for n in map(str, frame.columns)}
    columns |= {n: c for n, c in named.items() if n not in columns}  # of which no row has a value
    columns |= {n: replace(columns[n], sure="guessed", why=BY_NAME) for n in guessed}
    return Table(
        name,
        frame,
        columns,
        varying(frame, columns),
        default=default or Default(),
        ordered=ordered,
        read_curves=read_curves,
        folded=folded or {},
        notes=tuple(notes),
    )


def apart(names: Iterable[str], prefix: str, taken: set[str]) -> dict[str, str]:
    """A column's name for each: its own where that is not taken, and else with a prefix.

    Args:
        prefix: what the tool puts before such names.
        taken: names of columns that there are; these ones are added.
    """
    columns = {}
    for name in dict.fromkeys(names):
        column = name
        while column in taken:
            column = prefix + column
        columns[name] = column
        taken.add(column)
    return columns


def levels_of(
    ranges: Iterable[tuple[float, float, float | None]], *, factors: bool = False
) -> tuple[float, ...]:
    """The values of ranges with steps, in order, where they are few; none where they are many.

    Args:
        ranges: (lowest, highest, step) of each; a step of None is none.
        factors: whether a step is what the value before is multiplied by.
    """
    levels: set[float] = set()
    for low, high, step in ranges:
        if not step:
            return ()
        steps = math.log(high / low, step) if factors else (high - low) / step
        if steps + 1 > GRID_LEVELS + 0.5:
            return ()
        count = math.floor(steps + 1e-8) + 1
        levels |= {low * step**at if factors else low + at * step for at in range(count)}
    return tuple(sorted(levels)) if len(levels) <= GRID_LEVELS else ()
