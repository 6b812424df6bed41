"""A two-variable heatmap in which each square states its mean, its spread and what went wrong."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, Normalize

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import mean_sd
from interplay.plots.canvas import Fit, ink_on, keep_fitting, on_axes, prepare, unseen
from interplay.plots.look import Look, Looks, Names
from interplay.plots.marks import (
    EDGE,
    beyond_places,
    corner_size,
    mark_best,
    mark_beyond,
    mark_tied,
    reading_cautions,
    tied_places,
)
from interplay.plots.palette import (
    BETTER,
    BEYOND_MARKS,
    KINDS,
    MISSING,
    NOT_THERE,
    PAPER,
    STAR,
    Kind,
)
from interplay.plots.scale import Scale
from interplay.plots.squares import Place, Square, hatch_square, lay_grid, write_squares
from interplay.plots.words import (
    Entry,
    Footer,
    Header,
    corner_entry,
    draw_bar,
    kind_entry,
    notes_height,
    text_entry,
    tick_texts,
    together,
)


def draw_heatmap(
    cells: Cells,
    *,
    ax: Axes | None = None,
    interaction: Interaction | None = None,
    **looks: Unpack[Looks],
) -> Axes:
    """Draw the cells; numbers of the axes increase rightwards and upwards, words read downwards.

    The bright end of the colours is always the better one, unless `cmap` has its own. A square's
    text is its mean, its sd, n where that is not the usual one, and its runs that are not in it. On
    a grid too large for it the sd is left out (the title then says "mean" only), and at last all
    numbers. Values far off all others lie beyond the colours' end: a small triangle marks them, the
    colour bar says so.

    Args:
        cells: the numbers, as `CellMeans` computes them.
        ax: where to draw. By default a new pyplot figure of a size that fits the grid, whose owner
            the caller is (`plt.close(ax.figure)`).
        interaction: the analysis of the same rows. With it a small ring marks the squares that are
            not clearly worse than the best one, and its warnings are footnotes.
        looks: see `Looks`; the title is by default the metric and its statistic.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    notes = [*cells.warnings, *reading_cautions(cells, interaction)]
    return on_axes(
        ax,
        grid_size(cells, notes),
        look,
        lambda ax: paint_heatmap(cells, ax, look, interaction=interaction),
    )


def paint_heatmap(
    cells: Cells,
    ax: Axes,
    look: Look,
    *,
    interaction: Interaction | None = None,
    scale: Scale | None = None,
    footnotes: bool = True,
) -> None:
    """The heatmap; what depends on the size of the axes is fitted to it.

    Args:
        scale: of the colours, shared with others: then it has no colour bar of its own.
        footnotes: whether warnings stand below it.
    """
    import seaborn as sns

    ink, names = ink_on(ax), look.names(cells)
    colours = look.cmap or colour_map(cells.mode)
    bar: Fit = together()
    shared, scale = scale is not None, scale or Scale.of([cells])
    rows, columns = cells.mean.shape
    prepare(ax, ink)
    if np.isfinite(cells.mean).any():
        with unseen(ax):  # seaborn draws the whole figure to see whether labels overlap
            sns.heatmap(
                cells.mean, mask=~np.isfinite(cells.mean), ax=ax, cmap=colours, norm=scale.norm,
                cbar=False, linewidths=0.6, linecolor=PAPER, xticklabels=False, yticklabels=False,
            )  # fmt: skip
        if not shared and not scale.constant:
            mesh = next(part for part in ax.collections if isinstance(part, QuadMesh))
            bar = draw_bar(mesh, ax, ink, bar_label(cells.mode, names.metric), scale)
    kinds = _draw_special(cells, ax)
    ticks = lay_grid(cells.x, cells.y, ax, ink, names)
    header = Header(*_head(cells, look, names, spread=True), ax, ink)
    tied = tied_places(cells, interaction)
    # Rings in all squares would tell none from another; the legend says so.
    ringed = [] if tied is None or len(tied) + 1 == int((cells.n > 0).sum()) else tied
    notes = [*cells.warnings, *reading_cautions(cells, interaction)] if footnotes else []
    beyond = beyond_places(cells, scale)
    legend = _legend(cells, kinds, tied, ink)
    if beyond:
        marks = "".join(BEYOND_MARKS[side] for side in beyond)
        legend.append(corner_entry("beyond the colours", ink, marks))
    footer = Footer(legend, notes, ax, ink)
    if cells.best is not None:
        mark_best(cells.best, ax)

    def fit(width: float, height: float) -> None:
        wide, high = width / columns, height / rows
        size = corner_size(wide, high) if ringed or beyond else 0.0
        if ringed:
            mark_tied(ringed, ax, size)
        mark_beyond(beyond, ax, size)
        choices = (_squares(cells, spread, colours, scale.norm) for spread in (True, False))
        written = write_squares(ax, choices, wide, high, size + EDGE if size else 0.0)
        header.say(*_head(cells, look, names, spread=written == 0))
        for part in (ticks, bar, header, footer):
            part(width, height)

    keep_fitting(ax, fit)


