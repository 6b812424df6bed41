"""The ledger: a run's folder of finished rows. Append-only, crash-safe, one driver at a time."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.errors import LedgerError, Option, near_path
from interplay.table import folder as files
from interplay.table.arrow import (
    COLUMNS,
    CURVE,
    asked_table,
    configs_of,
    curves_for,
    curves_of,
    frame_of,
    last_values,
    rows_table,
    settings_frame,
    with_columns,
    with_combined,
)
from interplay.table.parts import CONFIG, Parts
from interplay.table.weights import Weights
from interplay.training.members import Config, Member, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

__all__ = ["COLUMNS", "CURVE", "Ledger"]


class Ledger:
    """A run folder: `study.json` (what was asked, as understood), `asked/` (its members), `rows/`
    (what they gave), and whatever else `folder.py` names.

    Args:
        folder: the run folder itself; made by `create`, or there already.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._rows = Parts(self.folder / files.ROWS, keep="last")

    @classmethod
    def open(cls, folder: str | Path) -> Ledger:
        """The ledger in a folder that is one.

        Raises:
            LedgerError: where it is not.
        """
        ledger = cls(folder)
        if not ledger.folder.is_dir():
            raise LedgerError(f"there is no run folder {folder}{_near(ledger.folder)}")
        if not ledger.is_run:
            raise LedgerError(f"{folder} is not a run folder: it has no {files.STUDY}")
        return ledger

    def create(self) -> Ledger:
        """Make the folder.

        Raises:
            LedgerError: where something else is there.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise LedgerError(f"{self.folder} is a file; a run needs a folder")
        if self.folder.is_dir() and (self.folder / files.IMPORTED).is_dir():
            raise LedgerError(
                f"{self.folder} holds what was imported from elsewhere; a run needs a folder of its "
                "own: choose another with ",
                Option("out"),
            )
        if self.folder.is_dir() and not self.is_run:
            other = files.foreign(self.folder)
            if other:
                raise LedgerError(
                    f"{self.folder} holds other things ({', '.join(other[:3])}…) and no "
                    f"{files.STUDY}; a run needs a folder of its own"
                )
        with files.writing(self.folder):
            self._rows.folder.mkdir(parents=True, exist_ok=True)
        return self

    @property
    def is_run(self) -> bool:
        """Whether a study was asked here already."""
        return (self.folder / files.STUDY).is_file()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder as its one driver. A dead driver's lock is the system's to free, and what
        it had half written is removed.

        Raises:
            LedgerError: where another driver holds it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / files.LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise LedgerError(
                f"{self.folder} is in use by another run{self._driver()}; "
                "wait for it, or give this one a folder of its own with ",
                Option("out"),
            ) from None
        except OSError as error:
            raise files.refused(self.folder, error) from None
        try:
            files.sweep(self.folder)
            files.put_json(self.folder / files.DRIVER, {"pid": os.getpid()})
            yield
        finally:
            lock.release()

    def _driver(self) -> str:
        try:
            driver = json.loads((self.folder / files.DRIVER).read_text(encoding="utf-8"))
            return f" (process {driver['pid']})"
        except (OSError, ValueError, KeyError):
            return ""

    def write_study(self, study: Mapping[str, Any], asked: Sequence[Member]) -> None:
        """What the run is asked for now; the rows of earlier askings stay.

        Raises:
            LedgerError: where it cannot be written.
        """
        old = files.askings(self.folder)
        asking = uuid.uuid4().hex[:12]
        self._asking(asking).append(asked_table(asked))
        # Last: a folder with a study.json has the members that it names.
        files.put_json(self.folder / files.STUDY, {**study, "asking": asking})
        self.__dict__.pop("_asked", None)
        for path in (*old, self.folder / files.ASKED_BEFORE):
            files.remove(path)

    def add_asked(self, members: Sequence[Member]) -> None:
        """More members of the same study, as its search comes to them."""
        if members:
            self._asked.append(asked_table(members))

    def point_to(self, file: Path) -> None:
        """Keep where the study is written that should follow this one."""
        files.put_json(self.folder / files.NEXT, {"study": str(file.resolve())})

    def follower(self) -> Path | None:
        """The study file that should follow this one, where one was written and is there."""
        if not (self.folder / files.NEXT).is_file():
            return None
        file = Path(files.get_json(self.folder / files.NEXT)["study"])
        return file if file.is_file() else None

    def study(self) -> dict[str, Any]:
        """What was asked, as understood."""
        study: dict[str, Any] = files.get_json(self.folder / files.STUDY)
        study.pop("asking", None)
        return study

    def asked(self) -> pa.Table:
        """The members the study asks for, in its order: `key`, `config` as JSON, `seed`, `epochs`,
        `fold` and `folds`."""
        asking = files.get_json(self.folder / files.STUDY).get("asking")
        if asking is None:
            return self._asked_before()
        table = self._asking(asking).read()
        if table is None:
            again = files.get_json(self.folder / files.STUDY).get("asking")
            if again == asking:
                raise LedgerError(f"{self.folder / files.ASKED} lacks the study's members")
            return self.asked()  # asked anew since
        return table

    def append(self, rows: Sequence[Row]) -> None:
        """Add finished rows, all or none of them.

        Raises:
            LedgerError: where they cannot be written.
        """
        if rows:
            self._rows.append(rows_table(rows))

    def rows(self, columns: Sequence[str] | None = None, keys: pa.Array | None = None) -> pa.Table:
        """Every row ever finished here, the newest of each member, as written.

        Args:
            columns: read only these; all where left out.
            keys: of the members wanted; the rows come in this order, those of members without a
                row are left out.
        """
        table = self._rows.read(None if columns is None else ["key", *columns])
        if table is None:
            table = rows_table([])
        table = with_columns(table, COLUMNS if columns is None else columns)
        if keys is None:
            return table
        import pyarrow.compute as pc

        return table.take(pc.index_in(keys, value_set=table["key"]).drop_null())

    def finished(self, *, stopped: bool = False) -> set[str]:
        """Keys of the members that need no training; failed ones are tried again.

        Args:
            stopped: whether members that a scheduler stopped are among them. They are in a scan;
                any other study trains them to the end.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        again = pa.array(["failed"] if stopped else ["failed", "stopped"])
        rows = self.rows(["status"])
        keys = rows["key"].filter(pc.invert(pc.is_in(rows["status"], value_set=again)))
        return set(keys.to_pylist())

    def seconds(self, epochs: int) -> float | None:
        """What training a member takes, by those that were trained to the end here; None without.

        Args:
            epochs: of that member; of one without a budget 0.
        """
        import pyarrow.compute as pc

        rows = self.rows(["status", "seconds", "epochs_run"])
        rows = rows.filter(pc.equal(rows["status"], "complete"))
        if not len(rows):
            return None
        seconds, run = pc.sum(rows["seconds"]).as_py(), pc.sum(rows["epochs_run"]).as_py()
        return float(seconds / run * epochs if epochs and run else seconds / len(rows))

    def last(self, metric: str) -> dict[str, float]:
        """By key the last value of a metric; NaN of a member without a result."""
        rows = with_combined(self.rows(["status", *curves_for(metric)]), metric)
        return dict(zip(rows["key"].to_pylist(), last_values(rows, metric).tolist(), strict=True))

    def configs(self) -> list[Config]:
        """The distinct configurations that there are rows of."""
        return configs_of(self.rows([CONFIG]))[0]

    def cells(self) -> pd.DataFrame:
        """The hyperparameters of the cells that the study asks for, a row each, as in `frame`."""
        return settings_frame(configs_of(self.asked())[0])

    def keys(self) -> list[str]:
        """Of the members in `frame`, in its order."""
        keys: list[str] = self.rows(["status"], self.asked()["key"])["key"].to_pylist()
        return keys

    def compact(self) -> None:
        """Merge the parts that came since; see `Parts.compact`."""
        self._rows.compact()

    def frame(self) -> pd.DataFrame:
        """The tidy table of the members the study asks for, a row each, in its order.

        Columns: every hyperparameter under its full name, seed, fold, status, error, note,
        engine, device, epochs_asked, epochs_run, seconds, parameters, and the metrics of the last epoch.
        Members not trained yet have no row.
        """
        asked, study = self.asked(), self.study()
        rows = with_combined(self.rows(keys=asked["key"]), study.get("metric", ""))
        return frame_of(rows, asked, study)

    def curves(self) -> pd.DataFrame:
        """The second table: a row a member and epoch (from 1), with the values of that epoch.

        Columns: `member` (the row number in `frame`), `epoch`, and the metrics.
        """
        rows = self.rows(keys=self.asked()["key"])
        return curves_of(with_combined(rows, self.study().get("metric", "")))

    @property
    def weights(self) -> Weights:
        """What trainings left besides their rows."""
        return Weights(self.folder / files.WEIGHTS)

    @cached_property
    def _asked(self) -> Parts:
        """Where the study's members are kept, for the driver that adds some."""
        return self._asking(files.get_json(self.folder / files.STUDY)["asking"])

    def _asking(self, asking: str) -> Parts:
        # Written anew by whoever goes on with the study: no disk need be waited for.
        return Parts(self.folder / files.ASKED / asking, keep="first", sync=False)

    def _asked_before(self) -> pa.Table:
        """As `asked`, of a folder of an earlier version."""
        asked = files.get_json(self.folder / files.ASKED_BEFORE)
        return asked_table(
            [
                Member(key, asked["cells"][cell], seed, epochs, fold, folds)
                for key, cell, seed, epochs, fold, folds in asked["members"]
            ]
        )


def _near(folder: Path) -> str:
    if not folder.parent.is_dir():
        return ""
    runs = [p.name for p in folder.parent.iterdir() if (p / files.STUDY).is_file()]
    return near_path(folder, runs)
