"""A two-variable heatmap in which each square states its mean, its spread and what went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import mean_sd
from interplay.plots.canvas import PAPER, Finish, ink_on, on_axes, prepare, root_of
from interplay.plots.marks import (
    EDGE,
    RING,
    mark_best,
    mark_tied,
    reading_cautions,
    ring_look,
    ring_size,
    tied_places,
)
from interplay.plots.squares import (
    Place,
    Square,
    hatch_square,
    lay_grid,
    square_size,
    write_squares,
)
from interplay.plots.ticks import (
    DIVERGED,
    FAILED,
    MISSING,
    SMALL,
    TITLE,
    Entry,
    Kind,
    draw_footer,
    draw_header,
    kind_entry,
    ring_entry,
    text_entry,
    tick_texts,
    wrapped,
)


def draw_heatmap(
    cells: Cells,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    interaction: Interaction | None = None,
) -> Axes:
    """Draw the cells; numbers of the axes increase rightwards and upwards, words read downwards.

    The bright end of the colours is always the better one. A square's text is its mean, its sd, n
    where that is not the usual one, and its diverged and failed runs. On a grid too large for it
    the sd is left out (the title then says "mean" only), and at last all numbers.

    Args:
        cells: the numbers, as `CellMeans` computes them.
        ax: where to draw. By default a new pyplot figure of a size that fits the grid, whose owner
            the caller is (`plt.close(ax.figure)`).
        title: the first line above it; by default the metric and its statistic.
        interaction: the analysis of the same rows. With it a small ring marks the squares that are
            not clearly worse than the best one, and its warnings are footnotes.

    Returns:
        The axes. Nothing is shown or saved.
    """
    notes = [*cells.warnings, *reading_cautions(cells, interaction)]
    return on_axes(
        ax,
        grid_size(cells, notes),
        lambda ax, own: paint_heatmap(cells, ax, own, title=title, interaction=interaction),
    )


def paint_heatmap(
    cells: Cells,
    ax: Axes,
    own: bool = False,
    *,
    title: str | None = None,
    interaction: Interaction | None = None,
    norm: Normalize | None = None,
    bar: bool = True,
    footnotes: bool = True,
) -> Finish:
    """The heatmap but for the text in its squares, which takes the laid out axes.

    Args:
        norm: of the colours; by default from the lowest to the highest mean.
        bar: whether it has a colour bar of its own.
        footnotes: whether warnings stand below it.
    """
    ink = ink_on(ax)
    colours = colour_map(cells.mode)
    norm = norm or colour_scale([cells])
    rows, columns = cells.mean.shape
    prepare(ax, ink)
    if np.isfinite(cells.mean).any():
        mesh = ax.pcolormesh(
            np.ma.masked_invalid(cells.mean),
            cmap=colours,
            norm=norm,
            edgecolors=PAPER,
            linewidth=0.6,
        )
        if bar:
            draw_bar(mesh, ax, ink, _bar_label(cells))
    kinds = _draw_special(cells, ax)
    width = lay_grid(cells.x, cells.y, ax, ink, own)
    _head(cells, ax, ink, width, title, spread=True)
    tied = tied_places(cells, interaction)
    # Rings in all squares would tell none from another; the legend says so.
    ringed = [] if tied is None or len(tied) + 1 == int((cells.n > 0).sum()) else tied
    notes = [*cells.warnings, *reading_cautions(cells, interaction)] if footnotes else []
    draw_footer(_legend(cells, kinds, tied, ink), notes, ax, ink, width)
    if cells.best is not None:
        mark_best(cells.best, ax)

    def finish() -> None:
        wide, high = square_size(ax, rows, columns)
        ring = ring_size(wide, high) if ringed else 0.0
        if ringed:
            mark_tied(ringed, ax, ring)
        choices = (_squares(cells, spread, colours, norm) for spread in (True, False))
        written = write_squares(ax, choices, wide, high, ring + EDGE if ring else 0.0)
        if written != 0:
            _head(cells, ax, ink, width, title, spread=False)

    return finish


def colour_map(mode: str) -> Colormap:
    """Bright is better."""
    return colormaps["viridis" if mode == "max" else "viridis_r"]


def colour_scale(grids: list[Cells]) -> Normalize:
    """From the lowest to the highest mean of all grids."""
    every = np.concatenate([cells.mean.ravel() for cells in grids])
    finite = every[np.isfinite(every)]
    if finite.size == 0:
        return Normalize(0, 1)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        room = abs(low) * 0.05 or 0.05
        return Normalize(low - room, high + room)
    return Normalize(low, high)


def draw_bar(mesh: Any, axes: Any, ink: str, label: str) -> None:
    """A colour bar beside one axes or several."""
    first = axes if isinstance(axes, Axes) else axes[0]
    bar = root_of(first).colorbar(mesh, ax=axes, aspect=30, pad=0.02)
    bar.set_label(label, color=ink, size=TITLE - 1)
    bar.ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL)
    bar.outline.set_visible(False)


def _bar_label(cells: Cells) -> str:
    return f"{cells.metric} ({'higher' if cells.mode == 'max' else 'lower'} is better)"


def grid_size(cells: Cells | Interaction, notes: list[str]) -> tuple[float, float]:
    """Inches for a grid: squares of 0.85 × 0.62, smaller ones on large grids."""
    rows, columns = len(cells.y), len(cells.x)
    labels = max(len(label) for label in tick_texts(cells.y))
    below = 0.06 * max(len(label) for label in tick_texts(cells.x))
    across = min(max(0.85 * columns, 3.6), 11.0)
    lines = sum(wrapped(f"! {note}", 0.8 * across * 72, SMALL).count("\n") + 1 for note in notes)
    width = across + 1.9 + 0.07 * labels
    height = min(max(0.62 * rows, 2.2), 10.0) + 1.9 + below + 0.17 * lines + 0.06 * len(notes)
    return width, height


def _head(cells: Cells, ax: Axes, ink: str, width: float, title: str | None, spread: bool) -> None:
    statistic = cells.statistic if spread else cells.statistic.replace("mean ± sd", "mean")
    first = title if title is not None else f"{cells.metric}: {statistic}"
    facts = [statistic] if title is not None else []
    draw_header(first, [*facts, *cells.title_notes], ax, ink, width)


def _legend(cells: Cells, kinds: list[Kind], tied: list[Place] | None, ink: str) -> list[Entry]:
    entries = [kind_entry(kind, ink) for kind in kinds]
    if cells.best is not None:
        alone = tied == [] and int((cells.n > 0).sum()) > 1
        entries.append(text_entry("★ best, all others clearly worse" if alone else "★ best", ink))
    if tied and len(tied) + 1 == int((cells.n > 0).sum()):
        entries.append(text_entry("no cell is clearly worse than the best", ink))
    elif tied:
        entries.append(ring_entry("not clearly worse than the best", ink, ring_look(RING)))
    partial = [
        f"{short} = {word}"
        for short, word, count in (
            ("div.", "diverged", cells.diverged),
            ("fail.", "failed", cells.failed),
        )
        if ((cells.n > 0) & (count > 0)).any()
    ]
    if partial:
        entries.append(text_entry(f"{', '.join(partial)}: not in the mean", ink))
    return entries


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
        hatch_square(ax, (row, column), kind)
    return [kind for kind in (DIVERGED, FAILED, MISSING) if kind in found]


def _squares(cells: Cells, spread: bool, colours: Colormap, norm: Normalize) -> dict[Place, Square]:
    """What each square says, by (row, column); with or without the sd."""
    like = cells.typical
    # In bins n differs from square to square by nature: each states its own.
    counts = np.bincount(cells.n[cells.n > 0], minlength=1)
    binned = cells.x.binned or cells.y.binned
    usual = None if binned else counts.size - 1 - counts[::-1].argmax()
    faces = colours(norm(np.ma.masked_invalid(cells.mean)))
    squares = {}
    for row, column in np.ndindex(*cells.mean.shape):
        if kind := _kind(cells, row, column):
            squares[row, column] = Square([kind.word], kind.face, hatched=True)
            continue
        mean, sd = mean_sd(float(cells.mean[row, column]), float(cells.sd[row, column]), like)
        lines = [mean, sd] if spread and sd else [mean]
        for count, text in (
            (cells.n[row, column] if cells.n[row, column] != usual else 0, "n={}"),
            (cells.diverged[row, column], "{} div."),
            (cells.failed[row, column], "{} fail."),
        ):
            lines += [text.format(count)] if count else []
        squares[row, column] = Square(lines, faces[row, column])
    return squares
