"""The page's two figures, at the size at which they are printed: as large as it has room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import short_names, text_of

TEXT_WIDTH = 21.0 - 2 * 1.6 - 0.28
"""Centimetres between the page's margins, less the gap between the figures."""
SHRUNK = 1.3
"""Figures are drawn so many times as large as they are printed: their words suit a screen."""
TALLEST = 3.9
"""Inches: about the width of the heatmap. Higher, its squares would be towers."""
HEATMAP, LINES = "heatmap.svg", "interaction.svg"
WIDTHS = {HEATMAP: 0.56, LINES: 0.44}


@dataclass(frozen=True)
class Figure:
    """One figure of the page.

    Attributes:
        file: its name in the report's folder.
        width: its part of the line, as in `WIDTHS`.
        caption, alt: texts; `alt` says in words what the figure shows.
    """

    file: str
    width: float
    caption: str
    alt: str


def draw_figures(cells: Cells, found: Interaction, folder: Path, room: float = 0.0) -> None:
    """Draw the heatmap and the interaction plot as SVG files of the same bytes for the same input.

    Warnings are left to the page's own list, so that none is said twice.

    Args:
        room: inches of height that the page has besides those that `blank_figures` takes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure as Canvas

    from interplay.plots import draw_heatmap, draw_lines

    bare = replace(cells, warnings=(), title_notes=())
    quiet = replace(found, cautions=())
    parts: Mapping[str, Any] = {
        HEATMAP: lambda ax: draw_heatmap(bare, ax=ax, title="", interaction=quiet),
        LINES: lambda ax: draw_lines(bare, ax, title=""),
    }
    # The same salt and no date: the same figure has the same bytes. Text as outlines needs no font.
    with mpl.rc_context({"svg.hashsalt": "interplay", "svg.fonttype": "path"}):
        for file, draw in parts.items():
            canvas = Canvas(figsize=_size(cells, file, room), layout="constrained")
            draw(canvas.subplots())
            canvas.savefig(folder / file, metadata={"Date": None})


def blank_figures(cells: Cells, folder: Path) -> None:
    """White figures of the least height: how much of the page they leave is their room."""
    for file in WIDTHS:
        width, height = _size(cells, file, 0.0)
        size = f'width="{width}in" height="{height}in"'
        text = f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>'
        (folder / file).write_text(text, encoding="utf-8")


def _size(cells: Cells, file: str, room: float) -> tuple[float, float]:
    """Width and height in inches at which a figure is drawn."""
    least = min(max(1.3 + 0.3 * len(cells.y), 2.2), 3.3)
    height = min(least + max(room, 0.0), max(TALLEST, least))
    return SHRUNK * TEXT_WIDTH * WIDTHS[file] / 2.54, SHRUNK * height


def figures_of(cells: Cells, found: Interaction) -> tuple[Figure, ...]:
    """What the page says of its figures."""
    x, y = short_names(found.x.name, found.y.name)
    better = "higher" if cells.mode == "max" else "lower"
    return (
        Figure(
            HEATMAP,
            WIDTHS[HEATMAP],
            f"{cells.metric}, {cells.statistic}; {better} is better.",
            _heatmap_in_words(cells, x, y),
        ),
        Figure(
            LINES,
            WIDTHS[LINES],
            f"{cells.metric} over {x}, a line for each {y}. Parallel lines: no interaction.",
            _ridge_in_words(found, x, y),
        ),
    )


def _heatmap_in_words(cells: Cells, x: str, y: str) -> str:
    words = f"Heatmap of {cells.metric} over {x} ({', '.join(cells.x.labels)}) and {y} "
    words += f"({', '.join(cells.y.labels)})."
    finite = cells.mean[np.isfinite(cells.mean)]
    if finite.size:
        words += f" Means lie between {finite.min():.4g} and {finite.max():.4g}."
    if cells.best is not None:
        row, column = cells.best
        words += f" The best is at {x} {cells.x.labels[column]}, {y} {cells.y.labels[row]}."
    return words


def _ridge_in_words(found: Interaction, x: str, y: str) -> str:
    best = "; ".join(f"{text_of(row.x)}: {text_of(row.best_y)}" for row in found.ridge.rows)
    told = f"{y} changes nothing" if found.y_is_inert else f"Best {y} at each {x}: {best}"
    return f"Lines of {found.metric} over {x}, one for each {y}. {told}."
