"""The global generators of Python, numpy and torch, for code that is not ours."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from interplay.training.randomness import sequence


def integer_seed(seed: int, use: str) -> int:
    """A 63-bit seed for generators that take one integer."""
    return int(sequence(seed, use).generate_state(1, np.uint64)[0] >> 1)


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
    return torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []


def _seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number % 2**32)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)
