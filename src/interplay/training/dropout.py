"""Dropout whose masks come from a member's own stream."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from interplay.training.streams import MaskStream


class SeededDropout(nn.Dropout):
    """`nn.Dropout` with masks from a `MaskStream`; shapes unchanged.

    A unit is dropped where its 16-bit number is below `p` * 65536, so rates are exact to 1/65536
    and two members that differ in the rate alone share the underlying numbers.
    """

    def __init__(self, p: float, stream: MaskStream) -> None:
        super().__init__(p)
        self.stream = stream

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        # numpy compares: torch has no order on 16-bit unsigned numbers.
        keep = torch.from_numpy(self.stream.take(x.numel()) >= round(self.p * 65536))
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        return x * keep.view(x.shape).to(device=x.device, dtype=x.dtype).mul_(scale)


def seed_dropout(model: nn.Module, seed: int) -> nn.Module:
    """Replace every `nn.Dropout` in `model` by one with its own stream, in the order of its modules."""
    layer = 0
    replaced: dict[int, SeededDropout] = {}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():  # named_children lists a module once
            if type(child) is nn.Dropout:
                if id(child) not in replaced:  # one module used twice stays one
                    replaced[id(child)] = SeededDropout(child.p, MaskStream(seed, layer))
                    layer += 1
                setattr(parent, name, replaced[id(child)])
    return model
