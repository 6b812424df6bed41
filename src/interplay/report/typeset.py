"""From words and figures to one A4 page, by Typst; more than one page is an error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError

POINTS_PER_MM = 72 / 25.4
TOP, BOTTOM, A4 = 14 * POINTS_PER_MM, 13 * POINTS_PER_MM, 297 * POINTS_PER_MM
LEADING = 1.18
"""From line to line, in the font size: the height of capitals and the leading of page.typ."""


class PageError(InterplayError):
    """A page that cannot be built as asked: too long, or not finished."""


def typeset(page: Mapping[str, Any], folder: Path) -> bytes:
    """The PDF of a page: A4, tagged (PDF/UA-1), fonts embedded, the same bytes for the same input.

    Args:
        page: what `page.typ` reads; words are strings and never markup.
        folder: where the figures lie; no other file can be read.

    Raises:
        PageError: the text does not fit on one page, with how many lines are too many; or a figure
            is missing.
    """
    import typst

    template = resources.files("interplay.report").joinpath("page.typ").read_bytes()
    compiler = typst.Compiler(
        template,
        root=str(folder),
        ignore_system_fonts=True,
        sys_inputs={"page": json.dumps(page, ensure_ascii=False)},
    )
    try:
        (end,) = json.loads(compiler.query(selector="<end>", field="value"))
    except RuntimeError as error:  # typst's own error is one, and so is a file it does not find
        raise PageError(f"the page in {folder} cannot be typeset: {error}") from None
    over = _lines_over(end, float(page["font_size"]))
    if over > 0:
        raise PageError(
            f"the page is {over} line{'s' if over > 1 else ''} too long: it is one A4 page or it is "
            "not built. Shorten the reflection, or set font_size lower in report.toml"
        )
    pdf = compiler.compile(format="pdf", timestamp=0, pdf_standards="ua-1")
    assert isinstance(pdf, bytes)
    return pdf


def _lines_over(end: Mapping[str, Any], font_size: float) -> int:
    """How many lines stand beyond the first page, where the text ends at this position."""
    page = int(end["page"])
    if page == 1:
        return 0
    y = float(str(end["y"]).removesuffix("pt"))
    beyond = (page - 2) * (A4 - TOP - BOTTOM) + y - TOP
    return max(math.ceil(beyond / (LEADING * font_size)), 1)
