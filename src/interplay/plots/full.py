"""One page on one interaction: heatmap, residual map and ridge side by side, and what they mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.plots.canvas import drawing
from interplay.plots.heatmap import grid_size, paint_heatmap
from interplay.plots.letters import BOLD, shown, wrapped
from interplay.plots.look import Look, Looks
from interplay.plots.marks import beside_star
from interplay.plots.palette import INK, SMALL, TITLE
from interplay.plots.residuals import paint_residuals
from interplay.plots.ridge import paint_ridge

DRAWN = ("non_finite", "empty_cells")
"""Cautions that the squares themselves show."""
CAPTION = TITLE
LINE = 1.3


def draw_full(cells: Cells, interaction: Interaction, **looks: Unpack[Looks]) -> Figure:
    """Draw the three pictures of an interaction, the verdict below them, and all warnings.

    Args:
        cells, interaction: the numbers of the same rows.
        looks: see `Looks`; title and colours are the heatmap's.

    Returns:
        A new pyplot figure whose owner the caller is. Nothing is shown or saved.
    """
    look = Look.read(looks)
    others = replace(look, title=None, cmap=None)
    wide, high = grid_size(cells, [])
    wide, high = look.figsize or (3 * min(wide, 8.0), high + 0.3)
    room = wide * 72 - 2 * 12
    verdict = wrapped(shown(interaction.verdict), room, BOLD * CAPTION)
    below = "\n".join(
        wrapped(shown(f"! {note}"), room, SMALL) for note in all_warnings(cells, interaction)
    )
    inches = [_inches(verdict, CAPTION), _inches(below, SMALL) + 0.1]
    total = high if look.figsize else high + sum(inches)
    with drawing(wide, total) as figure:
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        under = min(sum(inches) / total, 0.6)
        engine.set(wspace=0.03, rect=(0, under, 1, 1 - under))
        left, middle, right = figure.subplots(1, 3)
        paint_heatmap(cells, left, look, interaction=interaction, footnotes=False)
        paint_residuals(interaction, middle, others)
        paint_ridge(interaction, right, others)
        for text, size, top, weight in (
            (verdict, CAPTION, sum(inches), "bold"),
            (below, SMALL, inches[1], "normal"),
        ):
            figure.text(
                12 / 72 / wide, top / total, text, size=size, weight=weight, color=INK,
                ha="left", va="top", linespacing=LINE - 0.1,
            )  # fmt: skip
    return figure


def all_warnings(cells: Cells, interaction: Interaction) -> list[str]:
    """What both warn of, each once, but for what the squares themselves show."""
    told = [one.message for one in beside_star(cells, interaction) if one.code not in DRAWN]
    return list(dict.fromkeys([*cells.warnings, *told]))


def _inches(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * LINE / 72 + 0.06 if text else 0.0
