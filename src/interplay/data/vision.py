"""A dataset of torchvision, where torchvision is installed and loads."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.folder import data_folder
from interplay.data.pictures import as_floats, pixels_of
from interplay.data.raw import Raw
from interplay.errors import DataError, nearest, words_of

if TYPE_CHECKING:
    from collections.abc import Callable


def from_torchvision(
    *,
    dataset: Annotated[
        str, Field(description="its class, as torchvision names it: MNIST, CIFAR10")
    ],
    size: Annotated[
        int,
        Field(ge=0, le=512, description="height and width in pixels; 0 leaves images as they are"),
    ] = 0,
) -> Dataset:
    """Images (channels, height, width) with values from 0 to 1; its own parts are the parts.

    torchvision downloads into `<data folder>/torchvision`.

    Raises:
        DataError: where torchvision does not load, has no such dataset, or it is not one of images
            with a class each.
    """
    builder = _builder(dataset)
    images: list[NDArray[np.uint8]] = []
    targets: list[int] = []
    fixed: dict[str, NDArray[np.int64]] = {}
    classes: tuple[str, ...] = ()
    for part, held in _parts(builder, dataset):
        first = len(images)
        for image, target in held:
            if not isinstance(target, (int, np.integer)):
                raise DataError(
                    f"dataset 'torchvision': the targets of {dataset} are not class numbers"
                )
            images.append(_pixels(image, size, dataset))
            targets.append(int(target))
        if part != "train":
            fixed[part] = np.arange(first, len(images))
        classes = classes or tuple(str(name) for name in getattr(held, "classes", ()))
    if len({image.shape for image in images}) != 1:
        raise DataError(f"dataset 'torchvision': images of {dataset} differ in shape; set size")
    return Dataset(
        name=dataset,
        task="classification",
        kind="image",
        inputs=as_floats(np.stack(images)),
        targets=np.array(targets, dtype=np.int64),
        num_outputs=max(len(classes), max(targets) + 1),
        fixed=fixed or None,
        classes=classes,
        raw=Raw("pictures", {"shape": list(images[0].shape)}),
    )


def load_torchvision(who: str) -> Any:
    """The module torchvision.

    Args:
        who: what needs it, for the message.

    Raises:
        DataError: where it does not load, with what to install.
    """
    try:
        return importlib.import_module("torchvision")
    except Exception as error:  # a build that does not fit torch raises RuntimeError
        import torch

        raise DataError(
            f"{who}: torchvision does not load ({words_of(error)}); install the build made "
            f"for torch {torch.__version__}: pip install torchvision, from where torch came"
        ) from None


def _builder(dataset: str) -> Callable[..., Any]:
    torchvision = load_torchvision("dataset 'torchvision'")
    known = [name for name in torchvision.datasets.__all__ if name[:1].isupper()]
    if dataset not in known:
        near = nearest(dataset, known)
        hint = f"; did you mean {near!r}?" if near else ""
        raise DataError(f"dataset 'torchvision': torchvision has no dataset {dataset!r}{hint}")
    found: Callable[..., Any] = getattr(torchvision.datasets, dataset)
    return found


def _parts(builder: Callable[..., Any], dataset: str) -> list[tuple[str, Any]]:
    """The parts it comes in, the training part first."""
    root = str(data_folder() / "torchvision")
    parameters = inspect.signature(builder).parameters
    options: dict[str, Any] = {"download": True} if "download" in parameters else {}
    asked: list[tuple[str, dict[str, Any]]] = [("train", {})]
    if "train" in parameters:
        asked = [("train", {"train": True}), ("test", {"train": False})]
    elif "split" in parameters:
        asked = [(part, {"split": name}) for part, name in _SPLITS]
    found = []
    for part, which in asked:
        try:
            found.append((part, builder(root, **which, **options)))
        except Exception as error:
            if part == "valid" and isinstance(error, ValueError):
                continue  # it has no such split
            raise DataError(
                f"dataset 'torchvision': {dataset} cannot be had ({words_of(error)})"
            ) from None
    return found


_SPLITS = (("train", "train"), ("valid", "val"), ("test", "test"))


def _pixels(image: Any, size: int, dataset: str) -> NDArray[np.uint8]:
    """(channels, height, width) of a PIL image."""
    if not hasattr(image, "convert"):
        raise DataError(f"dataset 'torchvision': {dataset} is no dataset of images")
    grey = image.mode in ("1", "L")
    width, height = (size, size) if size else image.size
    return pixels_of(image, [1 if grey else 3, height, width])
