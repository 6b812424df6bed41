"""The words around a picture: names, ticks, the two lines of its title, legend and footnotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis as MatplotlibAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea, VPacker
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, ScaledTranslation, blended_transform_factory

from interplay.analysis.axes import Axis
from interplay.plots.canvas import Fit, root_of
from interplay.plots.letters import BOLD, CHAR_WIDTH, in_lines, shortened, shown, wrapped
from interplay.plots.look import Names
from interplay.plots.palette import SMALL, STAR, TIE_SIZE, TITLE, Kind, tie_look
from interplay.plots.scale import Scale

MOST = 0.4
"""Of its part of the figure that the footer of an axes takes."""
Entry = tuple[Any, str]
"""One entry of a legend: what to draw, and its words."""


def tick_texts(axis: Axis) -> list[str]:
    """Labels, long ones shortened in their middle where they stay distinct."""
    labels = [shown(label) for label in axis.labels]
    short = [shortened(label) for label in labels]
    return short if len(set(short)) == len(labels) else labels


class Ticks:
    """Names and ticks of both axes of a grid, in the middle of their squares.

    As many ticks as there is room for, and those of x turned where they are wide.
    """

    def __init__(self, x: Axis, y: Axis, ax: Axes, ink: str, names: Names) -> None:
        self.ax, self.ink = ax, ink
        self.sides = ((ax.xaxis, tick_texts(x)), (ax.yaxis, tick_texts(y)))
        self.drawn: list[list[str]] = [[], []]
        for axis, name, (side, _) in zip((x, y), names[:2], self.sides, strict=True):
            scale = "log scale" if axis.log else "linear scale"
            side.set_label_text(in_lines(f"{name} (bins, {scale})" if axis.binned else name))
            side.label.set(color=ink, size=TITLE)
        self(1e4, 1e4)

    def __call__(self, width: float, height: float) -> None:
        for place, ((side, texts), length) in enumerate(
            zip(self.sides, (width, height), strict=True)
        ):
            if self.drawn[place] and self.drawn[place] != _ticks(side):
                continue  # somebody gave it others
            room = length / len(texts)
            # On a large grid every second label, or third, …: all of them would run into each other.
            step = max(int(np.ceil(1.15 * (SMALL + 0.5) / room)), 1)
            side.set_ticks(np.arange(0, len(texts), step) + 0.5, labels=texts[::step])
            side.set_tick_params(length=0, labelcolor=self.ink, labelsize=SMALL + 0.5)
            self.drawn[place] = texts[::step]
            if side is self.ax.xaxis:
                turn_ticks(self.ax, texts, room)


def _ticks(side: MatplotlibAxis) -> list[str]:
    return [label.get_text() for label in side.get_ticklabels()]


def turn_ticks(ax: Axes, texts: Sequence[str], room: float) -> None:
    """Turn the ticks of x where they are wider than the room of one."""
    wide = max(map(len, texts)) * (SMALL + 0.5) * CHAR_WIDTH > 0.95 * room
    for tick in ax.get_xticklabels():
        tick.set(
            rotation=40 if wide else 0,
            ha="right" if wide else "center",
            rotation_mode="anchor" if wide else "default",
        )


class Header:
    """The title of the axes, and between both a smaller line of what else must be said."""

    def __init__(self, title: str, facts: Sequence[str], ax: Axes, ink: str) -> None:
        self.drawn = title
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
        self.notes.set_text(wrapped(self.small, width, SMALL))
        if self.text.get_text() == self.drawn:  # nobody gave it another
            self.drawn = wrapped(self.title, width, BOLD * TITLE)
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
        lines: list[Any] = []
        for row in _flowed(self.entries, width):
            lines.append(HPacker(children=row, sep=12, align="center"))
        for note in self._fitting(width, len(lines)):
            words = {"color": self.ink, "size": SMALL, "linespacing": 1.2}
            lines.append(TextArea(note, textprops=words))
        if self.box is not None:
            self.box.remove()
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

    def _fitting(self, width: float, used: int) -> list[str]:
        """The warnings in lines; in a small part of a figure the last of them are only counted."""
        spec = self.ax.get_subplotspec()
        rows = spec.get_gridspec().nrows if spec else 1
        most = MOST * root_of(self.ax).get_figheight() * 72 / rows / (1.35 * SMALL) - used
        texts = [wrapped(note, width, SMALL) for note in self.notes]
        for kept in range(len(texts), 0, -1):
            if sum(text.count("\n") + 1 for text in texts[:kept]) <= most:
                break
        else:
            kept = 0
        if kept == len(texts):
            return texts
        more = f"! {len(texts) - kept} {'more ' if kept else ''}warnings: no room for them here"
        return [*texts[:kept], wrapped(more, width, SMALL)]


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
) -> None:
    """A colour bar of the axes' own, 9 points wide: it goes where they go."""
    inches = root_of(ax).dpi_scale_trans + ScaledTranslation(
        1,
        0,
        ax.transAxes,  # type: ignore[arg-type]
    )
    place = blended_transform_factory(inches, ax.transAxes)
    inside = ax.inset_axes((7 / 72, 0, 9 / 72, 1), transform=place)
    label_bar(mesh, ink, label, scale, cax=inside)


def label_bar(
    mesh: ScalarMappable, ink: str, label: str, scale: Scale | None = None, **where: Any
) -> None:
    """A colour bar and its words: what lies beyond its ends is said.

    Args:
        where: as `Figure.colorbar` takes it, `cax` or `ax` among it.
    """
    ax = where.get("cax") or where["ax"][0]
    bar = root_of(ax).colorbar(mesh, extend=scale.extend if scale else "neither", **where)
    parts = [label, scale.note if scale else ""]
    bar.set_label("\n".join(in_lines(part) for part in parts if part))
    bar.ax.yaxis.label.set(color=ink, size=TITLE - 1)
    bar.ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL)
    bar.outline.set_visible(False)


def text_entry(text: str, ink: str) -> Entry:
    words = {"color": ink, "size": SMALL, "family": "DejaVu Sans" if text[0] == STAR else None}
    return TextArea(text, textprops=words), text


def swatch_entry(text: str, ink: str, artist: Artist, width: float = 18) -> Entry:
    """An artist in a box 10 points high, and its words."""
    patch = DrawingArea(width, 10)
    patch.add_artist(artist)
    return HPacker(children=[patch, text_entry(text, ink)[0]], sep=4, align="center"), text


def kind_entry(kind: Kind, ink: str) -> Entry:
    look: dict[str, Any] = {"facecolor": kind.face, "edgecolor": kind.line, "hatch": kind.hatch}
    return swatch_entry(kind.legend, ink, Rectangle((0, 0), 18, 10, linewidth=0.6, **look))


def tie_entry(text: str, ink: str) -> Entry:
    return swatch_entry(text, ink, Line2D([4], [5], **tie_look(TIE_SIZE)), width=8)


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
