"""Title, colours, size and words of every picture are the reader's to choose; so is the axes."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.errors import InterplayError
from tests.plots.every import EVERY, METRIC, ON_AXES, numbers
from tests.plots.pictures import bars, both, clipped, laid_out, table, words


def inks(ax):
    """The colours of a drawn picture."""
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba())[..., :3]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("picture", EVERY)
def test_title_size_words_and_colours_are_arguments(picture):
    asked = {"title": "Mine", "figsize": (7.0, 5.0), "labels": {METRIC: "share right"}}
    ax = EVERY[picture](*numbers(), **asked, cmap="cool")
    assert tuple(ax.figure.get_size_inches()) == (7.0, 5.0)
    assert "Mine" in words(ax)
    assert picture == "ridge" or "share right" in words(ax)
    places = [each.get_position().bounds for each in ax.figure.axes]
    # A bright pink is among its colours; neither the usual ones nor the words have any.
    red, green, blue = np.moveaxis(inks(ax).astype(int), -1, 0)
    assert ((red - green > 40) & (blue > 240)).sum() > 50
    # It was laid out before: drawn for a file or a notebook, nothing moves.
    again = [each.get_position().bounds for each in ax.figure.axes]
    np.testing.assert_allclose(again, places, atol=1e-4)


@pytest.mark.parametrize("picture", EVERY)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"colour": "red"}, "colour.*allowed: title, cmap, figsize, labels"),
        ({"cmap": "virids"}, "did you mean 'viridis'"),
        ({"cmap": 3}, "cmap = 3"),
        ({"title": 3}, "a title is a text"),
        ({"figsize": (1,)}, "two numbers"),
        ({"figsize": (-1, 2)}, "two numbers"),
        ({"labels": ["a"]}, "labels = "),
        ({"labels": {"acuracy": "a"}}, "acuracy.*allowed.*accuracy"),
    ],
)
def test_a_wrong_argument_is_one_message(picture, wrong, message):
    with pytest.raises(InterplayError, match=message):
        EVERY[picture](*numbers(), **wrong)
    assert plt.get_fignums() == []


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("picture", ON_AXES)
def test_the_title_is_the_axes_own(picture):
    ax = ON_AXES[picture](*numbers())
    before = words(ax)
    title = ax.get_title()
    ax.set_title("Mine")
    ax.figure.set_size_inches(9, 6)
    laid_out(ax.figure)
    assert title.replace("\n", " ") not in words(ax)
    assert ax.get_title() == "Mine"
    assert before != words(ax)
    notes = [text for text in ax.texts if text.get_gid() == "notes" and text.get_text()]
    for note in notes:
        assert note.get_window_extent().y1 <= ax.title.get_window_extent().y0 + 1


def outside(axes):
    """What of each axes reaches into another one's ink or out of the figure, in pixels."""
    figure = axes[0].figure
    laid_out(figure)
    boxes = [ax.get_tightbbox(figure.canvas.get_renderer()) for ax in axes]
    over = [
        min(a.x1, b.x1) - max(a.x0, b.x0)
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if min(a.y1, b.y1) > max(a.y0, b.y0)
    ]
    cut = [max(-b.x0, -b.y0, b.x1 - figure.bbox.x1, b.y1 - figure.bbox.y1) for b in boxes]
    return max([*over, *cut])


@pytest.mark.parametrize(
    ("pictures", "layout"),
    [
        *((pair, None) for pair in (("heatmap", "residuals"), ("ridge", "lines"), ("curves",) * 2)),
        *((("heatmap", "lines"), layout) for layout in ("constrained", "tight", "later")),
    ],
)
@pytest.mark.usefixtures("at_once")
def test_neighbours_keep_their_room(pictures, layout):
    layout, later = (None, True) if layout == "later" else (layout, False)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout=layout, dpi=50)
    figure.set_visible(later)  # until both are there, unless a layout comes after that
    for picture, ax in zip(pictures, axes, strict=True):
        ON_AXES[picture](*numbers(), ax=ax)
    figure.set_visible(True)
    if later:
        plt.tight_layout()
    assert outside(list(axes)) <= 3


CROWD = tuple(f"warning {i}: of such a length that it is broken in two or three" for i in range(9))


@pytest.mark.parametrize(
    ("layout", "style"),
    [(None, "default"), ("tight", "dark_background")],
)
@pytest.mark.usefixtures("at_once")
def test_four_with_many_warnings_are_all_there(layout, style):
    """However much is to be said below: titles stay in the figure, squares large enough to read."""
    cells, found = numbers()
    cells = replace(cells, warnings=CROWD)
    with plt.style.context(style):
        figure, axes = plt.subplots(2, 2, figsize=(9, 7), layout=layout, dpi=50)
        figure.set_visible(False)  # until all are there
        for picture, ax in zip(("heatmap", "lines", "residuals", "lines"), axes.flat, strict=True):
            ON_AXES[picture](cells, found, ax=ax)
        figure.set_visible(True)
    assert outside(list(axes.flat)) <= 3
    assert clipped(figure) == []
    for ax in axes.flat:
        box = ax.get_window_extent()
        assert box.height > 0.13 * figure.bbox.height
        assert box.width > 0.2 * figure.bbox.width
    assert "warnings: no room for them here" in words(axes[0, 0])


def test_a_size_is_of_a_new_figure_only():
    _, ax = plt.subplots()
    with pytest.raises(InterplayError, match="set_size_inches"):
        ON_AXES["heatmap"](*numbers(), ax=ax, figsize=(3, 3))


def test_one_exploded_cell_does_not_hide_the_rest():
    cells, _ = numbers(range(4), range(3))
    cells = replace(cells, mean=cells.mean.copy())
    cells.mean[0, 0] = 40.0
    ax = ON_AXES["heatmap"](cells, None)
    (bar,) = bars(ax)
    assert bar.get_ylim() == (np.sort(cells.mean, None)[0], np.sort(cells.mean, None)[-2])
    assert "1 square is beyond the colours: 40" in words(ax)
    (mark,) = [line for line in ax.lines if line.get_gid() == "above"]
    assert (mark.get_marker(), mark.get_xydata().tolist()) == ("^", [[0, 1]])
    cells.mean[0, 0] = -40.0
    ax = ON_AXES["heatmap"](cells, None)
    (mark,) = [line for line in ax.lines if line.get_gid() == "below"]
    assert (mark.get_marker(), mark.get_xydata().tolist()) == ("v", [[0, 1]])
    plain = ON_AXES["heatmap"](*numbers(range(4), range(3)))
    assert "beyond" not in words(plain)


def test_equal_squares_have_no_star_and_no_bar():
    frame = table(value=lambda i, j: 0.96, noise=0.0)
    frame["accuracy"] = 0.96
    ax = ON_AXES["heatmap"](*both(frame))
    assert "★" not in words(ax)
    assert bars(ax) == []
