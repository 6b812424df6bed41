"""Every random number of a member comes from that member's own streams, never from a global one.

A stream is named by what it is for, so that no use of one shifts another: a network with one more
layer sees the same batches, and both engines draw the same dropout masks.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from interplay.training.tensors import Part


def sequence(seed: int, use: str) -> np.random.SeedSequence:
    """The seed of stream `use` of the member with `seed`."""
    return np.random.SeedSequence([seed, zlib.crc32(use.encode())])


def integer_seed(seed: int, use: str) -> int:
    """A 63-bit seed for generators that take one integer."""
    return int(sequence(seed, use).generate_state(1, np.uint64)[0] >> 1)


class BatchOrder:
    """The order of a member's training rows, epoch after epoch.

    Every epoch is a fresh permutation cut into whole batches; the rows that do not fill one are
    left out of that epoch (each epoch leaves out others). A set smaller than a batch is one batch.

    Args:
        lengths: of the rows' sequences; with them a batch holds sequences of similar length. The
            order in which short and long batches come is the same for all seeds, so that members
            that train together have short batches together.
    """

    def __init__(
        self, seed: int, rows: int, batch_size: int, lengths: NDArray[np.int64] | None = None
    ) -> None:
        self._generator = np.random.Generator(np.random.PCG64(sequence(seed, "batches")))
        self.rows = rows
        self.batch_size = min(batch_size, rows)
        self.steps = rows // self.batch_size
        self.lengths = lengths
        self._turns = np.random.Generator(np.random.PCG64(sequence(0, "buckets")))

    @classmethod
    def of(cls, seed: int, part: Part, data: Mapping[str, Any]) -> BatchOrder:
        """The order in which a member goes through `part`, as the [data] section `data` asks."""
        bucket = data["bucket"] and part.lengths is not None
        lengths = part.lengths.cpu().numpy() if bucket and part.lengths is not None else None
        return cls(seed, len(part), data["batch_size"], lengths)

    def epoch(self) -> NDArray[np.int64]:
        """The next epoch's row numbers, shape (steps, batch_size)."""
        order = self._generator.permutation(self.rows)[: self.steps * self.batch_size]
        if self.lengths is None:
            return order.reshape(self.steps, self.batch_size)
        # Stable: among equal lengths the permutation decides who shares a batch.
        order = order[np.argsort(self.lengths[order], kind="stable")]
        return order.reshape(self.steps, self.batch_size)[self._turns.permutation(self.steps)]


class MaskStream:
    """Random bits of one dropout layer of one member, as 16-bit numbers.

    Drawn from SFC64 in bulk, which costs a tenth of a bernoulli per element; the numbers do not
    depend on how many are taken at a time.
    """

    BLOCK = 1 << 16

    def __init__(self, seed: int, layer: int) -> None:
        self._bits = np.random.SFC64(sequence(seed, f"dropout {layer}"))
        self._left: NDArray[np.uint16] = np.empty(0, np.uint16)

    def take(self, n: int) -> NDArray[np.uint16]:
        """The next `n` numbers, each uniform over 0 … 65535."""
        if n > len(self._left):
            words = max(self.BLOCK, n - len(self._left)) // 4 + 1
            fresh = np.asarray(self._bits.random_raw(words), dtype="<u8").view("<u2")
            self._left = np.concatenate([self._left, fresh])
        taken, self._left = self._left[:n], self._left[n:]
        return taken


@contextmanager
def own_globals(seed: int, use: str) -> Iterator[None]:
    """Seed the global generators of torch, numpy and Python for the block, and put them back after.

    For code that is not ours: initialisers, and users' modules that draw as they please.
    """
    import torch

    python_state, numpy_state = random.getstate(), np.random.get_state()
    number = integer_seed(seed, use)
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        np.random.seed(number % 2**32)
        random.seed(number)
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
