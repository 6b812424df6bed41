"""The scales of axes, as a reader or the table says: which are logarithmic, and how words stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.checks import values_of
from interplay.analysis.numbers import as_numbers, text_of
from interplay.errors import Option, TableError, listed
from interplay.results.sources.guess import RATES, plain_name
from interplay.table.table import Table


def logs_of(table: Table, log: Mapping[str, bool], axes: Sequence[str]) -> dict[str, bool]:
    """Which axes are logarithmic and which are not: as said, as the table knows, or as rates are.

    Raises:
        InterplayError: one of which it is said is no axis, or has no logarithm.
    """
    told = dict(_of_axes(table, "log", log, axes))
    for name in (name for name, yes in told.items() if yes):
        numbers = as_numbers(table.frame[name])
        if numbers is None:
            raise TableError(Option("log"), f" {name}: its values are no numbers")
        if (least := np.nanmin(numbers, initial=np.inf)) <= 0:
            raise TableError(
                Option("log"), f" {name}: {text_of(float(least))} occurs, and has no logarithm"
            )
    found = {}
    for name in axes:
        yes = told.get(name, table.columns[name].log)
        if yes is None and name in table.frame:
            yes = _as_rate(table.frame[name])
        if yes is not None:
            found[name] = yes
    return found


def _as_rate(column: pd.Series[Any]) -> bool | None:
    """Whether a hyperparameter is a rate over a decade or more; None where it is not."""
    numbers = as_numbers(column) if plain_name(str(column.name)) in RATES else None
    seen = numbers[~np.isnan(numbers)] if numbers is not None else np.empty(0)
    return True if seen.size and 0 < 10 * seen.min() <= seen.max() else None


def orders_of(
    table: Table, order: Mapping[str, Sequence[Any]], axes: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """The orders that axes of words are said to have, by full name.

    Raises:
        InterplayError: it is no axis, or of numbers, or a value does not occur, or comes twice.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for name, values in _of_axes(table, "order", order, axes):
        column = table.frame[name]
        if as_numbers(column) is not None:
            raise TableError(Option("order"), f" {name}: numbers stand by their size")
        there = {text_of(value): value for value in column.unique()}
        texts = [text_of(value) for value in values]
        for text in texts:
            if text not in there:
                raise TableError(
                    Option("order"), f" {name}: {text} does not occur; ",
                    f"values: {listed(values_of(column))}",
                )  # fmt: skip
            if texts.count(text) > 1:
                raise TableError(Option("order"), f" {name}: {text} comes twice")
        found[name] = tuple(there[text] for text in texts)
    return found


def _of_axes(
    table: Table, option: str, told: Mapping[str, Any], axes: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    for name, value in told.items():
        full = table.find(name, "hyperparameter")
        if full not in axes:
            raise TableError(Option(option), f" {full}: the axes are {' and '.join(axes)}")
        yield full, value
