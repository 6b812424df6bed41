"""Random numbers as a function of their place: no streams, no state, the same on every device.

A place is (seed, use, layer, step, position). (seed, use, layer) gives a 64-bit key, by numpy's
`SeedSequence`; its word `w` at step `s` is, modulo 2**64,

    x = key + s * STEP + w * WORD
    x = (x ^ x >> 30) * FIRST
    x = (x ^ x >> 27) * SECOND
    x ^ x >> 31

so within a step word `w` is the output `w` of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014; finaliser: variant 13 of Stafford), which passes
TestU01's BigCrush. WORD is 2**64 divided by the golden ratio; STEP is a multiplier of Steele and
Vigna, "Computationally easy, spectrally good multipliers" (2021). The shortest way from one place to
another of the same `x` is 3.4e9 words and 9.6e8 steps, and the rest is a bijection: within what a
training uses no two words of a key have one origin.

Position `p` has the 16 bits at `p % 4`, lowest first, of word `p // 4`.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = 0x9E3779B97F4A7C15
STEP = 0xD1342543DE82EF95
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB
LANES = 4  # positions of a word

U = np.uint64
_FIRST, _SECOND, _30, _27, _31 = U(FIRST), U(SECOND), U(30), U(27), U(31)


def sequence(seed: int, use: str, *layer: int) -> np.random.SeedSequence:
    """What belongs to one use, of one layer where it has several, of the member with `seed`."""
    return np.random.SeedSequence([seed, zlib.crc32(use.encode()), *layer])


def key_of(seed: int, use: str, layer: int = 0) -> int:
    """The 64-bit key of (seed, use, layer)."""
    return int(sequence(seed, use, layer).generate_state(1, np.uint64)[0])


def keys_at(keys: NDArray[np.uint64], step: int) -> NDArray[np.uint64]:
    """The keys moved to a step, of their shape: what `words` starts from."""
    moved: NDArray[np.uint64] = keys + U(step * STEP % 2**64)
    return moved


def keys_from(keys: NDArray[np.uint64], step: int, count: int) -> NDArray[np.uint64]:
    """The keys (members,) at each of `count` steps from `step` on, (count, members)."""
    return keys_at(keys, step) + (np.arange(count, dtype=U) * U(STEP))[:, None]


def words(starts: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    """The first `count` words at each of `starts` (…), in (…, count)."""
    x = starts[..., None] + _origins(count)
    shifted = np.empty_like(x)
    for shift, factor in ((_30, _FIRST), (_27, _SECOND)):
        np.right_shift(x, shift, out=shifted)
        np.bitwise_xor(x, shifted, out=x)
        np.multiply(x, factor, out=x)
    np.right_shift(x, _31, out=shifted)
    np.bitwise_xor(x, shifted, out=x)
    return x


@lru_cache(maxsize=64)  # the shapes of a network; a few kilobytes each
def _origins(count: int) -> NDArray[np.uint64]:
    return np.arange(count, dtype=U) * U(WORD)


def tensor_words(starts: Any, count: int) -> Any:
    """`words` as torch's operations where `starts` is, (…) to (…, count), both int64.

    Nothing is asked of the device and nothing sent to it.
    """
    import torch

    return tensor_words_at(starts[..., None], torch.arange(count, device=starts.device))


def tensor_words_at(starts: Any, numbers: Any) -> Any:
    """The words of these `numbers`, of the shape that the two tensors have together, both int64.

    Products of int64 wrap; its shifts copy the sign, which is masked away.
    """
    x = numbers * signed(WORD) + starts
    for shift, factor in ((30, FIRST), (27, SECOND)):
        x = (x ^ (x >> shift & (1 << 64 - shift) - 1)) * signed(factor)
    return x ^ (x >> 31 & (1 << 33) - 1)


def signed(word: int) -> int:
    """The 64 bits of `word` as torch and numpy read them with a sign."""
    return word - 2**64 if word >= 2**63 else word
