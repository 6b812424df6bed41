"""A two-variable heatmap in which each square states its mean, its spread and what went wrong."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from interplay.analysis.cells import Cells
from interplay.analysis.labels import mean_sd
from interplay.plots.labels import (
    CHAR_WIDTH,
    DIVERGED,
    FAILED,
    MISSING,
    SMALL,
    TITLE,
    Kind,
    draw_axis_labels,
    draw_footer,
    draw_header,
    luminance,
    tick_texts,
)

PAPER, INK, LIGHT_INK = "#ffffff", "#222222", "#f2f2f2"
LARGEST, SMALLEST = 10.0, 5.5
"""Font sizes in points of the squares' text; where the smallest does not fit, lines are dropped."""
LINE_HEIGHT = 1.25


def draw_heatmap(cells: Cells, *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw the cells; numbers of the axes increase rightwards and upwards, words read downwards.

    The bright end of the colours is always the better one. A square's text is its mean, its sd, n
    where that is not the usual one, and its diverged and failed runs. On a grid too large for it
    the sd is left out (the title then says "mean" only), and at last all numbers.

    Args:
        cells: the numbers, as `CellMeans` computes them.
        ax: where to draw. By default a new pyplot figure of a size that fits the grid, whose owner
            the caller is (`plt.close(ax.figure)`).
        title: the first line above it; by default the metric and its statistic.

    Returns:
        The axes. Nothing is shown or saved.
    """
    if ax is not None:
        return _draw(cells, ax, title, own=False)
    figure, ax = plt.subplots(figsize=_size(cells), layout="constrained", facecolor=PAPER)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(w_pad=0.1, h_pad=0.1)
    # Styles such as dark_background set a colour of their own for saving: text would vanish.
    figure.add_artist(
        Rectangle((0, 0), 1, 1, transform=figure.transFigure, color=PAPER, zorder=-100)
    ).set_in_layout(False)
    try:
        return _draw(cells, ax, title, own=True)
    except BaseException:
        plt.close(figure)
        raise


def _draw(cells: Cells, ax: Axes, title: str | None, own: bool) -> Axes:
    figure = _root(ax)
    dark = not own and luminance(figure.get_facecolor()) < 0.4
    ink = LIGHT_INK if dark else INK
    colours = colormaps["viridis" if cells.mode == "max" else "viridis_r"]
    norm = _norm(cells)
    rows, columns = cells.mean.shape
    ax.set_facecolor(PAPER)
    ax.grid(False)
    ax.set_axisbelow(False)
    if np.isfinite(cells.mean).any():
        mesh = ax.pcolormesh(
            np.ma.masked_invalid(cells.mean),
            cmap=colours,
            norm=norm,
            edgecolors=PAPER,
            linewidth=0.6,
        )
        better = "higher" if cells.mode == "max" else "lower"
        bar = figure.colorbar(mesh, ax=ax, aspect=30, pad=0.02)
        bar.set_label(f"{cells.metric} ({better} is better)", color=ink, size=TITLE - 1)
        bar.ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL)
        bar.outline.set_visible(False)
    kinds = _draw_special(cells, ax)
    ax.set_xlim(0, columns)
    ax.set_ylim(0, rows)
    if not cells.y.numeric:
        ax.invert_yaxis()
    for spine in ax.spines.values():
        spine.set_visible(False)
    width = _width(ax, own)
    draw_axis_labels(cells, ax, ink, width / columns)
    draw_header(cells, ax, ink, width, title, spread=True)
    draw_footer(cells, ax, ink, width, kinds)
    if cells.best is not None:
        _mark_best(cells.best, ax)
    # Only the laid out axes tell how large a square is.
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    points = 72 / figure.dpi
    spread = _annotate(
        cells, ax, colours, norm, box.width * points / columns, box.height * points / rows
    )
    if not spread:
        draw_header(cells, ax, ink, width, title, spread=False)
    return ax


def _size(cells: Cells) -> tuple[float, float]:
    """Inches for a grid: squares of 0.85 × 0.62, smaller ones on large grids."""
    rows, columns = cells.mean.shape
    labels = max(len(label) for label in tick_texts(cells.y))
    below = 0.06 * max(len(label) for label in tick_texts(cells.x))
    width = min(max(0.85 * columns, 3.6), 11.0) + 1.9 + 0.07 * labels
    height = min(max(0.62 * rows, 2.2), 10.0) + 1.9 + below + 0.15 * len(cells.warnings)
    return width, height


def _width(ax: Axes, own: bool) -> float:
    """About how many points wide the axes will be once the labels and colour bar have room."""
    box = ax.get_window_extent()
    return float(box.width) * 72 / _root(ax).dpi * (0.95 if own else 0.75)


def _root(ax: Axes) -> Figure:
    figure = ax.figure.canvas.figure
    assert isinstance(figure, Figure)
    return figure


def _norm(cells: Cells) -> Normalize:
    finite = cells.mean[np.isfinite(cells.mean)]
    if finite.size == 0:
        return Normalize(0, 1)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        room = abs(low) * 0.05 or 0.05
        return Normalize(low - room, high + room)
    return Normalize(low, high)


def _kind(cells: Cells, row: int, column: int) -> Kind | None:
    """How to draw a square without a mean; None for one that has a mean."""
    if cells.n[row, column]:
        return None
    if cells.diverged[row, column]:
        return DIVERGED
    return FAILED if cells.failed[row, column] else MISSING


def _draw_special(cells: Cells, ax: Axes) -> list[Kind]:
    found = []
    for row, column in np.argwhere(cells.n == 0):
        kind = _kind(cells, row, column)
        assert kind is not None
        found.append(kind)
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, facecolor=kind.face, edgecolor=kind.line,
                hatch=kind.hatch, linewidth=0,
            )
        )  # fmt: skip
    return [kind for kind in (DIVERGED, FAILED, MISSING) if kind in found]


def _mark_best(best: tuple[int, int], ax: Axes) -> None:
    row, column = best
    # Dark between two light lines: seen on any colour.
    for colour, width, order in (("white", 5.5, 4.0), ("black", 2.8, 4.1)):
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, fill=False, edgecolor=colour, linewidth=width,
                zorder=order, clip_on=False, joinstyle="miter",
            )
        )  # fmt: skip
    up = ax.get_ylim()[0] < ax.get_ylim()[1]
    ax.annotate(
        "★",
        (column + 1, row + (1 if up else 0)),
        # On the corner, where it hides no number.
        xytext=(0, 0),
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        annotation_clip=False,
        color="white",
        size=13,
        zorder=5,
        family="DejaVu Sans",
        path_effects=[withStroke(linewidth=1.8, foreground="black")],
    )


def _square_texts(cells: Cells, spread: bool) -> dict[tuple[int, int], list[str]]:
    """The lines of each square, by (row, column); with or without the sd."""
    finite = np.isfinite(cells.sd) & (cells.sd > 0)
    like = math.nan, float(np.median(cells.sd[finite])) if finite.any() else math.nan
    if cells.n.any():
        like = float(np.nanmedian(np.abs(cells.mean))), like[1]
    # In bins n differs from square to square by nature: each states its own.
    counts = np.bincount(cells.n[cells.n > 0], minlength=1)
    binned = cells.x.binned or cells.y.binned
    usual = None if binned else counts.size - 1 - counts[::-1].argmax()
    texts = {}
    for row, column in np.ndindex(*cells.mean.shape):
        if kind := _kind(cells, row, column):
            texts[row, column] = [kind.word]
            continue
        mean, sd = mean_sd(float(cells.mean[row, column]), float(cells.sd[row, column]), like)
        lines = [mean, sd] if spread and sd else [mean]
        for count, text in (
            (cells.n[row, column] if cells.n[row, column] != usual else 0, "n={}"),
            (cells.diverged[row, column], "{} div."),
            (cells.failed[row, column], "{} fail."),
        ):
            lines += [text.format(count)] if count else []
        texts[row, column] = lines
    return texts


def _annotate(
    cells: Cells, ax: Axes, colours: Colormap, norm: Normalize, width: float, height: float
) -> bool:
    """Write each square's text; whether the sd is (as far as there is one) among it.

    Args:
        width, height: of a square, in points.
    """
    if width < 3 * CHAR_WIDTH * SMALLEST:
        return False
    for spread in (True, False):
        texts = _square_texts(cells, spread)
        size = min(_fitting(lines, width, height) for lines in texts.values())
        if size >= SMALLEST:
            break
    else:
        return False
    for (row, column), lines in texts.items():
        kind = _kind(cells, row, column)
        back = kind.face if kind else colours(norm(cells.mean[row, column]))
        text = ax.text(
            column + 0.5,
            row + 0.5,
            "\n".join(lines),
            ha="center",
            va="center",
            size=size,
            linespacing=1.15,
            color="white" if luminance(back) < 0.2 else "black",
            zorder=3,
        )
        if kind:
            text.set_path_effects([withStroke(linewidth=2.5, foreground=kind.face)])
    return spread


def _fitting(lines: list[str], width: float, height: float) -> float:
    widest = max(len(line) for line in lines)
    across = 0.92 * width / (CHAR_WIDTH * widest)
    return min(LARGEST, across, 0.92 * height / (LINE_HEIGHT * len(lines)))
