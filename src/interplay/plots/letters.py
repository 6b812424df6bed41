"""Names and values as they are drawn: no character is swallowed, and how much room a text takes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter
from matplotlib.transforms import Bbox

from interplay.signs import code_of, on_one_line, steers

CHAR_WIDTH = 0.62
"""Of a character, in its font size: digits are narrower, so what fits by this fits in ink."""
BOLD = 1.1
"""How much wider bold characters are."""
LONGEST = 30
"""Characters of a name at a tick or in a legend."""


def shown(text: str, lines: bool = False) -> str:
    """A name or a value as it can be drawn: every character is seen.

    Line breaks and tabs are drawn as signs. What the font in use has no shape for (DejaVu Sans,
    matplotlib's own, has Latin, Greek, Cyrillic, Arabic, Hebrew and many symbols, but no Chinese,
    Japanese, Korean or Thai), what controls the direction of writing, and other control characters
    are their code, as U+4E2D. `plt.rcParams["font.family"]` may name a font that has more.

    Args:
        lines: whether a line break is one, as in a title.
    """
    fonts = tuple(findfont(FontProperties(family=[name])) for name in mpl.rcParams["font.family"])
    have = _covered(fonts)
    return "".join(
        character if character in have or character == "\n" else code_of(character)
        for character in on_one_line(text, lines)
    )


@lru_cache(maxsize=8)
def _covered(files: tuple[str, ...]) -> frozenset[str]:
    """The characters that these fonts have, but for those that control the text."""
    found = {chr(code) for file in files for code in get_font(file).get_charmap()}
    return frozenset(character for character in found if not steers(character))


def text_width(text: str, bold: bool = False) -> float:
    """Of one line, in font sizes: at least what it is in ink."""
    wide = 0.36 * text.count("%") + 0.24 * sum(text.count(sign) for sign in "+−±")
    return (CHAR_WIDTH * len(text) + wide) * (BOLD if bold else 1.0)


def wrapped(text: str, width: float, size: float, lines: int | None = None) -> str:
    """Text in lines of so many points, in a font of `size` points; its own line breaks stay.

    Args:
        lines: that each part may have; what is longer has no middle.
    """
    most = max(int(width / (0.55 * size)), 24)
    return in_lines(text, most, len(text) if lines is None else lines)


def in_lines(text: str, most: int = 36, lines: int = 4) -> str:
    """A name in lines of so many characters; what is longer than so many lines has no middle."""
    return "\n".join("\n".join(_lines(part, most, lines)) for part in text.split("\n"))


def _lines(text: str, most: int, lines: int) -> list[str]:
    for room in range(min(most * lines, len(text)), 0, -1):
        found = textwrap.wrap(shortened(text, room), most, break_on_hyphens=False)
        if len(found) <= lines:
            return found
    return []


def shortened(text: str, most: int = LONGEST) -> str:
    """A long text without its middle."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most - most // 2 - 1) :]}"


def told_apart(texts: Sequence[str], most: int = LONGEST) -> list[str]:
    """Texts of at most so many characters (8 or more) that differ where the whole ones do."""
    short = [shortened(text, most) for text in texts]
    if len(set(short)) == len(set(texts)):
        return short
    # What all begin and end with tells nothing.
    begin = _alike(texts)
    end = _alike([text[begin:][::-1] for text in texts])
    own = [f"…{text[begin : len(text) - end]}…" for text in texts]
    short = [shortened(text, most) for text in own]
    if len(set(short)) == len(set(texts)):
        return short
    # They differ here and there: by their number, in their order.
    return [f"{i}: {shortened(text, most - 4)}" for i, text in enumerate(texts, start=1)]


def _alike(texts: Sequence[str]) -> int:
    """How many characters all begin with."""
    together = zip(*texts, strict=False)
    return sum(1 for _ in takewhile(lambda signs: len(set(signs)) == 1, together))


def as_written(part: Artist) -> None:
    """Let all text of a picture be text: no `$` begins mathematics, and TeX reads none of it.

    Words without such signs are left alone, so that a title given later may hold mathematics, and
    so are the numbers that matplotlib writes at ticks.
    """
    own = {
        id(label)
        for axis in part.findobj(Axis)
        if isinstance(axis.get_major_formatter(), (ScalarFormatter, LogFormatter))
        for tick in (*axis.majorTicks, *axis.minorTicks)
        for label in (tick.label1, tick.label2)
    }
    for text in part.findobj(Text):
        if id(text) not in own and not set("$\\%_#{}^&~").isdisjoint(text.get_text()):
            text.set_parse_math(False)
            text.set_usetex(False)


def inked(ax: Axes, renderer: RendererBase | None = None) -> Bbox | None:
    """What an axes and all its words take, in pixels; None where it is not seen."""
    as_written(ax)  # or what is only measured yet would be read as mathematics
    return ax.get_tightbbox(renderer)
