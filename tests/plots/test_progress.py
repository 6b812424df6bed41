"""What the ink of a best-so-far curve says."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from interplay.analysis.incumbent import best_so_far
from interplay.plots.progress import draw_progress
from tests.plots.pictures import clipped, laid_out, words


def table(scores, status=None, seeds=2, mode="max", seconds=10.0):
    rows = [
        {"x": cell, "seed": seed, "status": (status or {}).get(cell, "complete")}
        | {"seconds": seconds, "m": value * (1 + 0.1 * seed)}
        for cell, value in enumerate(scores)
        for seed in range(seeds)
    ]
    frame = pd.DataFrame(rows)
    frame.loc[frame["status"] == "diverged", "m"] = np.nan
    return best_so_far(frame, ["x"], "m", mode)


def drawn(found, mode="max", **options):
    return draw_progress(found, metric="m", mode=mode, **options)


def marks(ax, marker, hollow=False):
    return [
        line.get_xydata()
        for line in ax.lines
        if line.get_marker() == marker and (line.get_markerfacecolor() == "none") == hollow
    ]


def legend(ax):
    return [text.get_text() for text in ax.figure.legends[0].get_texts()]


def test_two_panels_show_the_numbers_of_the_table():
    found = table([0.5, 0.4, 0.7])
    left, right = drawn(found)
    for ax, x in ((left, found["number"]), (right, found["seconds"])):
        step = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
        assert list(step.get_xdata()[:-1]) == list(x)
        assert list(step.get_ydata()[:-1]) == list(found["best"])
        assert marks(ax, "o")[0].tolist() == np.column_stack([x, found["score"]]).tolist()
        band = ax.collections[0].get_paths()[0].vertices[:, 1]
        assert band.min() == pytest.approx(0.5)
        assert band.max() == pytest.approx(0.77)
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlabel() == "cells tried"
    assert right.get_xlabel().replace("\n", " ") == "training time, all members (seconds)"
    assert left.get_ylabel() == "m (mean), higher is better"
    assert legend(left) == ["best so far", "its lowest to highest replicate", "one cell"]


@pytest.mark.parametrize(("mode", "edge"), [("max", 0.02), ("min", 0.98)])
def test_unstable_cells_are_marked_at_the_worse_edge(mode, edge):
    found = table([0.5, 0.9, 0.7], {1: "diverged"}, mode=mode)
    left, _ = drawn(found, mode)
    crosses = next(line for line in left.lines if line.get_marker() == "x")
    assert crosses.get_xydata().tolist() == [[2, edge]]
    assert crosses.get_transform() == left.get_xaxis_transform()
    assert "diverged or failed" in legend(left)


def test_stopped_cells_are_hollow():
    left, _ = drawn(table([0.5, 0.9, 0.7], {1: "stopped"}))
    assert marks(left, "o", hollow=True)[0][:, 0].tolist() == [2]
    assert "stopped early" in legend(left)


@pytest.mark.parametrize(
    ("scores", "scale"),
    [([0.01, 5, 100], "log"), ([-0.01, 5, 100], "linear"), ([0.5, 0.6, 0.7], "linear")],
)
def test_the_y_axis_is_logarithmic_only_where_positive_scores_span_much(scores, scale):
    left, right = drawn(table(scores, mode="min"), "min")
    assert left.get_yscale() == right.get_yscale() == scale


@pytest.mark.parametrize(("seconds", "unit"), [(1, "seconds"), (100, "minutes"), (5000, "hours")])
def test_time_has_a_readable_unit(seconds, unit):
    _, right = drawn(table([0.5, 0.6], seconds=seconds))
    assert right.get_xlabel().endswith(f"({unit})")


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5], [0.0, 0.0]])
def test_little_to_show_is_drawn_all_the_same(scores):
    drawn(table(scores))


def test_only_unstable_cells_leave_no_curve():
    left, _ = drawn(table([0.5, 0.6], {0: "diverged", 1: "diverged"}))
    assert legend(left) == ["diverged or failed"]


def test_all_words_lie_inside_the_figure():
    found = table([0.5, 0.9, 0.7, 0.8], {1: "diverged", 2: "stopped"}, seconds=100)
    left, right = drawn(found, title="a search: best m so far")
    figure = left.figure
    laid_out(figure)
    inked = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert inked.x0 >= 0
    assert inked.y0 >= 0
    assert inked.x1 <= width
    assert inked.y1 <= height
    assert right.figure is figure


def test_axes_of_ones_own():
    _, own = plt.subplots(1, 2, sharey=True)
    found = table([0.5, 0.6], {1: "stopped"})
    left, right = draw_progress(found, metric="m", mode="max", axes=own, title="mine")
    assert (left, right) == tuple(own)
    assert left.get_title() == "mine"
    for word in ("best so far", "one cell", "stopped early"):
        assert word in words(left)
    assert clipped(left.figure) == []


def test_a_score_far_off_does_not_flatten_the_rest():
    scores = [1e30, *np.linspace(0.5, 0.6, 20)]
    left, right = drawn(table(scores, mode="min", seeds=1), "min")
    assert left.get_yscale() == "linear"
    assert left.get_ylim() == right.get_ylim()
    assert left.get_ylim()[1] < 0.7
    (mark,) = [line for line in left.lines if line.get_gid() == "beyond"]
    assert mark.get_xydata().tolist() == [[1, 1]]
    assert "▲ 1 value lies beyond the axis: 1e30" in words(left)


def test_the_legend_has_as_many_rows_as_it_needs():
    found = table(np.linspace(0.5, 0.6, 9), {1: "diverged", 2: "stopped"})
    left, _ = drawn(
        found, figsize=(4.5, 3.5), title="a title that goes on for longer than it is wide"
    )
    assert clipped(left.figure) == []
