"""Learning curves: the metric over epochs, of a few settings, with bands over their seeds."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from interplay.analysis.numbers import Floats
from interplay.plots.canvas import Fit, ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import bar_label
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAND, PALE, SMALL, TITLE
from interplay.plots.series import MOST_BANDS, LineNames, legend_size, looks_of
from interplay.plots.window import Window
from interplay.plots.words import Footer, Header, Name, together

FEW = 4
"""One value in so many may lie beyond the axes: of four settings, a whole one that exploded."""


def draw_curves(
    table: pd.DataFrame,
    *,
    metric: str,
    mode: str,
    ax: Axes | None = None,
    **looks: Unpack[Looks],
) -> Axes:
    """Draw the mean of each setting over epochs, with a band of ± sd over its trainings.

    A curve ends with a cross where not all of its trainings have a finite value any more: a mean
    of the rest would flatter it.

    Args:
        table: a row a setting and epoch, with the columns `setting` (its name), `epoch`, `mean`,
            `sd` (nan for n < 2), `n` (finite values there) and `members` (trainings in all).
            Settings are named in their order of appearance.
        metric, mode: what the mean is of, and whether "max" or "min" is better.
        ax: where to draw; by default a new pyplot figure that the caller owns.
        looks: see `Looks`; labels are of the metric and of settings.

    Returns:
        The axes. Nothing is shown or saved.
    """
    look = Look.read(looks, ax)
    settings = [str(name) for name in dict.fromkeys(table["setting"])]
    look.check_labels({metric, *settings})
    wide, high = legend_size([look.label(name) for name in settings])
    return on_axes(
        ax,
        (5.6 + wide, max(3.8, high + 1.2)),
        look,
        lambda ax: paint_curves(table, ax, look, metric=metric, mode=mode),
    )


def paint_curves(table: pd.DataFrame, ax: Axes, look: Look, *, metric: str, mode: str) -> None:
    """The learning curves; what depends on the size of the axes is fitted to it."""
    ink = ink_on(ax)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    settings = list(dict.fromkeys(table["setting"]))
    banded = len(settings) <= MOST_BANDS and bool((table["sd"] > 0).any())
    shown = [_shown(table[table["setting"] == setting]) for setting in settings]
    epochs, means, sds = zip(*shown, strict=True)
    ends = [mean + sign * sd for mean, sd in zip(means, sds, strict=True) for sign in (-1, 1)]
    window = Window.of(np.concatenate(means), np.concatenate(ends if banded else [[]]), few=FEW)
    handles, names, cut = [], [], False
    looks = looks_of(len(settings), look.cmap)
    for setting, style, epoch, mean, sd in zip(settings, looks, epochs, means, sds, strict=True):
        every = max(len(epoch) // 8, 1)
        low, high = mean - sd, mean + sd
        if window is not None:
            window.mark(epoch, mean, ax, style["color"], every)
            mean, low, high = map(window.drawn, (mean, low, high))
        handles += ax.plot(epoch, mean, zorder=3, **style, markevery=every)
        if banded:
            shade = {"color": style["color"], "alpha": BAND, "linewidth": 0, "zorder": 1}
            ax.fill_between(epoch, low, high, **shade)
        rows = table[table["setting"] == setting].sort_values("epoch")
        text = look.label(str(setting))
        if len(epoch) < len(rows):
            cut = True
            members = int(rows["members"].iloc[0])
            text += f" ({members - int(rows['n'].iloc[-1])} of {members} lost)"
            if len(epoch):
                ax.plot(epoch[-1:], mean[-1:], "X", color=style["color"], ms=9, zorder=4, gid="cut")
        names.append(text)
    ax.margins(x=0.02, y=0.06)
    if window is not None and window.beyond:
        ax.set_ylim(window.limits())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    parts: list[Fit] = [
        Name(ax.xaxis, "epoch", ink),
        Name(ax.yaxis, bar_label(mode, look.label(metric)), ink, TITLE - 1),
        LineNames(ax, handles, names, "", ink),
    ]
    low, high = int(table["members"].min()), int(table["members"].max())
    span = str(low) if low == high else f"{low} to {high}"
    statistic = f"mean ± sd over {span} trainings" if banded else f"mean over {span} trainings"
    facts = [statistic if high > 1 else "one training a setting"]
    note = "a curve ends (✖) where not all its trainings have a finite value any more"
    if window is not None:
        facts.append(window.note)
    header = Header(look.first_line(f"{look.label(metric)} over epochs"), facts, ax, ink)
    keep_fitting(ax, together(*parts, header, Footer([], [note] if cut else [], ax, ink)))


def _shown(rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Epochs, means and sds of a setting, up to where one of its trainings has no finite value."""
    rows = rows.sort_values("epoch")
    whole = (rows["n"] == rows["members"]).to_numpy().cumprod().astype(bool)
    epoch, mean, sd = (
        rows.loc[whole, name].to_numpy(dtype=float) for name in ("epoch", "mean", "sd")
    )
    return epoch, mean, sd
