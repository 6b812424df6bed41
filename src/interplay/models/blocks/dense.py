"""One fully connected layer with what usually comes with it."""

from __future__ import annotations

from torch import nn

from interplay.models.blocks.activation import activation as make_activation
from interplay.models.blocks.norm import norms


class Dense(nn.Sequential):
    """Linear, norm, activation, dropout: (batch, inputs) to (batch, outputs).

    A linear layer followed by a norm has no bias: the norm takes it out again, its gradient is
    rounding noise, and Adam would amplify that.
    """

    def __init__(
        self, inputs: int, outputs: int, *, activation: str, dropout: float, norm: str
    ) -> None:
        super().__init__(
            nn.Linear(inputs, outputs, bias=norm == "none"),
            *norms(norm, outputs, "flat"),
            make_activation(activation),
            # Present at rate 0 too: a swept rate must not change the number of modules, or members
            # that differ in nothing else would not be one shape.
            nn.Dropout(dropout),
        )
