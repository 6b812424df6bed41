"""Image files read into one array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.bars import counted
from interplay.errors import DataError, words_of

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".ppm", ".pgm"})
PARSER = 2  # its version: another one parses again


def class_folders(folder: Path) -> list[Path]:
    """The folders in `folder`, one a class, sorted by name; hidden ones are none."""
    found = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__"))]
    return sorted(found, key=lambda p: p.name)


def image_files(folder: Path) -> list[Path]:
    """All images below `folder`, in sorted order, whatever the order on disk."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def read_images(files: Sequence[Path], size: int, colour: bool, name: str) -> NDArray[np.uint8]:
    """(n, 3 or 1, size, size), 0 to 255; upright, stretched to the square.

    Raises:
        DataError: naming the first file that is no image.
    """
    shape = [3 if colour else 1, size, size]
    images = np.empty((len(files), *shape), dtype=np.uint8)
    for i, file in enumerate(counted(files, f"{name}: reading")):
        images[i] = read_image(file, shape, f"dataset {name!r}")
    return images


def read_image(file: Path, shape: Sequence[int], who: str) -> NDArray[np.uint8]:
    """The pixels of one file, see `pixels_of`.

    Raises:
        DataError: where it is no image; the message begins with `who` reads it.
    """
    from PIL import Image

    try:
        with Image.open(file) as image:
            return pixels_of(image, shape)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{who}: {file} cannot be read ({words_of(error)})") from None


def pixels_of(image: Image.Image, shape: Sequence[int]) -> NDArray[np.uint8]:
    """A picture of PIL as (channels, height, width), 0 to 255: upright, stretched to the shape."""
    from PIL import Image, ImageOps

    channels, height, width = shape
    upright = ImageOps.exif_transpose(image)  # a camera notes how it was held
    small = upright.convert("L" if channels == 1 else "RGB")
    if small.size != (width, height):
        small = small.resize((width, height), Image.Resampling.LANCZOS)
    pixels: NDArray[Any] = np.asarray(small, dtype=np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def as_floats(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Values from 0 to 1."""
    floats = images.astype(np.float32)
    floats /= 255.0
    return floats
