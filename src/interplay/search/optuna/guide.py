"""Optuna's samplers behind Ray's OptunaSearch, in a study of this run's own or in a shared store."""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from interplay.errors import InterplayError
from interplay.identity import canonical
from interplay.search.guide import METRIC, SearcherGuide, Task, derived_seed
from interplay.search.optuna.stores import open_storage
from interplay.space.domains import Choice, Domain, Float, Int, Law
from interplay.space.space import Cell

if TYPE_CHECKING:
    from interplay.search.optuna.method import Sampler

OWNER, SEARCH, NUMBER = "interplay:owner", "interplay:search", "interplay:number"
SCALARS = (bool, int, float, str, type(None))
MOST_LISTED = 100_000  # cells, which take a second of each trial


class Reseeded(BaseSampler):
    """A sampler made anew for each trial, seeded by the trial's number in its study.

    So a suggestion depends on the finished trials and its number, not on what the process drew
    before; and drivers that share a store, where numbers are given out once, never draw alike.
    """

    def __init__(self, sampler: Sampler, task: Task, space: Mapping[str, BaseDistribution]) -> None:
        self.sampler: Sampler = sampler
        self.task, self.space = task, space
        self.attempt = 0  # of the suggestion being made
        self.dropped = 0  # trials of this process that a later one does not have
        self.inner = self._made(0)

    def _made(self, number: int) -> BaseSampler:
        samplers = optuna.samplers
        seed = derived_seed(self.task, number, self.attempt)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            match self.sampler:
                case "tpe":
                    return samplers.TPESampler(seed=seed)
                case "gp":
                    return samplers.GPSampler(seed=seed)
                case "cmaes":
                    return samplers.CmaEsSampler(seed=seed)
                case "qmc":  # one sequence, of which each trial is a point
                    return samplers.QMCSampler(seed=self.task.seed)
                case "grid":  # one order, through which trials go
                    return samplers.GridSampler(_grid(self.space), seed=self.task.seed)
                case _:
                    return samplers.RandomSampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.inner = self._made(trial.number - self.dropped)
        self.inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self.inner.after_trial(study, trial, state, values)


class OptunaGuide(SearcherGuide):
    """A study in memory, or in a store, which others may use too.

    Args:
        sampler: of Optuna's.
        store: of `open_storage`; None for memory.
        name: of the study there.
    """

    def __init__(self, task: Task, sampler: Sampler, store: str | None, name: str) -> None:
        from ray.tune.search.optuna import OptunaSearch

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.domains = {name: task.space.domains[name] for name in task.space.varied}
        self.space = {name: distribution_of(d) for name, d in self.domains.items()}
        storage = None if store is None else open_storage(store)
        if sampler == "cmaes" and importlib.util.find_spec("cmaes") is None:
            raise InterplayError(
                "search.sampler = 'cmaes' needs a package that is not installed: pip install cmaes"
            )
        if storage is not None:
            _check_study(storage, name, task, self.space)
        self.sampler, self.own = Reseeded(sampler, task, self.space), storage is None
        searcher = OptunaSearch(
            self.space,
            metric=METRIC,
            mode=task.mode,
            sampler=self.sampler,
            study_name=name,
            storage=storage,
        )
        shares = [domain for domain in self.domains.values() if _by_share(domain)]
        rounded = any(isinstance(d, Choice) or d.q is not None for d in shares)
        super().__init__(task, searcher, rounded)
        study: Any = searcher._ot_study
        self.study: optuna.Study = study
        self.known = self._adopt()

    def _adopt(self) -> set[int]:
        """Numbers of this search's own suggestions that the store has scores of.

        What an earlier driver of this run was asking when it died is marked failed there.
        """
        known = set()
        for trial in self.study.get_trials(deepcopy=False):
            said = trial.user_attrs
            if said.get(OWNER) != self.task.owner:
                continue
            if trial.state == TrialState.COMPLETE:
                # A run's first search has its owner's name where an earlier version began it.
                if said.get(SEARCH, said[OWNER]) == self.task.search_id:
                    known.add(said[NUMBER])
            elif trial.state == TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)
        return known

    def suggest(self, number: int) -> Cell | None:
        cell = super().suggest(number)
        trial = self.searcher._ot_trials.get(self.live.get(number))
        if trial is not None:
            for name, value in self._own(number).items():
                trial.set_user_attr(name, value)
        return cell

    def seed(self, number: int, attempt: int) -> None:
        """The sampler sees to it, by the trial's number in the study."""
        del number
        self.sampler.attempt = attempt

    def drop(self, trial: str) -> None:
        super().drop(trial)
        if self.own:
            self.sampler.dropped += 1

    def decode(self, found: Cell) -> Cell:
        return {name: _decoded(self.domains[name], value) for name, value in found.items()}

    def insert(self, number: int | None, cell: Cell, score: float) -> None:
        if number in self.known:
            return
        trial = optuna.trial.create_trial(
            value=score,
            params={name: _told(self.domains[name], value) for name, value in cell.items()},
            distributions=self.space,
            user_attrs=self._own(number),
        )
        self.study.add_trial(trial)

    def _own(self, number: int | None) -> dict[str, Any]:
        """What says in a store whose trial it is."""
        return {OWNER: self.task.owner, SEARCH: self.task.search_id, NUMBER: number}


