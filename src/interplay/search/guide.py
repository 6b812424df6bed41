"""What every search method is to the driver: a guide that suggests cells and is told their scores."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from interplay.errors import InterplayError
from interplay.identity import Value, canonical
from interplay.metrics import Mode
from interplay.search import METHODS
from interplay.space.domains import Domain, Float, Int, Law, varies
from interplay.space.space import Cell, Space

METRIC = "score"  # the name under which searchers are told
ASKED = 100  # times for one cell, where the rules refuse what a searcher suggests


@dataclass(frozen=True)
class Task:
    """What a guide is made for.

    Attributes:
        mode: which way a score is better.
        seed: fixes what is drawn and suggested.
        first: how many cells were given (`points_to_evaluate`); they have the first numbers.
        name: of the study.
        owner: of the run folder; tells drivers apart that share a store.
        search_id: the same whenever this search goes on; another where its settings changed.
    """

    space: Space
    mode: Mode = "max"
    seed: int = 0
    first: int = 0
    name: str = "study"
    owner: str = ""
    search_id: str = ""


class Guide(Protocol):
    """Suggests cells by number, from 0; it is told scores in the order of the numbers."""

    def suggest(self, number: int) -> Cell | None:
        """Cell `number`; None where there are no more. The same number after the same
        observations is the same cell, whatever happened in this process before."""
        ...

    def observe(self, number: int | None, cell: Cell, score: float | None) -> None:
        """What came of a cell: suggested here, in an earlier process, or (None) by somebody else.

        Args:
            score: None where there is none to tell.
        """
        ...


def make_guide(name: str, task: Task, options: Mapping[str, Any]) -> Guide:
    """The guide of a search method.

    Args:
        name: of the registry.
        options: the method's own keys of [search].

    Raises:
        InterplayError: where its package is not installed, or its settings do not work.
    """
    method = METHODS.get(name)
    if method.module and importlib.util.find_spec(method.module) is None:
        raise InterplayError(
            f"search.method = {method.name!r} needs a package that is not installed: "
            f'pip install "{method.package}"'
        )
    own = method.options.by_name
    guide: Guide = method.build(task, **{key: own[key].argument(v) for key, v in options.items()})
    return guide


class SearcherGuide(ABC):
    """A guide around one of Ray's searchers, which knows the varied hyperparameters only.

    Subclasses say how the searcher's next suggestion is seeded, and how a finished observation
    that it did not suggest itself is put before it.

    Args:
        searcher: a `ray.tune.search.Searcher`.
        rounded: whether a value does not say what the searcher drew, in its own terms.
    """

    def __init__(self, task: Task, searcher: Any, rounded: bool = False) -> None:
        self.task, self.searcher = task, searcher
        # As it would be in a later process: with what is not there in the middle.
        self.told_anew = rounded or bool(task.space.when)
        self.live: dict[int, str] = {}  # the searcher's trial of each suggestion under way
        self.fixed = {n: d.grid()[0] for n, d in task.space.domains.items() if not varies(d)}

    def suggest(self, number: int) -> Cell | None:
        """Cell `number`; one drawn at random where the rules refuse all that the searcher says."""
        space = self.task.space
        for attempt in range(ASKED):
            trial = f"{number}.{attempt}" if attempt else str(number)
            self.seed(number, attempt)
            found = self.searcher.suggest(trial)
            if not isinstance(found, dict):
                return None
            values = {**self.fixed, **self.decode(found)}
            cell = space.cell({n: _clipped(d, values[n]) for n, d in space.domains.items()})
            if space.allows(cell):
                self.live[number] = trial
                return cell
            self.drop(trial)
        return space.draw(self.task.seed, number)

    def observe(self, number: int | None, cell: Cell, score: float | None) -> None:
        trial = None if number is None else self.live.pop(number, None)
        if trial is not None and score is not None and self.told_anew:
            self.drop(trial)
            trial = None
        if trial is not None:
            result = None if score is None else {METRIC: score}
            self.searcher.on_trial_complete(trial, result, error=score is None)
        elif score is not None:
            values = self.task.space.values(cell)
            self.insert(number, {n: v for n, v in values.items() if n not in self.fixed}, score)

    def drop(self, trial: str) -> None:
        """Forget what the searcher suggested."""
        self.searcher.on_trial_complete(trial, None, error=True)

    @abstractmethod
    def seed(self, number: int, attempt: int) -> None:
        """Make the next suggestion depend on the task's seed, its number and how often it was
        asked for alone."""

    @abstractmethod
    def insert(self, number: int | None, cell: Cell, score: float) -> None:
        """Tell an observation that was not suggested in this process; `cell` has a value of the
        domain of all that varies, whether it was there or not."""

    def decode(self, found: Cell) -> Cell:
        """The searcher's own configuration as values of the hyperparameters that vary."""
        return found


def derived_seed(task: Task, number: int, attempt: int = 0) -> int:
    """A 31-bit seed for suggestion `number`, asked for once more at each attempt."""
    import numpy as np

    words = [task.seed, number, attempt] if attempt else [task.seed, number]
    return int(np.random.default_rng(words).integers(2**31 - 1))


def _clipped(domain: Domain, value: Value) -> Value:
    """`value` at 12 digits, and still inside a range whose bounds have more."""
    value = canonical(value)
    if isinstance(domain, (Float, Int, Law)):
        return min(max(value, domain.low), domain.high)
    return value
