"""One convolution with what usually comes with it, and chains of such."""

from __future__ import annotations

from torch import Tensor, nn

from interplay.models.blocks.activation import activation as make_activation
from interplay.models.blocks.norm import Layout, norms
from interplay.models.blocks.steps import zero_past_end

CONVOLUTIONS: dict[Layout, type[nn.Conv1d] | type[nn.Conv2d]] = {
    "image": nn.Conv2d,
    "sequence": nn.Conv1d,
}


class Conv(nn.Sequential):
    """Convolution, norm, activation: (batch, inputs, …) to (batch, outputs, …).

    Height and width, or steps, stay as they are; with `stride` s > 1 they become
    (size - kernel_size) // s + 1. There is no bias before a norm, which would take it out again.

    Args:
        layout: "image" convolves height and width, "sequence" steps.
        activation: by name; None for none.
        bias: whether the convolution has one where no norm follows.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int,
        *,
        layout: Layout,
        norm: str,
        activation: str | None,
        stride: int = 1,
        bias: bool = True,
    ) -> None:
        convolution = CONVOLUTIONS[layout](
            inputs,
            outputs,
            kernel_size,
            stride=stride,
            padding=(kernel_size - 1) // 2 if stride == 1 else 0,
            bias=bias and norm == "none",
        )
        layers = [convolution, *norms(norm, outputs, layout)]
        if stride == 1 and kernel_size % 2 == 0:  # an even window needs one more zero at the end
            layers.insert(
                0, nn.ZeroPad2d((0, 1, 0, 1)) if layout == "image" else nn.ZeroPad1d((0, 1))
            )
        if activation is not None:
            layers.append(make_activation(activation))
        super().__init__(*layers)

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:  # noqa: A002  (torch's)
        """Zeros past a sequence's end, as the next convolution's own padding would have it.

        Args:
            mask: of sequences, (batch, 1, steps of the output).
        """
        for module in self:
            input = module(input)  # noqa: A001
        return zero_past_end(input, mask)


class Chain(nn.Sequential):
    """Modules one after the other, each taking the mask along; shapes as theirs."""

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:  # noqa: A002  (torch's)
        for module in self:
            input = module(input, mask)  # noqa: A001
        return input
