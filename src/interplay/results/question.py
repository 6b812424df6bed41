"""What is asked of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interplay.errors import UnknownNameError
from interplay.kinds import Over
from interplay.metrics import Mode

ROLES = ("params", "seed", "fold", "budget", "status", "map")
"""Of a question, what tells what columns are, and what they are called."""
OF_IMPORT = ("metric", "mode", *ROLES)
"""Of a question, what an import hears."""
OF_BEST = ("where", *OF_IMPORT)
"""Of a question, what a choice hears."""
OF_CONVERT = ("x", "y", "where", *OF_IMPORT)
"""Of a question, what the way back to a study hears."""


@dataclass(frozen=True)
class Question:
    """Two hyperparameters and what is compared over them; what is None takes the study's own.

    Attributes:
        x, y: short or full names.
        metric, mode: mode is "max" or "min".
        seed, fold, budget, status: columns of a table that does not know, or guesses, its own.
        params: the columns that are hyperparameters, all of them, where the table guesses.
        map: new names of columns, by short or full name; the rest of a question may use either.
        where: values that rows must have, by short or full name.
        over: what becomes of other hyperparameters that vary.
        at_epoch: compare all rows at this epoch (from 1) in place of their last.
        bins: how many bins for an axis of random samples.
        log: of an axis, whether its scale is logarithmic, by short or full name.
        order: of an axis of words, its values in order, those left out behind them.
    """

    x: str | None = None
    y: str | None = None
    metric: str | None = None
    mode: Mode | None = None
    seed: str | None = None
    budget: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    over: Over | None = None
    at_epoch: int | None = None
    bins: int | None = None
    fold: str | None = None
    status: str | None = None
    params: tuple[str, ...] = ()
    map: Mapping[str, str] = field(default_factory=dict)
    log: Mapping[str, bool] = field(default_factory=dict)
    order: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any], names: Sequence[str]) -> Question:
        """A question of which only some may be asked.

        Raises:
            UnknownNameError: another option.
        """
        for name in options:
            if name not in names:
                raise UnknownNameError("the option", name, names)
        return cls(**options)
