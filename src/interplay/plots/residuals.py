"""The residual map: where cells lie off the sum of their row and column, which is the interaction."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize

from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import Floats, number_label
from interplay.plots.canvas import PAPER, Finish, ink_on, on_axes, prepare
from interplay.plots.heatmap import draw_bar, grid_size
from interplay.plots.squares import (
    Place,
    Square,
    hatch_square,
    lay_grid,
    square_size,
    write_squares,
)
from interplay.plots.ticks import (
    Kind,
    draw_footer,
    draw_header,
    kind_entry,
)

EMPTY = Kind("empty", "no finite row", "#ffffff", "..", "#c4c4c4")
MAP = "PuOr_r"
"""Orange above 0, purple below: the colour-blind tell them apart too. White at 0."""
FADED = 0.22
"""How much colour a cell keeps that does not stand out."""


def draw_residuals(
    interaction: Interaction, ax: Axes | None = None, *, title: str | None = None
) -> Axes:
    """Draw each cell's mean less what its row and column add up to, in the metric's unit.

    Only cells beyond what noise explains have their full colour and bold numbers. Each number has
    its sign, so no colour is needed to read it. Squares too small for numbers have the sign of
    those that stand out.

    Args:
        interaction: the analysis.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        title: the first line above it.

    Returns:
        The axes. Nothing is shown or saved.
    """
    return on_axes(
        ax,
        grid_size(interaction, []),
        lambda ax, own: paint_residuals(interaction, ax, own, title=title),
    )


def paint_residuals(
    interaction: Interaction, ax: Axes, own: bool = False, *, title: str | None = None
) -> Finish:
    """The residual map but for the text in its squares, which takes the laid out axes."""
    ink = ink_on(ax)
    residual, out = interaction.residuals.residual, interaction.residuals.stands_out
    rows, columns = residual.shape
    norm, colours = centred(residual), colormaps[MAP]
    prepare(ax, ink)
    faces = shades(residual, out, colours, norm)
    ax.pcolormesh(faces, edgecolors=PAPER, linewidth=0.6)
    better = "better" if interaction.mode == "max" else "worse"
    if np.nanmax(np.abs(residual)) > 0:
        label = f"{interaction.metric} off the sum (+ is {better})"
        draw_bar(ScalarMappable(norm, colours), ax, ink, label)
    empty = np.argwhere(np.isnan(residual))
    for row, column in empty:
        hatch_square(ax, (row, column), EMPTY)
    width = lay_grid(interaction.x, interaction.y, ax, ink, own)
    if title is None:
        title = f"{interaction.metric}: off the sum of row and column"
    draw_header(title, [_fact(interaction)], ax, ink, width)
    draw_footer([kind_entry(EMPTY, ink)] if len(empty) else [], [], ax, ink, width)

    def finish() -> None:
        wide, high = square_size(ax, rows, columns)
        write_squares(ax, _squares(interaction, faces), wide, high)

    return finish


def _fact(interaction: Interaction) -> str:
    found = interaction.residuals
    if not np.nanmax(np.abs(found.residual)) > 0:
        return "every cell is exactly that sum"
    if not np.isfinite(found.error).any():
        return "no spread to judge them by: none has its full colour"
    if not found.stands_out.any():
        return "all faded: none is beyond what noise explains"
    return "full colour and bold: beyond what noise explains (5% over all cells)"


def _squares(interaction: Interaction, faces: Floats) -> list[dict[Place, Square]]:
    """The signed numbers; where they do not fit, the signs of those that stand out."""
    residual, out = interaction.residuals.residual, interaction.residuals.stands_out
    numbers, signs = {}, {}
    written = _signed(residual, interaction.residuals.error)
    for place in np.ndindex(*residual.shape):
        row, column = place
        if np.isnan(residual[place]):
            numbers[row, column] = Square([EMPTY.word], EMPTY.face, hatched=True)
            continue
        back, bold = tuple(faces[place]), bool(out[place])
        numbers[row, column] = Square([written[place]], back, bold=bold)
        if bold:
            sign = "+" if residual[place] > 0 else "−"
            signs[row, column] = Square([sign], back, bold=True)
    return [numbers, signs]


def _signed(residual: Floats, error: Floats) -> dict[tuple[int, ...], str]:
    """Numbers with their sign, all to the same decimals: two digits of their error."""
    known = error[np.isfinite(error) & (error > 0)]
    unit = float(np.median(known)) if known.size else float(np.nanmax(np.abs(residual)))
    decimals = 1 - math.floor(math.log10(unit)) if unit > 0 else 2
    texts = {}
    for place, value in np.ndenumerate(residual):
        if decimals > 5:
            text = ("+" if value > 0 else "") + number_label(float(value), 2)
        else:
            text = f"{value:+.{max(decimals, 0)}f}"
            text = text[1:] if float(text) == 0 else text
        texts[place] = text.replace("-", "−")
    return texts


def centred(residual: Floats) -> Normalize:
    """A colour scale with 0 in its middle."""
    most = float(np.nanmax(np.abs(residual))) or 1.0
    return Normalize(-most, most)


def shades(
    residual: Floats, out: npt.NDArray[np.bool_], colours: Colormap, norm: Normalize
) -> Floats:
    """The colour of each cell, shape (rows, columns, 4): faded where it does not stand out."""
    full = np.asarray(colours(norm(np.nan_to_num(residual))), dtype=np.float64)
    kept = np.where(out, 1.0, FADED)[..., None]
    return np.asarray(1 - kept * (1 - full), dtype=np.float64)
