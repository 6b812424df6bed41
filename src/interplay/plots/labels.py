"""The words around a heatmap: names, ticks, the two lines of its title, legend and footnotes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea, VPacker
from matplotlib.patches import Rectangle

from interplay.analysis.cells import Cells
from interplay.analysis.labels import Axis as CellAxis
from interplay.analysis.labels import short_names

TITLE, SMALL = 11.0, 8.5
CHAR_WIDTH = 0.62
"""Of a character, in its font size: digits are narrower, so what fits by this fits in ink."""


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


def draw_axis_labels(cells: Cells, ax: Axes, ink: str, width: float) -> None:
    for axis, name, side in zip(
        (cells.x, cells.y),
        short_names(cells.x.name, cells.y.name),
        (ax.xaxis, ax.yaxis),
        strict=True,
    ):
        texts = tick_texts(axis)
        scale = "log scale" if axis.log else "linear scale"
        side.set_label_text(f"{name} (bins, {scale})" if axis.binned else name)
        side.label.set(color=ink, size=TITLE)
        side.set_ticks(np.arange(len(texts)) + 0.5, labels=texts)
        side.set_tick_params(length=0, labelcolor=ink, labelsize=SMALL + 0.5)
    widest = max(len(text) for text in tick_texts(cells.x))
    if widest * (SMALL + 0.5) * CHAR_WIDTH > 0.95 * width:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def draw_header(
    cells: Cells, ax: Axes, ink: str, width: float, title: str | None, spread: bool
) -> None:
    """The title, and above the axes a smaller line of what else must be said."""
    statistic = cells.statistic if spread else cells.statistic.replace("mean ± sd", "mean")
    n, *notes = cells.title_notes or ("",)
    first = title if title is not None else f"{cells.metric}: {statistic}"
    facts = ([statistic] if title is not None else []) + [n, *notes]
    small = _wrapped(" · ".join(fact for fact in facts if fact), width, SMALL)
    for old in [text for text in ax.texts if text.get_gid() == "notes"]:
        old.remove()
    ax.annotate(
        small, (0, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
        ha="left", va="bottom", size=SMALL, color=ink, gid="notes", linespacing=1.2,
    )  # fmt: skip
    pad = 10 + (small.count("\n") + 1) * SMALL * 1.3
    ax.set_title(
        _wrapped(first, width, TITLE), loc="left", color=ink, size=TITLE, weight="bold", pad=pad
    )


def draw_footer(cells: Cells, ax: Axes, ink: str, width: float, kinds: Sequence[Kind]) -> None:
    """Below the axes' name: the legend of what is there, then the warnings."""
    words = {"color": ink, "size": SMALL}
    entries: list[tuple[Any, str]] = []
    for kind in kinds:
        patch = DrawingArea(18, 10)
        patch.add_artist(
            Rectangle(
                (0, 0), 18, 10, facecolor=kind.face, edgecolor=kind.line, hatch=kind.hatch,
                linewidth=0.6,
            )
        )  # fmt: skip
        name = TextArea(kind.legend, textprops=words)
        entries.append((HPacker(children=[patch, name], sep=4, align="center"), kind.legend))
    if cells.best is not None:
        star = TextArea("★ best", textprops=words | {"family": "DejaVu Sans"})
        entries.append((star, "★ best"))
    partial = [
        f"{short} = {word}"
        for short, word, count in (
            ("div.", "diverged", cells.diverged),
            ("fail.", "failed", cells.failed),
        )
        if ((cells.n > 0) & (count > 0)).any()
    ]
    if partial:
        note = f"{', '.join(partial)}: not in the mean"
        entries.append((TextArea(note, textprops=words), note))
    lines: list[Any] = []
    for row in _flowed(entries, width):
        lines.append(HPacker(children=row, sep=12, align="center"))
    for warning in cells.warnings:
        text = _wrapped(f"! {warning}", width, SMALL)
        lines.append(TextArea(text, textprops=words | {"linespacing": 1.2}))
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


def _wrapped(text: str, width: float, size: float) -> str:
    return textwrap.fill(text, max(int(width / (0.55 * size)), 24), break_long_words=False)
