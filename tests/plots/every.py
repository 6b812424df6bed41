"""Every drawing by its name, so that what holds for all pictures is tested on all of them."""

from functools import cache

import pandas as pd

from interplay.analysis.incumbent import best_so_far
from interplay.plots import (
    draw_curves,
    draw_full,
    draw_heatmap,
    draw_lines,
    draw_multiples,
    draw_residuals,
    draw_ridge,
)
from interplay.plots.progress import draw_progress
from tests.plots.pictures import X, Y, both, table

METRIC = "accuracy"


@cache
def numbers(xs=(8, 16), ys=(0.0, 0.5), names=(X, Y, METRIC), seeds=3):
    frame = table(xs, ys, seeds=seeds).rename(columns=dict(zip((X, Y, METRIC), names, strict=True)))
    return both(frame, **dict(zip(("x", "y", "metric"), names, strict=True)))


def _curves(cells, **options):
    names = [f"{cells.y.name} = {label}" for label in cells.y.labels]
    rows = [
        {"setting": name, "epoch": e, "mean": 0.5 + 0.1 * e, "sd": 0.01, "n": 3, "members": 3}
        for name in names
        for e in (1, 2)
    ]
    return draw_curves(pd.DataFrame(rows), metric=cells.metric, mode="max", **options)


def _progress(cells, ax=None, **options):
    rows = [
        {"x": i, "seed": 0, "status": "complete", "seconds": 1.0, "m": 0.5 + 0.1 * i}
        for i in range(3)
    ]
    found = best_so_far(pd.DataFrame(rows), ["x"], "m", "max")
    axes = None if ax is None else (ax, ax.figure.add_axes((0.9, 0.1, 0.05, 0.8)))
    return draw_progress(found, metric=cells.metric, mode="max", axes=axes, **options)[0]


ON_AXES = {
    "heatmap": lambda cells, found, **o: draw_heatmap(cells, interaction=found, **o),
    "residuals": lambda cells, found, **o: draw_residuals(found, **o),
    "ridge": lambda cells, found, **o: draw_ridge(found, **o),
    "lines": lambda cells, found, **o: draw_lines(cells, **o),
    "curves": lambda cells, found, **o: _curves(cells, **o),
}
EVERY = {
    **ON_AXES,
    "full": lambda cells, found, **o: draw_full(cells, found, **o).axes[0],
    "multiples": lambda cells, found, **o: draw_multiples(
        [(f"{cells.y.name} = {cells.y.labels[0]}", cells, found)], **o
    ).axes[0],
    "progress": lambda cells, found, **o: _progress(cells, **o),
}
