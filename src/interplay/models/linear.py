"""The linear family: fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from interplay.models.types import Activation, Dropout, Layers, Norm, Skip, Units, per_layer

if TYPE_CHECKING:
    from torch import nn

    from interplay.data.dataset import DataSpec


def linear(
    spec: DataSpec,
    /,
    *,
    num_layers: Layers = 2,
    hidden_size: Annotated[
        Units | list[Units],
        Field(description="units of each hidden layer; a list gives each its own"),
    ] = 64,
    activation: Activation = "relu",
    dropout: Dropout = 0.0,
    norm: Norm = "none",
    skip: Skip = False,
) -> nn.Module:
    """`num_layers` hidden layers and a linear read-out: (batch, features) to (batch, outputs).

    Each layer is linear, norm, activation, dropout; with `skip` its input is added to its output
    where the two have equal width (He et al., 2015, https://arxiv.org/abs/1512.03385).

    Raises:
        ValueError: where `hidden_size` is a list whose length is not `num_layers`.
    """
    from torch import nn

    from interplay.models.blocks.dense import Dense
    from interplay.models.blocks.skip import Skip as SkipBlock

    layers: list[nn.Module] = []
    width = spec.shape[0]
    for size in per_layer("hidden_size", hidden_size, num_layers):
        layer = Dense(width, size, activation=activation, dropout=dropout, norm=norm)
        layers.append(SkipBlock(layer) if skip and width == size else layer)
        width = size
    layers.append(nn.Linear(width, spec.num_outputs))
    return nn.Sequential(*layers)
