"""The metric on a scale without ceiling or floor: logit or log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interplay.analysis.claims import Tests
from interplay.analysis.numbers import Floats
from interplay.metrics import Bounds

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


def scale_for(mode: str, value: Floats, bounds: Bounds | None) -> ScaleName | None:
    """Logit for a metric between 0 and 1, log for one that is positive, None for any other.

    What it can take decides, not what it took: a scale that depends on the values at hand, or on
    their unit, would change with them.

    Args:
        bounds: (lowest, highest) value; None where nobody knows: log for what is minimised and
            positive here.
    """
    positive = bool((value > 0).all())
    if bounds == (0, 1):
        inside = ((value >= 0) & (value <= 1)).all() and ((value > 0) & (value < 1)).any()
        return "logit" if inside else None
    if bounds is None:
        return "log" if mode == "min" and positive else None
    return "log" if bounds == (0, math.inf) and positive else None


def to_scale(value: Floats, scale: ScaleName) -> tuple[Floats, int]:
    """The values on that scale, and how many lay at a bound (see `Transformed.moved_in`)."""
    if scale == "log":
        return np.log(value), 0
    distance = np.minimum(value, 1 - value)
    room = float(distance[distance > 0].min()) / 2
    at_bound = int((distance == 0).sum())
    inner = np.clip(value, room, 1 - room) if at_bound else value
    return np.log(inner) - np.log1p(-inner), at_bound
