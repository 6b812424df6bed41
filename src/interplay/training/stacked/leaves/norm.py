"""Stacked twins of norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from torch import Tensor, nn
from torch.nn import functional as F

from interplay.training.stacked.twin import NotStackableError, Twin


class StackedBatchNorm(Twin):
    """Batch norm with each member's own statistics: members become channels of one wide norm.

    Its weights must lie together: with strided ones torch's backward pass on CPUs gives wrong
    gradients of the input.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, leaves: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> None:
        super().__init__(leaves)
        first = leaves[0]
        self.eps, self.momentum, self.tracks = first.eps, first.momentum, first.track_running_stats
        if self.tracks and self.momentum is None:
            raise NotStackableError("a batch norm with a cumulative average has no stacked twin")
        self.affine = first.affine
        if not self.tracks:
            self.running_mean = self.running_var = None

    def forward(self, x: Tensor) -> Tensor:
        own = self.split(x).transpose(0, 1)  # (batch, members, channels, …)
        wide = own.flatten(1, 2)
        out = F.batch_norm(
            wide,
            self.running_mean.view(-1) if self.running_mean is not None else None,
            self.running_var.view(-1) if self.running_var is not None else None,
            self.weight.reshape(-1).contiguous() if self.affine else None,
            self.bias.reshape(-1).contiguous() if self.affine else None,
            self.training or not self.tracks,
            self.momentum or 0.0,
            self.eps,
        )
        return out.view(own.shape).transpose(0, 1).flatten(0, 1)


class StackedFrozenBatchNorm(StackedBatchNorm):
    """One that is never in training, as its leaf."""

    def __init__(self, leaves: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> None:
        super().__init__(leaves)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(False)


class StackedLayerNorm(Twin):
    """Layer norm; only its scale and shift are the member's own."""

    weight: Tensor
    bias: Tensor

    def __init__(self, leaves: Sequence[nn.LayerNorm]) -> None:
        super().__init__(leaves)
        first = leaves[0]
        self.shape, self.eps = first.normalized_shape, first.eps
        self.affine, self.biased = first.elementwise_affine, first.bias is not None

    def forward(self, x: Tensor) -> Tensor:
        out = F.layer_norm(x, self.shape, eps=self.eps)
        if not self.affine:
            return out
        view = (self.members, *[1] * (x.dim() - len(self.shape)), *self.shape)
        out = self.split(out) * self.weight.view(view)
        if self.biased:
            out = out + self.bias.view(view)
        return out.flatten(0, 1)


class StackedGroupNorm(Twin):
    """Group norm; only its scale and shift are the member's own."""

    weight: Tensor
    bias: Tensor

    def __init__(self, leaves: Sequence[nn.GroupNorm]) -> None:
        super().__init__(leaves)
        self.groups, self.eps, self.affine = leaves[0].num_groups, leaves[0].eps, leaves[0].affine

    def forward(self, x: Tensor) -> Tensor:
        out = F.group_norm(x, self.groups, eps=self.eps)
        if not self.affine:
            return out
        view = (self.members, 1, -1, *[1] * (x.dim() - 2))
        out = self.split(out) * self.weight.view(view) + self.bias.view(view)
        return out.flatten(0, 1)
