"""The residual block of ResNet."""

from __future__ import annotations

from torch import Tensor, nn

from interplay.models.blocks.activation import activation as make_activation
from interplay.models.blocks.conv import Conv
from interplay.models.blocks.norm import Layout
from interplay.models.blocks.squeeze_excite import SqueezeExcite
from interplay.models.blocks.steps import zero_past_end


class Residual(nn.Module):
    """activation(x + conv(activation(conv(x)))): (batch, inputs, …) to (batch, outputs, …).

    The basic block of He et al., 2015 (https://arxiv.org/abs/1512.03385, figure 2): both
    convolutions are normed, and where the widths differ a 1×1 convolution brings x to the new one.
    Squeeze-and-excitation, where asked for, comes before the sum.
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
        squeeze_excite: bool,
    ) -> None:
        super().__init__()
        self.first = Conv(
            inputs, outputs, kernel_size, layout=layout, norm=norm, activation=activation
        )
        self.second = Conv(outputs, outputs, kernel_size, layout=layout, norm=norm, activation=None)
        self.gate = SqueezeExcite(outputs) if squeeze_excite else None
        self.shortcut = None
        if inputs != outputs:
            # No bias: the second convolution's, or its norm's, is added to the same sum.
            self.shortcut = Conv(
                inputs, outputs, 1, layout=layout, norm=norm, activation=None, bias=False
            )
        self.activation = make_activation(activation)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` (batch, 1, steps): a sequence's own steps; both ends are zero past them."""
        change = self.second(self.first(x, mask), mask)
        if self.gate is not None:
            change = self.gate(change, mask)
        kept = x if self.shortcut is None else self.shortcut(x, mask)
        return zero_past_end(self.activation(kept + change), mask)
