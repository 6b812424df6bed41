"""A search that chooses its cells as it goes: one trial, one cell, with all its seeds and folds."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interplay.analysis.score import score_of
from interplay.combination import curve_of
from interplay.identity import same_as
from interplay.search.guide import Guide
from interplay.space.space import Cell
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.table.search_record import Record
from interplay.training.members import WITH_RESULT, Config, Member, Row, failed_row
from interplay.tuning.packs import pack_up
from interplay.tuning.plan import Plan

if TYPE_CHECKING:
    from interplay.tuning.search.rounds import Rounds


@dataclass
class CellBook:
    """What the driver knows of cells: their members, which are finished, and what they gave.

    Args:
        finished: keys of members that need no training.
        values: of finished members, the metric; None where it diverged.
        deliver: takes rows that no worker made.
        device: that workers compute on.
    """

    plan: Plan
    finished: set[str]
    values: dict[str, float | None]
    deliver: Callable[[list[Row]], None]
    device: str = "cpu"
    begun: set[str] = field(default_factory=set)
    known: dict[str, list[Member]] = field(default_factory=dict)

    def members(self, cell: Cell) -> list[Member]:
        """A cell's members; the driver asks for them at every turn of the search."""
        key = same_as(cell)
        if key not in self.known:
            self.known[key] = self.plan.members_of(self.plan.study.resolve(cell))
        return self.known[key]

    def missing(self, cells: Iterable[Cell]) -> list[Member]:
        """Members of `cells` that are not finished."""
        return [m for cell in cells for m in self.members(cell) if m.key not in self.finished]

    def begin(self, cell: Cell) -> dict[str, Any] | None:
        """The configuration of the trial that trains what is missing of a cell."""
        missing = [m for m in self.missing([cell]) if m.key not in self.begun]
        if not missing:
            return None
        self.begun |= {member.key for member in missing}
        packs, unbuildable = pack_up(self.plan, missing, 1, self.device)
        if unbuildable:
            self.deliver(unbuildable)
        return {"packs": [pack.to_json() for pack in packs]} if packs else None

    def take(self, rows: Sequence[Row]) -> None:
        """Rows that came in."""
        for row in rows:
            self.finished.add(row.key)
            self.values[row.key] = value_of(row.status, row.curves, self.plan.metric)

    def end(self, cell: Cell, error: str | None) -> None:
        """A trial is over; members that it gave no row for have failed."""
        lost = self.missing([cell])
        if lost:
            self.deliver([failed_row(m, error or "the trial ended without a row") for m in lost])

    def score(self, cell: Cell) -> float | None:
        """The cell's score; None where a member has none."""
        values = [self.values.get(member.key) for member in self.members(cell)]
        return score_of(values, self.plan.study.search.score, self.plan.mode)


def value_of(status: str, curves: dict[str, list[float]] | None, metric: str) -> float | None:
    """A row's metric as a search sees it: its last, also where a scheduler stopped it early."""
    values = curve_of(curves, metric)
    if status not in WITH_RESULT or not values or not math.isfinite(values[-1]):
        return None
    return values[-1]


def open_book(
    plan: Plan, ledger: Ledger, deliver: Callable[[list[Row]], None], device: str
) -> CellBook:
    """The book with what the ledger has."""
    finished = ledger.finished(stopped=plan.study.search.scheduler is not None)
    last = ledger.last(plan.metric)
    values = {key: last[key] if math.isfinite(last[key]) else None for key in finished}
    return CellBook(plan, finished, values, deliver, device)


def open_record(study: Study, ledger: Ledger, book: CellBook) -> Record:
    """What was suggested before; for a new search, the cells that are finished already."""
    search = study.search.flat()
    for key in ("trials", "time_budget", "storage"):  # how far it goes, not where
        search.pop(key, None)
    settings = {"search": search, "space": study.space.to_json(), "epochs": study.epochs}
    if study.space.rules:
        settings["rules"] = [rule.text for rule in study.space.rules]
    record = Record.open(ledger.folder, settings)
    if not record.rounds and not record.before:
        cells = [cell_of(study, config) for config in ledger.configs()]
        record.before = [cell for cell in cells if cell is not None and not book.missing([cell])]
    return record


def members_left(study: Study, book: CellBook, record: Record) -> int:
    """How many members a search still has to train, as far as it came."""
    cells = max(0, (study.search.trials or len(study.cells())) - record.suggested)
    return len(book.missing(record.cells)) + cells * len(study.seeds) * len(study.folds)


def cell_of(study: Study, config: Config) -> Cell | None:
    """The cell of the study's space that has this configuration; None where none has."""
    cell = study.space.cell_in(config)
    if cell is None:
        return None
    try:
        return cell if same_as(study.resolve(cell)) == same_as(config) else None
    except ValueError:
        return None


def open_rounds(
    plan: Plan,
    guide: Guide,
    book: CellBook,
    record: Record,
    on_round: Callable[[list[Cell]], None],
) -> Rounds:
    """The search that the study asks for, as far as it came.

    Args:
        on_round: takes the cells of a round that is on record.
    """
    from interplay.tuning.search.rounds import Rounds

    search = plan.study.search
    return Rounds(
        guide,
        book,
        record,
        mode=plan.mode,
        trials=search.trials or sys.maxsize,  # until the grid ends
        size=search.max_concurrent,
        first=plan.study.first_cells(),
        budget=search.time_budget,
        on_round=on_round,
    )
