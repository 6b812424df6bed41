"""Dropout of images side by side over memory once: the loop of `ChainDropout`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.training.stacked.loops.compiled import compiled

U = np.uintp


@compiled
def drop(
    x: NDArray[Any],
    keep: NDArray[np.uint8],
    scales: NDArray[Any],
    channels: int,
    out: NDArray[Any],
) -> None:
    """`x` where a unit stays, times its member's scale, and 0 elsewhere, into `out`.

    Args:
        x: (positions, members, channels), as one axis.
        keep: 1 where a unit stays, (members, positions * channels).
        scales: (members,).
        channels: of a member.
    """
    members = U(len(scales))
    own = U(keep.shape[1])
    width = U(channels)
    for position in range(own // width):
        for member in range(members):
            at = (position * members + member) * width
            mask = keep[member]
            first = position * width
            for c in range(width):
                out[at + c] = x[at + c] * (mask[first + c] * scales[member])
