"""What the ink of small multiples says."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from interplay.plots import draw_multiples
from tests.plots.pictures import both, clipped, overlapping, rings, squares, table, words


def panels(count, xs=(8, 16, 32, 64), ys=(0.0, 0.2, 0.4), **options):
    return [
        (
            f"norm = level{k}",
            *both(
                table(xs, ys, lambda i, j, k=k: 0.5 + 0.1 * k - 0.02 * (i - j) ** 2, seed=k),
                **options,
            ),
        )
        for k in range(count)
    ]


def grids(figure):
    return [
        ax
        for ax in figure.axes
        if any(isinstance(c, QuadMesh) for c in ax.collections) and ax.get_label() != "<colorbar>"
    ]


def test_a_heatmap_a_level_all_with_the_same_colours():
    asked = panels(3)
    figure = draw_multiples(asked, title="mine: accuracy")
    axes = grids(figure)
    assert [ax.get_title() for ax in axes] == [name for name, *_ in asked]
    meshes = [next(c for c in ax.collections if isinstance(c, QuadMesh)) for ax in axes]
    low = min(cells.mean.min() for _, cells, _ in asked)
    high = max(cells.mean.max() for _, cells, _ in asked)
    assert {(mesh.norm.vmin, mesh.norm.vmax) for mesh in meshes} == {(low, high)}
    for ax, (_, cells, _) in zip(axes, asked, strict=True):
        for place, text in squares(ax).items():
            assert float(text.get_text().split("\n")[0]) == pytest.approx(
                cells.mean[place], abs=1e-3
            )
    assert len(figure.axes) == 4  # one colour bar for all
    assert "mine: accuracy" in words(axes[0])
    assert "accuracy (higher is better)" in words(axes[0])


def test_each_marks_its_own_ties_where_there_is_an_analysis():
    (_, cells, found), (name, other, _) = panels(2)
    one, two = grids(draw_multiples([("a", cells, found), (name, other, None)], title="t"))
    tied = {(int(y), int(x)) for y, x in np.argwhere(found.ridge.tied)}
    assert rings(one) == tied - {cells.best}
    assert rings(two) == set()


def test_rows_are_filled_in_reading_order():
    figure = draw_multiples(panels(5, (8, 16), (0.0, 0.5)), title="t", columns=2)
    axes = grids(figure)
    assert len(figure.axes) == 5 + 1  # the colour bar, and no empty panel
    places = [(round(-ax.get_position().y0, 2), round(ax.get_position().x0, 2)) for ax in axes]
    assert places == sorted(places)
    assert len({y for y, _ in places}) == 3


def test_a_warning_stands_once_with_the_panels_it_is_about():
    frame = table()
    frame["epochs_run"] = 9 + frame["seed"]
    uneven, even = both(frame), both(table())
    text = words(grids(draw_multiples([("a", *uneven), ("b", *even)], title="t"))[0])
    assert f"! a: {uneven[0].warnings[0]}" in text
    edges = [c.message for c in even[1].cautions if c.code == "best_on_edge"]
    assert edges
    assert all(text.count(f"! {message}") == 1 for message in edges)


@pytest.mark.parametrize(
    ("count", "xs", "ys"),
    [(1, (8, 16), (0.0, 0.5)), (4, (8, 16), (0.0, 0.5)), (2, range(8), range(9))],
)
def test_nothing_is_clipped_or_overlaps(count, xs, ys):
    figure = draw_multiples(panels(count, xs, ys), title="a study of some length: accuracy")
    assert clipped(figure) == []
    assert overlapping(figure) == []
