"""Which part of y an axes of lines shows, and how what lies beyond it is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from interplay.analysis.axes import LOG_RATIO
from interplay.analysis.numbers import Floats, number_label
from interplay.errors import how_many
from interplay.plots.palette import BEYOND, PAPER
from interplay.plots.scale import FEW, kept_part


@dataclass(frozen=True)
class Window:
    """The values that an axes shows: as with a heatmap's colours, a few far off do not hide the rest.

    Attributes:
        low, high: the lowest and the highest value shown.
        log: whether they are shown on a logarithmic axis.
        beyond: the values that lie outside, in order.
    """

    low: float
    high: float
    log: bool = False
    beyond: tuple[float, ...] = ()

    @classmethod
    def of(
        cls, values: Floats, ends: Floats, *, few: int = FEW, may_be_log: bool = False
    ) -> Window | None:
        """Of values and the ends of the bands around them, of any shape; None where none is finite.

        Args:
            few: one of so many may lie beyond.
            may_be_log: whether positive values that span much are shown on a logarithmic axis.
        """
        values, every = (
            np.sort(v[np.isfinite(v)], axis=None) for v in (values, np.append(values, ends))
        )
        if not values.size:
            return None
        log = may_be_log and bool(every[0] > 0 and every[-1] / every[0] >= LOG_RATIO)
        kept = every[slice(*kept_part(np.log(every) if log else every, few))]
        low, high = float(kept[0]), float(kept[-1])
        log = log and high / low >= LOG_RATIO
        outside = values[(values < low) | (values > high)]
        return cls(low, high, log, tuple(map(float, outside)))

    @property
    def note(self) -> str:
        """What must be said of the values beyond; "" where there are none."""
        if not self.beyond:
            return ""
        above, below = self.beyond[-1] > self.high, self.beyond[0] < self.low
        signs = BEYOND if above and below else BEYOND[0] if above else BEYOND[1]
        first, last = number_label(self.beyond[0], 3), number_label(self.beyond[-1], 3)
        span = first if first == last else f"{first} to {last}"
        values = how_many(len(self.beyond), "value lies", "values lie")
        return f"{signs} {values} beyond the axis: {span}"

    def limits(self, below: float = 0.06, above: float = 0.06) -> tuple[float, float]:
        """Limits of the axis, with so much room at each side as a part of what is shown."""
        if self.log:
            span = np.log(self.high / self.low)
            return float(self.low * np.exp(-below * span)), float(self.high * np.exp(above * span))
        span = self.high - self.low or abs(self.high) * 0.1 or 1.0
        return self.low - below * span, self.high + above * span

    def drawn(self, values: Floats) -> Floats:
        """Values as they are drawn: lines to those far beyond leave the axes, and end there."""
        if not self.beyond:
            return values
        if self.log:
            ratio = self.high / self.low
            return np.clip(values, self.low / ratio, self.high * ratio)
        span = self.high - self.low
        return np.clip(values, self.low - span, self.high + span)

    def mark(self, x: Floats, y: Floats, ax: Axes, colour: Any, every: int = 1) -> None:
        """Mark at the axes' edges where values lie beyond them.

        Args:
            every: of values in a row that all lie beyond, every so-many-th.
        """
        for there, edge, sign in ((y > self.high, 1.0, "^"), (y < self.low, 0.0, "v")):
            first = there & ~np.append(False, there[:-1])
            at = x[first | (there & (np.arange(len(there)) % every == 0))]
            if at.size:
                ax.plot(
                    at, np.full(at.size, edge), sign, color=colour, markersize=7.0,
                    markeredgecolor=PAPER, markeredgewidth=0.6, clip_on=False, zorder=5,
                    gid="beyond", transform=ax.get_xaxis_transform(),
                )  # fmt: skip
