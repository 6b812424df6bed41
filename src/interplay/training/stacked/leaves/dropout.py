"""The stacked twin of dropout, with each member's own rate and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from interplay.models.blocks.steps import step_mask
from interplay.training.dropout import SeededDropout, as_bytes, laid_out, own_steps
from interplay.training.stacked.device.mask_feed import MaskFeed
from interplay.training.stacked.twin import NotStackableError


@dataclass(frozen=True)
class StepMasks:
    """The dropout masks of padded sequences.

    Attributes:
        keep: bytes, 1 where a unit of a sequence's own steps stays, (members, batch, steps,
            features).
        scales: of each member, (members, 1, 1, 1).
    """

    keep: Tensor
    scales: Tensor

    def at(self, steps: slice, rows: slice) -> Tensor:
        """What some steps of some rows of the batch are multiplied with, (members, steps, …)."""
        keep = self.keep[:, rows, steps].transpose(1, 2)
        return self.scales.new_empty(keep.shape).copy_(keep).mul_(self.scales)

    def of_rows(self, rows: slice) -> StepMasks:
        """Those of some rows of the batch."""
        return StepMasks(self.keep[:, rows], self.scales)


class StackedDropout(nn.Module):
    """Dropout with each member's own rate and own stream, the masks those of `SeededDropout`.

    Numbers are drawn for several steps at a time: a draw costs microseconds however small it is.

    Attributes:
        lengths: of padded sequences, (members * batch,), as `SeededDropout` has them.
        feed: where the masks come from on a device; None where they are drawn as they are needed.
    """

    DRAW = 1 << 13  # numbers of one member drawn at a time, about
    lengths: Tensor | None
    feed: MaskFeed | None = None

    def __init__(self, leaves: Sequence[SeededDropout]) -> None:
        super().__init__()
        self.members = len(leaves)
        self.rates = np.array([leaf.p for leaf in leaves])
        self.streams = [leaf.stream for leaf in leaves]
        self.drops = bool((self.rates > 0).any())
        keep = np.where(self.rates < 1, 1 - self.rates, np.inf)
        self.scales = torch.from_numpy(1 / keep)
        # A number where all members agree, which is faster to multiply with.
        self.one_scale = float(self.scales[0]) if len(set(self.rates)) == 1 else None
        # Python's own integers: with numpy's, sixteen bits would be compared as sixty-four.
        self.thresholds = [int(t) for t in np.round(self.rates * 65536)]
        self.lengths = None
        self._numbers: NDArray[np.bool_] | None = None
        self._at = 0

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.drops:
            return x
        if self.lengths is not None:
            masks = self.step_masks(x, self.lengths, x.shape[2])
            assert masks is not None
            mask = masks.at(slice(None), slice(None)).transpose(1, 2)
            return x * mask.flatten(0, 1)
        mask = self.bytes_of(x.numel() // self.members, x).to(x.dtype)
        mask.mul_(self.one_scale or self.scales.to(x)[:, None])
        return x * laid_out(mask, x.shape)

    def step_masks(self, x: Tensor, lengths: Tensor, features: int) -> StepMasks | None:
        """The next masks, for sequences of as many steps as `x` (members * batch, steps, …) has;
        None where nothing is dropped."""
        if not self.training or not self.drops:
            return None
        if self._numbers is not None:  # some were drawn ahead, of a number not to be known here
            raise NotStackableError("a dropout layer with lengths at one time, without at another")
        scales = self.scales.to(x)[:, None, None, None]
        if self.feed is not None:
            return StepMasks(self._fed(self.feed, lengths, x.shape[1], features), scales)
        own = own_steps(lengths, x.shape[1]).reshape(self.members, -1, x.shape[1])
        keep = np.zeros((*own.shape, features), dtype=bool)
        for member, threshold in enumerate(self.thresholds):
            there = own[member]
            kept: NDArray[np.bool_] | bool = True
            if threshold > 0:
                drawn = self.streams[member].take(int(there.sum()) * features)
                kept = (drawn >= threshold).reshape(-1, features)
            keep[member][there] = kept
        return StepMasks(as_bytes(keep, x), scales)

    def feed_for(self, like: Tensor) -> MaskFeed:
        """From now on masks, for where `like` is, come from this, which must be told of each
        step."""
        self.scales = self.scales.to(like.dtype).to(like.device)
        self.feed = MaskFeed(self.streams, self.thresholds, like.device)
        return self.feed

    def bytes_of(self, n: int, like: Tensor) -> Tensor:
        """The next mask, bytes (members, n) where `like` is: 1 where a unit stays."""
        return self.feed.take(n, n) if self.feed is not None else as_bytes(self._take(n), like)

    def _fed(self, feed: MaskFeed, lengths: Tensor, steps: int, features: int) -> Tensor:
        """`step_masks` without knowing here how many numbers there are."""
        own = lengths.view(self.members, -1)
        rows = own.shape[1] * steps
        drawn = feed.take(features, rows * features, by_rows=True).view(-1, features)
        # Sequence after sequence the members' own steps, from where each member's begin.
        first = own.cumsum(1) - own
        first += torch.arange(self.members, device=own.device)[:, None] * rows
        there = step_mask(lengths, steps)
        step = torch.arange(steps, device=own.device)
        at = torch.where(there, first.view(-1, 1) + step, 0)
        keep = drawn.index_select(0, at.flatten()).view(*at.shape, features)
        return (keep * there[:, :, None]).view(self.members, -1, steps, features)

    def _take(self, n: int) -> NDArray[np.bool_]:
        """The next keep-mask, shape (members, n): True where a unit stays."""
        left = 0 if self._numbers is None else self._numbers.shape[1] - self._at
        if left < n:
            fresh = n * max(1, self.DRAW // n) - left
            block = np.ones((self.members, left + fresh), dtype=bool)
            if self._numbers is not None:
                block[:, :left] = self._numbers[:, self._at :]
            for member, threshold in enumerate(self.thresholds):
                if threshold > 0:
                    drawn = self.streams[member].take(fresh)
                    np.greater_equal(drawn, threshold, out=block[member, left:])
            self._numbers, self._at = block, 0
        assert self._numbers is not None
        taken = self._numbers[:, self._at : self._at + n]
        self._at += n
        return taken
