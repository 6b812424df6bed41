"""Names and values reach the page as they are written, or as codes, whatever they hold."""

import json
from dataclasses import replace

import pypdf
import pytest

from interplay.report.build import build_report
from interplay.results.results import Results

X, Y, METRIC = "model.hidden_size", "model.dropout", "accuracy"


def called(results, word):
    """The same trainings under other names, with other values of x and y."""
    table = results.table
    names = {X: f"model.{word} x", Y: f"model.{word} y", METRIC: f"{word} m"}
    frame = table.frame.rename(columns=names)
    columns = {}
    for name, column in table.columns.items():
        full = names.get(name, name)
        columns[full] = replace(column, name=full)
        if name in (X, Y):
            frame[full] = frame[full].map(lambda value: f"{word} {value}")
            columns[full] = replace(columns[full], order=(), log=None)
    study = json.loads(json.dumps(dict(table.study)))
    for domain in study["space"]:
        domain["name"] = names.get(domain["name"], domain["name"])
        if domain["name"] == "data.name":
            domain["value"] = word
    default = replace(table.default, x=names[X], y=names[Y], metric=names[METRIC])
    varied = tuple(names[name] for name in table.varied)
    return Results(
        replace(table, frame=frame, columns=columns, varied=varied, default=default, study=study)
    )


@pytest.mark.parametrize(
    ("word", "drawn"),
    [
        (r"$\frac$ 50% a_b #{x}^2 & ~", r"$\frac$ 50% a_b #{x}^2 & ~"),
        ("#eval *b* _c_ @d <e> [f] `g` = h", "#eval *b* _c_ @d <e> [f] `g` = h"),
        ("שלום", "שלום"),
        ("\u202eabc\u2066", "U+202Eabc U+2066"),
        ("😀 层\x1b", "U+1F600 U+5C42 U+001B"),
        ("two\r\nlines\t", "two↵lines⇥"),
    ],
    ids=["tex", "typst", "right to left", "override", "no glyph", "white space"],
)
def test_names_and_values_reach_the_page(finished, tmp_path, word, drawn):
    built = build_report(called(finished, word), tmp_path)
    (page,) = pypdf.PdfReader(built.page).pages
    text = "".join(page.extract_text().split())
    drawn = "".join(drawn.split())
    for end in ("x", "y", "m") if word == "שלום" else ("x", "y", "m", "4", "0.3"):
        assert drawn + end in text  # where numbers stand in Hebrew, a reader of PDFs guesses
