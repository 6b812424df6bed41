"""Small multiples: one heatmap for each level of a third hyperparameter, in the same colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.errors import InterplayError
from interplay.plots.canvas import drawing
from interplay.plots.heatmap import bar_label, colour_map, grid_size, paint_heatmap
from interplay.plots.letters import BOLD, shown, wrapped
from interplay.plots.look import Look, Looks
from interplay.plots.marks import reading_cautions
from interplay.plots.palette import INK, SMALL, TITLE
from interplay.plots.scale import Scale
from interplay.plots.words import label_bar

Panel = tuple[str, Cells, Interaction | None]
"""Its title, its numbers, and their analysis where there is one."""


def draw_multiples(panels: Sequence[Panel], *, columns: int = 3, **looks: Unpack[Looks]) -> Figure:
    """Draw a heatmap a panel, all with one colour scale, so that colours compare across them.

    Args:
        panels: in reading order. Each marks its own best square and what ties with it.
        columns: panels side by side at most.
        looks: see `Looks`; the title is the figure's.

    Returns:
        A new pyplot figure whose owner the caller is. Nothing is shown or saved.

    Raises:
        InterplayError: no panel, no column, or a mistake in `looks`.
    """
    look = Look.read(looks)
    if not panels or columns < 1:
        raise InterplayError(f"{len(panels)} panels in {columns} columns: at least one of each")
    grids = [cells for _, cells, _ in panels]
    across = min(columns, len(panels))
    down = math.ceil(len(panels) / across)
    width, height = (max(sizes) for sizes in zip(*(grid_size(c, []) for c in grids), strict=True))
    width, height = min(width - 0.6, 15.0 / across) * across + 0.9, min(height, 7.0) * down + 0.5
    width, height = look.figsize or (width, height)
    room = width * 72 - 24
    below = "\n".join(wrapped(shown(note), room, SMALL) for note in _notes(panels))
    if below and not look.figsize:
        height += 0.16 * (below.count("\n") + 1)
    scale, metric = Scale.of(grids), look.names(grids[0]).metric
    with drawing(width, height) as figure:
        axes = figure.subplots(down, across, squeeze=False)
        title = wrapped(look.first_line(metric), room, BOLD * (TITLE + 1))
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK, size=TITLE + 1, weight="bold")
        if below:
            figure.supxlabel(below, x=0.01, ha="left", color=INK, size=SMALL)
        used = list(axes.flat)[: len(panels)]
        for empty in list(axes.flat)[len(panels) :]:
            empty.remove()
        for ax, (name, cells, found) in zip(used, panels, strict=True):
            paint_heatmap(
                cells,
                ax,
                replace(look, title=name),
                interaction=found,
                scale=scale,
                footnotes=False,
            )
        if not scale.constant:
            mappable = ScalarMappable(scale.norm, look.cmap or colour_map(grids[0].mode))
            label = bar_label(grids[0].mode, metric)
            label_bar(mappable, INK, label, scale, ax=used, aspect=30, pad=0.02)
    return figure


def _notes(panels: Sequence[Panel]) -> list[str]:
    """Every warning once, with the panels it is about, if not all."""
    about: dict[str, list[str]] = {}
    for name, cells, found in panels:
        for message in dict.fromkeys([*cells.warnings, *reading_cautions(cells, found)]):
            about.setdefault(message, []).append(name)
    return [
        f"! {message}" if len(names) == len(panels) else f"! {', '.join(names)}: {message}"
        for message, names in about.items()
    ]
