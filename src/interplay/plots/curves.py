"""Learning curves: the metric over epochs, of a few settings, with bands over their seeds."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from interplay.plots.canvas import ink_on, keep_fitting, on_axes, prepare
from interplay.plots.heatmap import bar_label
from interplay.plots.letters import in_lines
from interplay.plots.look import Look, Looks
from interplay.plots.palette import BAND, PALE, SMALL, TITLE
from interplay.plots.series import MOST_BANDS, looks_of, name_lines
from interplay.plots.words import Footer, Header, together


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
    names = 0.075 * max(len(look.label(name)) for name in settings)
    return on_axes(
        ax,
        (5.6 + names, 3.8),
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
    handles, names, cut = [], [], False
    for setting, style in zip(settings, looks_of(len(settings), look.cmap), strict=True):
        rows = table[table["setting"] == setting].sort_values("epoch")
        whole = (rows["n"] == rows["members"]).to_numpy().cumprod().astype(bool)
        kept = rows[whole]
        style = style | {"markevery": max(len(kept) // 8, 1)}
        epoch, mean, sd = (kept[name].to_numpy(dtype=float) for name in ("epoch", "mean", "sd"))
        handles += ax.plot(epoch, mean, zorder=3, **style)
        if banded:
            ax.fill_between(
                epoch, mean - sd, mean + sd, color=style["color"], alpha=BAND, linewidth=0, zorder=1
            )
        members = int(rows["members"].iloc[0])
        text = look.label(str(setting))
        if not whole.all():
            cut = True
            lost = members - int(rows["n"].iloc[-1])
            text += f" ({lost} of {members} lost)"
            if len(kept):
                ax.plot(epoch[-1:], mean[-1:], "X", color=style["color"], ms=9, zorder=4, gid="cut")
        names.append(text)
    ax.margins(x=0.02, y=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch", color=ink, size=TITLE)
    ax.set_ylabel(in_lines(bar_label(mode, look.label(metric))), color=ink, size=TITLE - 1)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    name_lines(ax, handles, names, "", ink)
    low, high = int(table["members"].min()), int(table["members"].max())
    span = str(low) if low == high else f"{low} to {high}"
    statistic = f"mean ± sd over {span} trainings" if banded else f"mean over {span} trainings"
    facts = [statistic if high > 1 else "one training a setting"]
    note = "a curve ends (✖) where not all its trainings have a finite value any more"
    usual = f"{look.label(metric)} over epochs"
    header = Header(look.first_line(usual), facts, ax, ink)
    keep_fitting(ax, together(header, Footer([], [note] if cut else [], ax, ink)))
