"""What a person sees while a study trains: done, left, time left, failed, best so far; on stderr."""

from __future__ import annotations

import heapq
import math
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from interplay.analysis.numbers import text_of
from interplay.combination import curve_of
from interplay.errors import how_many
from interplay.identity import same_as
from interplay.metrics import Mode
from interplay.training.members import Config, Row

LINE_EVERY = 15.0
"""Seconds to the second line where no bar can be drawn; each next takes twice as long."""
LONGEST = 600.0
"""The most seconds between two lines."""


@dataclass(eq=False)
class _Cell:
    """What came in of a cell, the `number`th that did."""

    config: Config
    number: int
    total: float = 0.0
    n: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.n


class StudyProgress:
    """A bar in a terminal; in a file, a pipe or a notebook one line now and then.

    Args:
        total: members to train now.
        metric, mode: what "best" means.
        varied: names of the hyperparameters that tell cells apart.
        active: which hyperparameters a cell has; all where left out.
        show: False keeps silent.
    """

    def __init__(
        self,
        total: int,
        metric: str,
        mode: Mode,
        varied: Sequence[str],
        *,
        active: Callable[[Config], Collection[str]] | None = None,
        show: bool = True,
        stream: TextIO | None = None,
    ) -> None:
        self.active = active or (lambda config: config.keys())
        self.total, self.metric, self.mode, self.varied = total, metric, mode, varied
        self.done = self.failed = self.diverged = self.noted = 0
        self.notes: set[str] = set()
        self.started: float | None = None
        self.cells: dict[str, _Cell] = {}
        # The best mean first, of equal ones the cell that came first. A cell stands here with each
        # mean that it had: what it has no more is passed over once, so that a report costs the same
        # however many cells there are.
        self._order: list[tuple[float, int, _Cell]] = []
        self.stream = stream or sys.stderr
        self.show = show
        self._next_line, self._wait = -math.inf, LINE_EVERY
        self._bar: Progress | None = None
        if show and self.stream.isatty():
            self._bar = Progress(
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.description}", markup=False),  # values may look like markup
                console=Console(file=self.stream),
            )
            self._task = self._bar.add_task("starting Ray", total=total)
            self._bar.start()
        else:
            self._say(f"{how_many(total, 'member')} to train; starting Ray")

    def begin(self) -> None:
        """Workers start now: the time left is told from here."""
        self.started = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, description="workers start")

    def add(self, rows: Sequence[Row]) -> None:
        """Count finished rows."""
        for row in rows:
            self.done += 1
            self.failed += row.status == "failed"
            self.diverged += row.status == "diverged"
            if row.note is not None:
                self.noted += 1
                self.tell(row.note)
            values = curve_of(row.curves, self.metric)
            if row.status == "complete" and values and math.isfinite(values[-1]):
                self._count(row.config, values[-1])
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, description=self.words())
        elif self.done == self.total or time.monotonic() > self._next_line:
            self._say(f"{self.done}/{how_many(self.total, 'member')}, {self.words()}")

    def words(self) -> str:
        """Left, time left, failed, best so far."""
        words = [f"{self.total - self.done} left"]
        if self.started is not None and 0 < self.done < self.total:
            seconds = (time.monotonic() - self.started) / self.done * (self.total - self.done)
            words.append(f"about {duration(seconds)}")
        if self.failed:
            words.append(f"{self.failed} failed")
        if self.diverged:
            words.append(f"{self.diverged} diverged")
        if self.noted:
            words.append(f"{self.noted} not as a stack")
        if self.cells and self.varied:
            best = self._best()
            there = self.active(best.config)
            place = ", ".join(
                f"{name.rpartition('.')[2]}={text_of(best.config[name])}"
                for name in self.varied
                if name in there
            )
            words.append(f"best {self.metric} {best.mean:.4g} (n={best.n}) at {place}")
        return ", ".join(words)

    def _count(self, config: Config, value: float) -> None:
        cell = self.cells.setdefault(same_as(config), _Cell(config, len(self.cells)))
        cell.total += value
        cell.n += 1
        heapq.heappush(self._order, (self._cost(cell), cell.number, cell))

    def _best(self) -> _Cell:
        while self._order[0][0] != self._cost(self._order[0][2]):
            heapq.heappop(self._order)
        return self._order[0][2]

    def _cost(self, cell: _Cell) -> float:
        return -cell.mean if self.mode == "max" else cell.mean

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, note: str) -> None:
        """Each note once."""
        if note in self.notes or not self.show:
            return
        self.notes.add(note)
        if self._bar is not None:
            self._bar.console.print(note, markup=False, highlight=False)
        else:
            print(note, file=self.stream, flush=True)

    def _say(self, line: str) -> None:
        self._next_line = time.monotonic() + self._wait
        self._wait = min(2 * self._wait, LONGEST)
        if self.show:
            print(line, file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """Seconds as people say them: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    return f"{minutes // 60} h {minutes % 60} min"
