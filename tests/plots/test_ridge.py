"""What the ink of a ridge says, beside a heatmap and over it."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from interplay.plots import draw_heatmap, draw_ridge, overlay_ridge
from interplay.plots.canvas import luminance
from interplay.plots.palette import BEST, KEPT
from tests.plots.pictures import (
    X,
    both,
    clipped,
    laid_out,
    overlapping,
    spoil,
    squares,
    table,
    words,
)


def bars(ax, colour):
    """(row, column) of the bars of a colour."""
    wanted = plt.matplotlib.colors.to_rgba(colour)
    return {
        (int(p.get_y()), int(p.get_x()))
        for p in ax.patches
        if isinstance(p, Rectangle) and p.get_facecolor() == wanted
    }


def best_of(found):
    rows = {value: i for i, value in enumerate(found.y.values)}
    return {(rows[row.best_y], column) for column, row in enumerate(found.ridge.rows)}


def ridge_lines(ax):
    return [line.get_xydata() for line in ax.lines if line.get_gid() == "ridge"]


def test_each_column_has_its_best_dark_and_its_ties_pale():
    _, found = both(table(noise=0.02))
    ax = draw_ridge(found)
    assert bars(ax, BEST) == best_of(found)
    kept = {(int(y), int(x)) for y, x in np.argwhere(found.ridge.kept)}
    assert bars(ax, KEPT) == kept
    assert kept - best_of(found)
    assert luminance(KEPT) > 3 * luminance(BEST)  # told apart in grey
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 4), (0, 3))


def test_support_stands_in_the_bars():
    _, found = both(table(noise=0.02))
    ax = draw_ridge(found)
    texts = squares(ax)
    for column, row in enumerate(found.ridge.rows):
        kept = np.flatnonzero(found.ridge.kept[:, column])
        told = [texts[int(y), column].get_text() for y in kept]
        assert told == [f"{share:.0%}" for share in row.support]
    assert "when seeds are resampled" in words(ax)
    few = draw_ridge(both(table(seeds=3))[1])
    assert squares(few) == {}
    assert "resampled" not in words(few)


def test_the_line_runs_in_the_gaps_from_best_to_best():
    _, found = both(table(xs=(8, 16, 32)))
    ax = draw_ridge(found)
    rows = {column: row for row, column in best_of(found)}
    lines = ridge_lines(ax)
    assert len(lines) == 2
    for column, line in enumerate(lines):
        assert [int(y) for y in line[:, 1]] == [rows[column], rows[column + 1]]
        assert column + 0.8 < line[0, 0] < column + 1 < line[1, 0] < column + 1.2
    unordered = draw_ridge(both(table(ys=("relu", "gelu", "tanh")))[1])
    assert ridge_lines(unordered) == []
    assert unordered.get_ylim()[0] > unordered.get_ylim()[1]


def test_the_shift_and_its_interval_are_in_words():
    _, found = both(table())
    text = words(draw_ridge(found))
    shift = found.ridge.shift
    assert (
        f"the best d moves {shift.slope:.2f} steps a step of h (95% interval {shift.low:.2f}"
        in text
    )
    assert "interval" not in words(draw_ridge(both(table(seeds=3))[1]))


def test_one_row_a_cell_says_that_ties_are_unknown():
    _, found = both(table(seeds=1))
    ax = draw_ridge(found)
    assert bars(ax, BEST) == best_of(found)
    assert bars(ax, KEPT) == set()
    assert "no spread to say what ties" in words(ax)


def test_an_inert_y_has_no_best():
    frame = table(value=lambda i, j: 0.5 + 0.1 * i)
    frame["accuracy"] = frame.groupby([X, "seed"])["accuracy"].transform("first")
    ax = draw_ridge(both(frame)[1])
    assert bars(ax, BEST) == set()
    assert bars(ax, KEPT) == set(np.ndindex(3, 4))
    assert ridge_lines(ax) == []
    assert "none is better: d changes nothing" in words(ax)


def test_over_a_heatmap_it_steps_along_the_borders_of_the_best_squares():
    frame = table()
    for d in (0.0, 0.2, 0.4):
        spoil(frame, 8, d, "failed")
    cells, found = both(frame)
    ax = draw_heatmap(cells)
    assert overlay_ridge(found, ax, cells) is ax
    (line,) = ridge_lines(ax)
    inside = {(int(y), int((a + b) / 2)) for (a, y), (b, z) in pairwise(line) if y == z}
    assert inside == {(row, column + 1) for row, column in best_of(found)}
    for (a, y), (b, z) in pairwise(line):
        assert y == z or (a == b and a == int(a))
    for text in squares(ax).values():
        box = text.get_window_extent().transformed(ax.transData.inverted())
        for (a, y), (b, z) in pairwise(line):
            assert (
                max(a, b) < box.x0 or min(a, b) > box.x1 or max(y, z) < box.y0 or min(y, z) > box.y1
            )


def test_over_words_it_is_separate_marks():
    cells, found = both(table(ys=("relu", "gelu", "tanh")))
    ax = overlay_ridge(found, draw_heatmap(cells))
    assert len(ridge_lines(ax)) == 4


@pytest.mark.parametrize(
    ("xs", "ys"),
    [
        ((8, 16), (0.0, 0.5)),
        (range(10), range(8)),
        (("cosine_annealing_with_warm_restarts", "linear"), ("a_normalisation_with_momentum", "b")),
    ],
)
def test_nothing_is_clipped_or_overlaps(xs, ys):
    figure = draw_ridge(both(table(xs, ys))[1]).figure
    assert clipped(figure) == []
    assert overlapping(figure) == []


def test_numbers_fit_their_bars():
    ax = draw_ridge(both(table(range(10), range(6), noise=0.05))[1])
    laid_out(ax.figure)
    wide = ax.transData.transform((0.72, 0))[0] - ax.transData.transform((0, 0))[0]
    assert squares(ax)
    assert all(text.get_window_extent().width <= wide for text in squares(ax).values())
