"""Ties with the best square, and the warnings that come with them."""

from dataclasses import replace
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.offsetbox import DrawingArea

from interplay.analysis.cautions import Caution
from interplay.plots import draw_heatmap
from interplay.plots.marks import beside_star, reading_cautions, tied_places
from tests.plots.pictures import (
    X,
    Y,
    additive,
    both,
    clipped,
    laid_out,
    rings,
    spoil,
    squares,
    table,
    words,
)


@cache
def plain():
    """The plain table's cells, analysis and heatmap, drawn once: only for looking at."""
    cells, found = both(table())
    return cells, found, draw_heatmap(cells, interaction=found)


TIE = "not clearly worse than the best"


def test_the_ties_of_the_analysis_are_ringed_and_no_others():
    cells, found, ax = plain()
    tied = {(int(y), int(x)) for y, x in np.argwhere(found.ridge.tied)}
    assert cells.best in tied
    assert 1 < len(tied) < cells.n.size
    assert rings(ax) == tied - {cells.best}
    assert TIE in words(ax)
    assert rings(draw_heatmap(cells)) == set()


def test_ties_are_found_by_value_where_the_heatmap_has_more_levels():
    frame = table(xs=(8, 16, 32, 64))
    spoil(frame, 8, 0.0, "failed")
    spoil(frame, 8, 0.2, "failed")
    spoil(frame, 8, 0.4, "failed")
    cells, found = both(frame, orders={X: [4, 8, 16, 32, 64]})
    assert len(cells.x) == 5
    assert len(found.x) == 3
    expected = {(int(y), int(x) + 2) for y, x in np.argwhere(found.ridge.tied)}
    assert rings(draw_heatmap(cells, interaction=found)) == expected - {cells.best}


def test_words_read_downwards_and_rings_follow():
    cells, found = both(table(ys=("relu", "gelu", "tanh")))
    tied = {(int(y), int(x)) for y, x in np.argwhere(found.ridge.tied)}
    assert rings(draw_heatmap(cells, interaction=found)) == tied - {cells.best}


def test_without_a_spread_nothing_is_said_of_ties():
    cells, found = both(table(seeds=1))
    ax = draw_heatmap(cells, interaction=found)
    assert rings(ax) == set()
    assert "clearly worse" not in words(ax)


def test_a_best_square_alone_and_one_among_equals_are_said_in_words():
    cells, found = both(table(value=additive, noise=1e-4))
    alone = draw_heatmap(cells, interaction=found)
    assert rings(alone) == set()
    assert "★ best, all others clearly worse" in words(alone)
    cells, found = both(table(value=lambda i, j: 0.5, seed=1))
    equal = draw_heatmap(cells, interaction=found)
    assert found.ridge.tied.all()
    assert rings(equal) == set()
    assert "no cell is clearly worse than the best" in words(equal)


def test_cells_with_diverged_runs_are_no_ties():
    frame = table()
    cells, found = both(frame)
    spoiled = next(place for place in tied_places(cells, found))
    row, column = spoiled
    spoil(frame, cells.x.values[column], cells.y.values[row], "diverged", seeds=[0])
    cells, found = both(frame)
    assert spoiled not in rings(draw_heatmap(cells, interaction=found))


def test_a_cell_with_diverged_runs_is_no_best_to_tie_with():
    """Its mean is the highest, of the runs that survived: star and rings are of the stable cells."""
    frame = table()
    plain = tied_places(*both(frame))
    at = (frame[X] == 8) & (frame[Y] == 0.4)
    frame.loc[at, "accuracy"] += 0.3
    spoil(frame, 8, 0.4, "diverged", seeds=[0])
    cells, found = both(frame)
    assert cells.best != (2, 0)
    assert found.ridge.rows[0].best_y != 0.4
    assert tied_places(cells, found) is not None
    assert (2, 0) not in rings(draw_heatmap(cells, interaction=found))
    assert plain is not None


