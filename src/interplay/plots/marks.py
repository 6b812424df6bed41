"""Marks on the squares of a heatmap: the best, what ties with it, what lies beyond the colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation

from interplay.analysis.axes import Axis
from interplay.analysis.cautions import Caution
from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import text_of
from interplay.plots.canvas import root_of
from interplay.plots.palette import (
    BEYOND_MARKS,
    FRAME,
    STAR,
    STAR_FACE,
    STAR_RIM,
    STAR_SIZE,
    TIE_SIZE,
    corner_look,
)
from interplay.plots.scale import Scale
from interplay.plots.squares import Place

EDGE = 2.8
"""Between a tie's mark and its square's edges, in points: the frame of the best square fits in."""

SHOWN = (
    "few_seeds", "seeds_not_shared", "inert_axis", "seed_ignored", "unequal_spread",
    "one_cell_residual", "one_cell_total", "best_on_edge",
)  # fmt: skip
"""Cautions of an analysis that change how its heatmap is read."""


def placed(own: Axis, other: Axis) -> list[int]:
    """For each level of `own` its position on `other`, matched by value; -1 where it has none."""
    at = {text_of(value): i for i, value in enumerate(other.values)}
    return [at.get(text_of(value), -1) for value in own.values]


def tied_places(cells: Cells, interaction: Interaction | None) -> list[Place] | None:
    """Squares that are not clearly worse than the best one, which is left out.

    None where that is not known: there is no analysis, or no spread to judge by, or its best cell
    is not the heatmap's (which leaves out cells with diverged runs).
    """
    if interaction is None or cells.best is None or interaction.ridge.rows[0].keep is None:
        return None
    rows, columns = placed(interaction.y, cells.y), placed(interaction.x, cells.x)
    tied = {
        (rows[y], columns[x])
        for y, x in np.argwhere(interaction.ridge.tied)
        if rows[y] >= 0 and columns[x] >= 0 and not cells.diverged[rows[y], columns[x]]
    }
    return sorted(tied - {cells.best}) if cells.best in tied else None


def beside_star(cells: Cells, interaction: Interaction) -> list[Caution]:
    """The cautions of an analysis but for one of another best cell than the heatmap's.

    They differ where cells miss some seeds: the heatmap has plain means, the analysis takes from
    each what its seeds add.
    """
    best = None
    if cells.best is not None:
        best = cells.x.values[cells.best[1]], cells.y.values[cells.best[0]]
    return [
        caution
        for caution in interaction.cautions
        if caution.code != "best_on_edge" or best in caution.cells
    ]


def reading_cautions(cells: Cells, interaction: Interaction | None) -> list[str]:
    """What the analysis warns of that matters on the heatmap and that `cells` does not say."""
    if interaction is None:
        return []
    told = [one.message for one in beside_star(cells, interaction) if one.code in SHOWN]
    return [message for message in dict.fromkeys(told) if message not in cells.warnings]


def mark_best(best: Place, ax: Axes) -> None:
    """A frame around the best square, and a star on its corner, where it hides no number."""
    row, column = best
    for order, (colour, width) in enumerate(FRAME):
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, fill=False, edgecolor=colour, linewidth=width,
                zorder=4 + order / 10, clip_on=False, joinstyle="miter",
            )
        )  # fmt: skip
    ax.annotate(
        STAR,
        (column + 1, row + _top(ax)),
        xytext=(0, 0),
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        annotation_clip=False,
        gid="star",
        color=STAR_FACE,
        size=STAR_SIZE,
        zorder=5,
        family="DejaVu Sans",
        path_effects=[withStroke(linewidth=1.8, foreground=STAR_RIM)],
    )


def beyond_places(cells: Cells, scale: Scale) -> dict[str, list[Place]]:
    """Squares whose mean lies "above" and "below" the ends of the colours."""
    low, high = scale.ends
    with np.errstate(invalid="ignore"):
        out = {"above": cells.mean > high, "below": cells.mean < low}
    return {
        side: [(int(y), int(x)) for y, x in np.argwhere(there)]
        for side, there in out.items()
        if there.any()
    }


def corner_size(width: float, height: float) -> float:
    """Diameter in points of a mark in the corner of a square of so many points."""
    return min(TIE_SIZE, 0.28 * min(width, height))


def mark_tied(places: Iterable[Place], ax: Axes, size: float) -> None:
    """A small ring in the upper right corner of each square, light with a dark rim: on any colour.

    That corner of the best square is the star's, so the star hides none of them.
    """
    _mark_corners(places, ax, size, "tied", "o", right=True)


def mark_beyond(places: Mapping[str, Iterable[Place]], ax: Axes, size: float) -> None:
    """A small triangle in the upper left corner: what has the colour of an end lies beyond it."""
    for side, there in places.items():
        _mark_corners(there, ax, 1.2 * size, side, BEYOND_MARKS[side], right=False)


def _mark_corners(
    places: Iterable[Place], ax: Axes, size: float, gid: str, marker: str, *, right: bool
) -> None:
    for old in [line for line in ax.lines if line.get_gid() == gid]:
        old.remove()
    inwards = (size / 2 + EDGE) / 72
    across = -inwards if right else inwards
    shift = ScaledTranslation(across, -inwards, root_of(ax).dpi_scale_trans)
    rows, columns = np.array(list(places)).T
    ax.plot(
        columns + right, rows + _top(ax), transform=ax.transData + shift, zorder=3.5, gid=gid,
        **corner_look(size, marker),
    )  # fmt: skip


def _top(ax: Axes) -> int:
    """What to add to a row for its upper edge."""
    return 1 if ax.get_ylim()[0] < ax.get_ylim()[1] else 0
