"""Tables to draw, and how to read what was drawn."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.offsetbox import TextArea

from interplay.analysis import CellMeans
from interplay.analysis.interaction import InteractionTest

X, Y = "model.h", "model.d"
LAY_OUT = Figure.draw_without_rendering  # which `conftest` puts off


def peak(i, j):
    """The best j is the i: the optimum shifts."""
    return 0.9 - 0.02 * (i - j) ** 2


def additive(i, j):
    return 0.5 + 0.05 * i + 0.1 * j


def table(xs=(8, 16, 32, 64), ys=(0.0, 0.2, 0.4), value=peak, seeds=5, noise=0.004, seed=0):
    random = np.random.default_rng(seed)
    rows = [
        {X: x, Y: y, "seed": s, "status": "complete", "epochs_run": 9}
        | {"accuracy": value(i, j) + 0.01 * s + noise * random.standard_normal()}
        for (i, x), (j, y), s in itertools.product(enumerate(xs), enumerate(ys), range(seeds))
    ]
    return pd.DataFrame(rows)


def spoil(frame, x, y, status, seeds=range(99)):
    at = (frame[X] == x) & (frame[Y] == y) & frame["seed"].isin(seeds)
    frame.loc[at, ["status", "accuracy"]] = [status, np.nan]


def both(frame, **options):
    """The cells of a table and their analysis."""
    asked = {"x": X, "y": Y, "metric": "accuracy", **options}
    return CellMeans(**asked)(frame), InteractionTest(**asked)(frame)


def squares(ax):
    """Each square's text by (row, column)."""
    inside = [t for t in ax.texts if t.get_gid() == "square"]
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t for t in inside}


def laid_out(figure):
    """Lay a figure out, if anything has changed since it was."""
    if figure.stale:
        LAY_OUT(figure)


def colours(ax):
    """The colour of each square, shape (rows, columns, 4)."""
    laid_out(ax.figure)
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    return mesh.get_facecolors().reshape(*mesh.get_coordinates()[1:, 1:].shape[:2], 4)


def bars(ax):
    """The colour bars that belong to an axes."""
    return [child for child in ax.child_axes if hasattr(child, "_colorbar")]


def rings(ax):
    """(row, column) of the squares with a ring, on an axis that goes up or down."""
    up = ax.get_ylim()[0] < ax.get_ylim()[1]
    marked = [line for line in ax.lines if line.get_gid() == "tied"]
    corners = [corner for line in marked for corner in line.get_xydata()]
    return {(int(y) - (1 if up else 0), int(x) - 1) for x, y in corners}


def words(ax):
    """All text of the figure, legend and footnotes included, each line break a space."""
    found = {t.get_text() for t in ax.figure.findobj(plt.Text)}
    found |= {t.get_text() for t in ax.figure.findobj(TextArea)}
    return "\n".join(text.replace("\n", " ") for text in found)


def undrawn(figure):
    """Labels of ticks outside the limits of their axis, which are never drawn."""
    return {
        id(label)
        for ax in [*figure.axes, *(bar for ax in figure.axes for bar in bars(ax))]
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)  # a bar's stand on its other side
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }


def boxes(figure):
    """(text, extent, slanted) of all that is written, but for stars, which sit on corners."""
    laid_out(figure)
    skip = undrawn(figure)
    shown = [t for t in figure.findobj(plt.Text) if t.get_text().strip() and t.get_visible()]
    return [
        (t.get_text(), t.get_window_extent(), t.get_rotation() % 90 != 0)
        for t in shown
        if t.get_text() != "★" and id(t) not in skip
    ]


def clipped(figure):
    """Texts that stick out of the figure."""
    whole = figure.bbox.padded(1)
    return [
        text
        for text, box, _ in boxes(figure)
        if not (whole.contains(*box.min) and whole.contains(*box.max))
    ]


def crowded(figure):
    """Neighbours among the labels of an x that run into each other, lying or slanted."""
    laid_out(figure)
    skip, found = undrawn(figure), []
    for ax in figure.axes:
        labels = [t for t in ax.get_xticklabels() if t.get_text().strip() and id(t) not in skip]
        for one, other in itertools.pairwise(labels):
            a, b = one.get_window_extent(), other.get_window_extent()
            slant = np.radians(one.get_rotation())
            # Slanted ones are lines of text, as far from each other as their ends let them be.
            far = (b.x1 - a.x1) * np.sin(slant) if slant else b.x0 - a.x1
            least = 0.95 * one.get_fontsize() * figure.dpi / 72 if slant else -1.5
            if far < least:
                found.append((one.get_text(), other.get_text()))
    return found


def overlapping(figure):
    """Pairs of texts that lie on one another; slanted ones fill little of their extent."""
    found = [(text, box) for text, box, slanted in boxes(figure) if not slanted]
    return crowded(figure) + [
        (one, two)
        for (one, a), (two, b) in itertools.combinations(found, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5
    ]
