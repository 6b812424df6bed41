"""Logs of trainings as CSV: a row a report, whose empty cells are what was not reported then."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interplay.errors import TableError, words_of
from interplay.results.sources.guess import plain_name
from interplay.results.sources.histories import Logged
from interplay.results.sources.texts import whole_text

STEPS = ("step", "global_step", "iteration")


def log_of(path: Path) -> Iterator[dict[str, Any] | None]:
    """The rows of a file, as `rows_of` has them.

    Raises:
        TableError: it cannot be read.
    """
    try:
        yield from rows_of(whole_text(path))
    except csv.Error as error:
        raise TableError(f"{path} cannot be read: {words_of(error)}") from None


def rows_of(text: str) -> Iterator[dict[str, Any] | None]:
    """Each row with what it reports, NaN included; None for one that was not written whole.

    Raises:
        csv.Error: it is no such table.
    """
    *whole, last = text.split("\n")  # without the end of its line a last number may lack digits
    for row in csv.DictReader(whole):
        full = None not in row and None not in row.values()
        yield {n: _parsed(v) for n, v in row.items() if v != ""} if full else None
    if last:
        yield None


def _parsed(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def logged_in(member: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Logged]:
    """What a training's log says of its metrics, its epoch among them where it is told.

    Where it is not, a value's step is the one in its row, or else the row's number from 1.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    steps = [name for name in names if plain_name(name) in STEPS]
    told = steps[:1] if all(plain_name(name) != "epoch" for name in names) else []
    for number, row in enumerate(rows, 1):
        at = next((row[n] for n in told if isinstance(row.get(n), int)), number)
        for name, value in row.items():
            if name not in steps and isinstance(value, (int, float)):
                yield member, name, at, float(value)
