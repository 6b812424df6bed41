"""What the ink of learning curves says."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from interplay.plots import draw_curves
from interplay.plots.canvas import luminance
from tests.plots.pictures import clipped, overlapping, words


def curves(names=("one", "two"), epochs=12, lost=(), sd=0.02, members=5):
    rows = [
        {"setting": name, "epoch": e + 1, "mean": 0.5 + 0.1 * k + 0.02 * e, "sd": sd}
        | {"n": members - (name in lost and e >= 4), "members": members}
        for k, name in enumerate(names)
        for e in range(epochs)
    ]
    return pd.DataFrame(rows)


def draw(table, **options):
    return draw_curves(table, **{"metric": "accuracy", "mode": "max", **options})


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_mean_and_a_band_for_each_setting():
    found = curves()
    ax = draw(found)
    for k, line in enumerate(ax.lines):
        rows = found[found["setting"] == ("one", "two")[k]]
        assert list(line.get_xdata()) == list(rows["epoch"])
        assert list(line.get_ydata()) == list(rows["mean"])
        band = ax.collections[k].get_paths()[0].vertices[:, 1]
        assert band.max() == pytest.approx(rows["mean"].max() + 0.02)
        assert band.min() == pytest.approx(rows["mean"].min() - 0.02)
    assert legend(ax) == ["one", "two"]
    assert "mean ± sd over 5 trainings" in words(ax)
    assert "accuracy (higher is better)" in words(ax)
    assert ax.get_xlabel() == "epoch"
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_a_curve_ends_where_a_training_is_lost():
    ax = draw(curves(lost=("two",)))
    assert [len(line.get_xdata()) for line in ax.lines if line.get_gid() is None] == [12, 4]
    (cut,) = [line for line in ax.lines if line.get_gid() == "cut"]
    assert cut.get_xdata().tolist() == [4]
    assert legend(ax) == ["one", "two (1 of 5 lost)"]
    assert "a curve ends" in words(ax)
    assert "a curve ends" not in words(draw(curves()))


def test_a_setting_that_exploded_does_not_flatten_the_others():
    found = curves(("one", "two", "three", "four"))
    found.loc[found["setting"] == "four", ["mean", "sd"]] = [1e9, 1e8]
    ax = draw(found)
    assert ax.get_ylim()[1] < 1.5
    (mark,) = [line for line in ax.lines if line.get_gid() == "beyond"]
    assert mark.get_xdata()[0] == 1
    assert "▲ 12 values lie beyond the axis: 1e9" in words(ax)


def test_one_training_has_no_band():
    ax = draw(curves(sd=np.nan, members=1))
    assert len(ax.collections) == 0
    assert "one training a setting" in words(ax)


@pytest.mark.parametrize("epochs", [1, 4, 300])
def test_nothing_is_clipped_or_overlaps(epochs):
    names = [f"hidden_size = {k}, dropout = 0.{k}, learning_rate = 1e-{k}" for k in range(5)]
    figure = draw(curves(names, epochs, lost=names[:1])).figure
    assert clipped(figure) == []
    assert overlapping(figure) == []


def test_an_axes_given_on_a_dark_page():
    _, own = plt.subplots(facecolor="#111111")
    assert draw(curves(), ax=own) is own
    assert luminance(own.xaxis.label.get_color()) > 0.5
