"""Learning curves: the metric over epochs, of a few settings, with bands over their seeds."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from interplay.plots.canvas import PALE, Finish, ink_on, on_axes, prepare, width_of
from interplay.plots.series import MOST_BANDS, looks, name_lines
from interplay.plots.ticks import SMALL, TITLE, draw_footer, draw_header


def draw_curves(
    table: pd.DataFrame,
    *,
    metric: str,
    mode: str,
    ax: Axes | None = None,
    title: str | None = None,
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
        title: the first line above it.

    Returns:
        The axes. Nothing is shown or saved.
    """
    names = 0.075 * max(len(str(name)) for name in table["setting"].unique())
    return on_axes(
        ax,
        (5.6 + names, 3.8),
        lambda ax, own: paint_curves(table, ax, own, metric=metric, mode=mode, title=title),
    )


def paint_curves(
    table: pd.DataFrame, ax: Axes, own: bool = False, *, metric: str, mode: str, title: str | None
) -> Finish:
    """The learning curves; nothing is left for later."""
    ink = ink_on(ax)
    prepare(ax, ink, frame=True)
    ax.grid(axis="y", color=PALE, linewidth=0.6)
    settings = list(dict.fromkeys(table["setting"]))
    banded = len(settings) <= MOST_BANDS and bool((table["sd"] > 0).any())
    handles, names, cut = [], [], False
    for setting, look in zip(settings, looks(len(settings)), strict=True):
        rows = table[table["setting"] == setting].sort_values("epoch")
        whole = (rows["n"] == rows["members"]).to_numpy().cumprod().astype(bool)
        kept = rows[whole]
        every = max(len(kept) // 8, 1)
        look = look | {"markevery": every}
        epoch, mean, sd = (kept[name].to_numpy(dtype=float) for name in ("epoch", "mean", "sd"))
        handles += ax.plot(epoch, mean, zorder=3, **look)
        if banded:
            ax.fill_between(
                epoch, mean - sd, mean + sd, color=look["color"], alpha=0.16, linewidth=0, zorder=1
            )
        members = int(rows["members"].iloc[0])
        text = str(setting)
        if not whole.all():
            cut = True
            lost = members - int(rows["n"].iloc[-1])
            text += f" ({lost} of {members} lost)"
            if len(kept):
                ax.plot(epoch[-1:], mean[-1:], "X", color=look["color"], ms=9, zorder=4, gid="cut")
        names.append(text)
    ax.margins(x=0.02, y=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch", color=ink, size=TITLE)
    better = "higher" if mode == "max" else "lower"
    ax.set_ylabel(f"{metric} ({better} is better)", color=ink, size=TITLE - 1)
    ax.tick_params(color=ink, labelcolor=ink, labelsize=SMALL + 0.5, length=3)
    width = width_of(ax, own) * (0.7 if own else 1.0)
    name_lines(ax, handles, names, "", ink)
    low, high = int(table["members"].min()), int(table["members"].max())
    span = str(low) if low == high else f"{low} to {high}"
    statistic = f"mean ± sd over {span} trainings" if banded else f"mean over {span} trainings"
    facts = [statistic if high > 1 else "one training a setting"]
    draw_header(title or f"{metric} over epochs", facts, ax, ink, width)
    note = "a curve ends (✖) where not all its trainings have a finite value any more"
    draw_footer([], [note] if cut else [], ax, ink, width)
    return lambda: None