@pytest.mark.parametrize("size", [(6.0, 4.0), (3.0, 2.6)])
def test_rings_hide_no_number(size):
    cells, found = both(table(xs=range(6), ys=range(5)))
    _, ax = plt.subplots(figsize=size, layout="constrained")
    draw_heatmap(cells, ax=ax, interaction=found)
    laid_out(ax.figure)
    (line,) = [line for line in ax.lines if line.get_gid() == "tied"]
    radius = line.get_markersize() / 2 * ax.figure.dpi / 72
    for x, y in line.get_transform().transform(line.get_xydata()):
        for text in squares(ax).values():
            box = text.get_window_extent()
            beside = x + radius < box.x0 or x - radius > box.x1
            assert beside or y + radius < box.y0 or y - radius > box.y1


def test_rings_are_light_with_a_dark_rim():
    ax = plain()[2]
    (line,) = [line for line in ax.lines if line.get_gid() == "tied"]
    assert (line.get_markerfacecolor(), line.get_markeredgecolor()) == ("white", "black")
    legend = [line for area in ax.figure.findobj(DrawingArea) for line in area.findobj(plt.Line2D)]
    assert [line.get_marker() for line in legend] == ["o"]


def test_warnings_that_matter_here_are_footnotes_and_none_is_there_twice():
    cells, found = both(table(seeds=2))
    codes = {caution.code for caution in found.cautions}
    assert {"few_seeds", "best_on_edge"} & codes
    text = words(draw_heatmap(cells, interaction=found))
    assert "! 2 seeds: no verdict with fewer than 3" in text
    spoken = reading_cautions(
        replace(cells, warnings=("2 seeds: no verdict with fewer than 3",)), found
    )
    assert not any("no verdict" in message for message in spoken)
    other = replace(
        found, cautions=(Caution("seed_axis", "of the seeds"), Caution("non_finite", "rows"))
    )
    assert reading_cautions(cells, other) == []


def test_an_edge_is_warned_of_only_where_the_star_is():
    cells, found = both(table(value=additive))
    edges = [c.message for c in found.cautions if c.code == "best_on_edge"]
    assert edges
    assert set(edges) <= set(reading_cautions(cells, found))
    assert not set(edges) & set(reading_cautions(replace(cells, best=(0, 0)), found))


@pytest.mark.parametrize(("xs", "ys"), [((8, 16), (0.0, 0.5)), (range(10), range(8))])
def test_footnotes_stay_inside_the_figure(xs, ys):
    cells, found = both(table(xs, ys, seeds=2))
    assert clipped(draw_heatmap(cells, interaction=found).figure) == []


def test_footnotes_have_room_of_their_own():
    cells, found = both(table(seeds=2))
    assert reading_cautions(cells, found)
    heights = []
    for ax in (draw_heatmap(cells), draw_heatmap(cells, interaction=found)):
        laid_out(ax.figure)
        heights.append(ax.get_window_extent().height)
    assert heights[1] > 0.93 * heights[0]


def test_no_warning_speaks_of_another_best_than_the_star():
    """A cell that misses its bad seeds has the best plain mean, and not the best without seeds."""
    frame = table(value=additive, noise=0.01)
    cells, _ = both(frame)
    row, column = cells.best
    frame.loc[frame["seed"].isin([0, 1]), "accuracy"] -= 5
    own = (frame[X] == cells.x.values[0]) & (frame[Y] == cells.y.values[-1])
    cells, found = both(frame[~(own & frame["seed"].isin([0, 1]))])
    assert cells.best == (len(cells.y) - 1, 0) != (row, column)
    assert found.ridge.best == (row, column)
    told = [one for one in found.cautions if one.code == "best_on_edge"]
    assert told
    assert not set(told) & set(beside_star(cells, found))
    assert rings(draw_heatmap(cells, interaction=found)) == set()
