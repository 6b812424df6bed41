"""The mlp family: fully connected layers told by their widths, with an activation at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from interplay.models.types import Activation, Dropout, Norm, Units

if TYPE_CHECKING:
    from torch import nn

    from interplay.data.dataset import DataSpec


def mlp(
    spec: DataSpec,
    /,
    *,
    architecture: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | Annotated[list[Units], Field(min_length=1)],
        Field(description="units of each hidden layer; a number: so many, from inputs to outputs"),
    ] = 3,
    activation: Activation = "relu",
    dropout: Dropout = 0.0,
    norm: Norm = "none",
    last_activation: Annotated[
        Literal["none", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"],
        Field(description="nonlinearity of the outputs; sigmoid where targets are from 0 to 1"),
    ] = "none",
) -> nn.Module:
    """Hidden layers of these widths and a read-out: (batch, features) to (batch, outputs).

    Of a number of layers the widths lie evenly between the numbers of features and of outputs.
    """
    from torch import nn

    from interplay.models.blocks.activation import activation as make_activation
    from interplay.models.blocks.dense import Dense

    inputs = spec.shape[0]
    widths = (
        ramp(inputs, spec.num_outputs, architecture)
        if isinstance(architecture, int)
        else architecture
    )
    layers: list[nn.Module] = []
    for width in widths:
        layers.append(Dense(inputs, width, activation=activation, dropout=dropout, norm=norm))
        inputs = width
    layers.append(nn.Linear(inputs, spec.num_outputs))
    if last_activation != "none":
        layers.append(make_activation(last_activation))
    return nn.Sequential(*layers)


def ramp(first: int, last: int, number: int) -> list[int]:
    """`number` widths evenly between `first` and `last`, which are left out; fractions cut off."""
    return [(first * (number + 1 - i) + last * i) // (number + 1) for i in range(1, number + 1)]
