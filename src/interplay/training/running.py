"""A training that goes on an epoch at a time: what a stack, a member and a function share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from interplay.training.members import Row

if TYPE_CHECKING:
    from torch import Tensor


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

    def states(self) -> Sequence[Mapping[str, Tensor] | None]:
        """The tensors that each member's model has now, as its `state_dict` names them; None of one
        that has no model of ours."""
        ...


def finish(run: Run) -> list[Row]:
    """Train to the end; the finished rows."""
    while not run.done:
        run.advance()
    return run.rows
