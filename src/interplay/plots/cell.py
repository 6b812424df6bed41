"""What belongs to an axes in a figure that no layout engine lays out, and how to stay inside it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.transforms import Bbox

PAD = 4.0
"""Between a drawing and its neighbours or the figure's edge, in points."""
LEAST = 0.2
"""Of its room that an axes keeps in each direction, however much is written around it."""


def keep_inside(ax: Axes, renderer: RendererBase) -> bool:
    """Shrink the axes until all that is written around it lies in the room that is its own.

    Without a layout engine matplotlib leaves an axes where it is, and its words run over the
    neighbours and out of the figure.

    Returns:
        Whether it was changed.
    """
    inked, here = ax.get_tightbbox(renderer), ax.get_window_extent(renderer)
    if inked is None:
        return False
    room = room_of(ax, renderer)
    low, high = [], []
    for side in (0, 1):
        (first, last), (start, end) = here.get_points()[:, side], room.get_points()[:, side]
        before, after = first - inked.get_points()[0, side], inked.get_points()[1, side] - last
        new_first, new_last = max(first, start + before), min(last, end - after)
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
    part = ax.get_figure(root=False)
    assert part is not None
    in_layout = ax.get_in_layout()
    ax.set_position(new.transformed(part.transSubfigure.inverted()))
    ax.set_in_layout(in_layout)  # a layout engine given later may still have its way
    return True


def room_of(ax: Axes, renderer: RendererBase) -> Bbox:
    """In pixels: up to the middle of the gap to each neighbour, or to what that has written there."""
    part = ax.get_figure(root=False)
    assert part is not None
    pad = PAD * part.dpi / 72
    here, room = ax.get_window_extent(renderer), part.bbox.get_points().copy()
    room += [[pad, pad], [-pad, -pad]]
    for other in part.axes:
        if other is ax or not other.get_visible():
            continue
        there = other.get_window_extent(renderer)
        inked = other.get_tightbbox(renderer) or there
        for side, across in ((0, 1), (1, 0)):
            h, t, i = (b.get_points()[:, side] for b in (here, there, inked))
            a, b = here.get_points()[:, across], there.get_points()[:, across]
            if min(a[1], b[1]) - max(a[0], b[0]) <= 1:
                continue  # it lies diagonally
            if t[1] <= h[0]:
                room[0, side] = max(room[0, side], (t[1] + h[0]) / 2, i[1])
            elif t[0] >= h[1]:
                room[1, side] = min(room[1, side], (t[0] + h[1]) / 2, i[0])
    return Bbox(room)
