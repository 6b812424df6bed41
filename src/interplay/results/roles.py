"""What a table's columns were taken for, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.numbers import number_labels, parsed_numbers, text_of
from interplay.errors import listed
from interplay.table.table import SINGLE, Column, Role, Table

_USE: dict[Role, str] = {
    "seed": "pairs rows of different cells, and spread is over it",
    "fold": "averaged, or blocks where there are no seeds",
    "budget": "must be equal where rows are compared",
    "status": "says which rows have a result",
    "bookkeeping": "left aside; may be kept at one value",
}
_BETTER = {
    "max": "compared, higher is better",
    "min": "compared, lower is better",
    None: "compared, once it is said which way is better",
}


def taken_for(table: Table) -> str:
    """In one line: what are hyperparameters, seed, fold, budget and status, and what is a guess."""
    settings = [*table.varied] or [*table.of("hyperparameter")]
    told = [f"hyperparameters: {listed(settings, 6) or 'none'}{_guess(table, settings)}"]
    for role in SINGLE:
        names = [name for name in (table.one(role),) if name is not None]
        told.append(f"{role}: {''.join(names) or 'none'}{_guess(table, names)}")
    return f"taken for {'; '.join(told)}"


def _guess(table: Table, names: list[str]) -> str:
    return " (guessed)" if any(table.columns[n].sure == "guessed" for n in names) else ""


def described(table: Table) -> list[dict[str, Any]]:
    """Of each column its role, why it has that, its values and what is done with it."""
    varied = frozenset(table.varied)
    return [
        {
            **column.to_json(),
            "why": why_of(column),
            "varies": column.name in varied,
            "values": _values(table, column.name),
            "use": _use(column, column.name in varied),
        }
        for column in table.columns.values()
    ]


def why_of(column: Column) -> str:
    """Whether a role is known, told or guessed, and by what."""
    return f"guessed: {column.why}" if column.sure == "guessed" else column.sure


def _use(column: Column, varies: bool) -> str:
    if column.role == "hyperparameter":
        return "an axis, or kept at one value" if varies else "does not vary"
    return _BETTER[column.mode] if column.role == "metric" else _USE[column.role]


def _values(table: Table, name: str) -> str:
    """A few distinct values, or between which many numbers lie."""
    if name not in table.frame:
        return "no row has one"
    codes, distinct = pd.factorize(table.frame[name].to_numpy())
    kind = distinct.dtype.kind
    # What is neither a number nor an object, such as a day, is no number here.
    numbers = (
        distinct.astype(np.float64)
        if kind in "iuf"
        else parsed_numbers(distinct)
        if kind == "O"
        else None
    )
    finite = np.unique(numbers[np.isfinite(numbers)]) if numbers is not None else np.empty(0)
    if len(finite) > _MOST:
        low, high = number_labels((finite[0], finite[-1]))
        told = f"{len(finite)} from {low} to {high}"
    elif numbers is not None and len(distinct) <= _MOST:
        told = ", ".join(number_labels(np.unique(numbers)))
    else:
        texts = _few([_short(text_of(value)) for value in distinct[:_MOST]])
        told = ", ".join(texts) + _more(len(distinct) - len(texts))
    empty = int((codes < 0).sum())
    return told + (f", {empty} empty" if empty and told else "") or "all empty"


def _more(count: int) -> str:
    return f" … and {count} more" if count > 0 else ""


_MOST = 5
"""Distinct values that are all told."""
_WIDEST = 48
"""Letters that they may take: a table of columns is read in a terminal."""


def _few(texts: list[str]) -> list[str]:
    """As many of the texts as there is room for, the first in any case."""
    taken = np.cumsum([len(text) + 2 for text in texts])
    return texts[: max(int((taken <= _WIDEST).sum()), 1)]


def _short(text: str, most: int = 24) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
