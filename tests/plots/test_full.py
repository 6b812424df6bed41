"""Heatmap, residual map and ridge on one page."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.plots import draw_full
from interplay.plots.canvas import luminance
from tests.plots.pictures import (
    additive,
    both,
    clipped,
    overlapping,
    rings,
    spoil,
    squares,
    table,
    words,
)


def test_three_pictures_the_verdict_and_every_warning_once():
    cells, found = both(table(seeds=4))
    figure = draw_full(cells, found, title="mine: accuracy")
    left, middle, right = figure.axes[:3]
    text = words(left)
    assert left.get_title() == "mine: accuracy"
    assert rings(left)
    assert squares(middle)
    assert "best d for each h" in right.get_title()
    caption = next(t for t in figure.texts if t.get_weight() == "bold")
    assert caption.get_text().replace("\n", " ") == found.verdict
    notes = next(t for t in figure.texts if t is not caption).get_text().replace("\n", " ")
    assert found.cautions
    for caution in found.cautions:
        assert notes.count(f"! {caution.message}") == 1
        assert text.count(caution.message) == 1


def test_what_squares_show_is_no_footnote():
    frame = table()
    spoil(frame, 8, 0.0, "diverged")
    cells, found = both(frame)
    assert {"non_finite", "empty_cells"} <= {c.code for c in found.cautions}
    text = words(draw_full(cells, found).axes[0])
    assert "rows left out" not in text
    assert "have no finite row" not in text
    assert "diverged (not finite)" in text


LONG = ("cosine_annealing_with_warm_restarts", "linear", "constant")


@pytest.mark.parametrize(
    ("xs", "ys", "options"),
    [
        ((8, 16), (0.0, 0.5), {"seeds": 1}),
        (range(10), range(8), {"seeds": 2, "value": additive}),
        (LONG, ("a_normalisation_with_momentum", "b"), {}),
    ],
)
def test_nothing_is_clipped_or_overlaps_and_rows_lie_at_the_same_height(xs, ys, options):
    figure = draw_full(
        *both(table(xs, ys, **options)), title="A title as long as some are: accuracy"
    )
    assert clipped(figure) == []
    assert overlapping(figure) == []
    assert figure.get_size_inches().max() < 26
    heights = np.array([[ax.get_position().y0, ax.get_position().y1] for ax in figure.axes[:3]])
    np.testing.assert_allclose(heights, np.broadcast_to(heights[0], (3, 2)), atol=1e-6)
    for ax in figure.axes[:2]:  # numbers fit their squares as these are in the end
        one, other = ax.transData.transform([(0, 0), (1, 1)])
        assert squares(ax)
        for text in squares(ax).values():
            assert text.get_window_extent().width <= 0.95 * abs(other - one)[0]


@pytest.mark.usefixtures("at_once")
def test_it_is_white_whatever_the_style(tmp_path):
    with plt.style.context(["dark_background", {"savefig.facecolor": "black"}]):
        figure = draw_full(*both(table()))
        before = [ax.get_position().bounds for ax in figure.axes]
        figure.savefig(tmp_path / "dark.png", dpi=40)
    # And as it was laid out: a file is drawn without the engine that did so.
    np.testing.assert_allclose([ax.get_position().bounds for ax in figure.axes], before, atol=0.02)
    assert plt.imread(tmp_path / "dark.png")[2, 2].min() == 1
    assert all(luminance(text.get_color()) < 0.1 for text in figure.texts)


def test_a_failed_drawing_leaves_no_figure(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no ink")

    monkeypatch.setattr("interplay.plots.full.paint_ridge", broken)
    with pytest.raises(RuntimeError):
        draw_full(*both(table()))
    assert plt.get_fignums() == []
