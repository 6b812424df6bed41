"""Layers of convolutions, and the networks made of them: for images and for sequences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interplay.models.blocks.downsample import Downsample, halved
from interplay.models.blocks.steps import mean_over_positions, step_mask, zero_past_end


class ConvLayer(nn.Module):
    """A block, perhaps a downsampling, dropout: (batch, inputs, …) to (batch, outputs, …)."""

    def __init__(self, block: nn.Module, downsample: Downsample | None, dropout: float) -> None:
        super().__init__()
        self.block = block
        self.downsample = downsample
        # Last, where there is least to draw for; present at rate 0 too, as in `Dense`.
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` (batch, 1, steps): a sequence's own steps; both ends are zero past them."""
        x = self.block(x, mask)
        if self.downsample is not None:
            x = self.downsample(x, mask)
        out: Tensor = self.dropout(x)
        return out


class ImageConvNet(nn.Module):
    """(batch, channels, height, width) to (batch, outputs).

    Args:
        layers: of convolutions.
        head: from the features, (batch, n), to the outputs.
        global_pool: whether a feature is a channel's mean, or one channel at one position.
    """

    def __init__(self, layers: Sequence[ConvLayer], head: nn.Module, global_pool: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.head = head
        self.global_pool = global_pool

    def forward(self, x: Tensor) -> Tensor:
        # The layout in which convolutions and pooling are fastest; it changes no shape.
        x = self.layers(x.to(memory_format=torch.channels_last))
        out: Tensor = self.head(mean_over_positions(x) if self.global_pool else x.flatten(1))
        return out


class SequenceConvNet(nn.Module):
    """(batch, steps, features) to (batch, outputs), convolved along the steps.

    A sequence's output does not depend on its padding: steps past its end are zero before every
    convolution, as are the steps that a convolution itself adds at the ends. (Batch norm's
    statistics while training are the exception: they are over all steps of the batch.)

    Args:
        layers: of convolutions.
        head: from the features, (batch, n), to the outputs.
        flat_steps: how many steps (after the layers) are flattened into features, where fewer
            are there zeros standing for the rest; None for each channel's mean instead.
    """

    def __init__(
        self, layers: Sequence[ConvLayer], head: nn.Module, flat_steps: int | None
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = head
        self.flat_steps = flat_steps

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` (batch,): each sequence's own number of steps; None where all count."""
        mask = None
        if lengths is not None:
            mask = step_mask(lengths.clamp(min=1), x.shape[1])[:, None]
        x = zero_past_end(x.transpose(1, 2), mask)
        for layer in self.layers:
            x = layer(x, mask)
            mask = mask if layer.downsample is None else halved(mask)
        if self.flat_steps is None:
            features = mean_over_positions(x, mask)
        else:
            features = F.pad(x, (0, self.flat_steps - x.shape[2])).flatten(1)
        out: Tensor = self.head(features)
        return out
