"""Ray Tune's search spaces, `tune.uniform(...)` and its like, as domains of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ray.tune.search import sample

from interplay.space.domains import Choice, Constant, Domain, Float, Int, Law

JOIN = "/"  # between the keys of a nested space, as in Tune's own results


def leaves(space: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names, joined where the space is nested, with what is under them."""
    for key, value in space.items():
        if isinstance(value, Mapping) and value and "grid_search" not in value:
            yield from leaves(value, f"{prefix}{key}{JOIN}")
        else:
            yield f"{prefix}{key}", value


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `leaves`."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        *outer, last = name.split(JOIN)
        place = result
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = value
    return result


def domain_of(name: str, value: Any) -> Domain:
    """A domain of ours as it is, one of Tune's translated, anything else as a constant.

    Raises:
        ValueError: for a distribution that has no bounds, or that is a function.
    """
    if isinstance(value, (Constant, Choice, Float, Int, Law)):
        return value
    tune: Any = value  # whose own methods have no annotations
    if isinstance(value, sample.Categorical) and not tune.is_grid():
        return Choice(tuple(value.categories))
    if isinstance(value, (sample.Float, sample.Integer)):
        return _range(name, tune)
    if isinstance(value, sample.Domain) or (isinstance(value, Mapping) and value):
        raise ValueError(f"{name}: {type(value).__name__} cannot be searched by a model")
    return Constant(value)


def _range(name: str, domain: Any) -> Domain:
    sampler: Any = domain.get_sampler()
    step = getattr(sampler, "q", None)
    if step is not None:  # a range in steps of q, wrapped around one without
        sampler = sampler.get_sampler()
    log = isinstance(sampler, sample.LogUniform)
    bounded = math.isfinite(domain.lower) and math.isfinite(domain.upper)
    if not bounded or not (log or isinstance(sampler, sample.Uniform)):
        raise ValueError(
            f"{name}: only uniform and loguniform ranges can be searched, not {domain}"
        )
    if log and step not in (None, 1):
        raise ValueError(f"{name}: a log range in steps cannot be searched; list its values")
    low, high = domain.lower, domain.upper
    if isinstance(domain, sample.Float):
        low, high = float(low), float(high)
        return Constant(low) if low == high else Float(low, high, log, step)
    if step in (None, 1):  # the upper end is exclusive, unless in steps
        high -= 1
        return Constant(low) if low == high else Int(int(low), int(high), log)
    return Int(int(low), int(high), step=int(step))
