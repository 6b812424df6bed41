"""Bayesian optimisation with a Gaussian process, as a searcher for Ray Tune."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ray.tune.search import UNDEFINED_METRIC_MODE, UNDEFINED_SEARCH_SPACE, Searcher
from threadpoolctl import threadpool_limits

from interplay.metrics import Mode
from interplay.search.bayes.acquire import Known, Rule, best_row, design_row
from interplay.search.bayes.space import Array, UnitSpace
from interplay.search.bayes.tune_spaces import domain_of, leaves, nested
from interplay.search.guide import METRIC, SearcherGuide, Task
from interplay.space.domains import Domain, varies
from interplay.space.space import Cell, Space

if TYPE_CHECKING:
    from interplay.search.bayes.method import Acquisition


class BayesSearch(Searcher):
    """Bayesian optimisation on the parameters and acquisition functions of bayesian-optimization 3.

    A suggestion is a function of the seed, its number and the cells that are finished or under
    way; nothing else is kept between suggestions. So a search goes on from its observations
    alone, in whatever order they came.

    A handful of cells first fill the space evenly; then each maximises the acquisition under a
    Gaussian process (Snoek, Larochelle and Adams, 2012, https://arxiv.org/abs/1206.2944). Log
    ranges are searched by their logarithm, numbers to choose from in their order.

    Args:
        space: domains by name, of `interplay.space.domains` or of Ray Tune, constants among them,
            nested as Tune's are; where left out, what `Tuner(param_space=...)` gives.
        metric: what trials report; a score that is not finite is dropped.
        mode: max or min.
        seed: fixes what is suggested.
        acquisition: ei, ucb or poi.
        xi: what ei and poi ask of an improvement, in standard deviations of the scores.
        kappa: how many standard deviations ucb adds.
        first: how many cells fill the space before the model is asked; by default two for each
            hyperparameter that varies, but 4 to 10.
        whole: what says which hyperparameters are there in a cell, and which cells there are;
            where left out, all.

    Raises:
        ValueError: for a space in which nothing varies, or a domain that cannot be searched.
    """

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        metric: str | None = None,
        mode: Mode | None = None,
        *,
        seed: int = 0,
        acquisition: Acquisition = "ei",
        xi: float = 0.01,
        kappa: float = 2.576,
        first: int | None = None,
        whole: Space | None = None,
    ) -> None:
        super().__init__(metric=metric, mode=mode)
        self.whole = whole
        self.seed, self.rule, self.first = seed, Rule(acquisition, xi, kappa), first
        self.number = 0  # of the next suggestion
        self.pending: dict[str, Array] = {}  # rows of the unit cube, by trial
        self.finished: dict[bytes, tuple[Array, list[float]]] = {}  # a row and its scores
        self.space: UnitSpace | None = None
        self.fixed: dict[str, Any] = {}
        self._known: Known | None = None
        if space:
            self._set_space(space)

    def _set_space(self, space: Mapping[str, Any]) -> None:
        domains: dict[str, Domain] = {name: domain_of(name, v) for name, v in leaves(space)}
        varied = {name: domain for name, domain in domains.items() if varies(domain)}
        if not varied:
            raise ValueError("the search space has nothing that varies")
        self.fixed = {name: d.grid()[0] for name, d in domains.items() if name not in varied}
        self.space = UnitSpace(varied, self.whole)

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """What Tune's own configuration says: (metric, mode, space); False where a space is set."""
        del spec
        self._metric, self._mode = metric or self._metric, mode or self._mode
        if self.space is not None:
            return False
        self._set_space(config)
        return True

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """The next cell, nested as the space is; it counts as under way until it is complete."""
        space = self._ready()
        known = self._all_known(space)
        pending = np.array(list(self.pending.values())).reshape(-1, space.dim)
        generator = np.random.default_rng([self.seed, self.number])
        first = min(max(2 * space.dim, 4), 10) if self.first is None else self.first
        # One thread: faster for matrices this small, beside trials that need the cores; and sums
        # come out the same on a machine of more.
        with threadpool_limits(1, user_api="blas"):
            if len(known.scores) < 2 or len(known.scores) + len(pending) < first:
                row = design_row(known, pending, self.number, generator)
            else:
                row = best_row(known, pending, self.rule, generator)
        cell = space.cell(row)
        self.number += 1
        # The row of the cell, not the one that was found: what an observation from elsewhere,
        # which comes as a cell, will have too.
        self.pending[trial_id] = space.row(cell)
        return nested({**self.fixed, **cell})

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """A trial is over; what failed, or has no finite score, is forgotten."""
        row = self.pending.pop(trial_id, None)
        if row is not None and result and not error and self._metric in result:
            self._finish(row, float(result[self._metric]))

    def add_evaluated_point(
        self,
        parameters: dict[str, Any],
        value: float,
        error: bool = False,
        pruned: bool = False,
        intermediate_values: list[float] | None = None,
    ) -> None:
        """An observation that was not suggested here.

        Raises:
            ValueError: for a value that is not in its list.
        """
        del pruned, intermediate_values
        space = self._ready()
        flat = dict(leaves(parameters))
        if not error:
            self._finish(space.row({name: flat[name] for name in space.parameters}), float(value))

    def save(self, checkpoint_path: str) -> None:
        state = {name: v for name, v in vars(self).items() if name != "_known"}
        Path(checkpoint_path).write_bytes(pickle.dumps(state))

    def restore(self, checkpoint_path: str) -> None:
        vars(self).update(pickle.loads(Path(checkpoint_path).read_bytes()), _known=None)

    def _ready(self) -> UnitSpace:
        if self.space is None:
            raise RuntimeError(UNDEFINED_SEARCH_SPACE.format(cls="BayesSearch", space="space"))
        if not self._metric or self._mode not in ("max", "min"):
            raise RuntimeError(
                UNDEFINED_METRIC_MODE.format(
                    cls="BayesSearch", metric=self._metric, mode=self._mode
                )
            )
        return self.space

    def _finish(self, row: Array, score: float) -> None:
        if math.isfinite(score):
            self.finished.setdefault(row.tobytes(), (row, []))[1].append(score)
            self._known = None

    def _all_known(self, space: UnitSpace) -> Known:
        """Finished cells, repeated ones averaged, in an order that is their own."""
        if self._known is None:
            sign = 1.0 if self._mode == "max" else -1.0
            found = [self.finished[key] for key in sorted(self.finished)]
            rows = np.array([row for row, _ in found]).reshape(-1, space.dim)
            means = [sign * math.fsum(scores) / len(scores) for _, scores in found]
            self._known = Known(space, rows, np.array(means), self.seed)
        return self._known


class BayesGuide(SearcherGuide):
    """`BayesSearch` over what varies in a study."""

    def __init__(self, task: Task, acquisition: Acquisition, xi: float, kappa: float) -> None:
        searcher = BayesSearch(
            {name: task.space.domains[name] for name in task.space.varied},
            METRIC,
            task.mode,
            seed=task.seed,
            acquisition=acquisition,
            xi=xi,
            kappa=kappa,
            whole=task.space,
        )
        super().__init__(task, searcher)

    def seed(self, number: int, attempt: int) -> None:
        del attempt  # what its space does not have is never suggested
        self.searcher.number = number

    def insert(self, number: int | None, cell: Cell, score: float) -> None:
        del number
        self.searcher.add_evaluated_point(cell, score)
