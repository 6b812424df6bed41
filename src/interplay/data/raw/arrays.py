"""Arrays of one shape, as numbers come from anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.raw import Taken
from interplay.errors import DataError, shown, words_of


def arrays(given: Any, /, *, shape: list[int], whole: bool = False, unit: float = 1.0) -> Taken:
    """One array of `shape`, or several, (n, *shape); sides of 1 may be left out.

    Args:
        whole: whole numbers (tokens), kept as they are.
        unit: values are divided by it.

    Raises:
        DataError: for another shape, or what is no finite number.
    """
    values = numbers(given, whole)
    own, bare = tuple(shape), tuple(side for side in shape if side != 1)
    if values.shape[1:] in (own, bare) and values.ndim:
        single = False
    elif values.shape in (own, bare):
        single = True
    else:
        raise DataError(
            f"inputs have shape {own}, or {('n', *own)} for several of them; "
            f"these have {values.shape}".replace("'n'", "n")
        )
    values = values.reshape(-1, *own)
    if not len(values):
        raise DataError("there is no input among those given")
    inputs = values if whole else (values / unit).astype(np.float32)
    return Taken(inputs, single=single)


def numbers(given: Any, whole: bool = False) -> NDArray[Any]:
    """`given` as float64, or int64 where whole numbers are meant.

    Raises:
        DataError: where it is no array of finite numbers.
    """
    try:
        values = np.asarray(given)
        if values.dtype.kind not in "biuf":
            raise ValueError(f"{shown(given)} holds no numbers")
    except (ValueError, TypeError) as error:
        raise DataError(f"inputs are arrays of numbers: {words_of(error)}") from None
    if whole:
        if values.dtype.kind == "f" and values.size:
            raise DataError("inputs are whole numbers (tokens); these have fractions")
        return values.astype(np.int64)
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError("inputs are finite numbers; among these are some that are not")
    return values
