"""The order of a member's training rows, a function of its seed and the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.training.randomness import key_of, keys_from, words
from interplay.training.tensors import Part, longest_first

TURNS = key_of(0, "buckets")  # of the order in which short and long batches come
AT_ONCE = 1 << 13  # row numbers, about: 1,400 at a time cost half as much again each


class BatchOrder:
    """The order of a member's training rows, epoch after epoch.

    Every epoch is a fresh permutation cut into whole batches; the rows that do not fill one are
    left out of that epoch (each epoch leaves out others). A set smaller than a batch is one batch.

    On a device the same is computed there: `stacked.orders`.

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
        self.key = key_of(seed, "batches")
        self.rows = rows
        self.batch_size = min(batch_size, rows)
        self.steps = rows // self.batch_size
        self.lengths = lengths
        self.bucket = bucket
        self._ahead: NDArray[np.int64] = np.empty((0, rows), dtype=np.int64)  # from `_first` on
        self._first = 0

    @classmethod
    def of(cls, seed: int, part: Part, data: Mapping[str, Any]) -> BatchOrder:
        """The order in which a member goes through `part`, as the [data] section `data` asks."""
        return cls(seed, len(part), data["batch_size"], part.host_lengths, bucket=data["bucket"])

    def epoch(self, number: int) -> NDArray[np.int64]:
        """The row numbers of epoch `number`, from 0; shape (steps, batch_size)."""
        order = self._order(number)[: self.steps * self.batch_size]
        if self.lengths is None:
            return order.reshape(self.steps, self.batch_size)
        if self.bucket:
            order = order[longest_first(self.lengths[order])]
        batches = order.reshape(self.steps, self.batch_size)
        if self.bucket:
            turns: NDArray[np.int64] = permutations(TURNS, number, 1, self.steps)[0]
            return batches[turns]
        return np.take_along_axis(batches, longest_first(self.lengths[batches]), axis=1)

    def _order(self, number: int) -> NDArray[np.int64]:
        """Of all rows in epoch `number`."""
        at = number - self._first
        if not 0 <= at < len(self._ahead):
            epochs = max(1, AT_ONCE // self.rows)
            self._ahead = permutations(self.key, number, epochs, self.rows)
            self._first, at = number, 0
        order: NDArray[np.int64] = self._ahead[at]
        return order


def permutations(key: int, step: int, count: int, n: int) -> NDArray[np.int64]:
    """Of `count` steps from `step` on the numbers 0 … n - 1 in the order of their words, (count, n).

    Each word has its low bits in place of which stands the number itself: sorted as they are they
    say the order, with no two alike.
    """
    bits = np.uint64((1 << (n - 1).bit_length()) - 1)
    sorted_words = words(keys_from(np.array([key], dtype=np.uint64), step, count)[:, 0], n)
    np.bitwise_and(sorted_words, ~bits, out=sorted_words)
    np.bitwise_or(sorted_words, np.arange(n, dtype=np.uint64), out=sorted_words)
    sorted_words.sort()
    orders: NDArray[np.int64] = np.bitwise_and(sorted_words, bits, out=sorted_words).view(np.int64)
    return orders
