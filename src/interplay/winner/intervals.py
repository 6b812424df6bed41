"""How sure a test score is: over seeds, and over test rows and seeds together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
    outputs: Tensor, targets: Tensor, task: Task, groups: npt.NDArray[np.int64] | None = None
) -> dict[str, Score]:
    """Every metric of several trained models on one test part.

    Args:
        outputs: (seeds, rows, outputs).
        targets: (rows,) or (rows, outputs).
        groups: (rows,), whose rows are drawn together, as those of one person.
    """
    import torch

    from interplay.training.metrics import evaluate_members

    known = _named({k: v.numpy() for k, v in evaluate_members(outputs, targets, task).items()})
    generator = np.random.default_rng(0)
    rows = _rows_of(groups, len(targets))
    drawn: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(DRAWS):
        seeds = torch.from_numpy(generator.integers(len(outputs), size=len(outputs)))
        chosen = generator.integers(len(rows), size=len(rows))
        index = torch.from_numpy(np.concatenate([rows[one] for one in chosen]))
        again = evaluate_members(outputs[seeds][:, index], targets[index], task)
        for name, values in _named({k: v.numpy() for k, v in again.items()}).items():
            drawn[name].append(float(values.mean()))
    return {name: _score(values, drawn[name]) for name, values in known.items()}


def _rows_of(groups: npt.NDArray[np.int64] | None, rows: int) -> list[npt.NDArray[np.int64]]:
    """What is drawn at once: a row, or all rows of a group."""
    if groups is None:
        return list(np.arange(rows)[:, None])
    return [np.flatnonzero(groups == group) for group in np.unique(groups)]


def _named(values: dict[str, npt.NDArray[np.float64]]) -> dict[str, npt.NDArray[np.float64]]:
    """Under the names that a test's metrics have: its loss is no validation loss."""
    return {"test_loss" if name == "valid_loss" else name: v for name, v in values.items()}


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
