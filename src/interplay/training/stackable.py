"""Entries of what trains one member with torch, and many members at once by a form of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from interplay.registry import Entry, load


@dataclass(frozen=True)
class Stackable(Entry):
    """An optimiser or a schedule.

    Attributes:
        stacked: `module:class` of its form in a stack, which computes what torch's own does. What
            has none trains on the reference engine.
    """

    stacked: str | None = None

    @property
    def stacked_form(self) -> Callable[..., Any]:
        """The class that `stacked` names."""
        assert self.stacked is not None
        return load(self.stacked)
