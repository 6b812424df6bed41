"""The leaves of a chain besides convolutions, all (batch, count * channels, …): see `Layout`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interplay.training.dropout import SeededDropout
from interplay.training.stacked.conv_layout import Layout, divided
from interplay.training.stacked.leaves import (
    StackedBatchNorm,
    StackedDropout,
    StackedGroupNorm,
    StackedLinear,
)


class ChainBatchNorm(StackedBatchNorm):
    """Each member's own statistics, for its channels are its own."""

    def __init__(self, leaves: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> None:
        super().__init__(leaves)
        if not self.tracks:
            self.running_mean = self.running_var = None
        self.layout = Layout()

    def forward(self, x: Tensor) -> Tensor:
        share = self.layout.share
        return F.batch_norm(
            x,
            share(self.running_mean) if self.running_mean is not None else None,
            share(self.running_var) if self.running_var is not None else None,
            share(self.weight) if self.affine else None,
            share(self.bias) if self.affine else None,
            self.training or not self.tracks,
            self.momentum or 0.0,
            self.eps,
        )


class ChainGroupNorm(StackedGroupNorm):
    """Groups are within a member's channels, so there are `count` times as many."""

    def __init__(self, leaves: Sequence[nn.GroupNorm]) -> None:
        super().__init__(leaves)
        self.layout = Layout()

    def forward(self, x: Tensor) -> Tensor:
        weight = bias = None
        if self.affine:
            weight, bias = self.layout.share(self.weight), self.layout.share(self.bias)
        return F.group_norm(x, self.groups * self.layout.count, weight, bias, self.eps)


class ChainLinear(StackedLinear):
    """(batch, count * inputs) to (batch, count * outputs)."""

    def __init__(self, leaves: Sequence[nn.Linear]) -> None:
        super().__init__(leaves)
        self.layout = Layout()

    def forward(self, x: Tensor) -> Tensor:
        count = self.layout.count
        weight = self.layout.share(self.weight)
        rows = divided(x, 1, count).transpose(0, 1)  # (count, batch, inputs)
        out = torch.bmm(rows, divided(weight, 0, count).transpose(1, 2))
        out = out.transpose(0, 1).flatten(1)
        return out if self.bias is None else out + self.layout.share(self.bias)


class ChainDropout(StackedDropout):
    """The masks of all members are drawn at the first tile; each tile takes its own."""

    def __init__(self, leaves: Sequence[SeededDropout]) -> None:
        super().__init__(leaves)
        self.layout = Layout()
        self._keep: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.drops:
            return x
        first, count = self.layout.first, self.layout.count
        if first == 0:
            self._keep = self.bytes_of(x.numel() // count, x)
        assert self._keep is not None
        keep = self._keep[first : first + count]
        scales = self.scales[first : first + count].to(x)[:, None]
        if x.dim() != 4:
            own = divided(x, 1, count)  # (batch, count, channels, …)
            keep = keep.view(count, x.shape[0], *own.shape[2:]).transpose(0, 1)
            return (own * (keep * scales.view(1, count, *[1] * (x.dim() - 1)))).flatten(1, 2)
        batch, channels, height, width = x.shape
        # Brought into the layout of `x` as bytes, once: products of two layouts, forward and
        # backward, are several times as slow.
        rows = keep.view(count, batch, -1, height, width).permute(1, 3, 4, 0, 2)
        mask = rows.contiguous().to(x.dtype).view(batch, -1)
        if self.one_scale:
            mask.mul_(self.one_scale)
        else:  # along rows as long as they come: short loops cost more than the products
            wide = scales.expand(-1, channels // count).flatten()
            mask.mul_(wide.repeat(height * width))
        return x * mask.view(batch, height, width, channels).permute(0, 3, 1, 2)
