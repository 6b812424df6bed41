"""From a run folder into a mirror: what the mirror lacks, once each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from interplay.errors import in_one_line
from interplay.identity import same_as
from interplay.tracking.content import Asked, CellSoFar, Mirror, Training
from interplay.training.members import Config, Row

if TYPE_CHECKING:
    from interplay.table.ledger import Ledger

AT_ONCE = 1000
"""Rows that are made of the ledger's table at a time."""


class Copy:
    """A run's copy in a mirror, which is opened.

    Attributes:
        there: members that the mirror had already.
        logged: those that it was given since.
    """

    def __init__(self, ledger: Ledger, mirror: Mirror) -> None:
        self.ledger, self.mirror = ledger, mirror
        self.asked = Asked.of(ledger)
        self._digests = dict(mirror.open(self.asked))
        self._cells: dict[str, CellSoFar] = {}
        self.there = self.logged = 0

    def catch_up(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Give it what the ledger has and it lacks.

        Args:
            stopped: whether to leave off.
        """
        from interplay.table.arrow import rows_of

        table = self.ledger.rows(keys=self.ledger.asked()["key"])
        touched: dict[str, CellSoFar] = {}
        for start in range(0, len(table), AT_ONCE):
            for row in rows_of(table.slice(start, AT_ONCE)):
                if stopped():
                    return
                touched |= self._give(row)
        self._summed_up(touched.values())

    def add(self, rows: Iterable[Row]) -> None:
        """Give it rows that came in; those that it has it is not given again."""
        touched: dict[str, CellSoFar] = {}
        for row in rows:
            touched |= self._give(row)
        self._summed_up(touched.values())

    def _give(self, row: Row) -> dict[str, CellSoFar]:
        training = Training.of(row, self.asked.metric)
        cell = self._cell(row.config, row.epochs_asked)
        if self._digests.get(row.key) == training.digest:
            self.there += row.key not in cell.last
        else:
            self.mirror.training(training, cell)
            self._digests[row.key] = training.digest
            self.logged += 1
        cell.last[row.key] = training.last
        return {cell.digest: cell}

    def _summed_up(self, cells: Iterable[CellSoFar]) -> None:
        for cell in cells:
            self.mirror.cell(cell)

    def _cell(self, config: Config, epochs: int) -> CellSoFar:
        digest = hashlib.sha256(same_as([config, epochs]).encode()).hexdigest()[:16]
        if digest not in self._cells:
            name = self.asked.called(config)
            self._cells[digest] = CellSoFar(name, digest, config, epochs)
        return self._cells[digest]


def keep_files(ledger: Ledger, mirror: Mirror, paths: Mapping[str, Path]) -> None:
    """Put files and folders of a run's (a figure, an exported model) beside its trainings.

    Args:
        paths: by the names that they have there.
    """
    mirror.open(Asked.of(ledger))
    mirror.files(paths)
    mirror.close(whole=True)


def said_by(error: BaseException) -> str:
    """What a mirror's library says, in one line: what it all began with (Connection refused)."""
    first = error
    while first.__context__ is not None:
        first = first.__context__
    return in_one_line(first)
