"""One fully connected layer with what usually comes with it."""

from __future__ import annotations

from torch import nn

from interplay.models.blocks.activation import activation as make_activation


class Dense(nn.Sequential):
    """Linear, norm, activation, dropout: (batch, inputs) to (batch, outputs).

    A linear layer followed by a norm has no bias: the norm takes it out again, its gradient is
    rounding noise, and Adam would amplify that.
    """

    def __init__(
        self, inputs: int, outputs: int, *, activation: str, dropout: float, norm: str
    ) -> None:
        layers: list[nn.Module] = [nn.Linear(inputs, outputs, bias=norm == "none")]
        if norm == "batch":
            layers.append(nn.BatchNorm1d(outputs))
        elif norm == "layer":
            layers.append(nn.LayerNorm(outputs))
        layers.append(make_activation(activation))
        # Present at rate 0 too: a swept rate must not change the number of modules, or members
        # that differ in nothing else would not be one shape.
        layers.append(nn.Dropout(dropout))
        super().__init__(*layers)
