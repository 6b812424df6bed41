"""Every colour, mark and size of the pictures, so that a change of one is a change in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The page.
PAPER, INK, LIGHT_INK = "#ffffff", "#222222", "#f2f2f2"
NUMBER, LIGHT_NUMBER = "black", "white"
"""Of the numbers in a square, on bright colours and on dark ones."""
PALE = "#e6e6e6"
"""Of grid lines."""
TITLE, SMALL = 11.0, 8.5
"""Font sizes in points."""

# Colour maps, for which `cmap` is another one.
BETTER = "viridis"
"""Of heatmaps: its bright end is the better one."""
CENTRED = "PuOr_r"
"""Of residual maps: orange above 0, purple below, which the colour-blind tell apart; white at 0."""
FADED = 0.22
"""How much colour a residual keeps that does not stand out."""
LINES, LIGHTEST = "viridis", 0.82
"""Of lines: dark to light up to here, beyond which a line is not seen on white."""
MARKERS = "osD^vPX*<>"
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
BAND = 0.16
"""How much colour the band of a line has."""
BEYOND = "▲▼"
"""What is said to lie above and below an axes, where triangles mark it."""

# The best square of a heatmap, and a tie with it: a small ring in the corner of its square.
STAR, STAR_SIZE = "★", 13.0
STAR_FACE, STAR_RIM = "white", "black"
FRAME = (("white", 5.5), ("black", 2.8))
"""Dark between two light lines: seen on any colour."""
TIE_FACE, TIE_RIM = "white", "black"
TIE_SIZE = 5.0
"""Diameter of a tie's mark in points, on squares that have room for it."""
BEYOND_MARKS = {"above": "^", "below": "v"}
"""Of squares whose value lies beyond an end of the colours."""

# A ridge, and the curve of a search: dark and pale, told apart in grey too.
RIDGE_FACE, RIDGE_RIM = "white", "black"
BEST, KEPT = "#08519c", "#bdd7e7"
CURVE, SPAN, DOT, BAD = "#08519c", "#9ecae1", "#6f6f6f", "#b2430f"
DARK_AT, PALE_AT = 0.9, 0.3
"""Where another colour map is given: at these parts of it."""


@dataclass(frozen=True)
class Kind:
    """How a square without a mean is drawn; `short` is said of its rows in a square with one."""

    word: str
    legend: str
    face: str
    hatch: str
    line: str
    short: str = ""


# Four hatches as well as four colours: told apart in grey too. By the name of their rows' outcome,
# what weighs most first: of a square with rows of several kinds, that is drawn.
KINDS = {
    "diverged": Kind("diverged", "diverged (not finite)", "#fbe3dc", "xxxx", "#d9826b", "div."),
    "failed": Kind("failed", "failed (error)", "#e4e4e4", "////", "#a9a9a9", "fail."),
    "stopped": Kind("stopped", "stopped early", "#fdf1d3", "----", "#d0aa55", "stop."),
    "unfinished": Kind("unfinished", "no result yet", "#e6f0fa", "oo", "#8db1d6", "unf."),
}
MISSING = Kind("no run", "no run", "#ffffff", "..", "#c4c4c4")
NOT_THERE = Kind("not there", "not there (no such cell)", "#f4f4f4", "", "#f4f4f4")
EMPTY = Kind("empty", "no finite row", "#ffffff", "..", "#c4c4c4")


def corner_look(size: float, marker: str = "o") -> dict[str, Any]:
    """How a mark in a square's corner is drawn, on its square and in a legend: a tie's is a ring."""
    rim = max(0.17 * size, 0.5)
    return {
        "linestyle": "none", "marker": marker, "markersize": size - rim, "markerfacecolor": TIE_FACE,
        "markeredgecolor": TIE_RIM, "markeredgewidth": rim,
    }  # fmt: skip
