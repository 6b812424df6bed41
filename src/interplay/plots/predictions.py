"""What trained models say of rows: a confusion matrix of classes, residuals of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from interplay.analysis.axes import Axis
from interplay.analysis.numbers import Floats
from interplay.errors import how_many
from interplay.plots.canvas import Fit, ink_on, keep_fitting, on_axes, prepare
from interplay.plots.look import Look, Looks, Names
from interplay.plots.palette import PALE, PAPER, SMALL, TITLE
from interplay.plots.squares import Place, Square, lay_grid, write_squares
from interplay.plots.words import Header, Name, draw_bar, together

SHARES = "Blues"
DARK = "#0b3c5d"


@dataclass(frozen=True, eq=False)
class Confusion:
    """What classes rows were said to be of.

    Attributes:
        counts: (classes, classes), rows of the true class said to be of the column's, summed over
            trainings.
        classes: their names, in order.
        trainings: that the counts are summed over.
        rows: that were looked at, each by all trainings, or by those whose fold it is in.
    """

    counts: npt.NDArray[np.int64]
    classes: Sequence[str]
    trainings: int
    rows: int


@dataclass(frozen=True, eq=False)
class Errors:
    """What trained models said where numbers are to be told.

    Attributes:
        targets: (rows,).
        said: (trainings, rows); nan where a training had other rows to tell.
        name: of what was predicted.
    """

    targets: Floats
    said: Floats
    name: str = "target"


def draw_confusion(found: Confusion, ax: Axes | None = None, **looks: Unpack[Looks]) -> Axes:
    """Draw which share of the rows of each class was said to be of which class.

    Args:
        ax: where to draw; by default a new pyplot figure that the caller owns.
        looks: see `Looks`.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look, size = Look.read(looks, ax), max(4.0, 0.5 * len(found.classes) + 2.0)
    return on_axes(ax, (size + 0.6, size), look, lambda ax: paint_confusion(found, ax, look))


def paint_confusion(found: Confusion, ax: Axes, look: Look) -> None:
    """The confusion matrix; what depends on the size of the axes is fitted to it."""
    counts, classes, trainings, ink = found.counts, found.classes, found.trainings, ink_on(ax)
    prepare(ax, ink)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    colours, norm = look.cmap or colormaps[SHARES], Normalize(0, 1)
    ax.pcolormesh(share, cmap=colours, norm=norm, edgecolors=PAPER, linewidth=0.6)
    axis = Axis("class", tuple(map(str, classes)), tuple(map(str, classes)), False, False, None)
    ticks = lay_grid(axis, axis, ax, ink, Names("said to be", "is", "share"))
    bar = draw_bar(ScalarMappable(norm, colours), ax, ink, "share of the rows of a class")
    times, left = divmod(int(counts.sum()), found.rows)
    each = f", each by {times} of {trainings} trainings" if not left else f", {trainings} trainings"
    facts = f"{how_many(found.rows, 'row')}{each if trainings > 1 else ''}"
    header = Header(look.first_line("which class was said"), [facts], ax, ink)

    def write(width: float, height: float) -> None:
        squares: dict[Place, Square] = {
            (row, column): Square([_percent(value)], colours(norm(value)), bold=row == column)
            for (row, column), value in np.ndenumerate(share)
            if counts[row, column]
        }
        write_squares(ax, [squares], width / len(classes), height / len(classes))

    keep_fitting(ax, together(ticks, bar, header, write))


def _percent(share: float) -> str:
    """A share as a percentage, so that a rare mistake is not none."""
    percent = 100 * share
    return f"{percent:.0f}%" if percent >= 0.95 or percent == 0 else f"{percent:.1f}%"


def draw_errors(found: Errors, ax: Axes | None = None, **looks: Unpack[Looks]) -> Axes:
    """Draw what trained models are off by, over what is true; a dot a row, a bar over trainings.

    Args:
        ax: where to draw; by default a new pyplot figure that the caller owns.
        looks: see `Looks`.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    return on_axes(ax, (5.6, 4.0), look, lambda ax: paint_errors(found, ax, look))


def paint_errors(found: Errors, ax: Axes, look: Look) -> None:
    """The residuals; what depends on the size of the axes is fitted to it."""
    targets, said, name = found.targets, found.said, found.name
    ink = ink_on(ax)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    off = said - targets
    mean = np.nanmean(off, axis=0)
    facts = [f"{len(targets)} rows"]
    times = np.isfinite(off).sum(axis=0)
    least, most = int(times.min()), int(times.max())
    if least > 1:
        sd = np.nanstd(off, axis=0, ddof=1)
        ax.errorbar(targets, mean, sd, fmt="none", ecolor=DARK, alpha=0.25, linewidth=0.8, zorder=2)
        each = str(most) if least == most else f"{least} to {most}"
        facts.append(f"mean ± sd over {each} of {len(said)} trainings")
    ax.plot(targets, mean, "o", color=DARK, markersize=3, alpha=0.6, zorder=3)
    ax.axhline(0, color=ink, linewidth=0.8, zorder=1)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    parts: list[Fit] = [
        Name(ax.xaxis, f"true {name}", ink),
        Name(ax.yaxis, "said − true", ink, TITLE - 1),
    ]
    header = Header(look.first_line(f"{name}: off the truth"), facts, ax, ink)
    keep_fitting(ax, together(*parts, header))
