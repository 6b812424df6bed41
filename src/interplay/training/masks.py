"""Dropout masks, computed where and when they are needed (see `randomness`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.training.randomness import (
    LANES,
    STEP,
    keys_at,
    keys_from,
    signed,
    tensor_words,
    words,
)
from interplay.training.stacked.device.place import for_loops, on_host

AT_ONCE = 1 << 18  # numbers of all members, about, that are made at once: calls cost microseconds
MOST = 64  # uses at once, of each of which a view is made
# From here on numpy is slower than a compiled loop by more than importing its compiler, half a
# second, costs over some thousands of uses; where that is imported already, it always is.
COMPILED = 1 << 15  # numbers of a use
COMPILER = "numba"


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
        self._ahead: tuple[Tensor, ...] = ()  # of the uses from `_first` on
        self._made: tuple[int, torch.dtype] | None = None
        self._first = 0

    def next(self, n: int, like: Tensor) -> Tensor:
        """One use: factors of the members' first `n` positions, (members, n), where and in the
        format in which `like` is; 0 where a unit is dropped.
        """
        if not on_host(like.device):
            return self._on_device(n, like)
        dtype = like.dtype if for_loops(like) else torch.float32
        at = self.step - self._first
        alike = len(self._ahead) > 0 and self._made == (n, dtype)
        if not alike or at >= len(self._ahead):
            # One use where a layer is used on tensors of different sizes in turn.
            uses = min(MOST, max(1, AT_ONCE // max(1, len(self.keys) * n))) if alike else 1
            self._ahead = self._factors(uses, n, dtype).unbind()
            self._made, self._first, at = (n, dtype), self.step, 0
        self.step += 1
        return self._ahead[at].to(like.dtype)

    def next_keys(self) -> NDArray[np.uint64]:
        """One use of which a compiled loop computes the numbers: the members' keys at its step."""
        self.step += 1
        return keys_at(self.keys, self.step - 1)

    def _factors(self, uses: int, n: int, dtype: torch.dtype) -> Tensor:
        """Those of the next uses, (uses, members, n): never in the memory of earlier ones, which
        the way back may still want."""
        starts = keys_from(self.keys, self.step, uses)
        scales = self.scales.to(dtype)
        if len(self.keys) * n >= COMPILED or COMPILER in sys.modules:
            from interplay.training.stacked.loops.dropout import fill

            made = torch.empty(uses, len(self.keys), n, dtype=dtype)
            fill(starts, self.thresholds, scales.numpy(), made.numpy())
            return made
        lanes = words(starts, -(-n // LANES)).view(np.int16)[..., :n]
        # From bytes torch converts to numbers six times as fast as from truth values.
        keep = torch.from_numpy((lanes >= self.thresholds[:, None]).view(np.uint8))
        return keep.to(dtype).mul_(scales[:, None])

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
