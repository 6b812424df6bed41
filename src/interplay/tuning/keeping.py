"""Which trained weights stay in the run folder: while members come in, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from interplay.errors import InterplayError, LedgerError
from interplay.identity import same_as
from interplay.results.results import Results
from interplay.study.settings import Best
from interplay.table.ledger import Ledger
from interplay.training.members import Row
from interplay.tuning.plan import Plan
from interplay.tuning.search.book import value_of

ROOM = 2**30
"""Bytes of weights on the disk at which those of the worst cells so far go, down to half of it."""


@dataclass
class Kept:
    """A member whose weights are on the disk.

    Attributes:
        size: bytes.
    """

    key: str
    size: int


@dataclass
class Keeper:
    """Writes the weights that come with rows, and drops those of cells that fall out.

    How a cell compares is known at the end only, when it has all its seeds: until then everything
    stays that there is `room` for, and of cells that had to go and tie at the end there are none.

    Attributes:
        tell: is told what keeps weights from being written, as often as it does.
    """

    plan: Plan
    ledger: Ledger
    tell: Callable[[str], None] = lambda _: None
    room: int = ROOM
    cells: dict[str, list[Kept]] = field(default_factory=dict)
    values: dict[str, list[float | None]] = field(default_factory=dict)
    size: int = 0

    def take(self, rows: Sequence[Row]) -> None:
        """Rows that came in; their weights are written and leave them."""
        for row in rows:
            cell = same_as(row.config)
            value = value_of(row.status, row.curves, self.plan.metric)
            self.values.setdefault(cell, []).append(value)
            content, row.weights = row.weights, None
            if content is None:
                continue
            try:
                self.ledger.weights.write(row.key, content)
            except LedgerError as error:  # the row is kept, and weights can be had again
                self.tell(
                    f"weights are not kept, and trained again when they are asked for: {error}"
                )
                continue
            self.cells.setdefault(cell, []).append(Kept(row.key, len(content)))
            self.size += len(content)
        if self.size > self.room and self.plan.study.best.keep == "best":
            self._thin()

    def _thin(self) -> None:
        """Drop the worst cells' weights, one cell after the other, until there is room again."""
        sign = 1 if self.plan.mode == "max" else -1

        def mean(cell: str) -> float:
            values = self.values[cell]
            known = [value for value in values if value is not None]
            return sign * sum(known) / len(known) if len(known) == len(values) else float("-inf")

        for cell in sorted(self.cells, key=mean)[:-1]:
            if self.size <= self.room / 2:
                return
            for kept in self.cells.pop(cell):
                self.ledger.weights.discard(kept.key)
                self.size -= kept.size


def keep_best(ledger: Ledger, results: Results, best: Best) -> None:
    """Of a run that is over, drop the weights that it does not ask to keep: where it keeps the best,
    of members whose cells do not tie with the best; where it keeps none, all of before.
    """
    weights = ledger.weights
    there = weights.keys()
    if not there or best.keep == "all":
        return
    kept: set[str] = set()
    if best.keep == "best":
        try:
            choice = results.best()
        except InterplayError:
            return  # nothing says which are best: nothing goes
        keys = ledger.keys()
        kept = {keys[label] for row in choice.tied.index for label in choice.rows[row]}
    for key in there - kept:
        weights.discard(key)
