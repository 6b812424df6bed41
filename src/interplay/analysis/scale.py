"""The metric on a scale without ceiling or floor: logit or log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from interplay.analysis.claims import Tests
from interplay.analysis.numbers import Floats

ScaleName = Literal["logit", "log"]


@dataclass(frozen=True, eq=False)
class Transformed:
    """The same tests on another scale.

    Attributes:
        scale: "logit" or "log".
        moved_in: values at the very bounds, which have no logit and were moved inwards by half the
            smallest distance that another value has from a bound.
    """

    scale: ScaleName
    tests: Tests
    moved_in: int


def scale_for(metric: str, mode: str, value: Floats) -> ScaleName | None:
    """Logit for metrics within 0..1, log for positive losses, None for anything else.

    A loss is what is called so, or lies beyond 1 and is minimised.
    """
    positive, loss = bool((value > 0).all()), "loss" in metric.lower()
    if loss and positive:
        return "log"
    if not loss and ((value >= 0) & (value <= 1)).all() and ((value > 0) & (value < 1)).any():
        return "logit"
    return "log" if mode == "min" and positive else None


def to_scale(value: Floats, scale: ScaleName) -> tuple[Floats, int]:
    """The values on that scale, and how many lay at a bound (see `Transformed.moved_in`)."""
    if scale == "log":
        return np.log(value), 0
    distance = np.minimum(value, 1 - value)
    room = float(distance[distance > 0].min()) / 2
    at_bound = int((distance == 0).sum())
    inner = np.clip(value, room, 1 - room) if at_bound else value
    return np.log(inner) - np.log1p(-inner), at_bound
