"""A training that is a plain function of the user's: `train(seed=…, **options)`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from interplay.errors import in_one_line
from interplay.identity import is_kept_whole
from interplay.options import arguments_of
from interplay.training.global_generators import Globals
from interplay.training.members import Member, Row, row_of, section
from interplay.usercode import load_function

# Of the table and of its curves.
COLUMNS = frozenset({f.name for f in fields(Row)} | {"member", "epoch"})


class FunctionRun:
    """One member's call of the function, advanced an epoch at a time.

    The function gets `seed` and the other keys of [trial] by name, and `epochs`, `fold` and
    `folds` where it has parameters of these names and the study has them. It returns a dict of
    metrics, or yields one an epoch, of which no more are taken than the study has epochs (0: as
    many as there are). The global generators of Python, numpy and (where it is imported) torch are
    seeded per member.

    Attributes:
        row: what there is so far; `stopped` while epochs are left.
        done: whether no epoch is left.
    """

    def __init__(self, member: Member, folders: Sequence[Path] = ()) -> None:
        self.member, self.folders = member, folders
        self.done = False
        self.row = row_of(member, "stopped", engine="function", device="own", curves={})
        self._results: Iterator[Any] | None = None
        self._globals = Globals(member.seed, "trial")

    @property
    def rows(self) -> list[Row]:
        return [self.row]

    def advance(self) -> None:
        """Go on by one epoch; whatever is raised makes the row a failed one."""
        started = time.perf_counter()
        try:
            options = section(self.member.config, "trial")
            path = options.pop("function")
            # Before the generators are put in place: it may be what imports torch.
            function = None if self._results else load_function(path, self.folders)
            with self._globals.in_place():
                if function is not None:
                    self._results = self._call(function, options)
                assert self._results is not None
                found = next(self._results, None)
            if found is None:
                self._end()
            else:
                self._take(found)
        except (Exception, SystemExit) as error:
            self.row.status, self.done = "failed", True
            self.row.error = in_one_line(error)
        self.row.seconds += time.perf_counter() - started

    def states(self) -> list[None]:
        """Of what a function trains nothing is known."""
        return [None]

    def _call(self, function: Callable[..., Any], options: dict[str, Any]) -> Iterator[Any]:
        member = self.member
        given = {"fold": member.fold, "folds": member.folds, "epochs": member.epochs or None}
        # What the study has not stays the function's own default.
        given = {name: value for name, value in given.items() if value is not None}
        found = function(seed=member.seed, **arguments_of(function, options, given))
        return found if isinstance(found, Iterator) else iter([found])

    def _end(self) -> None:
        self.row.status, self.done = "complete", True
        if not self.member.epochs:
            self.row.epochs_asked = self.row.epochs_run
        if not self.row.epochs_run:
            raise ValueError("the function yielded nothing")

    def _take(self, found: Any) -> None:
        values = numbers_of(found)
        taken = sorted(set(values) & (COLUMNS | set(self.member.config)))
        if taken:
            raise ValueError(
                f"metric {taken[0]!r} has the name of a column of the table; "
                f"a metric may not be called {', '.join(sorted(COLUMNS))}"
            )
        if strange := [name for name in values if not is_kept_whole(name)]:
            raise ValueError(f"metric {strange[0]!r}: a NUL, or a sign that is no UTF-8")
        curves = self.row.curves
        assert curves is not None
        if curves and set(values) != set(curves):
            raise ValueError(
                f"epoch 1 gave {', '.join(curves)}; epoch {self.row.epochs_run + 1} gave "
                f"{', '.join(values) or 'nothing'}"
            )
        if not all(math.isfinite(value) for value in values.values()):
            self.row.status, self.done = "diverged", True
            return
        for name, value in values.items():
            curves.setdefault(name, []).append(value)
        self.row.epochs_run += 1
        if 0 < self.member.epochs <= self.row.epochs_run:
            self.row.status, self.done = "complete", True


def numbers_of(found: Any) -> dict[str, float]:
    """The metrics in what a function gave.

    Raises:
        TypeError: where it is no dict of numbers.
    """
    if not isinstance(found, Mapping) or not found:
        raise TypeError(
            f"the function gave {type(found).__name__} {found!r:.60}; a dict of metrics is needed"
        )
    values = {}
    for name, value in found.items():
        try:
            values[str(name)] = float(value)
        except (TypeError, ValueError):
            raise TypeError(f"metric {name!r} is {value!r:.60}, which is no number") from None
    return values
