"""The interaction plot: the metric along x, one line a level of y; parallel lines just add up."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np
from matplotlib.axes import Axes

from interplay.analysis.cells import Cells
from interplay.errors import UnknownNameError
from interplay.plots.canvas import Fit, ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import bar_label
from interplay.plots.letters import shown
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAND, KINDS, PALE, SMALL, TITLE
from interplay.plots.series import MOST_BANDS, LineNames, legend_size, looks_of
from interplay.plots.window import Window
from interplay.plots.words import Footer, Header, Name, Ticks, notes_height, tick_texts, together

Band = Literal["se", "sd"]
WORDS = {"se": "± standard error", "sd": "± sd"}


def draw_lines(
    cells: Cells, ax: Axes | None = None, *, band: Band = "se", **looks: Unpack[Looks]
) -> Axes:
    """Draw each level of y as a line over the levels of x, with a band over seeds.

    Levels of x are equally far apart, as on the heatmap. Lines are dark to light in the order of y,
    with markers and dashes of their own, so that no colour is needed. A line has a gap where a cell
    has no value. More than six lines have no bands, which would hide one another.

    Args:
        cells: the numbers, as `CellMeans` computes them.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        band: mean ± standard error, or mean ± sd.
        looks: see `Looks`.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    if band not in WORDS:
        raise UnknownNameError("band", band, WORDS)
    wide, high = legend_size([*tick_texts(cells.y), look.names(cells).y])
    below = 0.06 * max(len(text) for text in tick_texts(cells.x))
    across = min(max(0.7 * len(cells.x), 4.2), 10.0)
    size = across + 1.7 + wide, max(3.4, high + 1.2) + below + notes_height(cells.warnings, across)
    return on_axes(ax, size, look, lambda ax: paint_lines(cells, ax, look, band=band))


def paint_lines(cells: Cells, ax: Axes, look: Look, *, band: Band = "se") -> None:
    """The interaction plot; what depends on the size of the axes is fitted to it."""
    ink, names = ink_on(ax), look.names(cells)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    spread = cells.sd / np.sqrt(np.maximum(cells.n, 1)) if band == "se" else cells.sd
    banded = bool((spread > 0).any()) and len(cells.y) <= MOST_BANDS
    x = np.arange(len(cells.x), dtype=np.float64) + 0.5
    low, high = cells.mean - spread, cells.mean + spread
    window = Window.of(cells.mean, np.array([low, high]) if banded else np.empty(0))
    handles = []
    for row, style in enumerate(looks_of(len(cells.y), look.cmap)):
        mean, lower, upper = cells.mean[row], low[row], high[row]
        if window is not None:
            window.mark(x, mean, ax, style["color"])
            mean, lower, upper = map(window.drawn, (mean, lower, upper))
        handles += ax.plot(x, mean, zorder=3, **style)
        if banded:
            shade = {"color": style["color"], "alpha": BAND, "linewidth": 0, "zorder": 1}
            ax.fill_between(x, lower, upper, **shade)
    ax.set_xlim(0, len(cells.x))
    ax.margins(y=0.06)
    if window is not None and window.beyond:
        ax.set_ylim(window.limits())
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    # As on the heatmap: numbers upwards, words downwards.
    order = slice(None, None, -1 if cells.y.upwards else 1)
    labels = [shown(label) for label in cells.y.labels]
    parts: list[Fit] = [
        Ticks(cells.x, ax.xaxis, ink, length=3),
        Name(ax.xaxis, names.x + (" (bins)" if cells.x.binned else ""), ink),
        Name(ax.yaxis, bar_label(cells.mode, names.metric), ink, TITLE - 1),
        LineNames(ax, handles[order], labels[order], names.y, ink),
    ]
    statistic = cells.statistic.replace("mean ± sd", f"mean {WORDS[band]}" if banded else "mean")
    facts = [statistic, *cells.title_notes]
    if (spread > 0).any() and not banded:
        facts.append(f"no bands: more than {MOST_BANDS} lines")
    if left_out := [word for word in KINDS if getattr(cells, word).any()]:
        facts.append(f"{' and '.join(left_out)} runs are not in the means")
    usual = f"{names.metric} over {names.x}, a line a {names.y}"
    if window is not None:
        facts.append(window.note)
    header = Header(look.first_line(usual), facts, ax, ink)
    keep_fitting(ax, together(*parts, header, Footer([], cells.warnings, ax, ink)))
