"""Laws of probability: the value below which a share u of all draws lies, and back.

A logarithm to another base, base^u with u even, is log-uniform whatever the base; and where 1/x is
log-uniform, x is. So neither is a law of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

FAR = 1e-6
"""The share of draws at each end of an unbounded law, and of beta, that is not drawn: what can come
out has bounds then that mean something, which are checked before anything trains."""
LARGEST_EXPONENT = 709.0


@dataclass(frozen=True)
class LawOf:
    """A family of laws.

    Attributes:
        parameters: their names, in the order in which the functions take them.
        quantile: (u, *parameters) to values; arrays as well. Of one float it imports neither numpy
            nor scipy, but for beta: a study is read without them.
        share: (values, *parameters) to u, between 0 and 1.
        bounded: whether its ends are drawn; of the others next to no draw comes near them.
        log: whether the logarithm is the scale on which it is wide.
    """

    parameters: tuple[str, ...]
    quantile: Callable[..., Any]
    share: Callable[..., Any]
    bounded: bool = True
    log: bool = False


def _uniform(u: Any, low: float, high: float) -> Any:
    return low + u * (high - low)


def _uniform_share(value: Any, low: float, high: float) -> Any:
    return (value - low) / (high - low)


def _loguniform(u: Any, low: float, high: float) -> Any:
    return _exp(_uniform(u, math.log(low), math.log(high)))


def _loguniform_share(value: Any, low: float, high: float) -> Any:
    return _uniform_share(_log(value), math.log(low), math.log(high))


def _reversed(u: Any, low: float, high: float, n: float) -> Any:
    return n - _loguniform(1 - u, low, high)


def _reversed_share(value: Any, low: float, high: float, n: float) -> Any:
    return 1 - _loguniform_share(n - value, low, high)


def _normal(u: Any, mu: float, sigma: float) -> Any:
    if isinstance(u, float):
        return NormalDist(mu, sigma).inv_cdf(u)
    from scipy.special import ndtri

    return mu + sigma * ndtri(u)


def _normal_share(value: Any, mu: float, sigma: float) -> Any:
    from scipy.special import ndtr

    return ndtr((value - mu) / sigma)


def _lognormal(u: Any, mu: float, sigma: float) -> Any:
    return _exp(_normal(u, mu, sigma))


def _lognormal_share(value: Any, mu: float, sigma: float) -> Any:
    return _normal_share(_log(value), mu, sigma)


def _beta(u: Any, a: float, b: float) -> Any:
    from scipy.special import betaincinv

    return betaincinv(a, b, u)


def _beta_share(value: Any, a: float, b: float) -> Any:
    import numpy as np
    from scipy.special import betainc

    return betainc(a, b, np.clip(value, 0.0, 1.0))


def _exp(value: Any) -> Any:
    if isinstance(value, float):
        return math.exp(value) if value < LARGEST_EXPONENT else math.inf
    import numpy as np

    return np.exp(value)


def _log(value: Any) -> Any:
    """The logarithm; far below everything for what rounding took to 0 or below."""
    import numpy as np

    return np.log(np.maximum(value, np.finfo(float).tiny))


RANGE = ("low", "high")
LAWS: dict[str, LawOf] = {
    "uniform": LawOf(RANGE, _uniform, _uniform_share),
    "loguniform": LawOf(RANGE, _loguniform, _loguniform_share, log=True),
    "reversed_loguniform": LawOf((*RANGE, "n"), _reversed, _reversed_share),
    "normal": LawOf(("mu", "sigma"), _normal, _normal_share, bounded=False),
    "lognormal": LawOf(("mu", "sigma"), _lognormal, _lognormal_share, bounded=False, log=True),
    "beta": LawOf(("a", "b"), _beta, _beta_share, bounded=False),
}
