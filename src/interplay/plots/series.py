"""Lines told apart without colour: an ordered ramp from dark to light, markers, dashes, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, to_hex

from interplay.plots.letters import in_lines
from interplay.plots.palette import DASHES, INK, LIGHTEST, LINES, MARKERS, PAPER, SMALL

MOST_ROWS = 12
"""Of a legend's column: a longer one would leave the axes beside it no height."""
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


def legend_columns(count: int) -> int:
    """How many columns so many names stand in."""
    return 1 + (count - 1) // MOST_ROWS


def name_lines(
    ax: Axes, handles: Sequence[Any], names: Sequence[str], title: str, ink: str
) -> None:
    """A legend at the right of the axes, where it hides no line."""
    # On a dark page too the lines are seen on white, as in the panel.
    boxed = ink != INK
    legend = ax.legend(
        handles, [in_lines(name) for name in names], title=in_lines(title), loc="center left",
        bbox_to_anchor=(1.01, 0.5), frameon=boxed,
        fontsize=SMALL + 0.5, labelcolor=INK, handlelength=3.2, borderaxespad=0.4,
        ncols=legend_columns(len(names)),
        alignment="left", facecolor=PAPER, edgecolor=PAPER, framealpha=1.0,
    )  # fmt: skip
    legend.get_title().set(color=INK, size=SMALL + 0.5)
