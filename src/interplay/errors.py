"""The family of user errors: one message with key, value, what is allowed and the nearest match."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Option:
    """An option that a message names as a way out; each door writes it as it takes it.

    Attributes:
        name: of the Python argument, such as "at_epoch".
        value: an example; for `where` and `map` a pair, for `params` a list of names; None:
            the name alone.
    """

    name: str
    value: Any = None


Door = Callable[[Option], str]
"""How an option is written where the reader stands: `as_argument`, `as_flag`, or a verb's own."""


def as_argument(option: Option) -> str:
    """The option as a Python argument: `at_epoch=3`."""
    if option.value is None:
        return f"`{option.name}`"
    value = dict([option.value]) if option.name in ("where", "map") else option.value
    return f"`{option.name}={value!r}`"


def as_flag(option: Option) -> str:
    """The option as a flag on the command line: `--at-epoch 3`."""
    flag = f"--{option.name.replace('_', '-')}"
    if option.value is None:
        return f"`{flag}`"
    joint = {"where": "=", "map": "=", "params": ","}.get(option.name)
    value = str(option.value) if joint is None else joint.join(map(str, option.value))
    return f"`{flag} {shlex.quote(value)}`"


class InterplayError(ValueError):
    """A mistake of the user's, or a state of files the user must look at. The CLI prints it and exits 2.

    Args:
        parts: the message; options in it are written as the reader's door takes them. As a string
            the error speaks Python.
    """

    def __init__(self, *parts: str | Option) -> None:
        self.parts = parts
        super().__init__(self.said(as_argument))

    def said(self, door: Door) -> str:
        """The message with its options as `door` writes them."""
        return "".join(door(p) if isinstance(p, Option) else p for p in self.parts)


def nearest(word: object, names: Iterable[str]) -> str | None:
    """The name that `word` was most likely meant to be, or None where nothing is near."""
    by_lower = {name.lower(): name for name in names}
    text = word if isinstance(word, str) else shown(word)
    found = difflib.get_close_matches(text.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def _nearest_or_end(word: object, names: Iterable[str]) -> str | None:
    """As `nearest`, else the name of whose last part that is true: `optimizer.lr` for `lrr`."""
    names = list(names)
    ends = {re.split(r"[./]|__", name)[-1]: name for name in names}
    return nearest(word, names) or ends.get(nearest(word, ends) or "")


def near_path(path: Path, names: Iterable[str] | None = None) -> str:
    """The end of a message on a path that is not there: which of the names beside it was meant.

    Args:
        names: those that may be meant; None: whatever lies there.
    """
    if names is None:
        names = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else ()
    near = nearest(path.name, names)
    return f"; did you mean {path.parent / near}?" if near else ""


def shown(value: object) -> str:
    """`value` as a message shows it: what is long is cut off."""
    try:
        return _short(repr(value))
    except ValueError:  # Python writes no whole number of thousands of digits
        return "a number of thousands of digits"


def _short(text: str, most: int = 400) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def words_of(error: BaseException) -> str:
    """What somebody else's code says of its error, in one line; its type where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def in_one_line(error: BaseException) -> str:
    """What somebody else's code raised, as a row keeps it: its type and its words, in UTF-8."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True)
class Mistake:
    """One mistake: where (`key`), what stood there (`value`), why not, what is allowed, what was meant."""

    key: str
    reason: str
    value: Any = None
    allowed: str | None = None
    near: str | None = None

    def __str__(self) -> str:
        text = f"{self.key}" + (f" = {shown(self.value)}" if self.value is not None else "")
        text += f": {self.reason}"
        if self.allowed:
            text += f"; allowed: {_short(self.allowed)}"
        if self.near:
            text += f"; did you mean {self.near!r}?"
        return text


TOLD = 20
"""So many mistakes of a file are written out, the rest counted."""


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
        lines = [f"  {mistake}" for mistake in self.mistakes[:TOLD]]
        lines += [f"  … and {count - TOLD} more"] if count > TOLD else []
        super().__init__("\n".join([head, *lines]))


NAMED = 100
"""So many known names are listed: a table may have thousands of columns."""


def listed(texts: Sequence[str], most: int = 12) -> str:
    """Texts for a message, the rest of a long list counted."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" … and {more} more" if more > 0 else "")


def how_many(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`: a number with what it counts, and what that does where the verb changes.

    Args:
        many: what is said of none or several; `one` with an s where it is left out.
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"


class UnknownNameError(InterplayError):
    """A name that a registry, a table or a command line does not know.

    Args:
        others: names that may have been meant, too.
    """

    def __init__(
        self, what: str, name: object, known: Iterable[str], others: Iterable[str] = ()
    ) -> None:
        known = list(known)
        near = _nearest_or_end(name, known) or _nearest_or_end(name, others)
        hint = f"; did you mean {near!r}?" if near else ""
        allowed = listed(known, NAMED)
        super().__init__(f"{what} {shown(name)} is not known; allowed: {allowed}{hint}")


class DataError(InterplayError):
    """A dataset that cannot be had, or is not what it should be."""


class LedgerError(InterplayError):
    """A run folder that is not one, is in use, or cannot be read."""


class BudgetError(InterplayError):
    """Models that trained for unequal numbers of epochs were about to be compared."""


class TableError(InterplayError):
    """A question that the table cannot answer as asked."""
