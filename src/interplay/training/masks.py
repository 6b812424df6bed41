"""Dropout masks, computed where and when they are needed (see `randomness`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.training.randomness import LANES, STEP, keys_at, signed, tensor_words, words
from interplay.training.stacked.device.place import for_loops, on_host

AT_ONCE = 1 << 13  # numbers of a member for which numpy is asked at once: a call costs microseconds
COMPILED = 1 << 14  # numbers of a member from which on a compiled loop pays for importing numba


@dataclass
class Place:
    """The same as `Masks` has, on a device; `step` is counted there, by what may be recorded."""

    keys: Tensor
    thresholds: Tensor
    scales: Tensor
    step: Tensor


class Masks:
    """What the tensors of some members are multiplied with by one dropout layer, use after use.

    A unit is dropped where its 16-bit number is below rate * 65536, so rates are exact to 1/65536
    and two members that differ in the rate alone share the numbers. What stays is divided by the
    share that stays, so that the mean does.

    Args:
        keys: one a member: `key_of(seed, "dropout", layer)`.
        rates: of the members.

    Attributes:
        step: how often it was used; counted on the device where it is used on one.
        drops: whether any rate is above 0.
    """

    def __init__(self, keys: Sequence[int], rates: Sequence[float]) -> None:
        self.keys: NDArray[np.uint64] = np.array(keys, dtype=np.uint64)
        self.step = 0
        self._place: Place | None = None
        self.set_rates(rates)

    def set_rates(self, rates: Sequence[float]) -> None:
        """From the next use on; not for what a device has recorded."""
        self.rates = tuple(rates)
        each = np.array(rates, dtype=np.float64)
        self.drops = bool((each > 0).any())
        self.scales = torch.from_numpy(1 / np.where(each < 1, 1 - each, np.inf))
        # Read with a sign, as numpy and torch compare them fastest; a rate of 1 has the scale 0.
        lowest = np.minimum(np.round(each * 65536), 65535) - 32768
        self.thresholds: NDArray[np.int16] = lowest.astype(np.int16)
        self._ahead: Tensor | None = None
        self._first = 0

    def next(self, n: int, like: Tensor) -> Tensor:
        """One use: factors of the members' first `n` positions, (members, n), where and in the
        format in which `like` is; 0 where a unit is dropped.
        """
        if not on_host(like.device):
            return self._on_device(n, like)
        dtype = like.dtype if for_loops(like) else torch.float32
        if n >= COMPILED:
            made = torch.empty(len(self.keys), n, dtype=dtype)
            self.fill(made)
        else:
            made = self._by_numpy(n, dtype)
        return made.to(like.dtype)

    def fill(self, out: Tensor) -> None:
        """One use by a compiled loop: factors of the first positions into `out`, (members, n)."""
        from interplay.training.stacked.loops.dropout import fill

        scales = self.scales.to(out.dtype).numpy()
        fill(self.next_keys(), self.thresholds, scales, out.numpy())

    def next_keys(self) -> NDArray[np.uint64]:
        """One use of which a compiled loop computes the numbers: the members' keys at its step."""
        self.step += 1
        return keys_at(self.keys, self.step - 1)

    def _by_numpy(self, n: int, dtype: torch.dtype) -> Tensor:
        at = self.step - self._first
        ahead = self._ahead
        if ahead is None or ahead.shape[2] != n or ahead.dtype != dtype or at >= len(ahead):
            # One use where a layer is used on tensors of different sizes in turn.
            uses = max(1, AT_ONCE // n) if ahead is not None and ahead.shape[2] == n else 1
            starts = np.stack([keys_at(self.keys, self.step + i) for i in range(uses)])
            lanes = words(starts, -(-n // LANES)).view(np.int16)[..., :n]
            # From bytes torch converts to numbers six times as fast as from truth values.
            keep = torch.from_numpy((lanes >= self.thresholds[:, None]).view(np.uint8))
            ahead = keep.to(dtype).mul_(self.scales.to(dtype)[:, None])
            self._ahead, self._first, at = ahead, self.step, 0
        self.step += 1
        return ahead[at]

    def _on_device(self, n: int, like: Tensor) -> Tensor:
        place = self._place
        if place is None or place.keys.device != like.device:
            keys = torch.from_numpy(self.keys.view(np.int64)).to(like.device)
            thresholds = torch.from_numpy(self.thresholds)[:, None].to(like.device)
            scales = self.scales.to(like.dtype).to(like.device)[:, None]
            step = torch.full((), self.step, dtype=torch.int64, device=like.device)
            self._place = place = Place(keys, thresholds, scales, step)
        starts = place.keys + place.step * signed(STEP)
        place.step += 1
        lanes = tensor_words(starts, -(-n // LANES)).view(torch.int16)[:, :n]
        factors: Tensor = (lanes >= place.thresholds) * place.scales
        return factors
