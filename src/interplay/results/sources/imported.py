"""What `interplay import` wrote: rows of one origin or several."""

from __future__ import annotations

from pathlib import Path

from interplay.table.imported import is_imported, read_imported
from interplay.table.table import Table


def recognises(source: str) -> bool:
    """Whether something was imported into this folder."""
    return is_imported(Path(source))


def read(source: str) -> Table:
    """The table of what was imported.

    Raises:
        LedgerError: the folder cannot be read.
    """
    return read_imported(Path(source))
