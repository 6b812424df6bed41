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

    def __init__(self, leaves: Sequence[Any]) -> None:
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
            row = self.widest[tuple(x.shape[1:])] = self.widest_row(x)
            bytes_of_one = x.shape[0] // self.members * row * x.element_size()
            size = tile_size(self.members, bytes_of_one, x.device)
            return self.layout.run(self.forward, x, self.members, size)
        bias = None if self.bias is None else self.layout.share(self.bias)
        out = self.convolved(x, self.layout.share(self.weight), bias)
        self.layout.widest = max(self.layout.widest, out.numel())
        return out

    def widest_row(self, x: Tensor) -> int:
        """Numbers of one row's widest side, about."""
        channels: int = max(x.shape[1], self.weight.shape[1] // math.prod(self.stride))
        return channels * math.prod(x.shape[2:])

    def convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """A tile's members as groups."""
        groups = self.groups * self.layout.count
        out: Tensor = self.convolve(
            x, weight, bias, self.stride, self.padding, self.dilation, groups
        )
        return out


class StackedConvTranspose(StackedConv):
    """Each member's own transposed convolution; shapes as `StackedConv`'s.

    Raises:
        NotStackableError: in `forward` for an `output_size`, which torch turns into a padding that
            changes from call to call.
    """

    def __init__(self, leaves: Sequence[nn.ConvTranspose1d | nn.ConvTranspose2d]) -> None:
        super().__init__(leaves)
        flat = isinstance(leaves[0], nn.ConvTranspose2d)
        self.convolve = F.conv_transpose2d if flat else F.conv_transpose1d
        self.output_padding = leaves[0].output_padding

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        if output_size is not None:
            raise NotStackableError("a transposed convolution that is given an output_size")
        return super().forward(x)

    def widest_row(self, x: Tensor) -> int:
        outputs: int = self.weight.shape[2] * self.groups * math.prod(self.stride)
        return max(x.shape[1], outputs) * math.prod(x.shape[2:])

    def convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        groups, padding = self.groups * self.layout.count, self.output_padding
        out: Tensor = self.convolve(
            x, weight, bias, self.stride, self.padding, padding, groups, self.dilation
        )
        return out
