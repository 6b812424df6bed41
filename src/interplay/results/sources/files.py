"""Tables of other tools as files: each kind is read by the name's ending."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interplay.errors import TableError, in_one_line, near_path, words_of
from interplay.results.sources.forms import frame_of, of_records, table_of
from interplay.separated import SUFFIXES, read_separated
from interplay.table.table import Table


def recognises(source: str) -> bool:
    """Whether the file is called so."""
    path = Path(source)
    return path.suffix.lower() in READERS and not path.is_dir()


def read(source: str) -> Table:
    """The rows of a file, at least one, their columns' roles guessed where no tool is known by them.

    Raises:
        TableError: where it cannot be read.
    """
    path = Path(source)
    return table_of(path.stem, frame_in(path))


def frame_in(path: Path) -> pd.DataFrame:
    """The rows of a file.

    Raises:
        TableError: where it cannot be read.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}{near_path(path)}")
    # A file of another name is separated values, if it is anything.
    what, reader = READERS.get(path.suffix.lower(), CSV)
    try:
        return reader(path)
    except ImportError as error:
        raise TableError(
            f"{path} is read by {error.name}, which is not installed: "
            'pip install "interplay[excel]", or save it as CSV'
        ) from None
    except (ValueError, OSError) as error:
        raise TableError(f"{path} is no {what}: {words_of(error)}") from None


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except NotImplementedError as error:  # a column of a kind that pandas has not
        raise ValueError(words_of(error)) from None


def _excel(path: Path) -> pd.DataFrame:
    """The only sheet of a workbook that has something on it; its first line has the names."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = {
            sheet.title: [row for row in sheet.values if any(value is not None for value in row)]
            for sheet in book.worksheets
        }
        book.close()
    except Exception as error:  # each part of a broken file has errors of its own
        raise ValueError(in_one_line(error)) from None
    full = [name for name in rows if rows[name]]
    if len(full) > 1:
        raise ValueError(f"there are tables on the sheets {', '.join(full)}: keep one")
    names, *lines = rows[full[0]] if full else [()]
    found = [f"Unnamed: {i}" if name is None else name for i, name in enumerate(names)]
    frame = pd.DataFrame(lines, columns=pd.Index(found, dtype=object))
    named = np.array([name is not None for name in names], dtype=bool)
    return frame.loc[:, named | frame.notna().any().to_numpy()]


def _json_lines(path: Path) -> pd.DataFrame:
    return _of_lines(_text(path))


def _json(path: Path) -> pd.DataFrame:
    """A list of records, columns with a list each, or records in lines of their own."""
    text = _text(path)
    try:
        found = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        return _of_lines(text)
    if isinstance(found, Mapping) and not all(isinstance(v, list) for v in found.values()):
        raise ValueError("no list of records; pandas writes one by `to_json(…, orient='records')`")
    return frame_of(found)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def _of_lines(text: str) -> pd.DataFrame:
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(_parsed(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {words_of(error)}") from None
    return of_records(records)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A record; of two values of one name, Python would keep the second without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"a record has two values of {twice!r}")
    return found


CSV: tuple[str, Callable[[Path], pd.DataFrame]] = ("CSV table", read_separated)
READERS: dict[str, tuple[str, Callable[[Path], pd.DataFrame]]] = {
    **dict.fromkeys(SUFFIXES, CSV),
    ".parquet": ("Parquet table", _parquet),
    ".xlsx": ("Excel workbook", _excel),
    **dict.fromkeys((".jsonl", ".ndjson"), ("table of JSON lines", _json_lines)),
    ".json": ("table of JSON records", _json),
}
"""By ending: what a file is called where it cannot be read, and who reads it."""
