"""The interaction plot: the metric along x, one line a level of y; parallel lines just add up."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from interplay.analysis.cells import Cells
from interplay.analysis.numbers import short_names
from interplay.plots.canvas import PALE, Finish, ink_on, on_axes, prepare, width_of
from interplay.plots.series import MOST_BANDS, looks, name_lines
from interplay.plots.ticks import SMALL, TITLE, draw_footer, draw_header, tick_texts, turn_ticks

Band = Literal["se", "sd"]
WORDS = {"se": "± standard error", "sd": "± sd"}


def draw_lines(
    cells: Cells, ax: Axes | None = None, *, band: Band = "se", title: str | None = None
) -> Axes:
    """Draw each level of y as a line over the levels of x, with a band over seeds.

    Levels of x are equally far apart, as on the heatmap. Lines are dark to light in the order of y,
    with markers and dashes of their own, so that no colour is needed. A line has a gap where a cell
    has no value. More than six lines have no bands, which would hide one another.

    Args:
        cells: the numbers, as `CellMeans` computes them.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        band: mean ± standard error, or mean ± sd.
        title: the first line above it; "" for none.

    Returns:
        The axes. Nothing is shown or saved.
    """
    names = 0.075 * max(len(text) for text in [*tick_texts(cells.y), _short(cells)[1]])
    below = 0.06 * max(len(text) for text in tick_texts(cells.x))
    width = min(max(0.7 * len(cells.x), 4.2), 10.0) + 1.7 + names * (1 + (len(cells.y) - 1) // 20)
    size = width, 3.4 + below + 0.07 * max(len(cells.y) - 8, 0)
    return on_axes(ax, size, lambda ax, own: paint_lines(cells, ax, own, band=band, title=title))


def paint_lines(
    cells: Cells, ax: Axes, own: bool = False, *, band: Band = "se", title: str | None = None
) -> Finish:
    """The interaction plot; nothing is left for later."""
    ink = ink_on(ax)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    spread = cells.sd / np.sqrt(np.maximum(cells.n, 1)) if band == "se" else cells.sd
    banded = bool((spread > 0).any()) and len(cells.y) <= MOST_BANDS
    x = np.arange(len(cells.x)) + 0.5
    handles = []
    for row, look in enumerate(looks(len(cells.y))):
        mean = cells.mean[row]
        handles += ax.plot(x, mean, zorder=3, **look)
        if banded:
            low, high = mean - spread[row], mean + spread[row]
            ax.fill_between(x, low, high, color=look["color"], alpha=0.16, linewidth=0, zorder=1)
    ax.set_xlim(0, len(cells.x))
    ax.margins(y=0.06)
    short_x, short_y = _short(cells)
    ax.set_xlabel(short_x + (" (bins)" if cells.x.binned else ""), color=ink, size=TITLE)
    better = "higher" if cells.mode == "max" else "lower"
    ax.set_ylabel(f"{cells.metric} ({better} is better)", color=ink, size=TITLE - 1)
    ax.set_xticks(x, labels=tick_texts(cells.x))
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    width = width_of(ax, own) * (0.8 if own else 1.0)
    turn_ticks(cells.x, ax, width / len(cells.x))
    # As on the heatmap: numbers upwards, words downwards.
    order = slice(None, None, -1 if cells.y.numeric else 1)
    name_lines(ax, handles[order], tick_texts(cells.y)[order], short_y, ink)
    statistic = cells.statistic.replace("mean ± sd", f"mean {WORDS[band]}" if banded else "mean")
    facts = [statistic, *cells.title_notes]
    if (spread > 0).any() and not banded:
        facts.append(f"no bands: more than {MOST_BANDS} lines")
    if ((cells.diverged > 0) | (cells.failed > 0)).any():
        facts.append("diverged and failed runs are not in the means")
    usual = f"{cells.metric} over {short_x}, a line a {short_y}"
    draw_header(usual if title is None else title, facts, ax, ink, width)
    draw_footer([], cells.warnings, ax, ink, width)
    return lambda: None


def _short(cells: Cells) -> tuple[str, str]:
    return short_names(cells.x.name, cells.y.name)
