"""The author's reflection: a Markdown file of four parts, read as text and never as code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from interplay.errors import InterplayError, nearest

PARTS = ("Hypothesis", "Observation", "Theory", "Conclusion")
FORMULA = re.compile(r"\$\$.+?\$\$|\$(?! )[^$]*[^$ ]\$(?!\d)")
"""As Markdown's readers know it: no space inside its signs, no digit behind them."""
HINTS = {
    "Hypothesis": "What did you expect before you looked, and why?",
    "Observation": "What do you see in the heatmap? Say it in numbers.",
    "Theory": "What explains it? What would contradict that?",
    "Conclusion": "What would you do with it, and what would you try next?",
}


@dataclass(frozen=True)
class Part:
    """One part of the reflection.

    Attributes:
        name: one of `PARTS`.
        blocks: paragraphs, list items and code: dicts of `kind` ("paragraph", "item", "code"),
            `depth` and `mark` (of items), and `spans`: dicts of `text` and `style` (of "strong",
            "em", "code"). Tables ("table") have `rows` of cells in place of spans, a cell being
            spans; the first row is the head. Empty where the author wrote nothing.
    """

    name: str
    blocks: tuple[dict[str, Any], ...] = ()


def scaffold(name: str) -> str:
    """The file as an author finds it: headings, and what belongs there as comments."""
    parts = [f"## {part}\n\n<!-- {HINTS[part]} -->\n" for part in PARTS]
    head = (
        f"# Reflection: {name}\n\n"
        "<!-- Yours to write: the tool never does. Paragraphs, lists, tables, *emphasis* and `code` "
        "are typeset, mathematics stands as it is written; comments are not shown. -->\n"
    )
    return "\n".join([head, *parts])


def read_reflection(file: Path) -> tuple[Part, ...]:
    """The four parts of a reflection file, in their order.

    Raises:
        InterplayError: text outside the four parts, an unknown or repeated heading, or a file that
            is no text.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InterplayError(f"{file} is not UTF-8 text") from None
    return parse_reflection(text, str(file))


def parse_reflection(text: str, source: str = "reflection") -> tuple[Part, ...]:
    """As `read_reflection`, of a text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: dict[str, list[dict[str, Any]]] = {}
    current: list[dict[str, Any]] | None = None
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open" and token.tag in ("h1", "h2"):
            inline = tokens[position + 1]
            title = "".join(span["text"] for span in _spans(inline)).strip()
            position += 3
            if token.tag == "h1":
                continue
            name = _known(title, source, _line(token))
            if name in found:
                raise InterplayError(f"{source}, line {_line(token)}: {name} stands there twice")
            current = found.setdefault(name, [])
            continue
        position, blocks = _block(tokens, position)
        if not blocks:
            continue
        if current is None:
            raise InterplayError(
                f"{source}, line {_line(token)}: text before the first part; the parts are "
                f"{', '.join(f'## {part}' for part in PARTS)}"
            )
        current += blocks
    return tuple(Part(name, tuple(found.get(name, ()))) for name in PARTS)


def first_formula(parts: Iterable[Part]) -> str | None:
    """The first `$…$` of the author's text, code left out; a price is none."""
    for block in (block for part in parts for block in part.blocks):
        for spans in (
            cell for row in block.get("rows", [[block.get("spans", ())]]) for cell in row
        ):
            text = "".join(span["text"] for span in spans if "code" not in span["style"])
            if block["kind"] != "code" and (found := FORMULA.search(text)):
                return found[0]
    return None


def _known(title: str, source: str, line: int) -> str:
    by_lower = {part.lower(): part for part in PARTS}
    name = by_lower.get(title.lower())
    if name is None:
        near = nearest(title, PARTS)
        hint = f"; did you mean {near}?" if near else ""
        raise InterplayError(
            f"{source}, line {line}: there is no part {title!r}; allowed: {', '.join(PARTS)}{hint}"
        )
    return name


def _line(token: Token) -> int:
    return (token.map[0] if token.map else 0) + 1


def _block(tokens: list[Token], position: int) -> tuple[int, list[dict[str, Any]]]:
    """The blocks of one top-level token group, and the position after it."""
    token = tokens[position]
    if token.type in ("fence", "code_block"):
        text = token.content.rstrip("\n")
        return position + 1, [{"kind": "code", "spans": [{"text": text, "style": []}]}]
    if token.type == "html_block":
        # Comments are the author's notes to self; any other HTML is shown as the text it is.
        text = token.content.strip()
        if text.startswith("<!--") and text.endswith("-->"):
            return position + 1, []
        return position + 1, [_paragraph([{"text": text, "style": []}])]
    if token.type.endswith("_open"):
        end, level = position + 1, 1
        while level:
            level += tokens[end].nesting
            end += 1
        inside = _table if token.type == "table_open" else _inside
        return end, inside(tokens[position:end])
    return position + 1, []


def _table(tokens: list[Token]) -> list[dict[str, Any]]:
    """A table; each of its rows has as many cells as the head."""
    rows: list[list[list[dict[str, Any]]]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_spans(token))
    return [{"kind": "table", "rows": rows}]


def _inside(tokens: list[Token]) -> list[dict[str, Any]]:
    """Paragraphs and items of a paragraph, heading, list or quotation."""
    blocks: list[dict[str, Any]] = []
    lists: list[list[Any]] = []  # of each open list: its marks' number, or None for bullets
    fresh = False
    for token in tokens:
        if token.type == "ordered_list_open":
            lists.append([int(token.attrGet("start") or 1)])
        elif token.type == "bullet_list_open":
            lists.append([None])
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            fresh = True
        elif token.type in ("fence", "code_block"):
            text = token.content.rstrip("\n")
            blocks.append({"kind": "code", "spans": [{"text": text, "style": []}]})
        elif token.type == "inline":
            spans = _spans(token)
            if not spans:
                continue
            if lists:
                number = lists[-1][0]
                mark = "" if not fresh else "•" if number is None else f"{number}."
                if fresh and number is not None:
                    lists[-1][0] = number + 1
                blocks.append(
                    {"kind": "item", "depth": len(lists) - 1, "mark": mark, "spans": spans}
                )
                fresh = False
            else:
                blocks.append(_paragraph(spans))
    return blocks


def _paragraph(spans: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "paragraph", "spans": spans}


def _spans(token: Token) -> list[dict[str, Any]]:
    """Text with its styles; a link is its words and address, a picture its description."""
    spans: list[dict[str, Any]] = []
    styles: list[str] = []
    targets: list[str] = []

    def add(text: str, *more: str) -> None:
        if text:
            spans.append({"text": text, "style": [*styles, *more]})

    for child in token.children or ():
        if child.type in ("strong_open", "em_open"):
            styles.append(child.type.removesuffix("_open"))
        elif child.type in ("strong_close", "em_close"):
            styles.remove(child.type.removesuffix("_close"))
        elif child.type == "code_inline":
            add(child.content, "code")
        elif child.type in ("softbreak", "hardbreak"):
            add(" ")
        elif child.type == "link_open":
            targets.append(str(child.attrGet("href") or ""))
        elif child.type == "link_close":
            target = targets.pop()
            if target and target != "".join(s["text"] for s in spans)[-len(target) :]:
                add(f" ({target})")
        elif child.type == "image":
            add(f"[picture: {child.content or child.attrGet('src') or ''}]")
        elif child.type == "html_inline" and child.content.startswith("<!--"):
            continue
        else:
            add(child.content)
    return spans if any(span["text"].strip() for span in spans) else []
