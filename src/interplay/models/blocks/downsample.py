"""Halving an image's sides or a sequence's steps."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from interplay.models.blocks.conv import Conv
from interplay.models.blocks.norm import Layout

POOLS: dict[tuple[str, Layout], type[nn.Module]] = {
    ("max", "image"): nn.MaxPool2d,
    ("max", "sequence"): nn.MaxPool1d,
    ("avg", "image"): nn.AvgPool2d,
    ("avg", "sequence"): nn.AvgPool1d,
}


class Downsample(nn.Module):
    """Every two positions become one, channels unchanged.

    An image's odd last row or column is left out, as is usual. A sequence with an odd number of
    steps is taken to end in a zero, so (batch, channels, steps) becomes (…, ceil(steps / 2)): what
    becomes of its last step must not depend on whether padding follows.

    Args:
        how: "max", "avg", or "stride", a convolution of stride 2 with norm and activation
            (Springenberg et al., 2014, https://arxiv.org/abs/1412.6806).
    """

    def __init__(
        self, channels: int, how: str, *, layout: Layout, norm: str, activation: str
    ) -> None:
        super().__init__()
        self.layout = layout
        self.pool: nn.Module
        if how == "stride":
            self.pool = Conv(
                channels, channels, 2, stride=2, layout=layout, norm=norm, activation=activation
            )
        else:
            self.pool = POOLS[how, layout](2)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` (batch, 1, steps of the input); what comes out is zero past `halved(mask)`."""
        if self.layout == "sequence" and x.shape[2] % 2:
            x = F.pad(x, (0, 1))
        out: Tensor = self.pool(x, halved(mask)) if isinstance(self.pool, Conv) else self.pool(x)
        return out


def halved(mask: Tensor | None) -> Tensor | None:
    """The mask after one `Downsample`: a step is a sequence's own where its first half is."""
    return None if mask is None else mask[..., ::2]


def halved_size(size: int, times: int, layout: Layout) -> int:
    """What is left of `size` positions after `times` downsamplings."""
    return -(-size >> times) if layout == "sequence" else size >> times
