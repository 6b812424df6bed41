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

if TYPE_CHECKING:
    from torch import Tensor

DRAWS = 1000
"""Of the bootstrap: the ends of a 95% interval then have a standard error of a few percent of it."""
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
    import torch

    from interplay.training.metrics import evaluate_members

    combined = combination_of(metric)

    def evaluate(outputs: Tensor, targets: Tensor) -> dict[str, npt.NDArray[np.float64]]:
        found = {k: v.numpy() for k, v in evaluate_members(outputs, targets, task).items()}
        if combined and all(part in found for part in combined.metrics):
            found[metric] = combined.value([found[part] for part in combined.metrics])
        return {_name(name): values for name, values in found.items()}

    known = evaluate(outputs, targets)
    generator = np.random.default_rng(0)
    rows = None if groups is None else _rows_of(groups)
    units = len(targets) if rows is None else len(rows)
    drawn: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(DRAWS):
        seeds = torch.from_numpy(generator.integers(len(outputs), size=len(outputs)))
        chosen = generator.integers(units, size=units)
        index = torch.from_numpy(
            chosen if rows is None else np.concatenate([rows[one] for one in chosen])
        )
        for name, values in evaluate(outputs[seeds][:, index], targets[index]).items():
            drawn[name].append(float(values.mean()))
    return {name: _score(values, drawn[name]) for name, values in known.items()}


def _rows_of(groups: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """The rows of each group."""
    return [np.flatnonzero(groups == group) for group in np.unique(groups)]


def _name(metric: str) -> str:
    """As it is called of a test, whose loss is no validation loss."""
    return re.sub(r"\bvalid_loss\b", "test_loss", metric)


def _score(values: npt.NDArray[np.float64], drawn: list[float]) -> Score:
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
