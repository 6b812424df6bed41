"""The inception block of GoogLeNet."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from interplay.models.blocks.conv import Chain, Conv
from interplay.models.blocks.norm import Layout

BRANCHES = 4


class Inception(nn.Module):
    """Four views of the input side by side: (batch, inputs, …) to (batch, outputs, …).

    The branches are 1×1; 1×1 then k×k; 1×1 then (2k-1)×(2k-1); 3×3 max pooling then 1×1: with
    k = 3 those of Szegedy et al., 2014 (https://arxiv.org/abs/1409.4842, figure 2b). The outputs
    are shared out evenly, the first branches taking what is left over.

    Raises:
        ValueError: where there are fewer outputs than branches.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int,
        *,
        layout: Layout,
        norm: str,
        activation: str,
    ) -> None:
        super().__init__()
        if outputs < BRANCHES:
            raise ValueError(
                f"channels = {outputs} is too few for block = 'inception', "
                f"which shares them among {BRANCHES} branches"
            )
        conv = partial(Conv, layout=layout, norm=norm, activation=activation)
        widths = [outputs // BRANCHES + (i < outputs % BRANCHES) for i in range(BRANCHES)]
        self.point = conv(inputs, widths[0], 1)
        self.near = Chain(conv(inputs, widths[1], 1), conv(widths[1], widths[1], kernel_size))
        self.far = Chain(
            conv(inputs, widths[2], 1), conv(widths[2], widths[2], 2 * kernel_size - 1)
        )
        # Max pooling's own padding is -inf, but past the end of a padded sequence stand zeros.
        image = layout == "image"
        self.highest = nn.Sequential(
            nn.ZeroPad2d(1) if image else nn.ZeroPad1d(1),
            nn.MaxPool2d(3, stride=1) if image else nn.MaxPool1d(3, stride=1),
        )
        self.pooled = conv(inputs, widths[3], 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` (batch, 1, steps): a sequence's own steps; both ends are zero past them."""
        branches = [
            self.point(x, mask),
            self.near(x, mask),
            self.far(x, mask),
            self.pooled(self.highest(x), mask),
        ]
        return torch.cat(branches, dim=1)