def distribution_of(domain: Domain) -> BaseDistribution:
    """A domain as Optuna's distribution; lists and grids as categories, in order.

    What Optuna has no distribution for, laws and probabilities, is the share of draws below it.
    """
    if _by_share(domain):
        return FloatDistribution(0.0, 1.0)
    if isinstance(domain, Float) and domain.count is None:
        if domain.step is None:
            return FloatDistribution(domain.low, domain.high, log=domain.log)
        return FloatDistribution(domain.low, domain.grid()[-1], step=domain.step)
    if isinstance(domain, Int) and domain.count is None:
        if domain.step is None:
            return IntDistribution(domain.low, domain.high, log=domain.log)
        return IntDistribution(domain.low, domain.grid()[-1], step=domain.step)
    return CategoricalDistribution([_encoded(value) for value in domain.grid()])


def _by_share(domain: Domain) -> TypeGuard[Law | Choice]:
    return isinstance(domain, Law) or (
        isinstance(domain, Choice) and domain.probabilities is not None
    )


def _told(domain: Domain, value: Any) -> Any:
    """A value of a domain as its distribution has it."""
    return float(domain.share(value)) if _by_share(domain) else _encoded(value)


def _encoded(value: Any) -> Any:
    """A value as a store can keep it: a list as its text."""
    return value if isinstance(value, SCALARS) else str(value)


def _decoded(domain: Domain, value: Any) -> Any:
    if _by_share(domain):
        return domain.at(float(value))
    if isinstance(domain, (Float, Int)) and domain.count is None:
        kind = int if isinstance(domain, Int) else float
        return min(max(kind(canonical(value)), domain.low), domain.high)
    assert isinstance(domain, (Choice, Float, Int))
    return next(v for v in domain.grid() if _encoded(v) == value)


def _grid(space: Mapping[str, BaseDistribution]) -> dict[str, Sequence[Any]]:
    """The levels of each hyperparameter, all of whose combinations Optuna lists for every trial.

    Raises:
        InterplayError: for a range without levels, or where there are too many.
    """
    numbers = {name: _number(name, distribution) for name, distribution in space.items()}
    cells = math.prod(numbers.values())
    if cells > MOST_LISTED:
        each = " × ".join(f"{number:,} of {name}" for name, number in numbers.items())
        raise InterplayError(
            f"search.sampler = 'grid': {each} = {cells:,} cells, all of which are listed for every "
            f"trial; at most {MOST_LISTED:,}: fewer by count, step or a list, or another sampler"
        )
    return {name: _levels(space[name], number) for name, number in numbers.items()}


def _number(name: str, distribution: BaseDistribution) -> int:
    """How many levels a hyperparameter has."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    step = getattr(distribution, "step", None)
    if step is None or getattr(distribution, "log", False):
        raise InterplayError(
            f"search.sampler = 'grid': {name} is a range, or drawn by a law or probabilities; it "
            "needs count, or step, or a list of values alone"
        )
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    number: int = round((distribution.high - distribution.low) / step) + 1
    return number


def _levels(distribution: Any, number: int) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    return [canonical(distribution.low + i * distribution.step) for i in range(number)]


def _check_study(
    storage: Any, name: str, task: Task, space: Mapping[str, BaseDistribution]
) -> None:
    """Refuse a study that is there already and asks for something else.

    Optuna itself would take up a study of the other direction, and say nothing.
    """
    names = [
        s.study_name for s in optuna.get_all_study_summaries(storage, include_best_trial=False)
    ]
    if name not in names:
        return
    study = optuna.load_study(
        study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler()
    )
    wanted = "maximize" if task.mode == "max" else "minimize"
    found = study.direction.name.lower()
    if found != wanted:
        raise InterplayError(
            f"search.study_name = {name!r}: that study in the store has direction {found}; "
            f"this one needs {wanted} (mode = {task.mode!r})"
        )
    for trial in study.get_trials(deepcopy=False):
        there = trial.distributions
        if not there:
            continue
        # One that another driver is at this moment suggesting has not all of its parameters yet.
        known = set(there) if trial.state.is_finished() else set(there) | set(space)
        if known != set(space):
            raise InterplayError(
                f"search.study_name = {name!r}: that study in the store varies "
                f"{', '.join(sorted(there))}; this one varies {', '.join(sorted(space))}"
            )
        for key, distribution in space.items():
            if key in there and there[key] != distribution:
                raise InterplayError(
                    f"search.study_name = {name!r}: in the store's study {key} is {there[key]}; "
                    f"here it is {distribution}"
                )
