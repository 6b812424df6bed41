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
from interplay.training.stacked.leaves.norm import (
    StackedBatchNorm,
    StackedFrozenBatchNorm,
    StackedGroupNorm,
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


class ChainFrozenBatchNorm(StackedFrozenBatchNorm, ChainBatchNorm):
    """One that is never in training."""


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
    """One use is that of all tiles: it begins with the first, and each takes its own members'."""

    def __init__(self, leaves: Sequence[SeededDropout]) -> None:
        super().__init__(leaves)
        self.layout = Layout()
        self._starts: NDArray[np.uint64] | None = None
        self._factors: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.masks.drops:
            return x
        first, count = self.layout.first, self.layout.count
        own = slice(first, first + count)
        masks = self.masks
        if x.dim() == 4 and for_loops(x):
            if first == 0:
                self._starts = masks.next_keys()
            assert self._starts is not None
            scales = masks.scales[own].to(x.dtype).numpy()
            given = self._starts[own], masks.thresholds[own], scales, x.shape[1] // count
            out: Tensor = _Drop.apply(x, given)  # type: ignore[no-untyped-call]
            return out
        if first == 0:
            self._factors = masks.next(x.numel() // count, x)
        assert self._factors is not None
        rows = divided(x, 1, count).transpose(0, 1)  # (count, batch, channels, …)
        factors = laid_out(self._factors[own], (rows.shape[0] * rows.shape[1], *rows.shape[2:]))
        return (rows * factors).transpose(0, 1).flatten(1, 2)


class _Drop(torch.autograd.Function):
    """Images (batch, count * channels, …); the numbers are computed again on the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, given: tuple[Any, ...]) -> Tensor:
        ctx.given = given
        return _dropped(x, *given)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _dropped(grad, *ctx.given), None


def _dropped(
    x: Tensor,
    starts: NDArray[np.uint64],
    thresholds: NDArray[np.int16],
    scales: NDArray[Any],
    channels: int,
) -> Tensor:
    from interplay.training.stacked.loops.dropout import drop

    out = torch.empty_like(x, memory_format=torch.channels_last)
    drop(flat(x), starts, thresholds, scales, channels, flat(out))
    return out
