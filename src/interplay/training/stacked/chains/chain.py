"""Chains: convolutions and what stands between them, run as one.

Within a chain a tile of members stays side by side as channels (see `Layout`), so nothing is
copied back and forth between modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from interplay.training.stacked.chains.layout import Layout, tile_size
from interplay.training.stacked.chains.leaves import ChainDropout
from interplay.training.stacked.chains.parts import ACTIVATIONS, Part, part_of
from interplay.training.stacked.chains.steps import Steps
from interplay.training.stacked.leaves.conv import StackedConv
from interplay.training.stacked.twin import Fused

PROBE_ROWS = 2  # of which a batch norm without running statistics can still take a variance


class FusedChain(Fused):
    """(members * batch, channels, …) to the same of the last step, tile after tile.

    Attributes:
        widest: numbers of the widest activation of one row, by the shape of one row of the input.
    """

    def __init__(
        self, members: int, steps: Sequence[nn.Module], leaves: dict[str, nn.Module]
    ) -> None:
        super().__init__(leaves)
        self.members = members
        self.body = Steps(steps)
        self.layout = Layout()
        for module in self.body.modules():
            if hasattr(module, "layout"):
                cast(Any, module).layout = self.layout
        self.widest: dict[tuple[int, ...], int] = {}

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        assert mask is None
        numbers = x.shape[0] // self.members * self._widest_row(x)
        size = tile_size(self.members, numbers * x.element_size(), x.device)
        return self.layout.run(self.body, x, self.members, size)

    @torch.no_grad()
    def _widest_row(self, x: Tensor) -> int:
        """Numbers of the widest activation of one row, found by sending two rows of zeros through."""
        shape = tuple(x.shape[1:])
        if shape not in self.widest:
            modes = {module: module.training for module in self.body.modules()}
            self.body.eval()
            self.layout.widest = PROBE_ROWS * x[0].numel()
            rows = x.new_zeros(self.members * PROBE_ROWS, *shape)
            self.layout.run(self.body, rows, self.members, 1)
            self.widest[shape] = self.layout.widest // PROBE_ROWS
            for module, mode in modes.items():
                module.training = mode
        return self.widest[shape]


def members_at_once(stacked: nn.Module, members: int, batch: int) -> int:
    """How many members' forward and backward passes to run before those of the next.

    Tiles within a chain are together in the cache while they go forward only; what the backward
    pass needs of them, it then fetches from memory. A training step that takes so many members
    forward and backward at a time, as stacks of their own, is the faster the larger the images.

    Args:
        stacked: a stack (of one member is enough) that has seen an input.
        batch: rows of one member.
    """
    kinds = (FusedChain, StackedConv)
    seen = [n for m in stacked.modules() if isinstance(m, kinds) for n in m.widest.values()]
    if not seen:
        return members
    parameter = next(stacked.parameters())
    return tile_size(members, batch * max(seen) * parameter.element_size(), parameter.device)


def runs(modules: Sequence[nn.Sequential]) -> dict[tuple[str, ...], Fused]:
    """A chain for each longest run of children that can be in one."""
    found: list[tuple[list[str], Part]] = [([], Part([]))]
    for name in modules[0]._modules:
        children = [m._modules.get(name) for m in modules]
        part = part_of([c for c in children if c is not None]) if None not in children else None
        names, run = found[-1]
        # What goes in must come out anew: an activation in place would write into the input.
        if part is None or not (run.steps or _begins(part)):
            found.append(([], Part([])))
            continue
        names.append(name)
        run.steps += part.steps
        run.leaves |= part.below(name)
    members = len(modules)
    return {tuple(n): FusedChain(members, r.steps, r.leaves) for n, r in found if _worth_it(r)}


def whole(modules: Sequence[nn.Module]) -> dict[tuple[str, ...], Fused]:
    """The block as one, of images: over sequences it is given a mask."""
    part = None
    if not any(isinstance(m, nn.Conv1d) for m in modules[0].modules()):
        part = part_of(modules)
    if part is None or not _worth_it(part):
        return {}
    return {(): FusedChain(len(modules), part.steps, part.leaves)}


def _begins(part: Part) -> bool:
    return bool(part.steps) and type(part.steps[0]) not in (*ACTIVATIONS, ChainDropout)


def _worth_it(part: Part) -> bool:
    return len(part.steps) > 1 and any(isinstance(t, StackedConv) for t in part.leaves.values())
