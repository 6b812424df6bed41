"""From words and figures to one A4 page, by Typst; more than one page is an error."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError
from interplay.signs import code_of, steers

POINTS_PER_MM = 72 / 25.4
TOP, BOTTOM, A4 = 14 * POINTS_PER_MM, 13 * POINTS_PER_MM, 297 * POINTS_PER_MM
LEADING = 1.18
"""From line to line, in the font size: the height of capitals and the leading of page.typ."""
NO_SHAPE = re.compile(r'the text `"(.+?)"` could not be displayed')
TRIES = 40
"""Kinds of signs that the page's fonts lack, each found by trying."""


class PageError(InterplayError):
    """A page that cannot be built as asked: too long, or not finished."""


@dataclass(frozen=True)
class Sheet:
    """A typeset page.

    Attributes:
        pdf: A4, tagged (PDF/UA-1), fonts embedded, the same bytes for the same input.
        room: inches of its height that are empty, but for a line, which rounding may take.
    """

    pdf: bytes
    room: float


def typeset(page: Mapping[str, Any], folder: Path) -> Sheet:
    """Typeset a page.

    Args:
        page: what `page.typ` reads; words are strings and never markup. Signs that Typst's own
            fonts lack (Chinese, emoji), or that steer the words around them, are drawn as their
            code, such as U+4E2D.
        folder: where the figures lie; no other file can be read.

    Raises:
        PageError: the text does not fit on one page, with how many lines are too many; or a figure
            is missing.
    """
    words = json.dumps(page, ensure_ascii=False)
    words = "".join(code_of(sign) if steers(sign) else sign for sign in words)
    for _ in range(TRIES):
        try:
            return _typeset(words, float(page["font_size"]), folder)
        except PageError as error:
            lacking = NO_SHAPE.search(str(error))
            if lacking is None:
                raise
            words = _as_codes(words, lacking[1])
    raise PageError(f"the page in {folder} has signs of too many kinds for its fonts")


def _typeset(words: str, font_size: float, folder: Path) -> Sheet:
    import typst

    template = resources.files("interplay.report").joinpath("page.typ").read_bytes()
    compiler = typst.Compiler(
        template, root=str(folder), ignore_system_fonts=True, sys_inputs={"page": words}
    )
    try:
        (end,) = json.loads(compiler.query(selector="<end>", field="value"))
        over = _lines_over(end, font_size)
        if over > 0:
            raise PageError(
                f"the page is {over} line{'s' if over > 1 else ''} too long: it is one A4 page or it "
                "is not built. Shorten the reflection, or set font_size lower in report.toml"
            )
        pdf = compiler.compile(format="pdf", timestamp=0, pdf_standards="ua-1")
    except RuntimeError as error:  # typst's own error is one, and so is a file it does not find
        raise PageError(f"the page in {folder} cannot be typeset: {error}") from None
    assert isinstance(pdf, bytes)
    return Sheet(pdf, max(A4 - BOTTOM - _height(end) - LEADING * font_size, 0.0) / 72)


def _as_codes(words: str, lacking: str) -> str:
    """Words of a page with all signs like those that its fonts lack as their code, as U+4E2D."""
    codes = re.compile(r"\\u\{([0-9a-f]+)\}")
    lacking = codes.sub(lambda code: chr(int(code[1], 16)), lacking)
    wide = any(_is_wide(sign) for sign in lacking)
    blocks = {ord(sign) // 128 for sign in lacking if ord(sign) >= 128}
    # Within ASCII only the signs themselves are meant: those that JSON writes by their number.
    for sign in lacking:
        if ord(sign) < 32:
            words = words.replace(f"\\u{ord(sign):04x}", code_of(sign))
    return "".join(
        code_of(sign) if ord(sign) // 128 in blocks or (wide and _is_wide(sign)) else sign
        for sign in words
    )


def _is_wide(sign: str) -> bool:
    """Chinese, Japanese, Korean, most emoji."""
    return unicodedata.east_asian_width(sign) in "WF"


def _lines_over(end: Mapping[str, Any], font_size: float) -> int:
    """How many lines stand beyond the first page, where the text ends at this position."""
    page = int(end["page"])
    if page == 1:
        return 0
    beyond = (page - 2) * (A4 - TOP - BOTTOM) + _height(end) - TOP
    return max(math.ceil(beyond / (LEADING * font_size)), 1)


def _height(end: Mapping[str, Any]) -> float:
    """How far down its page the text ends, in points."""
    return float(str(end["y"]).removesuffix("pt"))
