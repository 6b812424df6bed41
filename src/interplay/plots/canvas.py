"""The page a picture is drawn on: new figures, anybody's axes, and what keeps a drawing fitting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from interplay.plots.cell import keep_inside, laid_out, share_of
from interplay.plots.letters import as_written
from interplay.plots.look import Look
from interplay.plots.palette import INK, LIGHT_INK, PAPER, SMALL

Fit = Callable[[float, float], None]
"""What depends on the size of the axes, which it takes as width and height in points."""


class _Keeper(Artist):
    """Fits drawings to their axes, whenever these have another size; drawn before anything else.

    Axes change after a drawing too: a neighbour takes room, a window grows, `tight_layout` is called.
    """

    zorder = -1e6

    def __init__(self) -> None:
        super().__init__()
        self.set_in_layout(False)
        self.fits: list[tuple[Artist, Axes, Fit]] = []
        self.sizes: dict[Artist, tuple[float, float]] = {}
        self.laid_out = False

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        return {**state, "fits": [], "sizes": {}}  # a pickled picture stays as it is

    def draw(self, renderer: RendererBase) -> None:
        figure = self.get_figure(root=True)
        assert isinstance(figure, Figure)
        engine = figure.get_layout_engine() if laid_out(figure) else None
        if engine is None and self.laid_out and figure.canvas.is_saving():
            return  # matplotlib lays out first, and then draws into the file without its engine
        self.laid_out = engine is not None
        for _ in range(6):
            # A cleared or removed axes has lost what was drawn on it, the mark of a fit as well.
            self.fits = [(m, ax, f) for m, ax, f in self.fits if m.axes is ax and ax.figure]
            changed = False
            for mark, ax, fit in self.fits:
                size = size_of(ax)
                before = self.sizes.get(mark, (0.0, 0.0))
                # Texts are fitted with more to spare than that; in a little more room they stay.
                if any(not 0.98 * b <= a <= 1.06 * b for a, b in zip(size, before, strict=True)):
                    self.sizes[mark] = size
                    fit(*size)
                    as_written(ax)
                    changed = True
            if engine is None:
                moved = [keep_inside(ax, renderer) for _, ax, _ in self.fits]
                changed |= any(moved)
            elif changed:
                engine.execute(figure)
            if not changed:
                return


def keep_fitting(ax: Axes, fit: Fit) -> None:
    """Call `fit` when the figure is laid out, and again whenever the axes have another size."""
    figure = root_of(ax)
    keeper = next((a for a in figure.artists if isinstance(a, _Keeper)), None)
    if keeper is None:
        keeper = _Keeper()
        figure.add_artist(keeper)
    mark = ax.add_artist(Artist())
    mark.set_in_layout(False)
    keeper.fits.append((mark, ax, fit))
    # About as large as it will be: words of any length could leave a first layout no room.
    wide, high = share_of(ax)
    fit(0.65 * wide, 0.6 * high)


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
    """A new figure, laid out in the end; closed again if the drawing fails."""
    figure = new_figure(width, height)
    try:
        yield figure
        as_written(figure)
        figure.draw_without_rendering()
    except BaseException:
        plt.close(figure)
        raise


def on_axes(
    ax: Axes | None, size: tuple[float, float], look: Look, paint: Callable[[Axes], None]
) -> Axes:
    """Paint on `ax`, or on the axes of a new figure, and lay out.

    Args:
        size: of a new figure in inches, where `look` has none.
        paint: takes the axes.
    """
    if ax is not None:
        paint(ax)
        as_written(ax)
        root_of(ax).draw_without_rendering()
        return ax
    with drawing(*(look.figsize or size)) as figure:
        ax = figure.add_subplot()
        paint(ax)
    return ax


@contextmanager
def unseen(ax: Axes) -> Iterator[None]:
    """Without drawing the figure, whoever asks for it meanwhile: it is not whole yet."""
    figure = root_of(ax)
    before = figure.get_visible()
    figure.set_visible(False)
    try:
        yield
    finally:
        figure.set_visible(before)


def root_of(ax: Axes) -> Figure:
    """The whole figure, also of an axes in a part of one."""
    figure = ax.figure.canvas.figure
    assert isinstance(figure, Figure)
    return figure


def size_of(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points."""
    box, points = ax.get_window_extent(), 72 / root_of(ax).dpi
    return float(box.width) * points, float(box.height) * points


def luminance(colour: Any) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def ink_on(ax: Axes) -> str:
    """The colour of words around the axes: light on a dark page."""
    return LIGHT_INK if luminance(root_of(ax).get_facecolor()) < 0.4 else INK


def prepare(ax: Axes, ink: str, frame: bool = False) -> None:
    """A white panel without the style's grid; with or without lines at its left and bottom."""
    ax.set_facecolor(PAPER)
    ax.grid(False)
    ax.set_axisbelow(frame)
    for side, spine in ax.spines.items():
        spine.set_visible(frame and side in ("left", "bottom"))
        spine.set_color(ink)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5)
