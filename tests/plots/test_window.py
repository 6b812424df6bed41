"""What an axes of lines shows of its values, and what it says of the rest."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.plots.window import Window

NONE = np.empty(0)
NEAR = np.linspace(0.8, 0.9, 9)


def test_one_value_far_off_does_not_hide_the_rest():
    window = Window.of(np.append(NEAR, 1e30), NONE)
    assert (window.low, window.high) == (0.8, 0.9)
    assert window.beyond == (1e30,)
    assert window.note == "▲ 1 value lies beyond the axis: 1e30"
    low, high = window.limits()
    assert 0.79 < low < 0.8
    assert 0.9 < high < 0.91


def test_values_beyond_both_ends_are_told():
    window = Window.of(np.concatenate([NEAR, NEAR, [-1e9, 2e9]]), NONE)
    assert window.note == "▲▼ 2 values lie beyond the axis: -1e9 to 2e9"


@pytest.mark.parametrize(
    "values",
    [NEAR, np.append(NEAR, 1.4), [0.9, 0.8, 1e30], [0.5, 0.5, 0.5], np.tile([0.9, 1e30], 8)],
)
def test_values_that_are_not_few_or_not_far_off_are_shown_all(values):
    window = Window.of(np.asarray(values), NONE)
    assert (window.low, window.high) == (min(values), max(values))
    assert window.note == ""
    assert window.drawn(np.asarray([5.0])) == 5.0


def test_bands_have_room_but_for_that_of_the_value_beyond():
    values = np.append(NEAR, 1e30)
    window = Window.of(values, np.concatenate([NEAR - 0.1, NEAR + 0.1, [1e29, 2e30]]))
    assert (window.low, window.high) == pytest.approx((0.7, 1.0))


def test_a_logarithmic_axis_is_for_what_is_shown():
    spread = np.geomspace(0.01, 100, 12)
    assert Window.of(spread, NONE, may_be_log=True).log
    assert not Window.of(spread, NONE).log
    window = Window.of(np.append(NEAR, 1e30), NONE, may_be_log=True)
    assert (window.low, window.high, window.log) == (0.8, 0.9, False)
    far = Window.of(np.append(spread, 1e300), NONE, may_be_log=True)
    assert (far.log, far.beyond) == (True, (1e300,))
    low, high = far.limits()
    assert 0 < low < 0.01
    assert 100 < high < 1e3
    assert far.drawn(np.asarray([1e300])) == pytest.approx(1e6)


def test_without_a_finite_value_there_is_none():
    assert Window.of(np.asarray([np.nan, np.inf]), NONE) is None


def test_marks_lie_on_the_edges_where_values_lie_beyond():
    figure, ax = plt.subplots()
    y = np.concatenate([NEAR, [1e30] * 2, NEAR, [-5.0]])
    window = Window.of(y, NONE, few=5)
    window.mark(np.arange(len(y)), y, ax, "black", every=5)
    plt.close(figure)
    (up, down) = ax.lines
    assert (up.get_marker(), up.get_xydata().tolist()) == ("^", [[9, 1], [10, 1]])
    assert (down.get_marker(), down.get_xydata().tolist()) == ("v", [[20, 0]])
