"""The chosen cell: how it learned, beside what its models say of rows."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
from matplotlib.figure import Figure

from interplay.plots.canvas import drawing
from interplay.plots.curves import paint_curves
from interplay.plots.look import Look, Looks
from interplay.plots.predictions import Confusion, Errors, paint_confusion, paint_errors
from interplay.plots.series import legend_size


def draw_choice(
    curves: pd.DataFrame,
    metric: str,
    mode: str,
    said: Confusion | Errors,
    **looks: Unpack[Looks],
) -> Figure:
    """Draw learning curves with bands, and a confusion matrix or residuals at their side.

    Args:
        curves: as of `draw_curves`.
        metric, mode: of the curves.
        said: of the validation rows, by the models of the chosen cell.
        looks: see `Looks`; the title is the curves'.

    Returns:
        A new pyplot figure whose owner the caller is. Nothing is shown or saved.
    """
    look = Look.read(looks)
    wide, high = legend_size([str(name) for name in dict.fromkeys(curves["setting"])])
    classes = len(said.classes) if isinstance(said, Confusion) else 6
    right = max(4.0, 0.42 * classes + 1.6)
    size = look.figsize or (5.2 + wide + right, max(3.8, high + 1.2, right - 0.5))
    with drawing(*size) as figure:
        ratios = [5.2 + wide, right]
        one, other = figure.subplots(1, 2, gridspec_kw={"width_ratios": ratios})
        paint_curves(curves, one, look, metric=metric, mode=mode)
        plain = Look()
        if isinstance(said, Confusion):
            paint_confusion(said, other, plain)
        else:
            paint_errors(said, other, plain)
    return figure
