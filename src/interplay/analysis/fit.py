"""Least squares on factors: fitted values and rank, also of unbalanced and rank-deficient designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interplay.analysis.numbers import Codes, Floats
from interplay.errors import TableError

MOST_ADJUSTED = 4000
"""A dense system of more unknowns than this is not solved (0.1 GB, half a minute)."""
MOST_MEETINGS = 20_000_000
"""Nor a table of more pairs of levels held (0.2 GB)."""
RANK = 1e-9
"""Eigenvalues below this part of the largest are zero."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit.

    Attributes:
        values: fitted, of the shape of what was fitted.
        rank: of the design, the constant included.
        effects: of each factor's levels, in the order of the factors; what is not determined is
            shared out somehow, sums over the factors are right.
    """

    values: Floats
    rank: int
    effects: tuple[Floats, ...]


def fit_factors(value: Floats, factors: Sequence[Codes]) -> Fit:
    """Fit value ~ factor₁ + factor₂ + … by least squares.

    The factor with the most levels is swept out (its levels' means are known for any values of the
    rest), which leaves a small dense system; a pseudoinverse takes care of what is confounded.

    Args:
        value: shape (N,).
        factors: codes of shape (N,), from 0, each code occurring; at least one.

    Raises:
        TableError: the rest has more than `MOST_ADJUSTED` levels.
    """
    levels = [int(factor.max()) + 1 for factor in factors]
    largest = max(range(len(factors)), key=lambda i: levels[i])
    swept, count = factors[largest], np.bincount(factors[largest]).astype(np.float64)
    rest = [i for i in range(len(factors)) if i != largest]
    if not rest:
        effect = np.bincount(swept, value) / count
        return Fit(effect[swept], len(count), (effect,))
    sizes = [levels[i] for i in rest]
    if sum(sizes) > MOST_ADJUSTED or sum(sizes) * len(count) > MOST_MEETINGS:
        raise TableError(
            f"too many levels for one analysis: {len(count)} by {' and '.join(map(str, sizes))}. "
            "Select rows, or leave the seed column out"
        )
    system = np.diag(np.concatenate([np.bincount(factors[i]) for i in rest]).astype(np.float64))
    starts = np.cumsum([0, *sizes])
    for a, b in combinations(range(len(rest)), 2):
        met = _meetings(factors[rest[a]], factors[rest[b]])
        system[starts[a] : starts[a + 1], starts[b] : starts[b + 1]] = met
        system[starts[b] : starts[b + 1], starts[a] : starts[a + 1]] = met.T
    across = np.concatenate([_meetings(factors[i], swept) for i in rest])
    system -= (across / count) @ across.T
    size, vectors = np.linalg.eigh(system)
    kept = size > RANK * max(size[-1], 1.0)
    inverse = (vectors[:, kept] / size[kept]) @ vectors[:, kept].T

    def solved(of: Floats) -> tuple[Floats, Floats]:
        """Effects of the rest's levels, and of the swept ones."""
        mean = np.bincount(swept, of) / count
        total = np.concatenate([np.bincount(factors[i], of) for i in rest]) - across @ mean
        part = inverse @ total
        return part, mean - (across.T @ part) / count

    def fitted(part: Floats, own: Floats) -> Floats:
        value = own[swept]
        for i, effect in zip(rest, np.split(part, starts[1:-1]), strict=True):
            value += effect[factors[i]]
        return value

    part, own = solved(value)
    # Once more on what is left: exact to rounding, where one pass has the system's condition in it.
    again = solved(value - fitted(part, own))
    part, own = part + again[0], own + again[1]
    effects = dict(zip(rest, np.split(part, starts[1:-1]), strict=True))
    return Fit(
        values=fitted(part, own),
        rank=len(count) + int(kept.sum()),
        effects=tuple(effects.get(i, own) for i in range(len(factors))),
    )


def _meetings(a: Codes, b: Codes) -> Floats:
    """How many rows are at level i of a and j of b: shape (levels of a, levels of b)."""
    shape = int(a.max()) + 1, int(b.max()) + 1
    counts = np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)
