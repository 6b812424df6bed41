"""What the ink of an interaction plot says."""

import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.plots import draw_lines
from interplay.plots.canvas import luminance
from tests.plots.pictures import X, Y, both, clipped, overlapping, spoil, table, words


def cells_of(frame, **options):
    return both(frame, **options)[0]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def bands(ax):
    return [band.get_paths()[0].vertices[:, 1] for band in ax.collections]


def test_a_line_for_each_y_over_the_levels_of_x():
    cells = cells_of(table())
    ax = draw_lines(cells)
    assert len(ax.lines) == 3
    for row, line in enumerate(ax.lines):
        np.testing.assert_allclose(line.get_ydata(), cells.mean[row])
        assert list(line.get_xdata()) == [0.5, 1.5, 2.5, 3.5]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["8", "16", "32", "64"]
    assert legend(ax) == ["0.4", "0.2", "0"]  # upwards, as on the heatmap
    assert ax.get_legend().get_title().get_text() == "d"
    assert "accuracy (higher is better)" in words(ax)
    assert "accuracy (lower is better)" in words(draw_lines(cells_of(table(), mode="min")))
    down = draw_lines(cells_of(table(ys=("relu", "gelu", "tanh"))))
    assert legend(down) == ["relu", "gelu", "tanh"]


@pytest.mark.parametrize(("band", "part"), [("se", np.sqrt(5)), ("sd", 1.0)])
def test_bands_are_what_they_are_called(band, part):
    cells = cells_of(table())
    ax = draw_lines(cells, band=band)
    assert ("mean ± standard error over 5 seeds" if band == "se" else "mean ± sd") in words(ax)
    for row, ys in enumerate(bands(ax)):
        assert ys.max() == pytest.approx((cells.mean[row] + cells.sd[row] / part).max())
        assert ys.min() == pytest.approx((cells.mean[row] - cells.sd[row] / part).min())


def test_lines_are_told_apart_without_colour_and_in_the_order_of_y():
    ax = draw_lines(cells_of(table(ys=range(8))))
    light = [luminance(line.get_color()) for line in ax.lines]
    assert light == sorted(light)
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.lines}) == 8
    assert max(light) < 0.6  # seen on white


def test_many_lines_have_no_bands_and_say_so():
    ax = draw_lines(cells_of(table(ys=range(7))))
    assert bands(ax) == []
    assert "no bands: more than 6 lines" in words(ax)
    assert "±" not in words(ax)


def test_one_seed_has_no_bands():
    ax = draw_lines(cells_of(table(seeds=1)))
    assert bands(ax) == []
    assert "±" not in words(ax)
    assert "bands" not in words(ax)


def test_a_cell_without_a_value_is_a_gap():
    frame = table()
    spoil(frame, 16, 0.2, "diverged")
    ax = draw_lines(cells_of(frame))
    assert np.isnan(ax.lines[1].get_ydata()).tolist() == [False, True, False, False]
    assert "diverged runs are not in the means" in words(ax)


LONG = ("cosine_annealing_with_warm_restarts", "linear", "constant")


@pytest.mark.parametrize(
    ("xs", "ys"),
    [((8, 16), (0.0, 0.5)), (LONG, ("a_normalisation_of_layers", "b"))],
)
def test_nothing_is_clipped_or_overlaps(xs, ys):
    figure = draw_lines(cells_of(table(xs, ys))).figure
    assert clipped(figure) == []
    assert overlapping(figure) == []
    legends = figure.axes[0].get_legend().get_window_extent()
    assert legends.x0 > figure.axes[0].get_window_extent().x1


@pytest.mark.usefixtures("at_once")  # with all its warnings
@pytest.mark.parametrize("tail", ["{}", "{} and then the same again, word for word"])
def test_long_names_leave_the_axes_most_of_the_figure(tail):
    ys = [tail.format(f"a name that is as long as three of its kind {i}") for i in range(3)]
    names = {"x": "m.x" + "x" * 80, "y": "m.y" + "y" * 80, "metric": "z" * 80}
    frame = table((8, 16), ys, seeds=2).rename(
        columns=dict(zip((X, Y, "accuracy"), names.values(), strict=True))
    )
    cells = cells_of(frame, **names)
    _, ax = plt.subplots(figsize=(4.5, 3), layout="constrained", dpi=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a layout without room
        draw_lines(cells, ax)
    figure, box = ax.figure, ax.get_window_extent()
    assert clipped(figure) == []
    assert box.width > 0.35 * figure.bbox.width
    assert box.height > 0.3 * figure.bbox.height
    assert len(set(legend(ax))) == 3


def test_of_many_lines_and_levels_every_few_are_named():
    ax = draw_lines(cells_of(table(range(60), range(60), seeds=1)))
    figure = ax.figure
    assert clipped(figure) == []
    assert overlapping(figure) == []
    assert len(ax.lines) == 60
    named = len(legend(ax))
    assert 10 < named < 60
    step = -(-60 // named)
    assert f"1 line in {step} is named" in words(ax)
    colours = [line.get_color() for line in ax.lines]
    handles = [line.get_color() for line in ax.get_legend().get_lines()]
    assert handles == colours[::-step]  # upwards, as the lines are


def test_an_exploded_cell_does_not_flatten_the_lines():
    cells = cells_of(table())
    cells = replace(cells, mean=cells.mean.copy())
    cells.mean[1, 2] = 1e30
    ax = draw_lines(cells)
    low, high = ax.get_ylim()
    others = np.delete(cells.mean, 6)
    assert others.min() - 0.1 < low < others.min()
    assert others.max() < high < others.max() + 0.1
    (mark,) = [line for line in ax.lines if line.get_gid() == "beyond"]
    assert mark.get_xydata().tolist() == [[2.5, 1]]
    assert mark.get_color() == ax.lines[1].get_color()
    assert "▲ 1 value lies beyond the axis: 1e30" in words(ax)


def test_dark_pages():
    _, own = plt.subplots(facecolor="#111111")
    assert draw_lines(cells_of(table()), own) is own
    assert luminance(own.xaxis.label.get_color()) > 0.5
    assert luminance(own.get_facecolor()) == 1
    box = own.get_legend()
    assert box.get_frame_on()
    assert luminance(box.get_frame().get_facecolor()) == 1
    assert all(luminance(text.get_color()) < 0.1 for text in box.get_texts())
    with plt.style.context("dark_background"):
        ax = draw_lines(cells_of(table()))
    assert all(luminance(text.get_color()) < 0.1 for text in ax.get_legend().get_texts())
