"""Dropout masks on a device that is not the CPU: drawn on the host, for many steps at once.

The numbers are those that the host would draw step by step, so a member trains with the same masks
wherever it trains. They are sent many steps at a time and without waiting, and each step then finds
its own at the same place of the device's memory, as a step that is replayed must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.training.stacked.twin import NotStackableError
from interplay.training.streams import MaskStream

AHEAD = 1 << 24  # bytes of masks that are sent at once, about


@dataclass
class Call:
    """One use of a dropout within a step.

    Attributes:
        unit: how many numbers a member draws; for each own step of its sequences where `by_rows`.
        now: the present step's mask, (members, room).
        sent: those of the steps to come, (steps, members, room).
    """

    unit: int
    by_rows: bool
    now: Tensor
    sent: Tensor


class MaskFeed:
    """The masks of one dropout layer of a stack: `begin` an epoch, `turn` to each of its steps.

    Args:
        streams: of the members.
        thresholds: below which a member's 16-bit number drops a unit; 0 draws none.
    """

    def __init__(
        self, streams: Sequence[MaskStream], thresholds: Sequence[int], device: torch.device
    ) -> None:
        self.streams, self.thresholds, self.device = streams, thresholds, device
        self.calls: list[Call] = []
        self.known = False  # whether one whole step has said what it uses
        self.rows: NDArray[np.int64] = np.ones((0, len(streams)), dtype=np.int64)
        self.step = 0
        self._sent_from = self._sent_to = 0
        self._used = 0

    def begin(self, rows: NDArray[np.int64]) -> None:
        """An epoch whose members have so many own steps of sequences at each step of training,
        (steps, members)."""
        self.rows, self.step, self._sent_from, self._sent_to = rows, -1, 0, 0

    def turn(self) -> None:
        """To the next step of the epoch."""
        self.step += 1
        self.restart()
        self.known = self.known or bool(self.calls)
        if not self.known:
            return
        if self.step >= self._sent_to:
            self._send()
        for call in self.calls:
            call.now.copy_(call.sent[self.step - self._sent_from])

    def restart(self) -> None:
        """To the beginning of the present step, which is done once more."""
        self._used = 0

    def take(self, unit: int, room: int, *, by_rows: bool = False) -> Tensor:
        """The mask that is next in this step, bytes (members, room): 1 where a unit stays.

        Args:
            unit: how many numbers each member draws; with `by_rows`, for each of its own steps.
            room: the most that it may ever be of one member; what is drawn stands first.
        """
        if not self.known:
            fresh = Call(unit, by_rows, torch.empty(0), torch.empty(0))
            fresh.now = self._to_device(self._drawn([fresh], 1, room)[0])[0]
            self.calls.append(fresh)
        call = self.calls[self._used] if self._used < len(self.calls) else None
        self._used += 1
        if call is None or (call.unit, call.by_rows, call.now.shape[1]) != (unit, by_rows, room):
            raise NotStackableError("a dropout layer that is not used alike at every step")
        return call.now

    def _send(self) -> None:
        bytes_of_step = sum(call.now.numel() for call in self.calls)
        steps = min(max(1, AHEAD // max(1, bytes_of_step)), len(self.rows) - self.step)
        drawn = self._drawn(self.calls, steps, None)
        for call, each in zip(self.calls, drawn, strict=True):
            call.sent = self._to_device(each)
        self._sent_from, self._sent_to = self.step, self.step + steps

    def _drawn(self, calls: Sequence[Call], steps: int, room: int | None) -> list[Tensor]:
        """The masks of `steps` steps from this one on, (steps, members, room) for each call."""
        pinned = self.device.type == "cuda"  # from there a copy does not hold up the host
        members = len(self.streams)
        masks = [
            torch.ones(
                steps, members, room or call.now.shape[1], dtype=torch.uint8, pin_memory=pinned
            )
            for call in calls
        ]
        views = [mask.numpy().view(bool) for mask in masks]
        rows = self.rows[self.step : self.step + steps]
        for member, threshold in enumerate(self.thresholds):
            if threshold == 0:
                continue
            own = rows[:, member].tolist()
            sizes = [
                [own[s] * c.unit if c.by_rows else c.unit for c in calls] for s in range(steps)
            ]
            # One draw for all: each costs microseconds, however small.
            keep = self.streams[member].take(sum(map(sum, sizes))) >= threshold
            at = 0
            for step, of_step in enumerate(sizes):
                for view, n in zip(views, of_step, strict=True):
                    view[step, member, :n] = keep[at : at + n]
                    at += n
        return masks

    def _to_device(self, masks: Tensor) -> Tensor:
        # Only what is pinned stays as it is until it was copied.
        return masks.to(self.device, non_blocking=self.device.type == "cuda")
