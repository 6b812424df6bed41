"""Options of training that belong to no optimiser, schedule, model or dataset."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from interplay.options import Late

ClassWeights = Literal["none", "balanced"]
Precision = Literal["float32", "tf32", "bf16"]


def training(
    *,
    label_smoothing: Annotated[
        float,
        Field(ge=0, lt=1, description="mass spread over the other classes in the training loss"),
    ] = 0.0,
    clip_norm: Annotated[
        float, Field(ge=0, description="largest norm of the whole gradient; 0 does not clip")
    ] = 0.0,
    precision: Annotated[
        Precision,
        Field(description="float32; tf32 products (CUDA only); bf16 in the forward pass"),
    ] = "float32",
    class_weights: Annotated[
        ClassWeights,
        Late(),
        Field(description="of the training loss; balanced: each class counts as much as another"),
    ] = "none",
) -> dict[str, object]:
    """The keys of a study's [training] section."""
    return {
        "label_smoothing": label_smoothing,
        "clip_norm": clip_norm,
        "precision": precision,
        "class_weights": class_weights,
    }
