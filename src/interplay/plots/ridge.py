"""The ridge: the best y for each x, what ties with it, and the line it draws over a heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import text_of
from interplay.plots.canvas import ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import grid_size
from interplay.plots.look import Look, Looks, Names
from interplay.plots.marks import placed
from interplay.plots.palette import BEST, KEPT, PALE, RIDGE_FACE, RIDGE_RIM
from interplay.plots.squares import Square, lay_grid, write_squares
from interplay.plots.words import Entry, Footer, Header, swatch_entry, text_entry, together

HALF = 0.36
"""Half a bar's width, in steps of x: the line between the bars crosses no number."""


def draw_ridge(interaction: Interaction, ax: Axes | None = None, **looks: Unpack[Looks]) -> Axes:
    """Draw the best y for each x (dark) and every y that is not clearly worse than it (pale).

    The squares lie as those of the heatmap do. With five seeds or more each says in what part of
    the resamples of seeds it was the best. A line joins the best ones where both axes have an order.

    Args:
        interaction: the analysis.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        looks: see `Looks`; a colour map gives the dark and the pale colour.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    return on_axes(
        ax, grid_size(interaction, []), look, lambda ax: paint_ridge(interaction, ax, look)
    )


def paint_ridge(interaction: Interaction, ax: Axes, look: Look) -> None:
    """The ridge; what depends on the size of the axes is fitted to it."""
    ink, names, colours = ink_on(ax), look.names(interaction), look.two_colours(BEST, KEPT)
    rows, columns = len(interaction.y), len(interaction.x)
    prepare(ax, ink)
    for edge in range(rows + 1):
        ax.axhline(edge, color=PALE, linewidth=0.6, zorder=0.5)
    known = interaction.ridge.rows[0].keep is not None
    best = _best_rows(interaction)
    inert = interaction.y_is_inert
    kept = interaction.ridge.kept
    for column in range(columns):
        for row in np.flatnonzero(kept[:, column]) if known else ():
            ax.add_patch(_bar(column, int(row), colours[1]))
        if not inert:
            ax.add_patch(_bar(column, best[column], colours[0]))
    if _ordered(interaction) and not inert:
        for column, (here, there) in enumerate(pairwise(best)):
            ends = [column + 0.5 + HALF, column + 1.5 - HALF]
            ax.plot(ends, [here + 0.5, there + 0.5], color=colours[0], linewidth=1.8, gid="ridge")
    ticks = lay_grid(interaction.x, interaction.y, ax, ink, names)
    fact = f"none is better: {names.y} changes nothing" if inert else _shift(interaction, names)
    header = Header(look.first_line(f"best {names.y} for each {names.x}"), [fact], ax, ink)
    entries = [] if inert else _legend(interaction, known, names, colours, ink)

    def write(width: float, height: float) -> None:
        if not inert:
            squares = _support(interaction, best, colours)
            write_squares(ax, [squares], 2 * HALF * width / columns, height / rows)

    keep_fitting(ax, together(write, ticks, header, Footer(entries, [], ax, ink)))


def overlay_ridge(interaction: Interaction, ax: Axes, cells: Cells | None = None) -> Axes:
    """Draw the ridge over a heatmap: a step line below the numbers of each column's best square.

    Args:
        interaction: the analysis of the heatmap's rows.
        ax: the heatmap's axes.
        cells: the heatmap's numbers, where it has levels that the analysis has not.

    Returns:
        `ax`.
    """
    columns = placed(interaction.x, cells.x) if cells else list(range(len(interaction.x)))
    at = placed(interaction.y, cells.y) if cells else list(range(len(interaction.y)))
    low = 0.1 if ax.get_ylim()[0] < ax.get_ylim()[1] else 0.9
    steps = [(columns[i], at[row] + low) for i, row in enumerate(_best_rows(interaction))]
    parts: list[list[tuple[int, float]]] = [[]]
    for step in sorted(step for step in steps if step[0] >= 0):
        last = parts[-1]
        if last and not (_ordered(interaction) and step[0] == last[-1][0] + 1):
            parts.append([])
        parts[-1].append(step)
    for part in parts:
        # Up and down along the borders of squares, where it hides no number.
        line = [(column + end, height) for column, height in part for end in (0.0, 1.0)]
        inner = [(line[0][0] + 0.08, line[0][1]), *line[1:-1], (line[-1][0] - 0.08, line[-1][1])]
        across, up = zip(*inner, strict=True)
        ax.plot(
            across, up, color=RIDGE_FACE, linewidth=2.2, zorder=3.2, gid="ridge",
            path_effects=[withStroke(linewidth=4.2, foreground=RIDGE_RIM)],
        )  # fmt: skip
    return ax


def _best_rows(interaction: Interaction) -> list[int]:
    """The position of the best y for each x."""
    at = {text_of(value): i for i, value in enumerate(interaction.y.values)}
    return [at[text_of(row.best_y)] for row in interaction.ridge.rows]


def _ordered(interaction: Interaction) -> bool:
    return interaction.x.numeric and interaction.y.numeric


def _bar(column: int, row: int, colour: Any) -> Rectangle:
    look: dict[str, Any] = {"facecolor": colour, "linewidth": 0, "zorder": 1}
    return Rectangle((column + 0.5 - HALF, row + 0.04), 2 * HALF, 0.92, **look)


def _support(
    interaction: Interaction, best: Sequence[int], colours: tuple[Any, Any]
) -> dict[tuple[int, int], Square]:
    """The share of resamples in each kept square, in percent."""
    squares = {}
    for column, row in enumerate(interaction.ridge.rows):
        kept = np.flatnonzero(interaction.ridge.kept[:, column])
        for place, share in zip(kept, row.support or (), strict=False):
            back = colours[0 if place == best[column] else 1]
            squares[int(place), column] = Square([f"{share:.0%}"], back)
    return squares


def _shift(interaction: Interaction, names: Names) -> str:
    shift = interaction.ridge.shift
    if shift.slope is None:
        return ""
    text = f"the best {names.y} moves {shift.slope:.2f} steps a step of {names.x}"
    if shift.low is None or shift.high is None:
        return text
    return f"{text} (95% interval {shift.low:.2f} to {shift.high:.2f})"


def _legend(
    interaction: Interaction, known: bool, names: Names, colours: tuple[Any, Any], ink: str
) -> list[Entry]:
    def swatch(words: str, colour: Any) -> Entry:
        return swatch_entry(words, ink, Rectangle((0, 0), 18, 10, color=colour, linewidth=0))

    entries = [swatch(f"best {names.y}", colours[0])]
    if not known:
        return [*entries, text_entry("no spread to say what ties with it", ink)]
    entries.append(swatch("not clearly worse than it", colours[1]))
    if any(row.support for row in interaction.ridge.rows):
        entries.append(
            text_entry(f"%: how often it is the best when {interaction.unit}s are resampled", ink)
        )
    return entries
