"""Tables of other tools: CSV files, whatever separates their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from interplay.errors import TableError


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a CSV (commas, semicolons or tabs), at least one.

    Raises:
        TableError: where it cannot be read.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}")
    try:
        frame = pd.read_csv(path, sep=_separator(path))
    except (ValueError, OSError) as error:
        raise TableError(f"{path} is no CSV table: {' '.join(str(error).split())}") from None
    if frame.empty:
        raise TableError(f"{path} has no rows")
    return frame


def _separator(path: Path) -> str:
    """The one of comma, semicolon and tab that the first line has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
    return max(",;\t", key=first.count)
