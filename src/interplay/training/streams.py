"""Every random number of a member comes from that member's own streams, never from a global one.

A stream is named by what it is for, so that no use of one shifts another: a network with one more
layer sees the same batches, and both engines draw the same dropout masks.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
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
        self._generator = np.random.Generator(np.random.PCG64(sequence(seed, "batches")))
        self.rows = rows
        self.batch_size = min(batch_size, rows)
        self.steps = rows // self.batch_size
        self.lengths = lengths
        self.bucket = bucket
        self._turns = np.random.Generator(np.random.PCG64(sequence(0, "buckets")))

    @classmethod
    def of(cls, seed: int, part: Part, data: Mapping[str, Any]) -> BatchOrder:
        """The order in which a member goes through `part`, as the [data] section `data` asks."""
        return cls(seed, len(part), data["batch_size"], part.host_lengths, bucket=data["bucket"])

    def epoch(self) -> NDArray[np.int64]:
        """The next epoch's row numbers, shape (steps, batch_size)."""
        order = self._generator.permutation(self.rows)[: self.steps * self.batch_size]
        if self.lengths is None:
            return order.reshape(self.steps, self.batch_size)
        if self.bucket:
            order = order[longest_first(self.lengths[order])]
        batches = order.reshape(self.steps, self.batch_size)
        if self.bucket:
            return batches[self._turns.permutation(self.steps)]
        return np.take_along_axis(batches, longest_first(self.lengths[batches]), axis=1)


def longest_first(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order along the last axis in which lengths fall; among equal ones that of before."""
    return np.argsort(-lengths, axis=-1, kind="stable")


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


class Globals:
    """The global generators of Python, numpy and torch, as one member's code sees them.

    For code that is not ours: initialisers, and users' functions and modules that draw as they
    please. Each time it is put in place it goes on from where the member left it.
    """

    def __init__(self, seed: int, use: str) -> None:
        self._number = integer_seed(seed, use)
        self._left: tuple[Any, ...] | None = None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The member's generators for the block; what was there before, after it."""
        before = _states()
        if self._left is None:
            _seed(self._number)
        else:
            _restore(self._left)
        try:
            yield
        finally:
            self._left = _states()
            _restore(before)


def own_globals(seed: int, use: str) -> AbstractContextManager[None]:
    """The global generators seeded for the block, and put back after."""
    return Globals(seed, use).in_place()


def _states() -> tuple[Any, ...]:
    torch = sys.modules.get("torch")  # where nobody imported it, nobody draws from it
    return (
        random.getstate(),
        np.random.get_state(),
        None if torch is None else torch.get_rng_state(),
        None if torch is None else _cuda_states(torch),
    )


def _restore(states: tuple[Any, ...]) -> None:
    python, numpy, of_torch, of_cuda = states
    random.setstate(python)
    np.random.set_state(numpy)
    torch = sys.modules.get("torch")
    if torch is not None and of_torch is not None:
        torch.set_rng_state(of_torch)
        if of_cuda:
            torch.cuda.set_rng_state_all(of_cuda)


def _cuda_states(torch: Any) -> list[Any]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def _seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number % 2**32)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)
