"""Who is told, in the driver, what becomes of a study while it trains."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from interplay.errors import in_one_line

if TYPE_CHECKING:
    from types import TracebackType

    from interplay.results.results import Results
    from interplay.table.ledger import Ledger
    from interplay.training.members import Row


class Listener(Protocol):
    """Is told where a run stands; what it does about it is its own. Training waits for its answer,
    so what may take long it does elsewhere.

    Attributes:
        name: of what it does, for a message.
    """

    name: str

    def begin(self, ledger: Ledger) -> None:
        """The study is written into `ledger`, with the rows of earlier runs, and trains now."""
        ...

    def rows(self, rows: Sequence[Row]) -> None:
        """These came in, and the ledger has them."""
        ...

    def end(self, results: Results | None) -> None:
        """All is done; None: it was broken off."""
        ...


class Audience:
    """Several listeners as one; those that raise are said once, and told nothing more.

    As a context it ends them where what is in it is broken off.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._there = list(listeners)
        self._begun = False

    def begin(self, ledger: Ledger) -> None:
        self._begun = True
        self._tell(lambda listener: listener.begin(ledger))

    def rows(self, rows: Sequence[Row]) -> None:
        self._tell(lambda listener: listener.rows(rows))

    def end(self, results: Results | None) -> None:
        if self._begun:
            self._tell(lambda listener: listener.end(results))

    def __enter__(self) -> Audience:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.end(None)

    def _tell(self, tell: Callable[[Listener], None]) -> None:
        for listener in tuple(self._there):
            try:
                tell(listener)
            except Exception as error:  # a listener's trouble is none of the training's
                self._there.remove(listener)
                print(
                    f"{listener.name} goes no further, the study does: {in_one_line(error)}",
                    file=sys.stderr,
                    flush=True,
                )
