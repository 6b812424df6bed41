"""Signs of a text that are not seen, or that would tear apart what they stand in."""

from __future__ import annotations

import unicodedata

CONTROL = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
DIRECTION = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Categories and directions of characters that are seen by what they do to others, if at all."""


def on_one_line(text: str, lines: bool = False) -> str:
    """A text with signs for line breaks, unless `lines` are meant, and for tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "⇥")
    return text if lines else text.replace("\n", "↵")


def code_of(character: str) -> str:
    """What is drawn of a character that cannot be: U+4E2D."""
    return f"U+{ord(character):04X}"


def steers(character: str) -> bool:
    """Whether a character is seen by what it does to others, if at all."""
    return (
        unicodedata.category(character) in CONTROL
        or unicodedata.bidirectional(character) in DIRECTION
    )


def visible(text: str) -> str:
    """A text on one line in which every sign is seen and none steers the words around it."""
    if text.isascii() and text.isprintable():
        return text  # as nearly all are
    return "".join(code_of(sign) if steers(sign) else sign for sign in on_one_line(text))
