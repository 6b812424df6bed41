"""The parameters of stacks as one matrix, a row a member, as optimisers take them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from interplay.training.stacked.stack import Stacked
from interplay.training.stacked.twin import NotStackableError


class Flat:
    """All parameters of some stacks that are trained, in one matrix, a row a member; gradients in
    another.

    An optimiser's step is then a handful of operations on whole matrices, whatever the number of
    members and layers, and clipping is a norm along rows.

    Args:
        stacks: of one shape; their members' rows follow one another.

    Attributes:
        values, grads: (members, parameters of one member). The stacks' parameters are views of
            the first.
    """

    def __init__(self, stacks: Sequence[Stacked]) -> None:
        self._stacks = stacks
        self.parameters = [_trained(stacked) for stacked in stacks]
        if not self.parameters[0]:
            raise NotStackableError("the model has no parameters to train")
        self.values = torch.cat(
            [torch.cat([as_rows(p.detach()) for p in own], dim=1) for own in self.parameters]
        )
        self.grads = torch.zeros_like(self.values)
        self.rows: list[slice] = []
        first = 0
        for own, stacked in zip(self.parameters, stacks, strict=True):
            rows = slice(first, first + stacked.members)
            start = 0
            for p in own:
                end = start + p[0].numel()
                p.data = from_rows(self.values[rows, start:end], p.shape)
                start = end
            self.rows.append(rows)
            first = rows.stop

    def gradients(self, loss: Tensor, number: int = 0) -> tuple[Tensor, ...]:
        """The gradients of `loss`, which stack `number` gave, of each of its `parameters`.

        Raises:
            NotStackableError: where a parameter has no part in it: an optimiser would leave that
                parameter alone, a matrix would not.
        """
        grads = torch.autograd.grad(loss, self.parameters[number], allow_unused=True)
        if any(grad is None for grad in grads):
            raise NotStackableError("a parameter that the loss does not depend on")
        return grads

    def backward(self, loss: Tensor, number: int = 0) -> None:
        """`gradients` in the rows of `grads` that are the stack's."""
        grads = [as_rows(grad) for grad in self.gradients(loss, number)]
        torch.cat(grads, dim=1, out=self.grads[self.rows[number]])

    def check(self) -> None:
        """See that the same parameters are trained as in the beginning.

        Raises:
            NotStackableError: where a model froze some meanwhile, or freed them.
        """
        for own, stacked in zip(self.parameters, self._stacks, strict=True):
            if list(map(id, own)) != list(map(id, _trained(stacked))):
                raise NotStackableError("parameters that are frozen or freed while it trains")

    @property
    def size(self) -> int:
        """Parameters of one member."""
        return self.values.shape[1]


def _trained(stacked: Stacked) -> list[nn.Parameter]:
    return [p for p in stacked.parameters() if p.requires_grad]


def as_rows(parameter: Tensor) -> Tensor:
    """(members, …) as (members, numbers): windows of images channels last, as convolutions are
    fastest and give their gradients."""
    return (parameter.movedim(2, -1) if parameter.dim() == 5 else parameter).flatten(1)


def from_rows(rows: Tensor, shape: Sequence[int]) -> Tensor:
    """`as_rows` undone, as a view."""
    if len(shape) != 5:
        return rows.view(shape)
    members, outputs, inputs, height, width = shape
    return rows.view(members, outputs, height, width, inputs).movedim(-1, 2)
