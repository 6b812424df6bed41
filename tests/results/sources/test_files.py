"""One table in every kind of file gives one answer; a broken file gives one message."""

import datetime
import json
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import TableError
from interplay.results.question import Question
from interplay.results.results import Results

ASKED = Question("lr", "layers", "accuracy")


def frame():
    rows = [
        {"lr": lr, "layers": layers, "bias": True, "seed": s, "accuracy": lr + s / 8}
        for lr in (0.5, 0.25)
        for layers in ([8], [16, 8])
        for s in range(3)
    ]
    return pd.DataFrame(rows)


def as_text(given):
    return given.assign(layers=given["layers"].map(json.dumps))


def excel(given, path):
    pytest.importorskip("openpyxl")
    as_text(given).to_excel(path, index=False)


WRITERS = {
    "t.csv": lambda given, path: as_text(given).to_csv(path, index=False),
    "t.parquet": lambda given, path: given.to_parquet(path),
    "t.PARQUET": lambda given, path: given.set_index(["lr", "seed"]).to_parquet(path),
    "t.xlsx": excel,
    "t.jsonl": lambda given, path: given.to_json(path, orient="records", lines=True),
    "t.ndjson": lambda given, path: path.write_text(
        "\ufeff" + given.to_json(orient="records", lines=True).replace("\n", "\r\n\n"), "utf-8"
    ),
    "t.json": lambda given, path: given.to_json(path, orient="records"),
    "lines.json": lambda given, path: given.to_json(path, orient="records", lines=True),
    "columns.json": lambda given, path: path.write_text(json.dumps(given.to_dict("list"))),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_table_in_any_file(name, tmp_path):
    WRITERS[name](frame(), tmp_path / name)
    results, wanted = Results.load(tmp_path / name), Results.from_frame(frame())
    assert results.name == name.partition(".")[0]
    roles = {n: (c.role, c.sure) for n, c in wanted.table.columns.items()}
    assert {n: (c.role, c.sure) for n, c in results.table.columns.items()} == roles
    found, cells = results.cells(ASKED), wanted.cells(ASKED)
    assert (found.x, found.y) == (cells.x, cells.y)
    assert (found.y.labels, found.statistic) == (("[8]", "[16, 8]"), "mean ± sd over 3 seeds")
    np.testing.assert_allclose(found.mean, cells.mean)


def test_records_within_records_are_columns(tmp_path):
    lines = [
        {"config": {"lr": lr, "net": {"width": w}}, "accuracy": lr * w, "note": {}}
        for lr in (1, 2)
        for w in (3, 4)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    table = Results.load(tmp_path / "t.jsonl").table
    assert table.varied == ("config/lr", "config/net/width")
    assert Results.from_frame(lines).table.columns == table.columns
    assert (Results(table).cells(Question("lr", "width", "accuracy")).n == 1).all()


def test_what_one_record_lacks_is_empty(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"lr": 1, "accuracy": 0.5}\n{"lr": 2, "warmup": 3}')
    found = Results.load(tmp_path / "t.jsonl").frame
    assert found["warmup"].isna().tolist() == [True, False]
    assert found["accuracy"].isna().tolist() == [False, True]


BROKEN = {
    "t.csv": [("", "is no CSV table: No columns"), ("lr,acc\n", "t has no rows")],
    "t.parquet": [("", "is no Parquet table"), ("PAR1lr,acc\nPAR1", "is no Parquet table")],
    "t.jsonl": [
        ("", "t has no rows"),
        ('{"lr": 1}\n{"lr": ', "is no table of JSON lines: line 2: Expecting value"),
        ('{"lr": 1}\n\n[1]', "record 2 is list, and no dict of values"),
        ('{"lr": 1, "lr": 2}', "line 1: a record has two values of 'lr'"),
        ('{"a": {"b": 1}, "a/b": 2}', "record 1: more than one value is called a/b"),
        ("[" * 100_000, "line 1: it is nested too deeply"),
        (b"\xff\xfe{", "is no table of JSON lines: 'utf-8' codec"),
        ('{"lr": "a\\u0000b"}', "column 'lr' holds"),
        ('{"lr": %s}' % ("9" * 5000), "line 1: Exceeds the limit"),
    ],
    "t.json": [
        ("[]", "t has no rows"),
        ("{}", "t has no rows"),
        ("3", "is no table of JSON records: int is no table"),
        ("[1, 2]", "record 1 is int"),
        ('[{"lr": 1}', "is no table of JSON records: Expecting"),
        ('{"lr": [1, 2], "acc": [1]}', "a dict of columns makes no table: All arrays must be"),
        ('{"lr": {"0": 1}}', r"pandas writes one by `to_json\(…, orient='records'\)`"),
        ('{"lr": 1}{"lr": 2}', "line 1: Extra data"),
    ],
    "t.xlsx": [("", "is no Excel workbook"), ("PK\x03\x04", "is no Excel workbook")],
}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [(name, *case) for name, cases in BROKEN.items() for case in cases],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_file_is_one_message(name, text, says, tmp_path):
    if name == "t.xlsx":
        pytest.importorskip("openpyxl")
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError, match=says):
        Results.load(file)
    done = CliRunner().invoke(app, ["columns", str(file)])
    assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_was_cut_off_is_a_message_or_its_rows(name, tmp_path):
    WRITERS[name](frame(), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in range(0, len(whole), max(len(whole) // 9, 1)):
        (tmp_path / name).write_bytes(whole[:length])
        try:
            assert len(Results.load(tmp_path / name).frame) <= len(frame())
        except TableError:
            continue


def test_a_workbook_has_one_table(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        (),
        ("lr", "day", None, "accuracy", None),
        (1, datetime.date(2024, 1, 1), "a", 0.5, None),
        (2, None, "b", 1, None),
    ]:
        sheet.append(row)
    book.create_sheet("empty")
    book.save(tmp_path / "t.xlsx")
    found = Results.load(tmp_path / "t.xlsx").frame
    assert list(found) == ["lr", "day", "Unnamed: 2", "accuracy"]
    assert found["accuracy"].tolist() == [0.5, 1]
    book["empty"].append(("lr",))
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(TableError, match="there are tables on the sheets Sheet, empty: keep one"):
        Results.load(tmp_path / "t.xlsx")
    openpyxl.Workbook().save(tmp_path / "t.xlsx")
    with pytest.raises(TableError, match="t has no rows"):
        Results.load(tmp_path / "t.xlsx")
    book.remove(book["empty"])
    sheet["B2"] = "lr"
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(TableError, match="more than one column is called lr"):
        Results.load(tmp_path / "t.xlsx")


def test_without_its_package_a_workbook_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "t.xlsx").write_bytes(b"")
    with pytest.raises(TableError, match=r'pip install "interplay\[excel\]", or save it as CSV'):
        Results.load(tmp_path / "t.xlsx")
