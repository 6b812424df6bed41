"""The leaves of a chain besides convolutions, all (batch, count * channels, …): see `Layout`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from interplay.training.dropout import SeededDropout, laid_out
from interplay.training.stacked.chains.layout import Layout, divided, flat
from interplay.training.stacked.device.place import for_loops
from interplay.training.stacked.leaves.dropout import StackedDropout
from interplay.training.stacked.leaves.linear import StackedLinear
from interplay.training.stacked.leaves.norm import StackedBatchNorm, StackedGroupNorm


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
        scales = self.scales[first : first + count].to(x)
        if x.dim() == 4 and for_loops(x):
            out: Tensor = _Drop.apply(x, keep, scales)  # type: ignore[no-untyped-call]
            return out
        own = divided(x, 1, count).transpose(0, 1)  # (count, batch, channels, …)
        mask = laid_out(keep.reshape(-1).to(x.dtype), own.flatten(0, 1).shape).view(own.shape)
        mask = mask * scales.view(count, *[1] * (own.dim() - 1))
        return (own * mask).transpose(0, 1).flatten(1, 2)


class _Drop(torch.autograd.Function):
    """Images (batch, count * channels, …), bytes (count, numbers of a member), scales (count,)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, keep: Tensor, scales: Tensor) -> Tensor:
        ctx.mask = keep.numpy(), scales.numpy(), x.shape[1] // len(scales)
        return _dropped(x, *ctx.mask)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return _dropped(grad, *ctx.mask), None, None


def _dropped(x: Tensor, keep: NDArray[np.uint8], scales: NDArray[Any], channels: int) -> Tensor:
    from interplay.training.stacked.loops.dropout import drop

    out = torch.empty_like(x, memory_format=torch.channels_last)
    drop(flat(x), keep, scales, channels, flat(out))
    return out
