"""Learning rates of one member, epoch after epoch: torch's schedules as plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class Rate:
    """One member's learning rate.

    Args:
        name: of the schedule.
        options: its options, complete.
        rate: the optimiser's own.
        epochs: how long the member trains.
    """

    def __init__(self, name: str, options: Mapping[str, Any], rate: float, epochs: int) -> None:
        self.name, self.options, self.first, self.epochs = name, options, rate, epochs
        self.value = rate
        self.epoch = 0
        # Of the plateau, as torch.optim.lr_scheduler.ReduceLROnPlateau keeps them.
        self._best, self._bad, self._cooling = math.inf, 0, 0

    def after_epoch(self, valid_loss: float) -> float:
        """The rate for the next epoch, this one having ended with `valid_loss`."""
        self.epoch += 1
        options = self.options
        if self.name == "step":
            drops = self.epoch // options["step_size"]
            self.value = self.first * options["gamma"] ** drops
        elif self.name == "cosine":
            wave = (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2
            self.value = options["eta_min"] + (self.first - options["eta_min"]) * wave
        elif self.name == "plateau":
            self._plateau(valid_loss)
        return self.value

    def _plateau(self, loss: float) -> None:
        options = self.options
        if loss < self._best * (1 - options["threshold"]):
            self._best, self._bad = loss, 0
        else:
            self._bad += 1
        if self._cooling > 0:
            self._cooling -= 1
            self._bad = 0
        if self._bad > options["patience"]:
            lower = max(self.value * options["factor"], options["min_lr"])
            if self.value - lower > 1e-8:  # torch's own least change
                self.value = lower
            self._cooling, self._bad = options["cooldown"], 0
