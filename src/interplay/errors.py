"""The family of user errors: one message with key, value, what is allowed and the nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


class InterplayError(ValueError):
    """A mistake of the user's, or a state of files the user must look at. The CLI prints it and exits 2."""


def nearest(word: object, names: Iterable[str]) -> str | None:
    """The name that `word` was most likely meant to be, or None where nothing is near."""
    by_lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


@dataclass(frozen=True)
class Mistake:
    """One mistake: where (`key`), what stood there (`value`), why not, what is allowed, what was meant."""

    key: str
    reason: str
    value: Any = None
    allowed: str | None = None
    near: str | None = None

    def __str__(self) -> str:
        text = f"{self.key}" + (f" = {self.value!r}" if self.value is not None else "")
        text += f": {self.reason}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.near:
            text += f"; did you mean {self.near!r}?"
        return text


class StudyError(InterplayError):
    """All mistakes of a study file at once.

    Attributes:
        mistakes: one `Mistake` each, in the order of the file.
    """

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        head = f"{source}: {count} mistakes" if count > 1 else f"{source}"
        lines = [f"  {mistake}" for mistake in self.mistakes]
        super().__init__("\n".join([head, *lines]))


class UnknownNameError(InterplayError):
    """A name that a registry, a table or a command line does not know."""

    def __init__(self, what: str, name: object, known: Iterable[str]) -> None:
        known = list(known)
        near = nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else ""
        super().__init__(f"{what} {name!r} is not known; allowed: {', '.join(known)}{hint}")


class DataError(InterplayError):
    """A dataset that cannot be had, or is not what it should be."""


class LedgerError(InterplayError):
    """A run folder that is not one, is in use, or cannot be read."""


class BudgetError(InterplayError):
    """Models that trained for unequal numbers of epochs were about to be compared."""


class TableError(InterplayError):
    """A question that the table cannot answer as asked."""
