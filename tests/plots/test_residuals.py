"""What the ink of a residual map says."""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.plots import draw_residuals
from interplay.plots.canvas import luminance
from interplay.plots.residuals import centred
from tests.plots.pictures import (
    additive,
    bars,
    both,
    clipped,
    colours,
    overlapping,
    peak,
    spoil,
    squares,
    table,
    words,
)


@cache
def plain(mode="max"):
    """The plain table's analysis and residual map, drawn once: only for looking at."""
    _, found = both(table(), mode=mode)
    return found, draw_residuals(found)


def number(text):
    return float(text.replace("−", "-"))


def test_every_square_states_its_residual_with_a_sign():
    found, ax = plain()
    texts = squares(ax)
    assert set(texts) == set(np.ndindex(3, 4))
    for place, text in texts.items():
        assert number(text.get_text()) == pytest.approx(found.residuals.residual[place], abs=6e-4)
        assert text.get_text()[0] in "+−"
    assert "accuracy off the sum (+ is better)" in words(ax)
    assert "full colour and bold: beyond what noise explains" in words(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("h", "d")


def test_colours_are_centred_on_zero_and_faded_where_noise_explains_them():
    _, found = both(table(noise=0.02))
    out = found.residuals.stands_out
    assert out.any()
    assert not out.all()
    ax = draw_residuals(found)
    (bar,) = bars(ax)
    assert bar.get_ylim()[0] == -bar.get_ylim()[1]
    drawn = colours(ax)
    strength = np.abs(drawn[..., :3] - 1).max(axis=-1)
    full = plt.get_cmap("PuOr_r")(centred(found.residuals.residual)(found.residuals.residual))
    np.testing.assert_allclose(drawn[out], full[out], atol=0.01)
    assert (strength[~out] < 0.25).all()
    assert {t.get_weight() for p, t in squares(ax).items() if out[p]} == {"bold"}
    assert {t.get_weight() for p, t in squares(ax).items() if not out[p]} == {"normal"}
    for place, text in squares(ax).items():
        one, two = luminance(drawn[place][:3]), luminance(text.get_color())
        assert (max(one, two) + 0.05) / (min(one, two) + 0.05) > 3.5


def test_above_and_below_have_colours_that_the_colour_blind_tell_apart():
    cmap = plt.get_cmap("PuOr_r")
    below, above = np.array(cmap(0.1)), np.array(cmap(0.9))
    assert above[0] > above[2]  # orange
    assert below[2] > below[0]  # purple
    assert luminance(cmap(0.5)) > 0.85


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (table(value=additive), "none is beyond what noise explains"),
        (table(seeds=1), "no spread to judge them by"),
        (table(value=lambda i, j: 0.5 + i / 8, noise=0.0), "every cell is exactly that sum"),
    ],
)
def test_the_small_line_says_what_full_colour_means(frame, says):
    _, found = both(frame)
    ax = draw_residuals(found)
    assert says in words(ax)
    if not found.residuals.stands_out.any():
        assert np.abs(colours(ax)[..., :3] - 1).max() < 0.25


def test_less_is_better_is_said():
    assert "(+ is worse)" in words(plain("min")[1])


def test_empty_cells_are_hatched_and_words_go_down():
    frame = table(ys=("relu", "gelu", "tanh"))
    spoil(frame, 8, "gelu", "failed")
    _, found = both(frame)
    ax = draw_residuals(found)
    assert squares(ax)[1, 0].get_text() == "empty"
    assert "no finite row" in words(ax)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_squares_too_small_for_numbers_keep_the_signs_of_those_that_stand_out():
    _, found = both(table(range(12), range(12), lambda i, j: peak(i, j) / 4))
    _, ax = plt.subplots(figsize=(3.6, 3.0), layout="constrained")
    draw_residuals(found, ax)
    out = found.residuals.stands_out
    assert {place for place, text in squares(ax).items()} == {
        tuple(p) for p in np.argwhere(out).tolist()
    }
    for place, text in squares(ax).items():
        assert text.get_text() == ("+" if found.residuals.residual[place] > 0 else "−")


@pytest.mark.parametrize(
    ("xs", "ys"),
    [
        ((8, 16), (0.0, 0.5)),
        (range(10), range(8)),
        (("cosine_annealing_with_warm_restarts", "linear"), ("a_normalisation_with_momentum", "b")),
    ],
)
def test_nothing_is_clipped_or_overlaps(xs, ys):
    figure = draw_residuals(both(table(xs, ys))[1]).figure
    assert clipped(figure) == []
    assert overlapping(figure) == []


def test_an_axes_given_on_a_dark_page_has_light_words():
    _, own = plt.subplots(facecolor="#111111")
    assert draw_residuals(both(table())[1], own) is own
    assert luminance(own.xaxis.label.get_color()) > 0.5
    assert luminance(own.title.get_color()) > 0.5
    with plt.style.context("dark_background"):
        ax = draw_residuals(both(table())[1])
    assert luminance(ax.figure.get_facecolor()) == 1
    assert luminance(ax.xaxis.label.get_color()) < 0.1
