"""Stacked twins of the convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from interplay.training.stacked.chains.layout import Layout, tile_size
from interplay.training.stacked.twin import NotStackableError, Twin


class StackedConv(Twin):
    """Each member's own convolution: (members * batch, inputs, …) to (members * batch, outputs, …).

    Within a chain, (batch, count * inputs, …) to (batch, count * outputs, …): see `Layout`.

    Attributes:
        widest: outside of chains, numbers of one row's widest side, by the shape of its input.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, leaves: Sequence[nn.Conv1d | nn.Conv2d]) -> None:
        super().__init__(leaves)
        first = leaves[0]
        if first.padding_mode != "zeros":
            raise NotStackableError(f"a convolution with padding_mode = {first.padding_mode!r}")
        if first.bias is None:
            self.bias = None
        self.convolve: Any = F.conv2d if isinstance(first, nn.Conv2d) else F.conv1d
        self.stride, self.padding = first.stride, first.padding
        self.dilation, self.groups = first.dilation, first.groups
        self.layout = Layout()
        self.widest: dict[tuple[int, ...], int] = {}

    def forward(self, x: Tensor) -> Tensor:
        if not self.layout.active:
            channels = max(x.shape[1], self.weight.shape[1] // math.prod(self.stride))
            row = self.widest[tuple(x.shape[1:])] = channels * math.prod(x.shape[2:])
            bytes_of_one = x.shape[0] // self.members * row * x.element_size()
            size = tile_size(self.members, bytes_of_one, x.device)
            return self.layout.run(self.forward, x, self.members, size)
        bias = None if self.bias is None else self.layout.share(self.bias)
        out: Tensor = self.convolve(
            x,
            self.layout.share(self.weight),
            bias,
            self.stride,
            self.padding,
            self.dilation,
            self.groups * self.layout.count,
        )
        self.layout.widest = max(self.layout.widest, out.numel())
        return out
