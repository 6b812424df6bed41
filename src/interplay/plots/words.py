"""The words around a picture: names, ticks, the two lines of its title, legend and footnotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis as MatplotlibAxis
from matplotlib.axis import XAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea, VPacker
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, ScaledTranslation, blended_transform_factory

from interplay.analysis.axes import Axis
from interplay.plots.canvas import Fit, root_of
from interplay.plots.cell import share_of
from interplay.plots.letters import (
    BOLD,
    CHAR_WIDTH,
    LONGEST,
    in_lines,
    inked,
    shown,
    told_apart,
    wrapped,
)
from interplay.plots.palette import INK, PAPER, SMALL, STAR, TIE_SIZE, TITLE, Kind, corner_look
from interplay.plots.scale import Scale

HEAD = 0.2
"""Of its part of the figure that a title is high at most, and the line below it."""
READABLE = 150.0
"""Height of an axes in points that warnings leave it, if it is less than 45% of its part."""
TURNED = 40
"""Degrees by which ticks of x turn where they are wider than their room."""
LINE, ROW = 1.35 * SMALL, 16.0
"""Height in points of a line of warnings and of a row of a legend."""
Entry = tuple[Any, str]
"""One entry of a legend: what to draw, and its words."""


def tick_texts(axis: Axis, most: int = LONGEST) -> list[str]:
    """Labels, long ones without what does not tell them apart."""
    return told_apart([shown(label) for label in axis.labels], most)


class Name:
    """The name of a side, in lines that are no longer than the side is."""

    def __init__(self, side: MatplotlibAxis, text: str, ink: str, size: float = TITLE) -> None:
        self.side, self.text, self.size = side, text, size
        self.drawn = in_lines(text)
        side.set_label_text(self.drawn)
        side.label.set(color=ink, size=size)

    def __call__(self, width: float, height: float) -> None:
        if self.side.label.get_text() != self.drawn:
            return  # somebody gave it another
        length = width if isinstance(self.side, XAxis) else height
        self.drawn = in_lines(self.text, max(int(length / (0.58 * self.size)), 16))
        self.side.set_label_text(self.drawn)


class Ticks:
    """The labels of a side of levels, in the middle of each.

    As many as there is room for; those of x turned where they are wide.
    """

    def __init__(self, axis: Axis, side: MatplotlibAxis, ink: str, length: float = 0.0) -> None:
        self.axis, self.side = axis, side
        self.look: dict[str, Any] = {"length": length, "labelcolor": ink, "labelsize": SMALL + 0.5}
        self.drawn: list[str] = []
        self(1e4, 1e4)

    def __call__(self, width: float, height: float) -> None:
        if self.drawn and self.drawn != [label.get_text() for label in self.side.get_ticklabels()]:
            return  # somebody gave it others
        assert self.side.axes is not None
        along_x = isinstance(self.side, XAxis)
        # The parts of the figure that labels may take: those of x are turned, those of y lie.
        wide, high = share_of(self.side.axes)
        most = int((0.32 * high if along_x else 0.25 * wide) / (CHAR_WIDTH * (SMALL + 0.5)))
        texts = tick_texts(self.axis, min(max(most, 8), LONGEST))
        room = (width if along_x else height) / len(texts)
        # On a large grid every second label, or third, …: all of them would run into each other.
        line = 1.15 * (SMALL + 0.5)
        if along_x and _wide(texts, room):
            line = max(line, (SMALL + 0.5) / np.sin(np.radians(TURNED)))
        step = max(int(np.ceil(line / room)), 1)
        self.drawn = texts[::step]
        self.side.set_ticks(np.arange(0, len(texts), step) + 0.5, labels=self.drawn)
        self.side.set_tick_params(**self.look)
        if along_x:
            turn_ticks(self.side.axes, texts, step * room)


def turn_ticks(ax: Axes, texts: Sequence[str], room: float) -> None:
    """Turn the ticks of x where they are wider than the room of one."""
    wide = _wide(texts, room)
    for tick in ax.get_xticklabels():
        tick.set(
            rotation=TURNED if wide else 0,
            ha="right" if wide else "center",
            rotation_mode="anchor" if wide else "default",
        )


def _wide(texts: Sequence[str], room: float) -> bool:
    """Whether ticks of x are wider than the room of one."""
    return max(map(len, texts)) * (SMALL + 0.5) * CHAR_WIDTH > 0.95 * room


class Header:
    """The title of the axes, and between both a smaller line of what else must be said."""

    def __init__(self, title: str, facts: Sequence[str], ax: Axes, ink: str) -> None:
        self.ax, self.drawn = ax, title
        self.text = ax.set_title(title, color=ink, size=TITLE, weight="bold")
        # Where the style wants titles; there `ax.set_title` replaces this one.
        aligned = self.text.get_horizontalalignment()
        place = {"left": 0.0, "center": 0.5, "right": 1.0}[aligned]
        for old in [text for text in ax.texts if text.get_gid() == "notes"]:
            old.remove()
        self.notes = ax.annotate(
            "", (place, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
            ha=aligned, va="bottom", size=SMALL, color=ink, gid="notes", linespacing=1.2,
        )  # fmt: skip
        # A title keeps clear of boxes that belong to its axes: of one around the line, too.
        box = ax.inset_axes((0, 1, 1, 0))
        box.axis("off")
        box.set(xticks=[], yticks=[])
        box.set_axes_locator(_Around(self.notes))  # type: ignore[arg-type]
        self.say(title, facts)

    def say(self, title: str, facts: Sequence[str]) -> None:
        """Have both lines say these, from the next fit on."""
        self.title = title
        self.small = shown(" · ".join(fact for fact in facts if fact))

    def __call__(self, width: float, _: float) -> None:
        most = share_of(self.ax)[1] * HEAD
        self.notes.set_text(wrapped(self.small, width, SMALL, int(most / SMALL)))
        if self.text.get_text() == self.drawn:  # nobody gave it another
            self.drawn = wrapped(self.title, width, BOLD * TITLE, int(most / TITLE))
            self.text.set_text(self.drawn)


class _Around:
    """Where an inset axes lies around a text of the same axes, in parts of the figure."""

    def __init__(self, text: Annotation) -> None:
        self.text = text

    def __call__(self, ax: Axes, renderer: RendererBase | None) -> Bbox:
        parent, part = self.text.axes, ax.get_figure(root=False)
        assert parent is not None
        assert part is not None
        here = parent.get_window_extent(renderer)
        top = self.text.get_window_extent(renderer).y1 if self.text.get_text() else here.y1
        box = Bbox([[here.x0, here.y1], [here.x1, max(top, here.y1 + 1e-3)]])
        return box.transformed(part.transSubfigure.inverted())


class Footer:
    """Below the axes' name: the legend of what is there, then the warnings."""

    def __init__(self, entries: Sequence[Entry], notes: Sequence[str], ax: Axes, ink: str) -> None:
        self.entries, self.ax, self.ink = entries, ax, ink
        self.notes = [shown(f"! {note}") for note in notes]
        self.box: AnnotationBbox | None = None

    def __call__(self, width: float, _: float) -> None:
        if self.box is not None:
            self.box.remove()
            self.box = None
        lines: list[Any] = []
        for row in _flowed(self.entries, width):
            lines.append(HPacker(children=row, sep=12, align="center"))
        for note in self._fitting(width, len(lines)):
            words = {"color": self.ink, "size": SMALL, "linespacing": 1.2}
            lines.append(TextArea(note, textprops=words))
        if lines:
            self.box = _Below(
                VPacker(children=lines, sep=4, align="left"),
                (0, 0),
                xycoords=("axes fraction", self.ax.xaxis.label),
                xybox=(0, -6),
                boxcoords="offset points",
                box_alignment=(0, 1),
                frameon=False,
                pad=0,
                annotation_clip=False,
            )
            self.ax.add_artist(self.box)

    def _fitting(self, width: float, rows: int) -> list[str]:
        """The warnings in lines; where there is no room for all, the last are only counted."""
        texts = [wrapped(note, width, SMALL) for note in self.notes]
        if not texts:
            return []
        box, points = inked(self.ax), 72 / root_of(self.ax).dpi
        assert box is not None
        around = (box.height - self.ax.get_window_extent().height) * points + ROW * rows
        share = share_of(self.ax)[1]
        most = share - around - min(0.45 * share, READABLE)
        for kept in range(len(texts), 0, -1):
            if sum((text.count("\n") + 1) * LINE + 4 for text in texts[:kept]) <= most:
                break
        else:
            kept = 0
        if kept == len(texts):
            return texts
        more = f"! {len(texts) - kept} {'more ' if kept else ''}warnings: no room for them here"
        return [*texts[:kept], wrapped(more, width, SMALL)]


