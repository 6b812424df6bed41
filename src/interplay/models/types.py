"""Types of options that several families share, each with its bounds and its one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

NormName = Literal["none", "batch", "layer"]

Activation = Annotated[
    Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"],
    Field(description="nonlinearity after each layer"),
]
Dropout = Annotated[float, Field(ge=0, lt=1, description="fraction of units zeroed while training")]
Norm = Annotated[NormName, Field(description="normalisation before each activation")]
Skip = Annotated[bool, Field(description="add each layer's input to its output where widths agree")]
Layers = Annotated[int, Field(ge=1, le=1000, description="number of layers")]
Units = Annotated[int, Field(ge=1, le=1_000_000)]


def per_layer(option: str, value: int | Sequence[int], num_layers: int) -> list[int]:
    """One number for each layer: `value` itself where it is a list, else as often as needed.

    Raises:
        ValueError: where the list's length is not `num_layers`.
    """
    if isinstance(value, int):
        return [value] * num_layers
    if len(value) != num_layers:
        raise ValueError(
            f"{option} lists {len(value)} sizes for num_layers = {num_layers}: {list(value)}"
        )
    return list(value)
