"""A search's best-so-far curve: over cells, and over the training time they took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from interplay.analysis.axes import LOG_RATIO
from interplay.analysis.numbers import Floats, number_label
from interplay.plots.canvas import as_written, drawing, ink_on, prepare
from interplay.plots.letters import in_lines
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAD, CURVE, DOT, INK, PALE, SMALL, SPAN, TITLE

UNITS = ((7200.0, 3600.0, "hours"), (300.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
"""From so many seconds on, the unit's length in seconds, its name."""
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": SMALL}


def draw_progress(
    table: pd.DataFrame,
    *,
    metric: str,
    mode: str,
    score: str = "mean",
    axes: Sequence[Axes] | None = None,
    **looks: Unpack[Looks],
) -> tuple[Axes, Axes]:
    """Draw the best score so far, over the cells tried and over the time spent training them.

    Every cell is a dot; one that was stopped early is hollow, one without a score (unstable) is a
    cross at the worse edge.

    Args:
        table: as `best_so_far` gives it; at least one row.
        metric, mode, score: what the table's score is, for the axis.
        axes: two to draw on; by default a new figure with two that share y, whose owner the caller
            is (`plt.close(axes[0].figure)`).
        looks: see `Looks`; the title is the figure's where it is new, else that of the first axes;
            a colour map gives the dark and the pale colour.

    Returns:
        Both axes. Nothing is shown or saved.
    """
    look = Look.read(looks, axes)
    look.check_labels({metric})
    words = {"metric": look.label(metric), "mode": mode, "score": score}
    if axes is not None:
        left, right = axes
        if look.title:
            left.set_title(look.first_line(""), color=ink_on(left), size=TITLE, weight="bold")
        _draw_pair(left, right, table, look, **words)
        right.legend(*_legend(table, look), **LEGEND, labelcolor=ink_on(right))
        for ax in (left, right):
            as_written(ax)
        return left, right
    with drawing(*(look.figsize or (8.6, 3.9))) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_pair(left, right, table, look, **words)
        # Below the panels, where it hides nothing.
        handles, texts = _legend(table, look)
        words_of = {"ncols": len(texts), "labelcolor": INK, **LEGEND}
        figure.legend(handles, texts, loc="outside lower center", **words_of)
        if look.title:
            title = look.first_line("")
            figure.suptitle(title, x=0.01, ha="left", color=INK, size=TITLE, weight="bold")
    return left, right


def _draw_pair(
    left: Axes, right: Axes, table: pd.DataFrame, look: Look, *, metric: str, mode: str, score: str
) -> None:
    ink = ink_on(left)
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
        prepare(ax, ink, frame=True)
        _draw_panel(ax, x, table, mode, room, look.two_colours(CURVE, SPAN))
        ax.set_xlim(start - room if ax is left else start, float(x[-1]) + (room or 1.0))
        ax.set_xlabel(label, color=ink, size=TITLE - 1)
        ax.tick_params(length=3)
        ax.grid(axis="y", color=PALE, linewidth=0.6)
    left.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    right.xaxis.set_major_locator(MaxNLocator(nbins=6))
    # This picture is lower than others.
    words = in_lines(f"{metric}{kind}, {better} is better", 28)
    left.set_ylabel(words, color=ink, size=TITLE - 1)
    _scale_y((left, right), table, mode)


def _draw_panel(
    ax: Axes, x: Floats, table: pd.DataFrame, mode: str, room: float, colours: tuple[Any, Any]
) -> None:
    # The last best holds on beyond its cell: without this its step would have no width.
    along = np.append(x, x[-1] + room)
    line, low, high = (
        np.append(column, column[-1])
        for column in (table[c].to_numpy(dtype=float) for c in ("best", "best_low", "best_high"))
    )
    ax.fill_between(
        along, low, high, step="post", color=colours[1], alpha=0.55, linewidth=0, zorder=1
    )
    ax.step(along, line, where="post", color=colours[0], linewidth=1.8, zorder=3)
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


def _legend(table: pd.DataFrame, look: Look) -> tuple[list[Any], list[str]]:
    """Marks and words of what is there."""
    dark, pale = look.two_colours(CURVE, SPAN)
    entries: list[tuple[Any, str]] = []
    if np.isfinite(table["best"]).any():
        entries.append((Line2D([], [], color=dark, linewidth=1.8), "best so far"))
        if (table["best_low"] < table["best_high"]).any():
            patch = Rectangle((0, 0), 1, 1, color=pale, alpha=0.55, linewidth=0)
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
    return [mark for mark, _ in entries], [word for _, word in entries]
