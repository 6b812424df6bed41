"""Pictures of any size, from files, PIL or arrays of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.pictures import as_floats, pixels_of, read_image
from interplay.data.raw import Taken
from interplay.errors import DataError

if TYPE_CHECKING:
    from PIL import Image


def pictures(given: Any, /, *, shape: list[int]) -> Taken:
    """One picture or a list of them: a path, a picture of PIL, or an array of pixels (height,
    width) or (height, width, 3), whole numbers from 0 to 255. They are brought to one size.

    Args:
        shape: (channels, height, width); one channel is grey, three are red, green and blue.

    Raises:
        DataError: where a file cannot be read, or an array is not of pixels.
    """
    single = _is_one(given)
    held = [given] if single else list(given)
    if not held:
        raise DataError("there is no picture among those given")
    return Taken(as_floats(np.stack([_pixels(one, shape) for one in held])), single=single)


def _is_one(given: Any) -> bool:
    if isinstance(given, (str, Path)) or hasattr(given, "convert"):
        return True
    if isinstance(given, np.ndarray):
        return given.ndim == 2 or (given.ndim == 3 and given.shape[2] in (3, 4))
    return False


def _pixels(one: Any, shape: list[int]) -> NDArray[np.uint8]:
    if isinstance(one, (str, Path)):
        return read_image(Path(one).expanduser(), shape, "a picture")
    return pixels_of(one if hasattr(one, "convert") else _picture(one), shape)


def _picture(array: Any) -> Image.Image:
    from PIL import Image

    pixels = np.asarray(array)
    colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    if pixels.dtype != np.uint8 or not (colour or pixels.ndim == 2) or 0 in pixels.shape:
        raise DataError(
            "a picture is a path, a picture of PIL, or an array of pixels, uint8 from 0 to 255, "
            "(height, width) or (height, width, 3); this is "
            + (f"{pixels.dtype} {pixels.shape}" if pixels.ndim else type(array).__name__)
        )
    return Image.fromarray(pixels)
