"""Estimates of how wide text is, and names that are too long for their place."""

import matplotlib.pyplot as plt
import pytest

from interplay.plots.letters import in_lines, text_width, told_apart


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


@pytest.mark.parametrize(
    "texts",
    [
        ["relu", "gelu"],
        [f"{'w' * 90} {i}" for i in range(5)],
        [f"{i} {'w' * 90}" for i in range(5)],
        [f"{'a' * 50}{i}{'b' * 50}" for i in range(5)],
        [f"{'a' * 30}{i}{'b' * 30}{j}{'c' * 30}" for i in range(3) for j in range(3)],
    ],
)
def test_long_names_are_short_and_still_differ(texts):
    short = told_apart(texts, 12)
    assert len(set(short)) == len(texts)
    assert max(map(len, short)) <= 12


def test_the_part_that_differs_is_what_is_left_of_a_name():
    assert told_apart([f"{'a' * 50}{i}{'b' * 50}" for i in range(2)], 12) == ["…0…", "…1…"]


def test_a_name_is_in_as_many_lines_as_there_are_and_no_longer():
    assert in_lines("short") == "short"
    assert in_lines("one two three", 8) == "one two\nthree"
    broken = in_lines("word " * 40, 16, 3).split("\n")
    assert len(broken) <= 3
    assert max(map(len, broken)) <= 16
    assert "…" in in_lines("w" * 90, 16, 3)
