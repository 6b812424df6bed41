"""The author's Markdown is text: four parts, styles and lists, nothing that runs or reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.report.reflection import (
    PARTS,
    first_formula,
    parse_reflection,
    read_reflection,
    scaffold,
)
from tests.examples import examples


def parts(text):
    return {part.name: list(part.blocks) for part in parse_reflection(text)}


def told(blocks):
    return "".join(span["text"] for block in blocks for span in block["spans"])


def test_the_scaffold_is_four_empty_parts():
    found = parse_reflection(scaffold("digits"))
    assert [part.name for part in found] == list(PARTS)
    assert all(part.blocks == () for part in found)


def test_paragraphs_lists_and_styles():
    found = parts(
        "# Mine\n## hypothesis\nA *b* **c** `d`\nnext line\n\n- one\n  1. deep\n- two\n\n"
        "## Theory\n```\nx = 1\n```\n"
    )
    paragraph, one, deep, two = found["Hypothesis"]
    assert told([paragraph]) == "A b c d next line"
    styles = {span["text"]: span["style"] for span in paragraph["spans"]}
    assert (styles["b"], styles["c"], styles["d"]) == (["em"], ["strong"], ["code"])
    assert [(b["mark"], b["depth"]) for b in (one, deep, two)] == [("•", 0), ("1.", 1), ("•", 0)]
    assert found["Theory"] == [{"kind": "code", "spans": [{"text": "x = 1", "style": []}]}]
    assert found["Observation"] == []


def test_comments_are_not_shown_and_other_html_is_text():
    found = parts("## Theory\n<!-- note -->\n\nA<!-- b --> c <b>d</b>\n\n<div>e</div>\n")
    assert told(found["Theory"]) == "A c <b>d</b><div>e</div>"


def test_links_and_pictures_are_words():
    found = parts("## Theory\n[paper](https://a.b/c) and ![a cat](cat.png)\n")
    assert told(found["Theory"]) == "paper (https://a.b/c) and [picture: a cat]"


def test_tables_are_tables():
    (table,) = found = parts("## Theory\n| a | *b* |\n|---|---|\n| 1 | |\n")["Theory"]
    assert len(found) == 1
    told_cells = [[[s["text"] for s in cell] for cell in row] for row in table["rows"]]
    assert told_cells == [[["a"], ["b"]], [["1"], []]]
    assert table["rows"][0][1][0]["style"] == ["em"]


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("so $p$ is", "$p$"),
        ("**so** $a_1 *b* c$", "$a_1 b c$"),
        ("$$\nx^2\n$$", "$$ x^2 $$"),
        ("| a |\n|---|\n| $y$ |\n", "$y$"),
        ("between $5 and $6 or 7 $", None),
        ("`$x$` and\n\n    $y$\n", None),
    ],
)
def test_formulas_are_found_and_prices_are_none(text, formula):
    assert first_formula(parse_reflection(f"## Theory\n\n{text}")) == formula


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("## Hypotesis\nx", "line 1: there is no part 'Hypotesis'.*did you mean Hypothesis"),
        ("\nwords\n## Theory\n", "line 2: text before the first part"),
        ("## Theory\na\n## Theory\nb", "line 3: Theory stands there twice"),
    ],
)
def test_mistakes_are_told_with_their_line(text, message):
    with pytest.raises(InterplayError, match=message):
        parse_reflection(text)


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "r.md"
    file.write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(InterplayError, match="not UTF-8"):
        read_reflection(file)


@given(st.text(max_size=300))
@examples(200)
def test_any_text_is_read_or_refused_in_words(text):
    try:
        found = parse_reflection("## Theory\n\n" + text)
    except InterplayError:
        return
    for part in found:
        for block in part.blocks:
            assert set(block) <= {"kind", "depth", "mark", "spans", "rows"}
            cells = (
                [block["spans"]]
                if "spans" in block
                else [cell for row in block["rows"] for cell in row]
            )
            assert all(isinstance(span["text"], str) for cell in cells for span in cell)
