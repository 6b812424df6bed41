"""The words around a heatmap: names, ticks, the two lines of its title, legend and footnotes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea, VPacker
from matplotlib.patches import Rectangle

from interplay.analysis.axes import Axis as CellAxis
from interplay.analysis.numbers import short_names

TITLE, SMALL = 11.0, 8.5
CHAR_WIDTH = 0.62
"""Of a character, in its font size: digits are narrower, so what fits by this fits in ink."""
BOLD = 1.1
"""How much wider bold characters are."""


def luminance(colour: Any) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@dataclass(frozen=True)
class Kind:
    """How a square without a mean is drawn."""

    word: str
    legend: str
    face: str
    hatch: str
    line: str


DIVERGED = Kind("diverged", "diverged (not finite)", "#fbe3dc", "xxxx", "#d9826b")
FAILED = Kind("failed", "failed (error)", "#e4e4e4", "////", "#a9a9a9")
MISSING = Kind("no run", "no run", "#ffffff", "..", "#c4c4c4")


def tick_texts(axis: CellAxis, most: int = 30) -> list[str]:
    """Labels, long ones shortened in their middle where they stay distinct."""
    short = [
        t if len(t) <= most else f"{t[: most // 2]}…{t[-most // 2 + 1 :]}" for t in axis.labels
    ]
    return short if len(set(short)) == len(axis.labels) else list(axis.labels)


def draw_axis_labels(x: CellAxis, y: CellAxis, ax: Axes, ink: str, width: float) -> None:
    """Names and ticks of both axes, in the middle of their squares.

    Args:
        width: of a square in points; labels that are wider are turned.
    """
    for axis, name, side in zip(
        (x, y), short_names(x.name, y.name), (ax.xaxis, ax.yaxis), strict=True
    ):
        texts = tick_texts(axis)
        scale = "log scale" if axis.log else "linear scale"
        side.set_label_text(f"{name} (bins, {scale})" if axis.binned else name)
        side.label.set(color=ink, size=TITLE)
        # On a large grid every second label, or third, …: all of them would run into each other.
        box = ax.get_window_extent()
        length = box.width if side is ax.xaxis else box.height
        room = length * 72 / ax.figure.dpi / len(texts)
        step = max(int(np.ceil(1.15 * (SMALL + 0.5) / room)), 1)
        side.set_ticks(np.arange(0, len(texts), step) + 0.5, labels=texts[::step])
        side.set_tick_params(length=0, labelcolor=ink, labelsize=SMALL + 0.5)
    turn_ticks(x, ax, width)


def turn_ticks(x: CellAxis, ax: Axes, width: float) -> None:
    """Turn the ticks of x where they are wider than the room of one."""
    widest = max(len(text) for text in tick_texts(x))
    if widest * (SMALL + 0.5) * CHAR_WIDTH > 0.95 * width:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def draw_header(title: str, facts: Sequence[str], ax: Axes, ink: str, width: float) -> None:
    """The title, and above the axes a smaller line of what else must be said.

    Args:
        width: of the axes, in points.
    """
    small = wrapped(" · ".join(fact for fact in facts if fact), width, SMALL)
    for old in [text for text in ax.texts if text.get_gid() == "notes"]:
        old.remove()
    ax.annotate(
        small, (0, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
        ha="left", va="bottom", size=SMALL, color=ink, gid="notes", linespacing=1.2,
    )  # fmt: skip
    pad = 10 + (small.count("\n") + 1) * SMALL * 1.3 if small else 8
    ax.set_title(
        wrapped(title, width, BOLD * TITLE),
        loc="left",
        color=ink,
        size=TITLE,
        weight="bold",
        pad=pad,
    )


Entry = tuple[Any, str]
"""One entry of a legend: what to draw, and its words."""


def text_entry(text: str, ink: str) -> Entry:
    words = {"color": ink, "size": SMALL, "family": "DejaVu Sans" if text[0] == "★" else None}
    return TextArea(text, textprops=words), text


def swatch_entry(text: str, ink: str, artist: Artist, width: float = 18) -> Entry:
    """An artist in a box 10 points high, and its words."""
    patch = DrawingArea(width, 10)
    patch.add_artist(artist)
    return HPacker(children=[patch, text_entry(text, ink)[0]], sep=4, align="center"), text


def kind_entry(kind: Kind, ink: str) -> Entry:
    look: dict[str, Any] = {"facecolor": kind.face, "edgecolor": kind.line, "hatch": kind.hatch}
    return swatch_entry(kind.legend, ink, Rectangle((0, 0), 18, 10, linewidth=0.6, **look))


def ring_entry(text: str, ink: str, look: dict[str, Any]) -> Entry:
    return swatch_entry(text, ink, Line2D([4], [5], **look), width=8)


def draw_footer(
    entries: Sequence[Entry], notes: Sequence[str], ax: Axes, ink: str, width: float
) -> None:
    """Below the axes' name: the legend of what is there, then the warnings."""
    lines: list[Any] = []
    for row in _flowed(entries, width):
        lines.append(HPacker(children=row, sep=12, align="center"))
    for note in notes:
        words = {"color": ink, "size": SMALL, "linespacing": 1.2}
        lines.append(TextArea(wrapped(f"! {note}", width, SMALL), textprops=words))
    if lines:
        ax.add_artist(
            AnnotationBbox(
                VPacker(children=lines, sep=4, align="left"),
                (0, 0),
                xycoords=("axes fraction", ax.xaxis.label),
                xybox=(0, -6),
                boxcoords="offset points",
                box_alignment=(0, 1),
                frameon=False,
                pad=0,
                annotation_clip=False,
            )
        )


def _flowed(entries: Sequence[tuple[Any, str]], width: float) -> list[list[Any]]:
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


def text_width(text: str, bold: bool = False) -> float:
    """Of one line, in font sizes: at least what it is in ink."""
    wide = 0.36 * text.count("%") + 0.24 * sum(text.count(sign) for sign in "+−±")
    return (CHAR_WIDTH * len(text) + wide) * (BOLD if bold else 1.0)


def wrapped(text: str, width: float, size: float) -> str:
    """Text in lines of so many points, in a font of `size` points."""
    return textwrap.fill(text, max(int(width / (0.55 * size)), 24), break_long_words=False)
