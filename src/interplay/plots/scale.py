"""Which number has which colour, honest also where one cell is far off all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.colors import Normalize

from interplay.analysis.cells import Cells
from interplay.analysis.numbers import Floats, number_label
from interplay.errors import how_many

FEWEST = 5
"""Of fewer cells none is far off the others."""
FEW = 10
"""One cell in so many may be left out of the colours."""
HIDDEN = 0.1
"""Where all others would share less than this part of the colours."""


@dataclass(frozen=True)
class Scale:
    """The colours of one or several heatmaps.

    Attributes:
        norm: from numbers to colours. It ends at the lowest and highest mean, so that it runs past
            no bound of the metric; means beyond its ends have the colours of the ends.
        beyond: the means that lie beyond.
        constant: whether all means are the same, so that there is nothing to tell by colour.
    """

    norm: Normalize
    beyond: tuple[float, ...] = ()
    constant: bool = False

    @classmethod
    def of(cls, grids: Sequence[Cells]) -> Scale:
        """From the lowest to the highest mean of all grids, but for a few that would hide the rest."""
        every = np.concatenate([cells.mean.ravel() for cells in grids])
        finite = np.sort(every[np.isfinite(every)])
        if finite.size == 0 or finite[0] == finite[-1]:
            low = float(finite[0]) if finite.size else 0.0
            return cls(Normalize(low - 1, low + 1), constant=True)
        kept = finite[slice(*kept_part(finite))]
        low, high = float(kept[0]), float(kept[-1])
        beyond = tuple(float(v) for v in finite if not low <= v <= high)
        return cls(Normalize(low, high), beyond)

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number that has a colour of its own."""
        return float(self.norm.vmin or 0.0), float(self.norm.vmax or 0.0)

    @property
    def extend(self) -> Literal["neither", "min", "max", "both"]:
        """Which ends of a colour bar have an arrow."""
        low, high = self.ends
        below, above = min(self.beyond, default=low) < low, max(self.beyond, default=high) > high
        if below and above:
            return "both"
        return "min" if below else "max" if above else "neither"

    @property
    def note(self) -> str:
        """What a colour bar says of the means beyond its ends; "" where there are none."""
        if not self.beyond:
            return ""
        low, high = number_label(self.beyond[0], 3), number_label(self.beyond[-1], 3)
        squares = how_many(len(self.beyond), "square is", "squares are")
        span = low if len(self.beyond) == 1 else f"{low} to {high}"
        return f"{squares} beyond the colours: {span}"


def kept_part(values: Floats, few: int = FEW) -> tuple[int, int]:
    """Where sorted values begin and end without the few that would leave the rest next to no room.

    Args:
        few: one value in so many may be left out.
    """
    begin, end = kept = 0, values.size
    if values.size < FEWEST:
        return kept
    whole = values[-1] - values[0]
    for _ in range(max(values.size // few, 1)):
        middle = np.median(values[begin:end])
        if values[end - 1] - middle > middle - values[begin]:
            end -= 1
        else:
            begin += 1
        rest = values[end - 1] - values[begin]
        if 0 < rest < HIDDEN * whole:
            kept, whole = (begin, end), rest  # and one far off may have stood beside another
    return kept
