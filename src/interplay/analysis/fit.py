"""Least squares on factors: fitted values and rank, also of unbalanced and rank-deficient designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack

from interplay.analysis.labels import Codes, Floats
from interplay.errors import TableError

MOST_ADJUSTED = 4000
"""A dense system of more unknowns than this is not solved (0.1 GB, half a minute)."""
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
        value: shape (N,), or (N, m) for m fits at once.
        factors: codes of shape (N,), from 0, each code occurring; at least one.

    Raises:
        TableError: the rest has more than `MOST_ADJUSTED` levels.
    """
    value = np.asarray(value, dtype=np.float64)
    largest = max(range(len(factors)), key=lambda i: int(factors[i].max()))
    rest = [i for i in range(len(factors)) if i != largest]
    levels = [int(factors[i].max()) + 1 for i in rest]
    swept = _dummies(factors[largest])
    counts = swept.sum(axis=0)
    averages = (swept.multiply(1 / counts)).T.tocsr()
    if sum(levels) > MOST_ADJUSTED:
        raise TableError(
            f"too many levels for one analysis: {len(counts)} and {' and '.join(map(str, levels))}; "
            f"all but the largest may have {MOST_ADJUSTED} together. Select rows, or leave the seed "
            "column out"
        )
    if not rest:
        effect = averages @ value
        return Fit(swept @ effect, len(counts), (effect,))
    design = hstack([_dummies(factors[i]) for i in rest], format="csr")
    across = averages @ design  # the part of each swept level's rows at each level of the rest
    system = (design.T @ design).toarray() - (across.T.multiply(counts) @ across).toarray()
    size, vectors = np.linalg.eigh(system)
    kept = size > RANK * max(size[-1], 1.0)
    inverse = (vectors[:, kept] / size[kept]) @ vectors[:, kept].T

    def solved(of: Floats) -> tuple[Floats, Floats]:
        part = inverse @ (design.T @ (of - swept @ (averages @ of)))
        return part, averages @ (of - design @ part)

    part, own = solved(value)
    # Once more on what is left: exact to rounding, where one pass has the system's condition in it.
    again = solved(value - design @ part - swept @ own)
    part, own = part + again[0], own + again[1]
    effects = dict(zip(rest, np.split(part, np.cumsum(levels)[:-1]), strict=True))
    return Fit(
        values=design @ part + swept @ own,
        rank=len(counts) + int(kept.sum()),
        effects=tuple(effects.get(i, own) for i in range(len(factors))),
    )


def _dummies(codes: Codes) -> csr_array:
    rows = np.arange(len(codes) + 1)
    shape = (len(codes), int(codes.max()) + 1)
    return csr_array((np.ones(len(codes)), codes, rows), shape=shape)
