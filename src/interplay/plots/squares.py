"""The text inside the squares of a grid: as large as fits, and less of it where squares are small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from interplay.analysis.axes import Axis
from interplay.plots.canvas import Fit, luminance
from interplay.plots.letters import text_width
from interplay.plots.look import Names
from interplay.plots.palette import LIGHT_NUMBER, NUMBER, Kind
from interplay.plots.words import Name, Ticks, together

LARGEST, SMALLEST = 10.0, 5.5
"""Font sizes in points; where the smallest does not fit, a shorter text is tried."""
LINE_HEIGHT = 1.25

NARROWEST = 5.0
"""Points: no character fits into a narrower square."""
Place = tuple[int, int]
"""(row, column) of a square."""


@dataclass(frozen=True)
class Square:
    """What one square says.

    Attributes:
        lines: of its text.
        back: its colour, which the text stands out from.
        hatched: whether the text needs a halo.
        bold: whether it is one of those to look at.
    """

    lines: Sequence[str]
    back: Any
    hatched: bool = False
    bold: bool = False


def lay_grid(x: Axis, y: Axis, ax: Axes, ink: str, names: Names) -> Fit:
    """Limits, direction and labels of a grid: numbers increase upwards, and what has none stands
    above them; words read downwards.

    Returns:
        The labels, which fit themselves to the axes.
    """
    ax.set_xlim(0, len(x))
    ax.set_ylim(0, len(y))
    if not y.upwards:
        ax.invert_yaxis()
    parts: list[Fit] = []
    for axis, name, side in ((x, names.x, ax.xaxis), (y, names.y, ax.yaxis)):
        scale = "log scale" if axis.log else "linear scale"
        parts.append(Ticks(axis, side, ink))
        parts.append(Name(side, f"{name} (bins, {scale})" if axis.binned else name, ink))
    return together(*parts)


def write_squares(
    ax: Axes,
    choices: Iterable[Mapping[Place, Square]],
    width: float,
    height: float,
    corner: float = 0.0,
) -> int | None:
    """Write the first of `choices` that fits into all squares, the most telling first.

    What was written there before, at another size, goes.

    Args:
        width, height: of a square, in points.
        corner: what a mark in a square's corner takes, in points.

    Returns:
        Which choice was written; None where none fits.
    """
    for old in [text for text in ax.texts if text.get_gid() == "square"]:
        old.remove()
    if width < NARROWEST:
        return None  # without asking what it would say, of many squares
    for number, squares in enumerate(choices):
        if all(not square.lines for square in squares.values()):
            return None
        size = _fits_all(squares.values(), width, height, corner)
        if size is None:
            continue
        for (row, column), square in squares.items():
            text = ax.text(
                column + 0.5,
                row + 0.5,
                "\n".join(square.lines),
                ha="center",
                va="center",
                size=size,
                linespacing=1.15,
                weight="bold" if square.bold else "normal",
                color=LIGHT_NUMBER if luminance(square.back) < 0.2 else NUMBER,
                zorder=3,
                gid="square",
            )
            # It lies inside the axes: measuring hundreds again to lay out a figure is for nothing.
            text.set_in_layout(False)
            if square.hatched:
                text.set_path_effects([withStroke(linewidth=2.5, foreground=square.back)])
        return number
    return None


def _fits_all(
    squares: Iterable[Square], width: float, height: float, corner: float
) -> float | None:
    """The font size that fits all; None from the first that is too small to be read."""
    size = LARGEST
    for square in squares:
        if square.lines:
            size = min(size, _fitting(square, width, height, corner))
        if size < SMALLEST:
            return None
    return size


def _fitting(square: Square, width: float, height: float, corner: float) -> float:
    """The font size that fits; text keeps clear of a corner's mark at its side or below it."""

    widest = max(text_width(line, square.bold) for line in square.lines)

    def size(width: float, height: float) -> float:
        across = 0.92 * width / widest
        return min(LARGEST, across, 0.92 * height / (LINE_HEIGHT * len(square.lines)))

    return max(size(width - 2 * corner, height), size(width, height - 2 * corner))


def hatch_square(ax: Axes, place: Place, kind: Kind) -> None:
    """Draw a square that has no number."""
    row, column = place
    ax.add_patch(
        Rectangle(
            (column, row), 1, 1, facecolor=kind.face, edgecolor=kind.line, hatch=kind.hatch,
            linewidth=0,
        )
    )  # fmt: skip
