"""The ledger: a run's folder of finished rows. Append-only, crash-safe, one driver at a time."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.errors import LedgerError
from interplay.identity import canonical
from interplay.training.members import Member, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

STUDY = "study.json"
ASKED = "asked.json"
PARTS = "rows"
LOCK = "driver.lock"
COMPACT_ABOVE = 64  # parts; each costs a file to open at every load
CURVE = "curve."


class Ledger:
    """A run folder: `study.json` (what was asked, as understood), `asked.json` (its members),
    and `rows/*.parquet` (what they gave).

    Args:
        folder: the run folder itself; made by `create`, or there already.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @classmethod
    def open(cls, folder: str | Path) -> Ledger:
        """The ledger in a folder that is one.

        Raises:
            LedgerError: where it is not.
        """
        ledger = cls(folder)
        if not ledger.folder.is_dir():
            raise LedgerError(f"there is no run folder {folder}{_near(ledger.folder)}")
        if not (ledger.folder / STUDY).is_file():
            raise LedgerError(f"{folder} is not a run folder: it has no {STUDY}")
        return ledger

    def create(self) -> Ledger:
        """Make the folder.

        Raises:
            LedgerError: where something else is there.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise LedgerError(f"{self.folder} is a file; a run needs a folder")
        known = {STUDY, ASKED, PARTS, LOCK, "driver.json"}
        if self.folder.is_dir() and not (self.folder / STUDY).is_file():
            other = sorted(p.name for p in self.folder.iterdir() if p.name not in known)
            if other:
                raise LedgerError(
                    f"{self.folder} holds other things ({', '.join(other[:3])}…) and no {STUDY}; "
                    "a run needs a folder of its own"
                )
        (self.folder / PARTS).mkdir(parents=True, exist_ok=True)
        return self

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder as its one driver. A dead driver's lock is the system's to free.

        Raises:
            LedgerError: where another driver holds it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise LedgerError(
                f"{self.folder} is in use by another run{self._driver()}; "
                "wait for it, or give this one a folder of its own with --out"
            ) from None
        try:
            _write(self.folder / "driver.json", {"pid": os.getpid()})
            yield
        finally:
            lock.release()

    def _driver(self) -> str:
        try:
            driver = json.loads((self.folder / "driver.json").read_text(encoding="utf-8"))
            return f" (process {driver['pid']})"
        except (OSError, ValueError, KeyError):
            return ""

    def write_study(self, study: dict[str, Any], asked: Iterable[Member]) -> None:
        """What the run is asked for now; the rows of earlier askings stay."""
        cells: dict[str, int] = {}
        configs: list[Any] = []
        members: list[Any] = []
        for m in asked:
            text = json.dumps(canonical(m.config), sort_keys=True)
            if text not in cells:
                cells[text] = len(configs)
                configs.append(m.config)
            members.append([m.key, cells[text], m.seed, m.epochs, m.fold, m.folds])
        _write(self.folder / ASKED, {"cells": configs, "members": members})
        # Last: a folder with a study.json has an asked.json.
        _write(self.folder / STUDY, study)

    def study(self) -> dict[str, Any]:
        """What was asked, as understood."""
        study: dict[str, Any] = _read(self.folder / STUDY)
        return study

    def asked(self) -> list[Member]:
        """The members the study asks for, in its order."""
        asked = _read(self.folder / ASKED)
        return [
            Member(key, asked["cells"][cell], seed, epochs, fold, folds)
            for key, cell, seed, epochs, fold, folds in asked["members"]
        ]

    def append(self, rows: Sequence[Row]) -> None:
        """Add finished rows, all or none of them: written under another name, then renamed."""
        if rows:
            self._write_part(_table(rows))

    def rows(self) -> pa.Table:
        """Every row ever finished here, the newest of each member, as written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = self._parts()
        tables = []
        for part in parts:
            try:
                tables.append(pq.read_table(part, partitioning=None))
            except (pa.ArrowInvalid, OSError) as error:
                raise LedgerError(f"{part} cannot be read: {error}") from None
        if not tables:
            return _table([])
        table = pa.concat_tables(tables, promote_options="permissive")
        newest = {key: i for i, key in enumerate(table.column("key").to_pylist())}
        return table.take(sorted(newest.values()))

    def finished(self, *, stopped: bool = False) -> set[str]:
        """Keys of the members that need no training; failed ones are tried again.

        Args:
            stopped: whether members that a scheduler stopped are among them. They are in a scan;
                any other study trains them to the end.
        """
        again = {"failed"} if stopped else {"failed", "stopped"}
        rows = self.rows()
        pairs = zip(rows["key"].to_pylist(), rows["status"].to_pylist(), strict=True)
        return {key for key, status in pairs if status not in again}

    def compact(self) -> None:
        """Merge many parts into one; a crash between leaves rows twice, which reading sees through."""
        parts = self._parts()
        if len(parts) > COMPACT_ABOVE:
            self._write_part(self.rows())
            for part in parts:
                part.unlink()

    def frame(self) -> pd.DataFrame:
        """The tidy table of the members the study asks for, a row each, in its order.

        Columns: every hyperparameter under its full name, seed, fold, status, error, note,
        engine, device, epochs_asked, epochs_run, seconds, parameters, and the metrics of the last epoch.
        Members not trained yet have no row.
        """
        import pandas as pd

        found = {row["key"]: row for row in self.rows().to_pylist()}
        records = []
        for member in self.asked():
            row = found.get(member.key)
            if row is None:
                continue
            # A diverged member's last finite value is not its result.
            curves = _curves(row) if row["status"] in ("complete", "stopped") else {}
            records.append(
                {
                    **{k: _cell(v) for k, v in json.loads(row["config"]).items()},
                    **{name: row.get(name) for name in COLUMNS},
                    **{name: values[-1] for name, values in curves.items()},
                }
            )
        frame = pd.DataFrame.from_records(records)
        if not records:
            frame = pd.DataFrame(columns=list(COLUMNS))
        if "fold" in frame and frame["fold"].notna().any():
            frame["fold"] = frame["fold"].astype("Int64")
        if "parameters" in frame:
            frame["parameters"] = frame["parameters"].astype("Int64")
        return frame

    def curves(self) -> pd.DataFrame:
        """The second table: a row a member and epoch (from 1), with the values of that epoch.

        Columns: `member` (the row number in `frame`), `epoch`, and the metrics.
        """
        import pandas as pd

        found = {row["key"]: row for row in self.rows().to_pylist()}
        tables = []
        rows = (found[m.key] for m in self.asked() if m.key in found)
        for number, row in enumerate(rows):
            curves = _curves(row)
            if curves:
                table = pd.DataFrame(curves)
                table.insert(0, "epoch", range(1, len(table) + 1))
                table.insert(0, "member", number)
                tables.append(table)
        if not tables:
            return pd.DataFrame(columns=["member", "epoch"])
        return pd.concat(tables, ignore_index=True)

    def _parts(self) -> list[Path]:
        return sorted((self.folder / PARTS).glob("*.parquet"), key=lambda p: p.name)

    def _write_part(self, table: pa.Table) -> None:
        import pyarrow.parquet as pq

        parts = self._parts()
        number = int(parts[-1].name.split("-")[0]) + 1 if parts else 0
        name = f"{number:08d}-{uuid.uuid4().hex[:8]}.parquet"
        temporary = self.folder / PARTS / f".{name}.tmp"
        with temporary.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.folder / PARTS / name)


