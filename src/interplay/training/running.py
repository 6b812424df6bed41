"""A training that goes on an epoch at a time: what a stack, a member and a function share."""

from __future__ import annotations

from typing import Protocol

from interplay.training.members import Row


class Run(Protocol):
    """One member, or a stack of them, in training."""

    @property
    def done(self) -> bool:
        """Whether no epoch is left."""
        ...

    @property
    def rows(self) -> list[Row]:
        """What there is so far, a row a member, as if it ended here: `stopped` while epochs are
        left."""
        ...

    def advance(self) -> None:
        """Go on by one epoch. However often others advance in between, the numbers are those of
        a training without a break."""
        ...


def finish(run: Run) -> list[Row]:
    """Train to the end; the finished rows."""
    while not run.done:
        run.advance()
    return run.rows
