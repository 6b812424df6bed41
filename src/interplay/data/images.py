"""A folder of images of the user's own: a folder per class (ants and bees, say).

Either `path/<class>/…`, split by the study's seed, or `path/train/<class>/…` with `path/val/…` (or
`valid`, `validation`) and, where there is one, `path/test/…`, which are then the parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.folder import cached, find_path, key_of
from interplay.data.pictures import PARSER, as_floats, class_folders, image_files, read_images
from interplay.data.raw import Raw
from interplay.errors import DataError

PARTS = {"train": "train", "val": "valid", "valid": "valid", "validation": "valid", "test": "test"}


def images(
    *,
    path: Annotated[
        str, Field(description="the folder, beside the study or in the working folder")
    ],
    size: Annotated[int, Field(ge=8, le=512, description="height and width in pixels")] = 64,
    colour: Annotated[bool, Field(description="three channels, or one of grey")] = True,
    folders: Sequence[Path] = (),
) -> Dataset:
    """Images (3 or 1, size, size) with values from 0 to 1; classes are the folders, sorted by name.

    Without a folder for validation the study's seed splits what is not for testing.

    Args:
        folders: where `path` is looked for before the working folder.

    Raises:
        DataError: where there are no images, a class is in no training folder, or a file is broken.
    """
    folder = find_path(path, folders, "folder of images")
    if not folder.is_dir():
        raise DataError(f"dataset 'images': {folder} is no folder")
    parts = _parts(folder)
    classes = [held.name for held in class_folders(parts[0][1])]
    files: list[Path] = []
    targets: list[int] = []
    fixed: dict[str, list[int]] = {}
    for part, below in parts:
        for held in class_folders(below):
            found = image_files(held)
            if found and held.name not in classes:
                raise DataError(
                    f"dataset 'images': class {held.name!r} of {below} has no folder in {parts[0][1]}"
                )
            if part != "train":
                fixed.setdefault(part, []).extend(range(len(files), len(files) + len(found)))
            files += found
            targets += [classes.index(held.name)] * len(found)
    if not files:
        raise DataError(
            f"dataset 'images': {folder} holds no images; it holds a folder per class, "
            "or such folders below train and val"
        )
    key = key_of(_digest(files, folder), PARSER, size, colour)
    arrays = cached("images", key, lambda: {"images": read_images(files, size, colour, "images")})
    return Dataset(
        name=folder.name,
        task="classification",
        kind="image",
        inputs=as_floats(arrays["images"]),
        targets=np.array(targets, dtype=np.int64),
        num_outputs=len(classes),
        fixed={part: np.array(rows, dtype=np.int64) for part, rows in fixed.items()} or None,
        classes=tuple(classes),
        raw=Raw("pictures", {"shape": [3 if colour else 1, size, size]}),
    )


def _parts(folder: Path) -> list[tuple[str, Path]]:
    """The parts and their folders, the training part first."""
    if not (folder / "train").is_dir():
        return [("train", folder)]
    found = [(part, folder / name) for name, part in PARTS.items() if (folder / name).is_dir()]
    names = [part for part, _ in found]
    if len(set(names)) < len(names):
        raise DataError(f"dataset 'images': {folder} has more than one folder for validation")
    return found


def _digest(files: Sequence[Path], folder: Path) -> str:
    """SHA-256 over the files' paths and contents."""
    total = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).digest()
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + content)
    return total.hexdigest()
