"""Tables of other tools: CSV files, whatever separates their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from interplay.errors import TableError
from interplay.separated import read_separated


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a CSV (commas, semicolons or tabs), at least one.

    Raises:
        TableError: where it cannot be read.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}")
    try:
        frame = read_separated(path)
    except (ValueError, OSError) as error:
        raise TableError(f"{path} is no CSV table: {' '.join(str(error).split())}") from None
    if frame.empty:
        raise TableError(f"{path} has no rows")
    return frame
