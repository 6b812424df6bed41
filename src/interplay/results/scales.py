"""What its reader says of the axes' scales: which are logarithmic, and in which order words stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from interplay.analysis.checks import values_of
from interplay.analysis.numbers import as_numbers, listed, text_of
from interplay.errors import Option, TableError
from interplay.table.table import Table


def logs_of(table: Table, log: Mapping[str, bool], axes: Sequence[str]) -> dict[str, bool]:
    """Which axes are said to be logarithmic, or not to be, by full name.

    Raises:
        InterplayError: it is no axis, or has no logarithm.
    """
    found = dict(_of_axes(table, "log", log, axes))
    for name in (name for name, yes in found.items() if yes):
        numbers = as_numbers(table.frame[name])
        if numbers is None:
            raise TableError(Option("log"), f" {name}: its values are no numbers")
        if (least := np.nanmin(numbers, initial=np.inf)) <= 0:
            raise TableError(
                Option("log"), f" {name}: {text_of(float(least))} occurs, and has no logarithm"
            )
    return found


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
