"""A table that grows in Parquet parts: one writer, any number of readers beside it."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from interplay.errors import LedgerError
from interplay.table.folder import put, remove

if TYPE_CHECKING:
    import pyarrow as pa

COMPACT_AFTER = 64  # parts; each costs a file to open at every reading
SYNCED = (
    0.5  # seconds; what came in since may be lost with the machine's power, never with the driver
)
CONFIG = "config"  # JSON; one text for all rows of a cell
NUMBER = re.compile(r"(\d{8})-")


class _Part(NamedTuple):
    """What a writer knows of a part; the rows of one that is not merged yet, which it wrote."""

    path: Path
    size: int
    table: pa.Table | None = None


class Parts:
    """Parts of one table with a column `key`, one after the other in a folder.

    A part is written under another name, then renamed to its number and the digest of its bytes.

    Args:
        keep: which row counts where a key is there more than once: of results the last, and of
            what is listed in an order the first.
        sync: whether parts shall outlive the machine's power, too.
    """

    def __init__(self, folder: Path, keep: Literal["first", "last"], *, sync: bool = True) -> None:
        self.folder, self.keep, self.sync = folder, keep, sync
        self._synced = -math.inf  # when
        self._written: list[_Part] | None = None  # for the writer
        self._single = 0  # parts since the last merging

    def read(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        """The whole table, or those of its columns; None where there is no part.

        A part that is gone since the folder was listed has been merged into another by its writer:
        then the list is asked for again.

        Raises:
            LedgerError: where a part cannot be read.
        """
        listed = self._list()
        while True:
            try:
                return _merged([_read(part, columns) for part in listed], self.keep)
            except (FileNotFoundError, PermissionError) as error:
                again = self._list()
                if again == listed:
                    raise LedgerError(f"{self.folder} cannot be read: {error}") from None
                listed = again

    def append(self, table: pa.Table) -> None:
        """Add rows, all or none of them, and now and then merge parts into larger ones.

        Raises:
            LedgerError: where they cannot be written.
        """
        # A disk takes milliseconds to say that it has something: rows that come in faster share that.
        sync = time.monotonic() >= self._synced + SYNCED
        self._mine().append(self._write(table, sync)._replace(table=table))
        self._single += 1
        if self._single >= COMPACT_AFTER:
            self.compact()

    def compact(self, above: int = 1) -> None:
        """Merge the last parts, where there are more than `above`, into one.

        How far back follows from their sizes: a part is merged with those behind it when together
        they come to half of it, so that adding n rows writes each of them some log n times. A crash
        before the merged ones are removed leaves rows twice, which reading sees through.
        """
        parts = self._mine()
        self._single = 0
        if len(parts) <= above:
            return
        start, size = len(parts) - 1, parts[-1].size
        while start and parts[start - 1].size <= 2 * size:
            start -= 1
            size += parts[start].size
        last = parts[start:]
        if len(last) < 2:
            return
        tables = [_read(p.path, None) if p.table is None else p.table for p in last]
        # On the disk before what it is made of goes.
        parts[start:] = [self._write(_merged(tables, self.keep), sync=True)]
        for part in last:
            remove(part.path)

    def _list(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"), key=lambda p: p.name)

    def _mine(self) -> list[_Part]:
        """The parts as their one writer knows them: listed once, then counted along."""
        if self._written is None:
            self._written = [_Part(path, path.stat().st_size) for path in self._list()]
        return self._written

    def _write(self, table: pa.Table, sync: bool) -> _Part:
        import pyarrow as pa
        import pyarrow.parquet as pq

        numbers = [int(m[1]) for part in self._mine() if (m := NUMBER.match(part.path.name))]
        sink = pa.BufferOutputStream()
        # A dictionary of configurations is larger than writers expect one to be. Parts are read
        # whole: nobody asks for the least and the largest value of a column.
        pq.write_table(table, sink, dictionary_pagesize_limit=2**27, write_statistics=False)
        content = sink.getvalue().to_pybytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        part = self.folder / f"{max(numbers, default=-1) + 1:08d}-{digest}.parquet"
        put(part, content, sync=sync and self.sync)
        if sync:
            self._synced = time.monotonic()
        return _Part(part, len(content))


def _read(part: Path, columns: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part, read_dictionary=[CONFIG]) as file:
            return file.read(columns=columns)
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowInvalid, OSError) as error:
        raise LedgerError(
            f"{part} cannot be read: {error}; without it (moved elsewhere) its members are "
            "trained again"
        ) from None


def _merged(tables: Sequence[pa.Table], keep: str) -> pa.Table | None:
    """Tables one behind the other, a row a key."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not tables:
        return None
    table = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    if "key" not in table.column_names or pc.count_distinct(table["key"]).as_py() == len(table):
        return table
    which = {"last": "max", "first": "min"}[keep]
    places: Any = pa.table({"key": table["key"], "place": np.arange(len(table))})
    places = places.group_by("key").aggregate([("place", which)])[f"place_{which}"]
    return table.take(np.sort(places.to_numpy()))