COLUMNS = tuple(f.name for f in fields(Row) if f.name not in ("key", "config", "curves"))


def _table(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    text, number, real = pa.string(), pa.int64(), pa.float64()
    types = {
        "key": text,
        "config": text,
        "seed": number,
        "fold": number,
        "status": text,
        "error": text,
        "note": text,  # not there in rows of older versions
        "engine": text,
        "device": text,
        "epochs_asked": number,
        "epochs_run": number,
        "seconds": real,
        "parameters": number,
    }
    columns: dict[str, list[Any]] = {name: [] for name in types}
    for row in rows:
        for name in types:
            value = getattr(row, name)
            if name == "config":
                value = json.dumps(canonical(value), ensure_ascii=False)
            columns[name].append(value)
    arrays = {name: pa.array(columns[name], kind) for name, kind in types.items()}
    metrics = dict.fromkeys(name for row in rows for name in row.curves or {})
    for metric in metrics:
        values = [(row.curves or {}).get(metric) for row in rows]
        arrays[CURVE + metric] = pa.array(values, pa.list_(real))
    return pa.table(arrays)


def _curves(row: dict[str, Any]) -> dict[str, list[float]]:
    return {k.removeprefix(CURVE): v for k, v in row.items() if k.startswith(CURVE) and v}


def _cell(value: Any) -> Any:
    """A hyperparameter value as a table can hold it: a list as its text."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _write(path: Path, content: Any) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LedgerError(f"{path} cannot be read: {error}") from None


def _near(folder: Path) -> str:
    from interplay.errors import nearest

    if not folder.parent.is_dir():
        return ""
    runs = [p.name for p in folder.parent.iterdir() if (p / STUDY).is_file()]
    near = nearest(folder.name, runs)
    return f"; did you mean {folder.parent / near}?" if near else ""
