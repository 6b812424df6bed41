"""One page on one interaction: heatmap, residual map and ridge side by side, and what they mean."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.plots.canvas import INK, drawing
from interplay.plots.heatmap import grid_size, paint_heatmap
from interplay.plots.residuals import paint_residuals
from interplay.plots.ridge import paint_ridge
from interplay.plots.ticks import BOLD, SMALL, TITLE, wrapped

DRAWN = ("non_finite", "empty_cells")
"""Cautions that the squares themselves show."""
CAPTION = TITLE
LINE = 1.3


def draw_full(cells: Cells, interaction: Interaction, *, title: str | None = None) -> Figure:
    """Draw the three pictures of an interaction, the verdict below them, and all warnings.

    Args:
        cells, interaction: the numbers of the same rows.
        title: of the heatmap.

    Returns:
        A new pyplot figure whose owner the caller is. Nothing is shown or saved.
    """
    width, height = grid_size(cells, [])
    width = 3 * min(width, 8.0)
    notes = all_warnings(cells, interaction)
    room = width * 72 - 2 * 12
    verdict = wrapped(interaction.verdict, room, BOLD * CAPTION)
    below = "\n".join(wrapped(f"! {note}", room, SMALL) for note in notes)
    inches = [_inches(verdict, CAPTION), _inches(below, SMALL) + 0.1]
    height += 0.3
    with drawing(width, height + sum(inches)) as figure:
        total = height + sum(inches)
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        engine.set(wspace=0.03, rect=(0, sum(inches) / total, 1, height / total))
        left, middle, right = figure.subplots(1, 3)
        # A first layout tells roughly how wide they will be, for wrapping titles.
        figure.draw_without_rendering()
        finishes = [
            paint_heatmap(cells, left, title=title, interaction=interaction, footnotes=False),
            paint_residuals(interaction, middle),
            paint_ridge(interaction, right),
        ]
        for text, size, top, weight in (
            (verdict, CAPTION, sum(inches), "bold"),
            (below, SMALL, inches[1], "normal"),
        ):
            figure.text(
                12 / 72 / width, top / total, text, size=size, weight=weight, color=INK,
                ha="left", va="top", linespacing=LINE - 0.1,
            )  # fmt: skip
        # Only once all three are there do the squares have their size.
        figure.draw_without_rendering()
        for finish in finishes:
            finish()
    return figure


def all_warnings(cells: Cells, interaction: Interaction) -> list[str]:
    """What both warn of, each once, but for what the squares themselves show."""
    told = [caution.message for caution in interaction.cautions if caution.code not in DRAWN]
    return list(dict.fromkeys([*cells.warnings, *told]))


def _inches(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * LINE / 72 + 0.06 if text else 0.0
