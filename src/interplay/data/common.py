"""Options that every dataset takes, whatever loads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from interplay.data.folds import FoldsBy
from interplay.options import Late

Scale = Literal["none", "standard", "minmax"]
AUGMENT = ("augment_flip", "augment_crop", "augment_rotate")
"""What changes training images as they are taken: 0 (or false) leaves them alone."""
OF_STEPS = ("batch_size", *AUGMENT)
"""What only a step of training asks for, and no split."""


def data(
    *,
    batch_size: Annotated[int, Field(ge=1, description="rows of one step")] = 32,
    split_seed: Annotated[int, Field(ge=0, description="of the train/valid split")] = 0,
    valid: Annotated[float, Field(gt=0, lt=1, description="fraction that validates")] = 0.2,
    test: Annotated[float, Field(ge=0, lt=1, description="fraction kept for a last test")] = 0.0,
    subset: Annotated[
        float,
        Field(gt=0, le=1, description="fraction of the train and valid rows, for a quick look"),
    ] = 1.0,
    scale: Annotated[
        Scale, Field(description="of each feature or channel, fitted on the training part")
    ] = "none",
    bucket: Annotated[
        bool, Field(description="batches of sequences of similar length: less padding to compute")
    ] = False,
    view: Annotated[
        Literal["auto", "flat", "image", "sequence", "tokens"],
        Field(description="the form in which a model gets the inputs"),
    ] = "auto",
    folds_by: Annotated[
        FoldsBy,
        Late(),
        Field(
            description="how folds are cut; auto: classes evenly, groups whole, time in stretches"
        ),
    ] = "auto",
    augment_flip: Annotated[
        bool, Late(), Field(description="mirror every other training image, at random")
    ] = False,
    augment_crop: Annotated[
        int, Late(), Field(ge=0, le=256, description="move training images by up to so many pixels")
    ] = 0,
    augment_rotate: Annotated[
        float,
        Late(),
        Field(ge=0, le=180, description="turn training images by up to so many degrees"),
    ] = 0.0,
    train_on: Annotated[
        Literal["train", "all"],
        Late(),
        Field(
            description="all: the validation rows too, for one cell whose choice is made; it is then "
            "the test part that tells how good it is"
        ),
    ] = "train",
) -> dict[str, Any]:
    """The keys of a study's [data] section besides the dataset's own."""
    return {
        "batch_size": batch_size,
        "split_seed": split_seed,
        "valid": valid,
        "test": test,
        "subset": subset,
        "scale": scale,
        "bucket": bucket,
        "view": view,
        "folds_by": folds_by,
        "augment_flip": augment_flip,
        "augment_crop": augment_crop,
        "augment_rotate": augment_rotate,
        "train_on": train_on,
    }
