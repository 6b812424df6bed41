"""Small multiples: one heatmap for each level of a third hyperparameter, in the same colours."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.plots.canvas import INK, drawing
from interplay.plots.heatmap import colour_map, colour_scale, draw_bar, grid_size, paint_heatmap
from interplay.plots.marks import reading_cautions
from interplay.plots.ticks import SMALL, TITLE, wrapped

Panel = tuple[str, Cells, Interaction | None]
"""Its title, its numbers, and their analysis where there is one."""


def draw_multiples(panels: Sequence[Panel], *, title: str, columns: int = 3) -> Figure:
    """Draw a heatmap a panel, all with one colour scale, so that colours compare across them.

    Args:
        panels: in reading order. Each marks its own best square and what ties with it.
        title: of the figure.
        columns: panels side by side at most.

    Returns:
        A new pyplot figure whose owner the caller is. Nothing is shown or saved.
    """
    grids = [cells for _, cells, _ in panels]
    across = min(columns, len(panels))
    down = math.ceil(len(panels) / across)
    width, height = (max(sizes) for sizes in zip(*(grid_size(c, []) for c in grids), strict=True))
    width, height = min(width - 0.6, 15.0 / across) * across + 0.9, min(height, 7.0) * down + 0.5
    room = width * 72 - 24
    below = "\n".join(wrapped(note, room, SMALL) for note in _notes(panels))
    with drawing(width, height + 0.16 * (below.count("\n") + 1 if below else 0)) as figure:
        axes = figure.subplots(down, across, squeeze=False)
        figure.suptitle(title, x=0.01, ha="left", color=INK, size=TITLE + 1, weight="bold")
        if below:
            figure.supxlabel(below, x=0.01, ha="left", color=INK, size=SMALL)
        figure.draw_without_rendering()
        norm = colour_scale(grids)
        used = list(axes.flat)[: len(panels)]
        for empty in list(axes.flat)[len(panels) :]:
            empty.remove()
        finishes = [
            paint_heatmap(
                cells, ax, title=name, interaction=found, norm=norm, bar=False, footnotes=False
            )
            for ax, (name, cells, found) in zip(used, panels, strict=True)
        ]
        if any(np.isfinite(cells.mean).any() for cells in grids):
            better = "higher" if grids[0].mode == "max" else "lower"
            mappable = ScalarMappable(norm, colour_map(grids[0].mode))
            draw_bar(mappable, used, INK, f"{grids[0].metric} ({better} is better)")
        figure.draw_without_rendering()
        for finish in finishes:
            finish()
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
