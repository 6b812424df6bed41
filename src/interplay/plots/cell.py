"""The part of a figure that is an axes' own, and how to stay inside it where nothing is laid out."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.transforms import Bbox

from interplay.plots.letters import inked

PAD = 4.0
"""Between a drawing and its neighbours or the figure's edge, in points."""
LEAST = 0.2
"""Of its room that an axes keeps in each direction, however much is written around it."""
_MOVED: WeakKeyDictionary[Axes, tuple[Bbox, Bbox]] = WeakKeyDictionary()
"""Of axes that `keep_inside` has moved: where to, and where the user had placed them."""


def laid_out(part: Figure | SubFigure) -> bool:
    """Whether a layout engine places the axes of this figure."""
    engine = part.get_figure(root=True).get_layout_engine()
    return engine is not None and not isinstance(engine, PlaceHolderLayoutEngine)


def share_of(ax: Axes) -> tuple[float, float]:
    """Width and height in points of the part of the figure that the axes and its words may fill.

    It depends on the figure and its grid only, and not on what is written there: what is fitted to
    it stays as it is when a neighbour changes.
    """
    part = ax.get_figure(root=False)
    assert part is not None
    points, spec = 72 / part.dpi, ax.get_subplotspec()
    if spec is None or not laid_out(part):
        room = room_of(ax)
        return float(room.width) * points, float(room.height) * points
    wide, high = part.bbox.width * points, part.bbox.height * points
    top = spec.get_topmost_subplotspec()
    for one in {id(top): top, id(spec): spec}.values():
        grid = one.get_gridspec()
        across, down = map(np.asarray, (grid.get_width_ratios(), grid.get_height_ratios()))
        wide *= across[list(one.colspan)].sum() / across.sum()
        high *= down[list(one.rowspan)].sum() / down.sum()
    return float(wide), float(high)


def keep_inside(ax: Axes, renderer: RendererBase) -> bool:
    """Shrink the axes until all that is written around it lies in the room that is its own.

    Without a layout engine matplotlib leaves an axes where it is, and its words run over the
    neighbours and out of the figure.

    Returns:
        Whether it was changed.
    """
    ink_box, here = inked(ax, renderer), ax.get_window_extent(renderer)
    if ink_box is None or ax.get_axes_locator() is not None:
        return False  # another has its place in hand, such as a file that is cut to what is drawn
    part = ax.get_figure(root=False)
    assert part is not None
    room, placed = room_of(ax, renderer), _placed(ax, part)
    low, high = [], []
    for side in (0, 1):
        asked, now, ink, own = (b.get_points()[:, side] for b in (placed, here, ink_box, room))
        start, end = own
        new_first = max(asked[0], start + now[0] - ink[0])
        new_last = min(asked[1], end - (ink[1] - now[1]))
        least = LEAST * (end - start)
        if new_last - new_first < least:
            # Too much is written for all of it: what stands before the axes comes first.
            new_last = min(new_first + least, end)
            new_first = new_last - least
        low.append(new_first)
        high.append(new_last)
    new = Bbox([low, high])
    if abs(new.get_points() - here.get_points()).max() < 1:
        return False
    to_part = part.transSubfigure.inverted()
    in_layout = ax.get_in_layout()
    ax.set_position(new.transformed(to_part))
    ax.set_in_layout(in_layout)  # a layout engine given later may still have its way
    _MOVED[ax] = ax.get_position(original=True), placed.transformed(to_part)
    return True


def room_of(ax: Axes, renderer: RendererBase | None = None) -> Bbox:
    """In pixels: up to the middle of the gap to each neighbour, where the user placed both.

    Args:
        renderer: with it, what neighbours have written beyond that middle takes room too.
    """
    part = ax.get_figure(root=False)
    assert part is not None
    pad = PAD * part.dpi / 72
    here, room = _placed(ax, part), part.bbox.get_points().copy()
    room += [[pad, pad], [-pad, -pad]]
    for other in part.axes:
        if other is ax or not other.get_visible():
            continue
        there = _placed(other, part)
        its_own = (other.get_tightbbox(renderer) if renderer else None) or there
        for side, across in ((0, 1), (1, 0)):
            h, t, i = (b.get_points()[:, side] for b in (here, there, its_own))
            a, b = here.get_points()[:, across], there.get_points()[:, across]
            if min(a[1], b[1]) - max(a[0], b[0]) <= 1:
                continue  # it lies diagonally
            if t[1] <= h[0]:
                room[0, side] = max(room[0, side], (t[1] + h[0] + pad) / 2, i[1])
            elif t[0] >= h[1]:
                room[1, side] = min(room[1, side], (t[0] + h[1] - pad) / 2, i[0])
    return Bbox(room)


def _placed(ax: Axes, part: Figure | SubFigure) -> Bbox:
    """Where the user placed an axes, in pixels."""
    now = ax.get_position(original=True)
    moved, before = _MOVED.get(ax, (None, now))
    # Another place than it was moved to: the user, or a layout engine, has placed it again.
    kept = moved is not None and abs(moved.get_points() - now.get_points()).max() < 1e-9
    return (before if kept else now).transformed(part.transSubfigure)
