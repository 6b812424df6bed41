"""Types of options that several families share, each with its bounds and its one line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Activation = Annotated[
    Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"],
    Field(description="nonlinearity after each layer"),
]
Dropout = Annotated[float, Field(ge=0, lt=1, description="fraction of units zeroed while training")]
Norm = Annotated[
    Literal["none", "batch", "layer"], Field(description="normalisation before each activation")
]
Skip = Annotated[bool, Field(description="add each layer's input to its output where widths agree")]
Layers = Annotated[int, Field(ge=1, le=1000, description="number of layers")]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
