"""A Gaussian process over a search space: what is known of cells, and how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

Array = NDArray[np.floating[Any]]

# Priors, of logarithms: mean and standard deviation. They matter while observations are few, for
# maximum likelihood alone then often takes a hyperparameter that matters for one that does not.
LENGTH = (math.log(0.5), 1.0)
SIGNAL = (0.0, 1.0)
NOISE = (math.log(1e-4), 2.0)
NOISE_BOUNDS = (math.log(1e-6), 0.0)
STARTS = 3
ROOT5 = math.sqrt(5)


@dataclass(frozen=True)
class Kernel:
    """Matérn 5/2 with a length scale for each hyperparameter (Rasmussen and Williams, 2006, ch. 4).

    Attributes:
        lengths: of the kernel's columns, (columns,).
        signal, noise: variances, of scores whose variance is about 1.
    """

    lengths: Array
    signal: float
    noise: float

    def __call__(self, a: Array, b: Array) -> Array:
        """Covariance of (n, columns) and (m, columns): (n, m)."""
        r = ROOT5 * cdist(a / self.lengths, b / self.lengths)
        result: Array = self.signal * (1 + r + r**2 / 3) * np.exp(-r)
        return result


def fit(columns: Array, scores: Array, groups: NDArray[np.intp], seed: int) -> Kernel:
    """The kernel most probable after the observations, from a few starts of L-BFGS.

    Args:
        columns: of the cells, (n, columns).
        scores: standardised, (n,).
        groups: for each column, which of the length scales is its own.
    """
    count, n = int(groups.max()) + 1, len(scores)
    squares = np.zeros((count, n, n))  # squared distances, hyperparameter by hyperparameter
    for column, group in zip(columns.T, groups, strict=True):
        squares[group] += (column[:, None] - column) ** 2
    flat = squares.reshape(count, -1)
    mean = np.array([LENGTH[0]] * count + [SIGNAL[0], NOISE[0]])
    spread = np.array([LENGTH[1]] * count + [SIGNAL[1], NOISE[1]])

    def loss(theta: Array) -> tuple[float, Array]:
        """Minus the log posterior of the logarithms, and its gradient."""
        inverse_squares = np.exp(-2 * theta[:count])
        signal, noise = np.exp(theta[count:])
        r = ROOT5 * np.sqrt(inverse_squares @ flat).reshape(n, n)
        decay = signal * np.exp(-r)
        smooth = decay * (1 + r + r**2 / 3)
        try:
            factor = cholesky(smooth + (noise + 1e-8) * np.eye(n), lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return 1e25, np.zeros_like(theta)
        weights = cho_solve((factor, True), scores, check_finite=False)
        inner = np.outer(weights, weights) - cho_solve(
            (factor, True), np.eye(n), check_finite=False
        )
        from_r = (inner * decay * (1 + r)).ravel() * (5 / 3)
        slopes = np.empty_like(theta)
        slopes[:count] = 0.5 * (flat @ from_r) * inverse_squares
        slopes[count] = 0.5 * (inner * smooth).sum()
        slopes[count + 1] = 0.5 * noise * np.trace(inner)
        away = (theta - mean) / spread
        value = 0.5 * scores @ weights + np.log(np.diag(factor)).sum() + 0.5 * away @ away
        return float(value), away / spread - slopes

    bounds = [(-5.0, 5.0)] * count + [(-5.0, 5.0), NOISE_BOUNDS]
    starts = mean + spread * np.random.default_rng(seed).normal(size=(STARTS, count + 2))
    starts[0] = mean
    lows, highs = np.transpose(bounds)
    best = min(
        (
            minimize(
                loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 50}
            )
            for start in np.clip(starts, lows, highs)
        ),
        key=lambda found: float(found.fun),
    )
    signal, noise = np.exp(best.x[count:])
    return Kernel(np.exp(best.x[:count])[groups], float(signal), float(noise))


class Process:
    """A Gaussian process given observations."""

    def __init__(self, kernel: Kernel, columns: Array, scores: Array) -> None:
        self.kernel, self.columns = kernel, columns
        # A little on the diagonal, for two cells that a long length scale makes the same.
        noise = kernel.noise + 1e-8
        self.factor = cholesky(kernel(columns, columns) + noise * np.eye(len(scores)), lower=True)
        self.weights = cho_solve((self.factor, True), scores)

    def predict(self, columns: Array) -> tuple[Array, Array]:
        """Mean and standard deviation, without noise, at (n, columns): each (n,)."""
        cross = self.kernel(columns, self.columns)
        shrink = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        variance = self.kernel.signal - np.einsum("ij,ij->j", shrink, shrink)
        return cross @ self.weights, np.sqrt(np.maximum(variance, 1e-12))
