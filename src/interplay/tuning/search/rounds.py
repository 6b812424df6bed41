"""Suggestions in rounds, so that the same seed is the same search however long cells take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from ray.tune.search import Searcher

from interplay.analysis.score import worst
from interplay.metrics import Mode
from interplay.search.guide import Guide
from interplay.space.space import Cell
from interplay.table.search_record import Record


class Book(Protocol):
    """What the driver knows of cells."""

    def begin(self, cell: Cell) -> dict[str, Any] | None:
        """The configuration of the trial that trains what is missing of a cell; None where
        nothing is."""
        ...

    def end(self, cell: Cell, error: str | None) -> None:
        """The cell's trial is over."""
        ...

    def score(self, cell: Cell) -> float | None:
        """The cell's score; None where it is unstable or has failed."""
        ...


class Rounds(Searcher):
    """What Tune asks for trials: cells of a round one after the other, the next round once all
    are finished; then the guide is told them in the order of suggestion.

    A cell that is in the ledger already costs no trial. On resuming, what is missing of the rounds
    in the record is trained first.

    Args:
        trials: how many cells are suggested in all.
        size: of a round.
        first: cells tried before the guide is asked.
        budget: seconds from when the first worker is ready, after which no cell begins.
        on_round: takes the cells of a round that is on record, before it trains.
    """

    def __init__(
        self,
        guide: Guide,
        book: Book,
        record: Record,
        *,
        mode: Mode,
        trials: int,
        size: int,
        first: list[Cell],
        budget: float | None,
        on_round: Callable[[list[Cell]], None],
    ) -> None:
        super().__init__(metric=None, mode=None)
        self.guide, self.book, self.record = guide, book, record
        self.direction, self.trials, self.size, self.first = mode, trials, size, first
        self.budget, self.on_round = budget, on_round
        self.deadline: float | None = None
        self.running: dict[str, Cell] = {}
        self.scores: list[float | None] = []
        self.waiting = deque(cell for cells in record.rounds for cell in cells)
        self.untold = list(record.rounds)
        self.suggested = record.suggested
        self.exhausted = False
        self._ahead: tuple[Cell, Any] | None = None
        record.save()
        for cell in record.before:
            self._tell(None, cell)

    def __reduce__(self) -> tuple[Any, ...]:
        # Tune pickles its searcher; a driver's ledger and stores stay here.
        return (Searcher, ())

    def left(self) -> bool:
        """Whether there is anything to train; found out without a trial."""
        if self._ahead is None:
            self._ahead = self._begin()
        return self._ahead is not None

    def suggest(self, trial_id: str) -> Any:
        """A trial's configuration; None: not yet; `FINISHED`: no more."""
        begun, self._ahead = self._ahead or self._begin(), None
        if begun is not None:
            self.running[trial_id], config = begun
            return config
        return None if self.running else Searcher.FINISHED

    def _begin(self) -> tuple[Cell, Any] | None:
        """The next cell to train with its trial's configuration; None where there is none yet,
        or, with none running, none any more."""
        while True:
            while self.waiting:
                if self._over():
                    return None
                cell = self.waiting.popleft()
                config = self.book.begin(cell)
                if config is not None:
                    return cell, config
            if self.running:
                return None
            for cells in self.untold:
                for cell in cells:
                    self._tell(len(self.scores) - len(self.record.before), cell)
            self.untold = []
            if not self._next_round():
                return None

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """A worker is at work: from its first one on, time counts."""
        del trial_id
        if self.budget is not None and self.deadline is None:
            self.deadline = result.get("ready", time.time()) + self.budget

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        self.on_trial_result(trial_id, result or {})
        cell = self.running.pop(trial_id)
        self.book.end(cell, "the worker died" if error else None)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the ledger and the record are what a search goes on from."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing, as for `save`."""

    def set_search_properties(self, *_: Any, **__: Any) -> bool:
        """Nothing: what Tune is given has no space of its own."""
        return True

    def _over(self) -> bool:
        """Whether no further cell may begin."""
        return self.deadline is not None and time.time() >= self.deadline

    def _next_round(self) -> bool:
        """Ask for the next round; False where there is none."""
        if self.exhausted or self._over():
            return False
        start = self.suggested
        cells: list[Cell] = []
        for number in range(start, min(start + self.size, self.trials)):
            given = number < len(self.first)
            cell = self.first[number] if given else self.guide.suggest(number)
            if cell is None:
                self.exhausted = True
                break
            cells.append(cell)
        if not cells:
            return False
        self.record.add(cells)
        self.suggested += len(cells)
        self.on_round(cells)
        self.waiting, self.untold = deque(cells), [cells]
        return True

    def _tell(self, number: int | None, cell: Cell) -> None:
        score = self.book.score(cell)
        self.scores.append(score)
        told = score if score is not None else worst(self.scores, self.direction)
        self.guide.observe(number, cell, told)
