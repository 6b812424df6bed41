"""A mirror that is kept up while a study trains, in a thread of its own."""

from __future__ import annotations

import queue
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interplay.tracking import MIRRORS
from interplay.tracking.copying import Copy, said_by

if TYPE_CHECKING:
    from interplay.results.results import Results
    from interplay.table.ledger import Ledger
    from interplay.training.members import Row

FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0
"""Seconds before a mirror that failed is tried again; each time twice as long."""
LAST_WORD = 20.0
"""Seconds that a study which was broken off waits for what is being sent."""


class Tracker:
    """A listener that keeps a mirror up. Training waits for it at no time: rows stand in a queue,
    and while the mirror fails they are left to the ledger, from which it is given later what it
    lacks. At the study's end it is waited for as long as it takes what it is given.

    Args:
        mirror: a name of the registry.
        address: of it.
    """

    def __init__(self, mirror: str, address: str) -> None:
        self.name, self._mirror, self._address = f"{mirror} {address}", mirror, address
        self._come: queue.SimpleQueue[Sequence[Row] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._live, name=self.name, daemon=True)
        self._left_off = threading.Event()
        self._copy: Copy | None = None
        self._failed = False  # ever
        self._wait, self._again = FIRST_WAIT, 0.0

    def begin(self, ledger: Ledger) -> None:
        """As of `Listener`."""
        self.ledger = ledger
        self._thread.start()
        self._come.put([])

    def rows(self, rows: Sequence[Row]) -> None:
        """As of `Listener`."""
        self._come.put(rows)

    def end(self, results: Results | None) -> None:
        """As of `Listener`."""
        if results is None:
            self._left_off.set()
        elif self._come.qsize() > 1:
            self._say(f"logs what is left; after Ctrl-C {self._way} does")
        self._come.put(None)
        self._thread.join(LAST_WORD if results is None else None)

    def keep(self, paths: dict[str, Path]) -> None:
        """Put files of the study's beside its trainings, once it has ended; not where the mirror
        fails, which was said."""
        if self._copy is None or not paths:
            return
        try:
            self._copy.mirror.files(paths)
        except Exception as error:
            self._say(f"lacks the study's figures: {said_by(error)}")

    def _live(self) -> None:
        over = False
        while not over:
            rows: Sequence[Row] | None
            try:
                rows = self._come.get(timeout=None if self._copy else self._wait)
            except queue.Empty:
                rows = []
            over = rows is None
            if over or time.monotonic() >= self._again:
                self._tried(rows, over)

    def _tried(self, rows: Sequence[Row] | None, over: bool) -> None:
        """Go on, and remember where that fails."""
        try:
            self._go_on(rows or [], over)
        except Exception as error:  # whatever a network, a disk or somebody's server thinks of
            self._copy, self._again = None, time.monotonic() + self._wait
            self._wait = min(2 * self._wait, LONGEST_WAIT)
            if over:
                why = said_by(error)
                self._say(f"lacks trainings that the ledger has, {self._way} logs them: {why}")
            elif not self._failed:
                self._say(f"fails; training goes on, it is tried again: {said_by(error)}")
            self._failed = True

    def _go_on(self, rows: Sequence[Row], over: bool) -> None:
        if self._left_off.is_set():
            if over and self._copy is not None:
                self._copy.mirror.close(whole=False)
            return
        # After a failure nobody knows what came through: at the end that is looked at.
        if self._copy is None or (over and self._failed):
            copy = Copy(self.ledger, MIRRORS.get(self._mirror).build(self._address))
            copy.catch_up(self._left_off.is_set)
            self._copy, self._wait = copy, FIRST_WAIT
        self._copy.add(rows)
        if over:
            self._copy.mirror.close(whole=True)

    @property
    def _way(self) -> str:
        folder, address = shlex.quote(str(self.ledger.folder)), shlex.quote(self._address)
        return f"`interplay track {folder} --{self._mirror} {address}`"

    def _say(self, what: str) -> None:
        print(f"{self.name}: {what}", file=sys.stderr, flush=True)
