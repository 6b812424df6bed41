"""The next cell of a Bayesian search, from the cells that are finished and those under way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from bayes_opt import acquisition as acquisitions
from scipy.stats import qmc

from interplay.search.bayes.model import Kernel, Process, fit
from interplay.search.bayes.space import Array, UnitSpace

if TYPE_CHECKING:
    from interplay.search.bayes.method import Acquisition

ENUMERATED = 4096  # a space of no more cells is looked through whole
DRAWN = 2000  # cells of a larger one, drawn this often at most:
TRIES = 50
NEIGHBOURS = 500  # of the best of them, at each of these radii in turn
RADII = (0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
KEPT = 10
FITTED = 400  # observations from which the kernel is fitted: the cost grows as their cube
TAIL = 3.0


@dataclass(frozen=True)
class Rule:
    """What makes a cell worth trying: the acquisition functions of bayesian-optimization.

    Attributes:
        name: ei, expected improvement (Jones, Schonlau and Welch, 1998); ucb, upper confidence
            bound (Srinivas et al., 2010); poi, probability of improvement (Kushner, 1964).
        xi: what ei and poi ask of an improvement, in standard deviations of the scores.
        kappa: how many standard deviations ucb adds.
    """

    name: Acquisition = "ei"
    xi: float = 0.01
    kappa: float = 2.576

    def worth(self, mean: Array, spread: Array, best: float) -> Array:
        """The acquisition, (n,), of cells of that mean and standard deviation, each (n,)."""
        function: Any
        match self.name:
            case "ei":
                function = acquisitions.ExpectedImprovement(xi=self.xi)
            case "poi":
                function = acquisitions.ProbabilityOfImprovement(xi=self.xi)
            case "ucb":
                function = acquisitions.UpperConfidenceBound(kappa=self.kappa)
        function.y_max = best
        result: Array = function.base_acq(mean, spread)
        return result


@dataclass(frozen=True)
class Known:
    """The finished cells, each once.

    Attributes:
        rows: in the unit cube, (n, dim).
        scores: high is good, (n,).
    """

    space: UnitSpace
    rows: Array
    scores: Array
    seed: int

    @cached_property
    def columns(self) -> Array:
        return self.space.columns(self.rows)

    @cached_property
    def standard(self) -> Array:
        """Scores of mean 0 and standard deviation 1.

        Bad ones first go no further below the median than `TAIL` times as far as the best is
        above it: how bad a bad cell is says little of where the best one is, and a single loss
        of 1e6 would make all others the same.
        """
        median, best = float(np.median(self.scores)), float(self.scores.max())
        scores = self.scores
        if best > median:
            scores = np.maximum(scores, median - TAIL * (best - median))
        spread = float(scores.std())
        standard: Array = (scores - scores.mean()) / (spread if spread > 0 else 1.0)
        return standard

    @cached_property
    def kernel(self) -> Kernel:
        columns, scores = self.columns, self.standard
        if len(scores) > FITTED:
            generator = np.random.default_rng([self.seed, len(scores)])
            some = np.sort(generator.choice(len(scores), FITTED, replace=False))
            columns, scores = columns[some], scores[some]
        return fit(columns, scores, self.space.groups, self.seed)


def design_row(known: Known, pending: Array, number: int, generator: np.random.Generator) -> Array:
    """Point `number` of a Sobol sequence that is shifted at random, for a space to be filled evenly.

    Another cell where that one is finished or pending (rows, (m, dim)).
    """
    space = known.space
    sequence = qmc.Sobol(space.dim, scramble=False)
    if number:
        sequence.fast_forward(number)
    # Shifted modulo 1 (Cranley and Patterson, 1976), so that the seed matters.
    row = (sequence.random(1) + np.random.default_rng(known.seed).random(space.dim)) % 1.0
    if not len(_unseen(space, row, known, pending)):
        others = _candidates(known, pending, generator)
        row = others[generator.integers(len(others))][None]
    found: Array = row[0]
    return found


def best_row(known: Known, pending: Array, rule: Rule, generator: np.random.Generator) -> Array:
    """The row (dim,) of the most promising cell that is neither finished nor pending.

    The hyperparameters of the Gaussian process come from finished cells. A pending one (rows,
    (m, dim)) is taken to give the mean that the process expects of it ("Kriging believer",
    Ginsbourger, Le Riche and Carraro, 2010), so that the next one lies elsewhere. In a space
    with no other cells left, a cell is repeated.
    """
    space = known.space
    columns, scores = known.columns, known.standard
    process = Process(known.kernel, columns, scores)
    if len(pending):
        more = space.columns(pending)
        columns = np.concatenate([columns, more])
        scores = np.concatenate([scores, process.predict(more)[0]])
        process = Process(known.kernel, columns, scores)
    # The best mean, not the best score, which may owe something to luck.
    best = float(process.predict(columns)[0].max())

    def best_first(rows: Array) -> Array:
        worth = rule.worth(*process.predict(space.columns(rows)), best)
        return rows[np.argsort(-worth, kind="stable")]

    rows = best_first(_candidates(known, pending, generator))
    if space.size > ENUMERATED:
        incumbents = known.rows[np.argsort(-known.standard, kind="stable")[:KEPT]]
        for radius in RADII:
            near = _neighbours(space, incumbents, radius, generator)
            new = _unseen(space, near, known, pending)
            rows = best_first(np.concatenate([rows[:KEPT], new]))
            incumbents = rows[:KEPT]
    found: Array = rows[0]
    return found


def _candidates(known: Known, pending: Array, generator: np.random.Generator) -> Array:
    """Rows of cells that are neither finished nor pending, where there are any; else of any."""
    space = known.space
    if space.size <= ENUMERATED:
        rows = space.all_rows
        new = _unseen(space, rows, known, pending)
        return new if len(new) else rows
    for _ in range(TRIES):
        rows = generator.random((DRAWN, space.dim))
        new = _unseen(space, rows, known, pending)
        if len(new):
            return new
        if len(_seen(space, known, pending)) >= space.size:
            return rows
    return known.rows if len(known.rows) else rows


def _seen(space: UnitSpace, known: Known, pending: Array) -> set[bytes]:
    columns = [*known.columns, *(space.columns(pending) if len(pending) else [])]
    return {column.tobytes() for column in columns}


def _unseen(space: UnitSpace, rows: Array, known: Known, pending: Array) -> Array:
    """Those of `rows` (n, dim) whose cell is one, and neither finished nor pending."""
    rows = rows[space.exist(rows)]
    seen = _seen(space, known, pending)
    new = [columns.tobytes() not in seen for columns in space.columns(rows)]
    found: Array = rows[np.array(new, dtype=bool)]
    return found


def _neighbours(
    space: UnitSpace, rows: Array, radius: float, generator: np.random.Generator
) -> Array:
    """Rows near some of `rows`: half of the coordinates moved a little, now and then one drawn anew.

    Values without an order have no near and far: they stay, or are drawn anew.
    """
    picked = rows[generator.integers(len(rows), size=NEIGHBOURS)]
    moved = np.clip(picked + radius * generator.normal(size=picked.shape), 0.0, 1.0)
    moves = (generator.random(picked.shape) < 0.5) & ~space.unordered
    anew = generator.random(picked.shape) < 0.2 / space.dim
    return np.where(anew, generator.random(picked.shape), np.where(moves, moved, picked))
