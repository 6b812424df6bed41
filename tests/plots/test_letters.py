"""Estimates of how wide text is, by which sizes and line breaks are chosen."""

import matplotlib.pyplot as plt
import pytest

from interplay.plots.letters import text_width


@pytest.mark.parametrize(
    "text", ["100%", "0%", "+0.0269", "−0.1519", "±0.004", "diverged", "no run"]
)
@pytest.mark.parametrize("bold", [False, True])
def test_no_text_of_a_square_is_wider_than_estimated(text, bold):
    figure = plt.figure(dpi=72)
    drawn = figure.text(0, 0, text, size=10, weight="bold" if bold else "normal")
    figure.canvas.draw()
    wide = drawn.get_window_extent().width
    plt.close(figure)
    assert 0.75 * 10 * text_width(text, bold) < wide <= 10 * text_width(text, bold) + 0.5
