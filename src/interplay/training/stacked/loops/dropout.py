"""Dropout as loops: the masks of `training.masks`, alone and over images side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from interplay.training.randomness import FIRST, SECOND, WORD
from interplay.training.stacked.loops.compiled import compiled

U = np.uint64
_WORD, _FIRST, _SECOND = U(WORD), U(FIRST), U(SECOND)
_30, _27, _31 = U(30), U(27), U(31)
BLOCK = 1024  # words that are made at once: they stay in the first-level cache


@njit(inline="always")
def _words(start: Any, first: int, words: NDArray[np.uint64]) -> None:
    """Words `first`, … of the key `start` into `words` (see `training.randomness`)."""
    origin = start + U(first) * _WORD
    for i in range(len(words)):
        x = origin + U(i) * _WORD
        x = (x ^ (x >> _30)) * _FIRST
        x = (x ^ (x >> _27)) * _SECOND
        words[i] = x ^ (x >> _31)


@compiled
def fill(
    starts: NDArray[np.uint64],
    thresholds: NDArray[np.int16],
    scales: NDArray[Any],
    out: NDArray[Any],
) -> None:
    """A member's scale where its unit stays, and 0 elsewhere.

    Args:
        starts: the members' keys at some steps, (steps, members).
        thresholds: of the numbers, read with a sign, from which on units stay; (members,).
        scales: (members,).
        out: (steps, members, numbers).
    """
    words = np.empty(BLOCK, np.uint64)
    numbers = words.view(np.int16)
    steps, members, width = out.shape
    for step in range(steps):
        for member in range(members):
            lowest, scale, row = thresholds[member], scales[member], out[step, member]
            none = scale * 0
            for begin in range(0, width, 4 * BLOCK):
                here = row[begin : begin + 4 * BLOCK]
                _words(starts[step, member], begin // 4, words[: (len(here) + 3) // 4])
                for i in range(len(here)):
                    here[i] = scale if numbers[i] >= lowest else none


@compiled
def drop(
    x: NDArray[Any],
    starts: NDArray[np.uint64],
    thresholds: NDArray[np.int16],
    scales: NDArray[Any],
    channels: int,
    out: NDArray[Any],
) -> None:
    """`x` where a unit stays, times its member's scale, and 0 elsewhere, into `out`.

    Args:
        x: (places, members, channels), as one axis; a member's positions are (places, channels).
        starts: the members' keys at this step, (members,).
        thresholds, scales: as of `fill`.
        channels: of a member.
    """
    members = len(starts)
    places = len(x) // (members * channels)
    # Whole words a time, so that the numbers of a block begin with the first of one.
    step = 4 * max(1, BLOCK // (4 * channels))
    words = np.empty(step * channels // 4, np.uint64)
    numbers = words.view(np.int16)
    width = np.uintp(channels)
    for begin in range(0, places, step):
        count = min(step, places - begin)
        for member in range(members):
            lowest, scale = thresholds[member], scales[member]
            none = scale * 0
            _words(starts[member], begin * channels // 4, words[: (count * channels + 3) // 4])
            for place in range(count):
                at = np.uintp(((begin + place) * members + member) * channels)
                first = np.uintp(place * channels)
                for c in range(width):
                    out[at + c] = x[at + c] * (scale if numbers[first + c] >= lowest else none)
