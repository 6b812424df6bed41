"""Learning rates of one member, epoch after epoch: torch's schedules as plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from interplay.training.schedules import rising


class Rate:
    """One member's learning rate.

    Args:
        options: of the schedule, complete.
        rate: the optimiser's own.
        epochs: how long the member trains.

    Attributes:
        value: the rate of the epoch that comes.
        epoch: how many are over.
    """

    def __init__(self, options: Mapping[str, Any], rate: float, epochs: int) -> None:
        self.options, self.first, self.epochs = options, rate, epochs
        self.epoch = 0
        self.value = self.begin()

    def begin(self) -> float:
        """The rate of the first epoch."""
        return self.first

    def after_epoch(self, valid_loss: float) -> float:
        """The rate for the next epoch, this one having ended with `valid_loss`."""
        self.epoch += 1
        self.value = self.next(valid_loss)
        return self.value

    def next(self, valid_loss: float) -> float:
        """The rate once `epoch` epochs are over."""
        del valid_loss
        raise AssertionError("a subclass's")


class Constant(Rate):
    """As the optimiser has it."""

    def next(self, valid_loss: float) -> float:
        del valid_loss
        return self.first


class Step(Rate):
    """Times `gamma` every `step_size` epochs."""

    def next(self, valid_loss: float) -> float:
        del valid_loss
        drops = self.epoch // int(self.options["step_size"])
        return self.first * float(self.options["gamma"]) ** drops


class Cosine(Rate):
    """Half a cosine down to `eta_min`, perhaps after a rise in even steps."""

    def begin(self) -> float:
        self.rising = rising(self.options["warmup"], self.epochs)
        return self.next(0.0)

    def next(self, valid_loss: float) -> float:
        del valid_loss
        if self.epoch < self.rising:
            return self.first * (self.epoch + 1) / (self.rising + 1)
        last = float(self.options["eta_min"])
        over = (self.epoch - self.rising) / (self.epochs - self.rising)
        return last + (self.first - last) * (1 + math.cos(math.pi * over)) / 2


class Listed(Rate):
    """Each epoch's part of the optimiser's rate, as told."""

    def begin(self) -> float:
        return self.next(0.0)

    def next(self, valid_loss: float) -> float:
        del valid_loss
        factors = self.options["factors"]
        return self.first * float(factors[min(self.epoch, len(factors) - 1)])


class Plateau(Rate):
    """Times `factor` once the loss stalls, as torch.optim.lr_scheduler.ReduceLROnPlateau has it."""

    def __init__(self, options: Mapping[str, Any], rate: float, epochs: int) -> None:
        super().__init__(options, rate, epochs)
        self._best, self._bad, self._cooling = math.inf, 0, 0

    def next(self, valid_loss: float) -> float:
        options, value = self.options, self.value
        if valid_loss < self._best * (1 - options["threshold"]):
            self._best, self._bad = valid_loss, 0
        else:
            self._bad += 1
        if self._cooling > 0:
            self._cooling -= 1
            self._bad = 0
        if self._bad > options["patience"]:
            lower = max(value * options["factor"], options["min_lr"])
            if value - lower > 1e-8:  # torch's own least change
                value = lower
            self._cooling, self._bad = options["cooldown"], 0
        return value
