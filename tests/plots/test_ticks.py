"""Long names of levels along x: turned, apart from each other, inside the figure, each its own."""

import pytest

from tests.plots.every import EVERY, numbers
from tests.plots.pictures import clipped, crowded

WORDS = ("random_resized_crop", "horizontal_flip", "colour_jitter", "auto_augment")


def names(count):
    """Names of more than 30 letters, some of which differ in their middle only."""
    return tuple(
        f"{WORDS[i % 4]}_and_{WORDS[(3 * i + 1) % 4]}_{i:02d}_with_warm_restarts"
        for i in range(count)
    )


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("picture", ["heatmap", "residuals", "lines"])
@pytest.mark.parametrize("count", [3, 20, 60])
def test_long_names_of_many_levels_are_readable(picture, count):
    xs = names(count)
    ax = EVERY[picture](*numbers(xs, (0.0, 0.5), seeds=2))
    assert crowded(ax.figure) == []
    assert clipped(ax.figure) == []
    drawn = [label.get_text() for label in ax.get_xticklabels()]
    assert len(drawn) >= min(count, 20), "no more is left out than must be"
    assert len(set(drawn)) == len(drawn), "shortened, they are still told apart"


@pytest.mark.parametrize("count", [2, 12, 60])
def test_short_names_lie(count):
    ax = EVERY["heatmap"](*numbers(tuple(range(count)), (0.0, 0.5), seeds=2))
    assert crowded(ax.figure) == []
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {0}
