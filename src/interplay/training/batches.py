"""The order of a member's training rows, a function of its seed and the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.training.randomness import key_of, keys_at, words
from interplay.training.tensors import Part, longest_first


class BatchOrder:
    """The order of a member's training rows, epoch after epoch.

    Every epoch is a fresh permutation cut into whole batches; the rows that do not fill one are
    left out of that epoch (each epoch leaves out others). A set smaller than a batch is one batch.

    Args:
        lengths: of the rows' sequences; with them the rows of each batch stand longest first, so
            that those still going at a step are its first ones.
        bucket: whether a batch holds sequences of similar length. The order in which short and
            long batches come is the same for all seeds, so that members that train together have
            short batches together.
    """

    def __init__(
        self,
        seed: int,
        rows: int,
        batch_size: int,
        lengths: NDArray[np.int64] | None = None,
        *,
        bucket: bool = False,
    ) -> None:
        self._key = key_of(seed, "batches")
        self.rows = rows
        self.batch_size = min(batch_size, rows)
        self.steps = rows // self.batch_size
        self.lengths = lengths
        self.bucket = bucket
        self._turns = key_of(0, "buckets")

    @classmethod
    def of(cls, seed: int, part: Part, data: Mapping[str, Any]) -> BatchOrder:
        """The order in which a member goes through `part`, as the [data] section `data` asks."""
        return cls(seed, len(part), data["batch_size"], part.host_lengths, bucket=data["bucket"])

    def epoch(self, number: int) -> NDArray[np.int64]:
        """The row numbers of epoch `number`, from 0; shape (steps, batch_size)."""
        order = permutation(self._key, number, self.rows)[: self.steps * self.batch_size]
        if self.lengths is None:
            return order.reshape(self.steps, self.batch_size)
        if self.bucket:
            order = order[longest_first(self.lengths[order])]
        batches = order.reshape(self.steps, self.batch_size)
        if self.bucket:
            return batches[permutation(self._turns, number, self.steps)]
        return np.take_along_axis(batches, longest_first(self.lengths[batches]), axis=1)


def permutation(key: int, step: int, n: int) -> NDArray[np.int64]:
    """The numbers 0 … n - 1 in the order of their words, each with its low bits in place of which
    stands the number itself: sorted as they are they say the order, with no two alike."""
    bits = np.uint64((1 << (n - 1).bit_length()) - 1)
    sorted_words = words(keys_at(np.array([key], dtype=np.uint64), step), n)[0]
    np.bitwise_and(sorted_words, ~bits, out=sorted_words)
    np.bitwise_or(sorted_words, np.arange(n, dtype=np.uint64), out=sorted_words)
    sorted_words.sort()
    order: NDArray[np.int64] = np.bitwise_and(sorted_words, bits).view(np.int64)
    return order
