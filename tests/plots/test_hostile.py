"""Names and values are drawn as written, whatever characters they hold, in every picture."""

import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from interplay.plots.letters import shown
from tests.plots.every import EVERY, numbers
from tests.plots.pictures import clipped, words

HOSTILE = {
    "signs": (r"$\frac$ 50% a_b #{x}^2 & ~ ($) or ($)", r"$\frac$ 50% a_b #{x}^2 & ~ ($) or ($)"),
    "characters": (
        "two\nlines\t\r\n שלום مرحبا \u202eabc\u2066 😀 🚀",
        "two↵lines⇥↵ שלום مرحبا U+202EabcU+2066 😀 U+1F680",
    ),
    "no glyph": ("层数 ชั้น\x1b", None),
    "long": ("w" * 90, None),
}
ALL = "$\\frac$ a_b\t\u202e\x1b 🚀 ש"
"""Something of every kind, for the pictures that all kinds are not tried on."""


def drawn_as_written(picture, name, drawn, inside=True):
    drawn = drawn or shown(name)
    cells, found = numbers(
        (f"{name} 1", f"{name} 2"), (f"{name} 3", f"{name} 4"), (f"{name}x", f"{name}y", f"{name}m")
    )
    cells = replace(cells, warnings=(f"{name} varies",))  # for which room is sought
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a missing glyph, of a layout without room
        ax = EVERY[picture](cells, found)
    text = "".join(words(ax).split())  # lines of long names are broken
    assert "".join(f"{drawn}m".split()) in text or picture == "ridge"
    for text in ax.figure.findobj(plt.Text):
        if "$" in text.get_text():
            assert not text.get_parse_math()
        assert "\t" not in text.get_text()
    if inside:
        assert clipped(ax.figure) == []


@pytest.mark.usefixtures("at_once")  # with all its warnings
@pytest.mark.parametrize("kind", HOSTILE)
def test_names_and_values_are_drawn_as_written(kind):
    drawn_as_written("heatmap", *HOSTILE[kind], inside=kind != "long")


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("picture", EVERY)
def test_every_picture_draws_them_so(picture):
    drawn_as_written(picture, ALL, None)


def test_a_title_given_later_may_hold_mathematics():
    ax = EVERY["heatmap"](*numbers())
    assert ax.set_title(r"$\alpha^2$").get_parse_math()


def test_what_is_shown_of_a_character_depends_on_the_font():
    assert shown("中 a") == "U+4E2D a"
    assert shown("a\nb") == "a↵b"
    assert shown("a\nb", lines=True) == "a\nb"
