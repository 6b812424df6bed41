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

from interplay.analysis.numbers import Floats, number_label
from interplay.plots.canvas import Fit, drawing, ink_on, keep_fitting, prepare, root_of
from interplay.plots.letters import BOLD, as_written, wrapped
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAD, CURVE, DOT, INK, PALE, SMALL, SPAN, TITLE
from interplay.plots.window import Window
from interplay.plots.words import Footer, Header, Name, swatch_entry, together

UNITS = ((7200.0, 3600.0, "hours"), (300.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
"""From so many seconds on, the unit's length in seconds, its name."""


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
        axes: two to draw on, the legend below the first; by default a new figure with two that
            share y, whose owner the caller is (`plt.close(axes[0].figure)`).
        looks: see `Looks`; the title is the figure's where it is new, else that of the first axes;
            a colour map gives the dark and the pale colour.

    Returns:
        Both axes. Nothing is shown or saved.
    """
    look = Look.read(looks, axes)
    look.check_labels({metric})
    several = score != "mean" or (table["n"] > 1).any()
    better = "higher" if mode == "max" else "lower"
    name = f"{look.label(metric)}{f' ({score})' if several else ''}, {better} is better"
    title = look.first_line("") if look.title else ""
    legend = _legend(table, look)
    if axes is not None:
        left, right = axes
        ink = ink_on(left)
        footer = Footer([swatch_entry(word, ink, mark) for mark, word in legend], [], left, ink)
        _draw_pair(left, right, table, look, name=name, mode=mode, title=title, footer=footer)
        for ax in (left, right):
            as_written(ax)
        root_of(left).draw_without_rendering()
        return left, right
    with drawing(*(look.figsize or (8.6, 3.9))) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        nothing: Fit = together()
        _draw_pair(left, right, table, look, name=name, mode=mode, title="", footer=nothing)
        room = figure.get_figwidth() * 72 - 24
        # Below the panels, where it hides nothing.
        figure.legend(
            *zip(*legend, strict=True), loc="outside lower center", frameon=False, fontsize=SMALL,
            labelcolor=INK, ncols=_columns([word for _, word in legend], room),
        )  # fmt: skip
        if title:
            title = wrapped(title, room, BOLD * TITLE)
            figure.suptitle(title, x=0.01, ha="left", color=INK, size=TITLE, weight="bold")
    return left, right


def _columns(words: Sequence[str], room: float) -> int:
    """As many columns of a legend as so many points have room for; it is filled column by column."""
    for columns in range(len(words), 1, -1):
        rows = -(-len(words) // columns)
        parts = [words[i : i + rows] for i in range(0, len(words), rows)]
        if sum(max(map(len, part)) * 0.58 * SMALL + 45 for part in parts) <= room:
            return columns
    return 1


def _draw_pair(
    left: Axes,
    right: Axes,
    table: pd.DataFrame,
    look: Look,
    *,
    name: str,
    mode: str,
    title: str,
    footer: Fit,
) -> None:
    """Both panels; `name` is of y, title and footer are of the left one."""
    ink = ink_on(left)
    _, unit, of_time = next(u for u in UNITS if table["seconds"].iloc[-1] >= u[0])
    number, spent = (table[c].to_numpy(dtype=float) for c in ("number", "seconds"))
    scores = table["score"].where(~table["unstable"]).to_numpy(dtype=float)
    ends = table[["best_low", "best_high"]].to_numpy(dtype=float)
    window = Window.of(scores, ends, may_be_log=True)
    for ax, x, start, label in (
        (left, number, 1.0, "cells tried"),
        (right, spent / unit, 0.0, f"training time, all members ({of_time})"),
    ):
        room = max(0.02 * float(x[-1] - start), 0.5 if ax is left else 0.0)
        prepare(ax, ink, frame=True)
        _draw_panel(ax, x, table, mode, window, look, room)
        ax.set_xlim(start - room if ax is left else start, float(x[-1]) + (room or 1.0))
        ax.tick_params(length=3)
        ax.grid(axis="y", color=PALE, linewidth=0.6)
        _scale_y(ax, window, bool(table["unstable"].any()), mode)
        if ax is right:
            keep_fitting(ax, Name(ax.xaxis, label, ink, TITLE - 1))
    left.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    right.xaxis.set_major_locator(MaxNLocator(nbins=6))
    parts: list[Fit] = [
        Name(left.xaxis, "cells tried", ink, TITLE - 1),
        Name(left.yaxis, name, ink, TITLE - 1),
        Header(title, [window.note if window else ""], left, ink),
        footer,
    ]
    keep_fitting(left, together(*parts))


def _draw_panel(
    ax: Axes,
    x: Floats,
    table: pd.DataFrame,
    mode: str,
    window: Window | None,
    look: Look,
    room: float,
) -> None:
    dark, pale = look.two_colours(CURVE, SPAN)
    # The last best holds on beyond its cell: without this its step would have no width.
    along = np.append(x, x[-1] + room)
    columns = [table[c].to_numpy(dtype=float) for c in ("best", "best_low", "best_high", "score")]
    unstable, stopped = table["unstable"].to_numpy(bool), table["stopped"].to_numpy(bool)
    if window is not None:
        window.mark(x, np.where(unstable, np.nan, columns[3]), ax, DOT)
        columns = [window.drawn(column) for column in columns]
    line, low, high = (np.append(column, column[-1]) for column in columns[:3])
    scores = columns[3]
    ax.fill_between(along, low, high, step="post", color=pale, alpha=0.55, linewidth=0, zorder=1)
    ax.step(along, line, where="post", color=dark, linewidth=1.8, zorder=3)
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


def _scale_y(ax: Axes, window: Window | None, crosses: bool, mode: str) -> None:
    if window is None:
        ax.set_yticks([])
        return
    room = 0.06 + 0.04 * crosses  # they lie on the worse edge
    if window.log:
        ax.set_yscale("log")
        few = window.high / window.low < 1e3
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_label(value)))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(window.limits(room, 0.06) if mode == "max" else window.limits(0.06, room))


def _legend(table: pd.DataFrame, look: Look) -> list[tuple[Any, str]]:
    """Marks, 18 points wide and 10 high, and words of what is there."""
    dark, pale = look.two_colours(CURVE, SPAN)
    entries: list[tuple[Any, str]] = []
    if np.isfinite(table["best"]).any():
        entries.append((Line2D([0, 18], [5, 5], color=dark, linewidth=1.8), "best so far"))
        if (table["best_low"] < table["best_high"]).any():
            patch = Rectangle((0, 0), 18, 10, color=pale, alpha=0.55, linewidth=0)
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
            entries.append((Line2D([9], [5], linestyle="none", **mark), word))
    return entries
