"""The residual map: where cells lie off the sum of their row and column, which is the interaction."""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize

from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import Floats, number_label
from interplay.plots.canvas import Fit, ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import grid_size
from interplay.plots.look import Look, Looks
from interplay.plots.palette import CENTRED, EMPTY, FADED, PAPER
from interplay.plots.squares import Place, Square, hatch_square, lay_grid, write_squares
from interplay.plots.words import Footer, Header, draw_bar, kind_entry, together


def draw_residuals(
    interaction: Interaction, ax: Axes | None = None, **looks: Unpack[Looks]
) -> Axes:
    """Draw each cell's mean less what its row and column add up to, in the metric's unit.

    Only cells beyond what noise explains have their full colour and bold numbers. Each number has
    its sign, so no colour is needed to read it. Squares too small for numbers have the sign of
    those that stand out.

    Args:
        interaction: the analysis.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        looks: see `Looks`; the middle of a colour map is 0.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    return on_axes(
        ax, grid_size(interaction, []), look, lambda ax: paint_residuals(interaction, ax, look)
    )


def paint_residuals(interaction: Interaction, ax: Axes, look: Look) -> None:
    """The residual map; what depends on the size of the axes is fitted to it."""
    ink, names = ink_on(ax), look.names(interaction)
    residual, out = interaction.residuals.residual, interaction.residuals.stands_out
    rows, columns = residual.shape
    norm, colours = centred(residual), look.cmap or colormaps[CENTRED]
    prepare(ax, ink)
    faces = shades(residual, out, colours, norm)
    ax.pcolormesh(faces, edgecolors=PAPER, linewidth=0.6)
    better = "better" if interaction.mode == "max" else "worse"
    bar: Fit = together()
    if np.nanmax(np.abs(residual)) > 0:
        label = f"{names.metric} off the sum (+ is {better})"
        bar = draw_bar(ScalarMappable(norm, colours), ax, ink, label)
    empty = np.argwhere(np.isnan(residual))
    for row, column in empty:
        hatch_square(ax, (row, column), EMPTY)
    ticks = lay_grid(interaction.x, interaction.y, ax, ink, names)
    title = look.first_line(f"{names.metric}: off the sum of row and column")
    header = Header(title, [_fact(interaction)], ax, ink)
    footer = Footer([kind_entry(EMPTY, ink)] if len(empty) else [], [], ax, ink)

    def write(width: float, height: float) -> None:
        write_squares(ax, _squares(interaction, faces), width / columns, height / rows)

    keep_fitting(ax, together(write, ticks, bar, header, footer))


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
