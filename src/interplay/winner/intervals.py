"""How sure a test score is: over seeds, and over test rows and seeds together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from interplay.combination import combination_of
from interplay.kinds import Task
from interplay.winner.reweighed import Floats, Reweighed

if TYPE_CHECKING:
    from torch import Tensor

DRAWS = 1000
"""Of the bootstrap: the ends of a 95% interval then have a standard error of a few percent of it."""
AT_ONCE = 50
"""Drawings that are reckoned together: a table of rows × so many fits in memory."""
LEVEL = 0.95


@dataclass(frozen=True)
class Score:
    """A metric on the test part.

    Attributes:
        each: of every seed.
        mean, sd: over seeds; sd (ddof 1) is None of one.
        low, high: between which 95% of the means lie when seeds and test rows are drawn again, with
            replacement, both at once (percentiles; Efron 1979): as if there were other seeds and
            another test part of this size.
        seeds_low, seeds_high: mean ± t · sd / √n, of other seeds on this very test part; None of
            one seed.
    """

    each: tuple[float, ...]
    mean: float
    sd: float | None
    low: float
    high: float
    seeds_low: float | None
    seeds_high: float | None


def scores(
    outputs: Tensor,
    targets: Tensor,
    task: Task,
    groups: npt.NDArray[np.int64] | None = None,
    metric: str = "",
) -> dict[str, Score]:
    """Every metric of several trained models on one test part.

    Args:
        outputs: (seeds, rows, outputs).
        targets: (rows,) or (rows, outputs).
        groups: (rows,), whose rows are drawn together, as those of one person.
        metric: by which was chosen; where it combines several, it is one of a test as well.
    """
    combined = combination_of(metric)
    measure = Reweighed(outputs, targets, task)

    def measured(counts: Floats) -> dict[str, Floats]:
        found = measure(counts)
        if combined and all(part in found for part in combined.metrics):
            found[metric] = combined.value([found[part] for part in combined.metrics])
        return {_name(name): values for name, values in found.items()}

    models, rows = outputs.shape[:2]
    unit = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(unit.max()) + 1
    generator = np.random.default_rng(0)
    drawn: dict[str, list[Floats]] = {}
    for _ in range(0, DRAWS, AT_ONCE):
        size = min(AT_ONCE, DRAWS)
        times = _drawn(generator, units, size)[unit]
        of_models = _drawn(generator, models, size) / models
        for name, values in measured(times).items():
            means = np.where(of_models > 0, of_models * values, 0.0).sum(axis=0)
            drawn.setdefault(name, []).append(means)
    known = measured(np.ones((rows, 1)))
    return {
        name: _score(values[:, 0], np.concatenate(drawn[name])) for name, values in known.items()
    }


def _drawn(generator: np.random.Generator, things: int, times: int) -> Floats:
    """How often each of so many things was drawn, of as many drawn again; shape (things, times)."""
    draws = generator.integers(things, size=(times, things))
    counts = [np.bincount(draw, minlength=things) for draw in draws]
    return np.stack(counts, axis=1).astype(np.float64)


def _name(metric: str) -> str:
    """As it is called of a test, whose loss is no validation loss."""
    return re.sub(r"\bvalid_loss\b", "test_loss", metric)


def _score(values: Floats, drawn: Floats) -> Score:
    from scipy import stats

    n, mean = len(values), float(values.mean())
    tails = [50 * (1 - LEVEL), 100 - 50 * (1 - LEVEL)]
    low, high = np.nanpercentile(drawn, tails)
    if n < 2:
        return Score((mean,), mean, None, float(low), float(high), None, None)
    sd = float(values.std(ddof=1))
    wide = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * sd / math.sqrt(n)
    each = tuple(float(value) for value in values)
    return Score(each, mean, sd, float(low), float(high), mean - wide, mean + wide)
