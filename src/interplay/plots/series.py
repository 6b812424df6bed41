"""Lines told apart without colour: an ordered ramp from dark to light, markers, dashes, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, to_hex
from matplotlib.legend import Legend

from interplay.plots.cell import share_of
from interplay.plots.letters import LONGEST, in_lines, told_apart
from interplay.plots.palette import DASHES, INK, LIGHTEST, LINES, MARKERS, PAPER, SMALL

MOST_ROWS = 12
"""Of a legend's column where the figure is ours."""
PART_WIDE, PART = 0.38, 0.75
"""Of its part of the figure that a legend may be wide and high."""
MOST_BANDS = 6
"""Of more lines than this the bands would hide one another; only the lines are drawn."""


def looks_of(count: int, colours: Colormap | None = None) -> list[dict[str, Any]]:
    """A look for each of so many lines: dark to light in their order, also in grey."""
    colours = colours or colormaps[LINES]
    shades = colours(np.linspace(0.0, LIGHTEST, count) if count > 1 else [0.25])
    return [
        {
            "color": to_hex(shade), "linestyle": DASHES[i % len(DASHES)], "linewidth": 1.7,
            "marker": MARKERS[i % len(MARKERS)], "markersize": 5.0, "markeredgecolor": PAPER,
            "markeredgewidth": 0.6,
        }
        for i, shade in enumerate(shades)
    ]  # fmt: skip


def legend_size(names: Sequence[str]) -> tuple[float, float]:
    """Width and height in inches that a legend of these names would like."""
    columns = 1 + (len(names) > MOST_ROWS)
    wide = 0.075 * min(max(map(len, names)), LONGEST) * columns
    return wide, 0.18 * min(-(-len(names) // columns), 2 * MOST_ROWS)


class LineNames:
    """A legend at the right of the axes, where it hides no line.

    It leaves most of its part of the figure to the axes: long names are broken in two, and lose
    their middle; of more lines than there is room for every second one is named, or third, ….
    """

    def __init__(
        self, ax: Axes, handles: Sequence[Any], names: Sequence[str], title: str, ink: str
    ) -> None:
        self.ax, self.handles, self.names, self.title = ax, handles, names, title
        # On a dark page too the lines are seen on white, as in the panel.
        self.boxed = ink != INK
        self.drawn: Legend | None = None

    def __call__(self, _width: float, _height: float) -> None:
        if self.ax.get_legend() is not self.drawn:
            return  # somebody gave it another
        wide, high = share_of(self.ax)
        size = SMALL + 0.5
        rows = max(int(PART * high / (1.5 * size)), 1)
        columns = 1 if len(self.names) <= rows else 2
        most = max(int((PART_WIDE * wide / columns - 4.5 * size) / (0.58 * size)), 8)
        names = told_apart(self.names, max(min(2 * most, 2 * LONGEST), LONGEST))
        lines = 2 if max(map(len, names)) > most else 1
        step = -(-len(names) * lines // (rows * columns))
        title = self.title + (f" (1 line in {step} is named)" if step > 1 else "")
        self.drawn = self.ax.legend(
            self.handles[::step], [in_lines(name, most, 2) for name in names[::step]],
            title=in_lines(title, most * columns), loc="center left", bbox_to_anchor=(1.01, 0.5),
            frameon=self.boxed, fontsize=size, labelcolor=INK, handlelength=3.2, borderaxespad=0.4,
            ncols=columns, alignment="left", facecolor=PAPER, edgecolor=PAPER, framealpha=1.0,
        )  # fmt: skip
        self.drawn.get_title().set(color=INK, size=size)
