"""The page a picture is drawn on: its colours, new figures, and what there is to know of an axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from interplay.plots.ticks import SMALL, luminance

PAPER, INK, LIGHT_INK = "#ffffff", "#222222", "#f2f2f2"
PALE = "#e6e6e6"
"""Of grid lines."""

Finish = Callable[[], None]
"""What is left to draw once the axes have their final size: the text inside squares."""


def new_figure(width: float, height: float) -> Figure:
    """A pyplot figure of so many inches, white whatever the style says; its owner is the caller."""
    figure = plt.figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(w_pad=0.1, h_pad=0.1)
    # Styles such as dark_background set a colour of their own for saving: text would vanish.
    figure.add_artist(
        Rectangle((0, 0), 1, 1, transform=figure.transFigure, color=PAPER, zorder=-100)
    ).set_in_layout(False)
    return figure


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A new figure, closed again if the drawing fails."""
    figure = new_figure(width, height)
    try:
        yield figure
    except BaseException:
        plt.close(figure)
        raise


def on_axes(
    ax: Axes | None, size: tuple[float, float], paint: Callable[[Axes, bool], Finish]
) -> Axes:
    """Paint on `ax`, or on the axes of a new figure; lay out; finish.

    Args:
        size: of a new figure, in inches.
        paint: takes the axes and whether they have the figure to themselves.
    """
    if ax is not None:
        finish = paint(ax, False)
        root_of(ax).draw_without_rendering()
        finish()
        return ax
    with drawing(*size) as figure:
        ax = figure.add_subplot()
        finish = paint(ax, True)
        # Only the laid out axes tell how large a square is.
        figure.draw_without_rendering()
        finish()
    return ax


def root_of(ax: Axes) -> Figure:
    """The whole figure, also of an axes in a part of one."""
    figure = ax.figure.canvas.figure
    assert isinstance(figure, Figure)
    return figure


def ink_on(ax: Axes) -> str:
    """The colour of words around the axes: light on a dark page."""
    return LIGHT_INK if luminance(root_of(ax).get_facecolor()) < 0.4 else INK


def width_of(ax: Axes, own: bool) -> float:
    """About how many points wide the axes will be once the labels and colour bar have room."""
    box = ax.get_window_extent()
    return float(box.width) * 72 / root_of(ax).dpi * (0.95 if own else 0.75)


def prepare(ax: Axes, ink: str, frame: bool = False) -> None:
    """A white panel without the style's grid; with or without lines at its left and bottom."""
    ax.set_facecolor(PAPER)
    ax.grid(False)
    ax.set_axisbelow(frame)
    for side, spine in ax.spines.items():
        spine.set_visible(frame and side in ("left", "bottom"))
        spine.set_color(ink)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5)