def notes_height(notes: Sequence[str], width: float) -> float:
    """Inches that warnings take below an axes of so many inches."""
    texts = [wrapped(f"! {note}", 0.8 * width * 72, SMALL) for note in notes]
    return sum(0.17 * (text.count("\n") + 1) + 0.06 for text in texts)


class _Below(AnnotationBbox):
    """A footer takes height from its axes, but no width: it is wrapped to theirs."""

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox:
        box = super().get_tightbbox(renderer)
        assert self.axes is not None
        here = self.axes.get_window_extent(renderer)
        return Bbox([[here.x0, box.y0], [here.x1, box.y1]])


def together(*fits: Fit) -> Fit:
    """Several as one."""

    def fit(width: float, height: float) -> None:
        for one in fits:
            one(width, height)

    return fit


def draw_bar(
    mesh: ScalarMappable, ax: Axes, ink: str, label: str, scale: Scale | None = None
) -> Fit:
    """A colour bar of the axes' own, 9 points wide: it goes where they go, and so do its words."""
    inches = root_of(ax).dpi_scale_trans + ScaledTranslation(
        1,
        0,
        ax.transAxes,  # type: ignore[arg-type]
    )
    place = blended_transform_factory(inches, ax.transAxes)
    inside = ax.inset_axes((7 / 72, 0, 9 / 72, 1), transform=place)
    return label_bar(mesh, ink, label, scale, cax=inside)


