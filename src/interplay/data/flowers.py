"""Flowers: 3,670 photographs of daisies, dandelions, roses, sunflowers and tulips.

Source: the TensorFlow team's flower_photos, 2019 (CC-BY), through mads_datasets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.download import expected_md5, fetch
from interplay.data.folder import cached, key_of
from interplay.data.pictures import PARSER, as_floats, class_folders, image_files, read_images
from interplay.data.raw import Raw
from interplay.errors import DataError


def flowers(
    *,
    size: Annotated[int, Field(ge=8, le=512, description="height and width in pixels")] = 64,
) -> Dataset:
    """Images (3, size, size) with values from 0 to 1; 5 classes.

    The whole set is in memory: 180 MB at 64 pixels, 2.2 GB at the course's 224.

    Raises:
        DataError: where the files cannot be had or read.
    """
    key = key_of(expected_md5("flowers"), PARSER, size)
    arrays = cached("flowers", key, lambda: _parse(fetch("flowers"), size))
    classes = tuple(str(name) for name in arrays["classes"])
    return Dataset(
        name="flowers",
        task="classification",
        kind="image",
        inputs=as_floats(arrays["images"]),
        targets=arrays["targets"],
        num_outputs=len(classes),
        classes=classes,
        raw=Raw("pictures", {"shape": [3, size, size]}),
    )


def _parse(folder: Path, size: int) -> dict[str, NDArray[Any]]:
    folders = class_folders(folder)
    by_class = [image_files(held) for held in folders]
    files = [file for held in by_class for file in held]
    if not files:
        raise DataError(f"dataset 'flowers': {folder} holds no images")
    return {
        "images": read_images(files, size, True, "flowers"),
        "targets": np.repeat(np.arange(len(folders)), [len(held) for held in by_class]),
        "classes": np.array([held.name for held in folders]),
    }
