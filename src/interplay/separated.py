"""Files of separated values, read alike wherever one is taken: separators and decimal commas."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".tsv", ".txt")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+(?:[eE][+-]?\d+)?")


def read_separated(path: Path) -> pd.DataFrame:
    """The rows of a file with commas, semicolons or tabs between its values.

    Where those are not commas, a column of numbers such as `0,5` has decimal commas, as Excel
    writes them in much of Europe.

    Raises:
        ValueError: it is no such table, or holds NULs, or decimal commas as well as decimal points,
            or its line of names does not name each column of each line.
        OSError: it cannot be read.
    """
    import pandas as pd

    _check_no_nul(path)
    separator = _separator(path)
    frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig")
    _check_names(path, separator)
    if not isinstance(frame.index, pd.RangeIndex):
        # Lines are longer than that of the names: pandas takes their first values for names of
        # rows, and everything else would stand under another name.
        more = frame.index.nlevels
        if frame.iloc[:, -more:].notna().any(axis=None):
            raise ValueError(
                f"{frame.shape[1]} names in its first line, and {frame.shape[1] + more} values in "
                "others: nobody can tell which is which"
            )
        frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", index_col=False)
    if _may_be_appended_to(frame):
        _check_lines(path, separator)
    return frame if separator == "," else _with_points(frame, path, separator)


def _check_names(path: Path, separator: str) -> None:
    """Refuse two columns of one name, of which pandas gives the second another."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=separator)
        try:
            names = next((line for line in lines if any(text.strip() for text in line)), [])
        except csv.Error as error:
            raise ValueError(f"line {lines.line_num}: {error}") from None
    twice = [name for name, count in Counter(names).items() if count > 1 and name != ""]
    if twice:
        raise ValueError(f"more than one column is called {', '.join(twice)}: rename them")


def _may_be_appended_to(frame: pd.DataFrame) -> bool:
    """Whether a line may be too short, which pandas fills up, or the names stand in it once more."""
    named = [name for name in frame.columns if not str(name).startswith("Unnamed: ")]
    texts = frame.select_dtypes([object])
    again = texts.to_numpy() == texts.columns.to_numpy(object)
    return bool(named and frame[named[-1]].isna().any()) or bool(again.any())


def _check_lines(path: Path, separator: str) -> None:
    """Refuse lines that other columns were appended in, or that were cut off."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=separator)
        try:
            names: list[str] = []
            for line in lines:
                if not any(text.strip() for text in line):
                    continue
                if not names:
                    names = line
                    least = max(i for i, name in enumerate(names, 1) if name.strip())
                    continue
                where = f"line {lines.line_num}"
                if sum(text == name != "" for text, name in zip(line, names, strict=False)) > 1:
                    raise ValueError(
                        f"{where} has names once more: a table of its own was appended; keep one "
                        "line of names, or save the tables apart"
                    )
                if len(line) < least:
                    raise ValueError(
                        f"{where} has {len(line)} values, and the first line {least} names: it was "
                        "cut off, or appended with other columns"
                    )
        except csv.Error as error:
            raise ValueError(f"line {lines.line_num}: {error}") from None


def _check_no_nul(path: Path) -> None:
    """Refuse a NUL, at which pandas ends a value without a word: two values would be one."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                raise ValueError(
                    f"a NUL in line {number}: no text has one; save it as UTF-8 without them"
                )


def _separator(path: Path) -> str:
    """The one of comma, semicolon and tab that the line of names has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline()
    return max(",;\t", key=head.count)


def _with_points(frame: pd.DataFrame, path: Path, separator: str) -> pd.DataFrame:
    """Columns of numbers with decimal commas as numbers."""
    import pandas as pd

    found = dict.fromkeys(str(name) for name, column in frame.items() if _has_commas(column))
    if not found:
        return frame
    for name in frame.columns:
        if name not in found and _has_points(frame[name]):
            texts = pd.read_csv(
                path, sep=separator, encoding="utf-8-sig", usecols=[name], dtype=str
            )[name]
            if not texts.str.contains(".", regex=False).any():  # 1e-3
                continue
            # 1.234 may be a thousand here: nobody can tell.
            raise ValueError(
                f"numbers with decimal commas in {next(iter(found))!r} and with points in {name!r}; "
                "save all with points"
            )
    numbers = {n: frame[n].astype(object).map(_number, na_action="ignore") for n in found}
    for name, column in numbers.items():
        frame[name] = column.astype(float)
    return frame


def _has_commas(column: pd.Series[Any]) -> bool:
    if column.dtype != object:
        return False
    some = False
    for value in column.tolist():  # by pandas a table of 10,000 columns takes half a minute
        if value is None or value != value:
            continue
        text = str(value).strip()
        if DECIMAL_COMMA.fullmatch(text):
            some = True
        elif not WHOLE.fullmatch(text):
            return False
    return some


def _has_points(column: pd.Series[Any]) -> bool:
    """Whether numbers of the column were written with a point: whole ones are only floats by a gap."""
    if column.dtype.kind != "f":
        return False
    whole = (column.dropna() % 1 == 0).all()
    return bool(not whole or column.notna().all())


def _number(text: Any) -> float:
    return float(str(text).strip().replace(",", "."))