def label_bar(
    mesh: ScalarMappable, ink: str, label: str, scale: Scale | None = None, **where: Any
) -> Fit:
    """A colour bar and its words: what lies beyond its ends is said.

    Args:
        where: as `Figure.colorbar` takes it, `cax` or `ax` among it.
    """
    ax = where.get("cax") or where["ax"][0]
    bar = root_of(ax).colorbar(mesh, extend=scale.extend if scale else "neither", **where)
    bar.ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL)
    bar.outline.set_visible(False)
    parts = [label, scale.note if scale else ""]
    return Name(bar.ax.yaxis, "\n".join(part for part in parts if part), ink, TITLE - 1)


def text_entry(text: str, ink: str) -> Entry:
    words = {"color": ink, "size": SMALL, "family": "DejaVu Sans" if text[0] == STAR else None}
    return TextArea(text, textprops=words), text


def swatch_entry(text: str, ink: str, *artists: Artist, width: float = 18) -> Entry:
    """Artists in a box 10 points high, and their words; on white, as in their picture."""
    patch = DrawingArea(width, 10)
    if ink != INK:
        patch.add_artist(Rectangle((0, 0), width, 10, color=PAPER, linewidth=0))
    for artist in artists:
        patch.add_artist(artist)
    return HPacker(children=[patch, text_entry(text, ink)[0]], sep=4, align="center"), text


def kind_entry(kind: Kind, ink: str) -> Entry:
    look: dict[str, Any] = {"facecolor": kind.face, "edgecolor": kind.line, "hatch": kind.hatch}
    return swatch_entry(kind.legend, ink, Rectangle((0, 0), 18, 10, linewidth=0.6, **look))


def corner_entry(text: str, ink: str, markers: str = "o") -> Entry:
    """Of marks in squares' corners, one beside the other."""
    lines = [
        Line2D([4 + 8 * at], [5], **corner_look(TIE_SIZE, marker))
        for at, marker in enumerate(markers)
    ]
    return swatch_entry(text, ink, *lines, width=8 * len(lines))


def _flowed(entries: Sequence[Entry], width: float) -> list[list[Any]]:
    """Legend entries in as many rows as they need: a wide legend would squeeze the axes."""
    rows: list[list[Any]] = []
    used = width
    for box, text in entries:
        wanted = len(text) * 0.55 * SMALL + 34
        if used + wanted > width:
            rows.append([])
            used = 0
        rows[-1].append(box)
        used += wanted
    return rows