def colour_map(mode: str) -> Colormap:
    """Bright is better."""
    return colormaps[BETTER if mode == "max" else f"{BETTER}_r"]


def bar_label(mode: str, metric: str) -> str:
    return f"{metric} ({'higher' if mode == 'max' else 'lower'} is better)"


def grid_size(cells: Cells | Interaction, notes: list[str]) -> tuple[float, float]:
    """Inches for a grid: squares of 0.85 × 0.62, smaller ones on large grids."""
    rows, columns = len(cells.y), len(cells.x)
    labels = max(len(label) for label in tick_texts(cells.y))
    below = 0.06 * max(len(label) for label in tick_texts(cells.x))
    across = min(max(0.85 * columns, 3.6), 11.0)
    width = across + 1.9 + 0.07 * labels
    height = min(max(0.62 * rows, 2.2), 10.0) + 1.9 + below + notes_height(notes, across)
    return width, height


def _head(cells: Cells, look: Look, names: Names, spread: bool) -> tuple[str, list[str]]:
    """The title and the facts below it, with or without a spread in the squares."""
    statistic = cells.statistic if spread else cells.statistic.replace("mean ± sd", "mean")
    facts = [] if look.title is None else [statistic]
    return look.first_line(f"{names.metric}: {statistic}"), [*facts, *cells.title_notes]


def _legend(cells: Cells, kinds: list[Kind], tied: list[Place] | None, ink: str) -> list[Entry]:
    entries = [kind_entry(kind, ink) for kind in kinds]
    if cells.best is not None:
        alone = tied == [] and int((cells.n > 0).sum()) > 1
        entries.append(
            text_entry(f"{STAR} best, all others clearly worse" if alone else f"{STAR} best", ink)
        )
    if tied and len(tied) + 1 == int((cells.n > 0).sum()):
        entries.append(text_entry("no cell is clearly worse than the best", ink))
    elif tied:
        entries.append(corner_entry("not clearly worse than the best", ink))
    partial = [
        f"{kind.short} = {kind.word}"
        for outcome, kind in KINDS.items()
        if ((cells.n > 0) & (getattr(cells, outcome) > 0)).any()
    ]
    if partial:
        entries.append(text_entry(f"{', '.join(partial)}: not in the mean", ink))
    return entries


def _kind(cells: Cells, row: int, column: int) -> Kind | None:
    """How to draw a square without a mean; None for one that has a mean."""
    if cells.n[row, column]:
        return None
    there = (kind for outcome, kind in KINDS.items() if getattr(cells, outcome)[row, column])
    return next(there, MISSING if cells.there[row, column] else NOT_THERE)


def _draw_special(cells: Cells, ax: Axes) -> list[Kind]:
    found = []
    for row, column in np.argwhere(cells.n == 0):
        kind = _kind(cells, row, column)
        assert kind is not None
        found.append(kind)
        hatch_square(ax, (row, column), kind)
    return [kind for kind in (*KINDS.values(), MISSING, NOT_THERE) if kind in found]


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
        lines += [f"n={cells.n[row, column]}"] if cells.n[row, column] != usual else []
        for outcome, kind in KINDS.items():
            if count := getattr(cells, outcome)[row, column]:
                lines.append(f"{count} {kind.short}")
        squares[row, column] = Square(lines, faces[row, column])
    return squares
