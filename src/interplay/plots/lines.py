"""The interaction plot: the metric along x, one line a level of y; parallel lines just add up."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np
from matplotlib.axes import Axes

from interplay.analysis.cells import Cells
from interplay.errors import UnknownNameError
from interplay.plots.canvas import ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import bar_label
from interplay.plots.letters import in_lines
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAND, KINDS, PALE, SMALL, TITLE
from interplay.plots.series import MOST_BANDS, legend_columns, looks_of, name_lines
from interplay.plots.words import Footer, Header, tick_texts, turn_ticks

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
    names = 0.075 * max(len(text) for text in [*tick_texts(cells.y), look.names(cells).y])
    below = 0.06 * max(len(text) for text in tick_texts(cells.x))
    width = min(max(0.7 * len(cells.x), 4.2), 10.0) + 1.7 + names * legend_columns(len(cells.y))
    size = width, 3.4 + below + 0.07 * max(len(cells.y) - 8, 0)
    return on_axes(ax, size, look, lambda ax: paint_lines(cells, ax, look, band=band))


def paint_lines(cells: Cells, ax: Axes, look: Look, *, band: Band = "se") -> None:
    """The interaction plot; what depends on the size of the axes is fitted to it."""
    ink, names = ink_on(ax), look.names(cells)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    spread = cells.sd / np.sqrt(np.maximum(cells.n, 1)) if band == "se" else cells.sd
    banded = bool((spread > 0).any()) and len(cells.y) <= MOST_BANDS
    x = np.arange(len(cells.x)) + 0.5
    handles = []
    for row, style in enumerate(looks_of(len(cells.y), look.cmap)):
        mean = cells.mean[row]
        handles += ax.plot(x, mean, zorder=3, **style)
        if banded:
            low, high = mean - spread[row], mean + spread[row]
            ax.fill_between(x, low, high, color=style["color"], alpha=BAND, linewidth=0, zorder=1)
    ax.set_xlim(0, len(cells.x))
    ax.margins(y=0.06)
    ax.set_xlabel(in_lines(names.x + (" (bins)" if cells.x.binned else "")), color=ink, size=TITLE)
    ax.set_ylabel(in_lines(bar_label(cells.mode, names.metric)), color=ink, size=TITLE - 1)
    texts = tick_texts(cells.x)
    ax.set_xticks(x, labels=texts)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    # As on the heatmap: numbers upwards, words downwards.
    order = slice(None, None, -1 if cells.y.numeric else 1)
    name_lines(ax, handles[order], tick_texts(cells.y)[order], names.y, ink)
    statistic = cells.statistic.replace("mean ± sd", f"mean {WORDS[band]}" if banded else "mean")
    facts = [statistic, *cells.title_notes]
    if (spread > 0).any() and not banded:
        facts.append(f"no bands: more than {MOST_BANDS} lines")
    if left_out := [word for word in KINDS if getattr(cells, word).any()]:
        facts.append(f"{' and '.join(left_out)} runs are not in the means")
    usual = f"{names.metric} over {names.x}, a line a {names.y}"
    header = Header(look.first_line(usual), facts, ax, ink)
    footer = Footer([], cells.warnings, ax, ink)

    def fit(width: float, height: float) -> None:
        turn_ticks(ax, texts, width / len(texts))
        header(width, height)
        footer(width, height)

    keep_fitting(ax, fit)
