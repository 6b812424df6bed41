"""Tables of other tools as files: CSV, whatever separates their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from interplay.errors import TableError, words_of
from interplay.results.sources.guess import guess_table
from interplay.separated import SUFFIXES, read_separated
from interplay.table.table import Table


def recognises(source: str) -> bool:
    """Whether the file is called so."""
    path = Path(source)
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def read(source: str) -> Table:
    """The rows of a CSV (commas, semicolons or tabs), at least one, their columns' roles guessed.

    Raises:
        TableError: where it cannot be read.
    """
    path = Path(source)
    return guess_table(path.stem, _frame(path))


def _frame(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(f"there is no file {path}")
    try:
        frame = read_separated(path)
    except (ValueError, OSError) as error:
        raise TableError(f"{path} is no CSV table: {words_of(error)}") from None
    if frame.empty:
        raise TableError(f"{path} has no rows")
    return frame
