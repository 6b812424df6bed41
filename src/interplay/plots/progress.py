"""A search's best-so-far curve: over cells, and over the training time they took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from interplay.analysis.axes import LOG_RATIO
from interplay.analysis.numbers import Floats, number_label
from interplay.plots.ticks import SMALL, TITLE

INK, PAPER = "#222222", "#ffffff"
# Told apart in grey and by the colour-blind: a dark line, a pale band, and marks of other shapes.
LINE, BAND, DOT, BAD = "#08519c", "#9ecae1", "#6f6f6f", "#b2430f"
UNITS = ((7200.0, 3600.0, "hours"), (300.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
"""From so many seconds on, the unit's length in seconds, its name."""


def draw_progress(
    table: pd.DataFrame,
    *,
    metric: str,
    mode: str,
    score: str = "mean",
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw the best score so far, over the cells tried and over the time spent training them.

    Every cell is a dot; one that was stopped early is hollow, one without a score (unstable) is a
    cross at the worse edge.

    Args:
        table: as `best_so_far` gives it; at least one row.
        metric, mode, score: what the table's score is, for the axis.
        title: above the figure; by default none.
        axes: two to draw on; by default a new figure with two that share y, whose owner the caller
            is (`plt.close(axes[0].figure)`).

    Returns:
        Both axes. Nothing is shown or saved.
    """
    if axes is None:
        figure, pair = plt.subplots(
            1, 2, sharey=True, figsize=(8.6, 3.9), layout="constrained", facecolor=PAPER
        )
        left, right = pair
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        engine.set(w_pad=0.08, h_pad=0.08)
    else:
        left, right = axes
        figure = left.figure.canvas.figure
    assert isinstance(figure, Figure)
    _, unit, name = next(u for u in UNITS if table["seconds"].iloc[-1] >= u[0])
    kind = "" if score == "mean" and not (table["n"] > 1).any() else f" ({score})"
    better = "higher" if mode == "max" else "lower"
    number, spent = (table[c].to_numpy(dtype=float) for c in ("number", "seconds"))
    words = f"training time, all members ({name})"
    for ax, x, start, label in (
        (left, number, 1.0, "cells tried"),
        (right, spent / unit, 0.0, words),
    ):
        room = max(0.02 * float(x[-1] - start), 0.5 if ax is left else 0.0)
        ax.set_facecolor(PAPER)
        _draw_panel(ax, x, table, mode, room)
        ax.set_xlim(start - room if ax is left else start, float(x[-1]) + (room or 1.0))
        ax.set_xlabel(label, color=INK, size=TITLE - 1)
        ax.tick_params(colors=INK, labelsize=SMALL + 0.5, length=3)
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.6)
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    left.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    right.xaxis.set_major_locator(MaxNLocator(nbins=6))
    left.set_ylabel(f"{metric}{kind}, {better} is better", color=INK, size=TITLE - 1)
    _scale_y((left, right), table, mode)
    _add_legend(figure, right, table, own=axes is None)
    if title is not None and axes is None:
        figure.suptitle(title, x=0.01, ha="left", color=INK, size=TITLE, weight="bold")
    return left, right


def _draw_panel(ax: Axes, x: Floats, table: pd.DataFrame, mode: str, room: float) -> None:
    # The last best holds on beyond its cell: without this its step would have no width.
    along = np.append(x, x[-1] + room)
    line, low, high = (
        np.append(column, column[-1])
        for column in (table[c].to_numpy(dtype=float) for c in ("best", "best_low", "best_high"))
    )
    ax.fill_between(along, low, high, step="post", color=BAND, alpha=0.55, linewidth=0, zorder=1)
    ax.step(along, line, where="post", color=LINE, linewidth=1.8, zorder=3)
    scores = table["score"].to_numpy(dtype=float)
    unstable, stopped = table["unstable"].to_numpy(bool), table["stopped"].to_numpy(bool)
    whole = ~unstable & ~stopped
    ax.plot(x[whole], scores[whole], "o", color=DOT, alpha=0.65, ms=3.6, mew=0, zorder=2)
    short = ~unstable & stopped
    hollow: dict[str, Any] = {"mfc": "none", "mec": DOT, "mew": 0.8, "alpha": 0.65}
    ax.plot(x[short], scores[short], "o", ms=3.6, zorder=2, **hollow)
    edge = np.full(int(unstable.sum()), 0.02 if mode == "max" else 0.98)
    ax.plot(
        x[unstable], edge, "x", color=BAD, ms=5.5, mew=1.4, zorder=4,
        transform=ax.get_xaxis_transform(),
    )  # fmt: skip


def _scale_y(axes: Sequence[Axes], table: pd.DataFrame, mode: str) -> None:
    seen = table[["score", "best_low", "best_high"]].to_numpy(dtype=float)
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        for ax in axes:
            ax.set_yticks([])
        return
    low, high = float(seen.min()), float(seen.max())
    log = low > 0 and high / low >= LOG_RATIO
    room = 0.06 + 0.04 * bool(table["unstable"].any())  # the crosses lie on the worse edge
    below, above = (room, 0.06) if mode == "max" else (0.06, room)
    for ax in axes:
        if log:
            ax.set_yscale("log")
            span = np.log(high / low)
            ax.set_ylim(low * np.exp(-below * span), high * np.exp(above * span))
            few = high / low < 1e3
            ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_label(value)))
            ax.yaxis.set_minor_formatter(NullFormatter())
        else:
            span = high - low or abs(high) * 0.1 or 1.0
            ax.set_ylim(low - below * span, high + above * span)


def _add_legend(figure: Figure, ax: Axes, table: pd.DataFrame, own: bool) -> None:
    """One row of what is there; below the panels, where it hides nothing."""
    entries: list[tuple[Any, str]] = []
    if np.isfinite(table["best"]).any():
        entries.append((Line2D([], [], color=LINE, linewidth=1.8), "best so far"))
        if (table["best_low"] < table["best_high"]).any():
            patch = Rectangle((0, 0), 1, 1, color=BAND, alpha=0.55, linewidth=0)
            entries.append((patch, "its lowest to highest replicate"))
    whole = ~table["unstable"] & ~table["stopped"]
    dot: dict[str, Any] = {"color": DOT, "marker": "o", "mew": 0, "ms": 4}
    hollow: dict[str, Any] = {"mfc": "none", "mec": DOT, "marker": "o", "ms": 4}
    cross: dict[str, Any] = {"color": BAD, "marker": "x", "mew": 1.4, "ms": 5.5}
    for rows, word, mark in (
        (whole, "one cell", dot),
        (table["stopped"] & ~table["unstable"], "stopped early", hollow),
        (table["unstable"], "diverged or failed", cross),
    ):
        if rows.any():
            entries.append((Line2D([], [], linestyle="none", **mark), word))
    handles, words = zip(*entries, strict=True)
    look: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
    if own:
        figure.legend(handles, words, loc="outside lower center", ncols=len(words), **look)
    else:
        ax.legend(handles, words, **look)
