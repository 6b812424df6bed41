"""What the twin of a leaf is made of, and the error of all that does not stack."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class NotStackableError(Exception):
    """These models do not train as one; the reason is the message. The reference engine can."""


class Twin(nn.Module):
    """The stacked counterpart of a leaf: its parameters and buffers under the same names, with a
    leading member dimension, trained where the leaf's are; its forward takes and gives
    `(members * batch, …)`.

    A leaf with leaves of its own has their twins as children of the same names.

    Args:
        leaves: the members' leaves, all of one type and shape.
    """

    def __init__(self, leaves: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(leaves)
        for name, parameter in leaves[0].named_parameters(recurse=False):
            together = torch.stack([leaf.get_parameter(name).detach() for leaf in leaves])
            self.register_parameter(name, nn.Parameter(together, parameter.requires_grad))
        for name, _ in leaves[0].named_buffers(recurse=False):
            self.register_buffer(name, torch.stack([leaf.get_buffer(name) for leaf in leaves]))

    def split(self, x: Tensor) -> Tensor:
        """(members * batch, …) as (members, batch, …)."""
        return split_members(x, self.members)


def split_members(x: Tensor, members: int) -> Tensor:
    """(members * batch, …) as (members, batch, …)."""
    return x.view(members, len(x) // members, *x.shape[1:])


class Fused(nn.Module):
    """Several modules of the models run as one, `(members * batch, …)` in and out.

    Attributes:
        leaves: twin by the path, from the fused module down, of the leaf it stands for.
    """

    def __init__(self, leaves: dict[str, nn.Module]) -> None:
        super().__init__()
        self.leaves = leaves
