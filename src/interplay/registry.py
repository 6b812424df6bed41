"""Named builders: one class for every registry, so that one contract test covers them all."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from interplay.errors import UnknownNameError
from interplay.options import Options, options_of


@dataclass(frozen=True)
class Entry:
    """A name, the function behind it, and one line on what it is.

    Attributes:
        name: as written in a study file.
        path: `module:function`, imported when it is needed; the function's keyword arguments
            are the options a study may set or vary.
        summary: one line for listings.
    """

    name: str
    path: str
    summary: str

    @property
    def build(self) -> Callable[..., Any]:
        return load(self.path)

    @cached_property
    def options(self) -> Options:
        return options_of(self.build)


def load(path: str) -> Callable[..., Any]:
    """What `module:function` names in this package."""
    module, _, function = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


E = TypeVar("E", bound=Entry)


class Registry(Generic[E]):
    """Entries by name, in the order of registration.

    Args:
        what: what is registered, for messages ("model", "optimizer").
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, E] = {}

    def register(self, entry: E) -> E:
        """Add `entry`.

        Raises:
            ValueError: where the name is taken.
        """
        if entry.name in self._entries:
            raise ValueError(f"{self.what} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry
        return entry

    def get(self, name: str) -> E:
        """The entry called `name`.

        Raises:
            UnknownNameError: naming all that there are and the nearest.
        """
        if name not in self._entries:
            raise UnknownNameError(self.what, name, self._entries)
        return self._entries[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def knowing(self, question: str, thing: Any) -> E | None:
        """The first entry whose module says by its function `question` that a thing is its own."""
        for entry in self:
            module = importlib.import_module(entry.path.partition(":")[0])
            if getattr(module, question)(thing):
                return entry
        return None

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._entries
