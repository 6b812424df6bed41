"""The card says what its reader must know: what it was trained on, how well, and what it cannot do."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from interplay.data.raw import Raw
from interplay.winner.export import export_model
from interplay.winner.handed import CardScore
from tests.data.small import picture

from .making import STORY, data_of, handed

SECTIONS = [
    "The model",
    "Use",
    "The data",
    "Scores",
    "How it was chosen",
    "Limits",
    "Files",
    "Versions",
]


def read(tmp_path, one, **options):
    export_model(tmp_path / "out", one, **options)
    return (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def headings(text):
    tokens = MarkdownIt().parse(text)
    opened = [i for i, token in enumerate(tokens) if token.type == "heading_open"]
    return [tokens[i + 1].content for i in opened if tokens[i].tag == "h2"]


def test_it_has_its_sections_and_their_facts(tmp_path, no_program):
    (tmp_path / "map.png").write_bytes(picture((1, 2, 3)))
    story = replace(
        STORY,
        hypothesis="wider is better",
        rows={"training": 9, "validation": 3},
        limits=("The sensor was worn on the right arm.",),
        picture=tmp_path / "map.png",
    )
    text = read(tmp_path, handed(data_of("sequence"), "standard", story=story, name="recurrent"))
    assert headings(text) == SECTIONS
    for said in (
        "3 epochs",
        "| seed of these weights | 1 |",
        "made, 9 rows",
        "up to 6 steps were trained on), 3 features a step",
        "ant, bee, cat",
        "| rows of validation | 3 |",
        "| `accuracy` | validation | 0.9 | 0.01 | 0.85 to 0.95 | 2 |",
        "Seeds: 0, 1.",
        "It is the cheapest of 3 that tie.",
        "Expected before anything trained: wider is better",
        "worn on the right arm",
        "standard, by numbers of the rows trained on",
        "validation part, by which it was chosen",
        "| no `program.pt2` | torch.export: left out by a test |",
        "![Heatmap of the study small](heatmap.png)",
    ):
        assert said in text
    assert (tmp_path / "out" / "heatmap.png").read_bytes() == picture((1, 2, 3))


def test_a_tested_model_is_not_said_to_be_untested(tmp_path, no_program):
    story = replace(STORY, scores={"accuracy": CardScore(0.5, part="test")})
    text = read(tmp_path, handed(data_of("flat"), story=story, name="linear"))
    assert "| `accuracy` | test | 0.5 | – | – | 1 |" in text
    assert "by which it was chosen" not in text


def test_of_values_it_says_their_number_and_nothing_of_classes(tmp_path, no_program):
    text = read(tmp_path, handed(data_of("flat", "regression"), name="mlp"))
    assert "2 values, in the unit of the data's source" in text
    assert "probabilities" not in text
    assert "Classes" not in text


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (Raw("pictures", {"shape": [1, 8, 8]}), "files of pictures, pictures of PIL"),
        (
            Raw("arrays", {"shape": [1, 8, 8], "unit": 16.0}),
            "1×8×8, as values of which 16 become 1",
        ),
    ],
)
def test_it_says_what_goes_in(raw, said, tmp_path, no_program):
    data = replace(data_of("image"), raw=raw)
    assert said in read(tmp_path, handed(data, name="linear"))


def test_columns_are_named(tmp_path, no_program):
    raw = Raw("columns", {"names": ["a", "b c", "d", "e", "f"], "words": {}})
    text = read(tmp_path, handed(replace(data_of("flat"), raw=raw), name="linear"))
    assert "rows with these columns: `a`, `b c`, `d`, `e`, `f`" in text


def test_nothing_of_its_words_becomes_markup(tmp_path, no_program):
    words = "a|b # <img src=x> [x](y) `z` *k*\n# more"
    story = replace(
        STORY, chosen={words: words}, study=words, hypothesis=words, limits=(words,), why=(words,)
    )
    data = replace(data_of("flat"), classes=(words, "bee", "cat"), name=words)
    text = read(tmp_path, handed(data, story=story, name="linear"))
    assert headings(text) == SECTIONS
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in html
    assert "<a " not in html
    assert "<em>" not in html
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    assert {len(re.findall(r"<t[dh]", row)) for row in rows} == {2, 6}
