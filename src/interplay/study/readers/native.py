"""The study file's own notation: a scalar, a list, or a table with low and high, or a distribution.

hidden_size = 64                                             a constant
hidden_size = [8, 16, 32]                                    each of these
dropout     = { low = 0.0, high = 0.8, count = 5 }           a range; count or step makes it a grid
lr          = { low = 1e-4, high = 1e-1, distribution = "loguniform" }
sizes       = { value = [64, 32] }                           a constant that is a list
noise       = { distribution = "normal", mu = 0.0, sigma = 0.1 }             drawn by a law (`laws`)
units       = { low = 8, high = 512, distribution = "loguniform", q = 8 }    and then rounded
norm        = { values = ["batch", "none"], probabilities = [0.8, 0.2] }

In a table may stand besides when it is there, and what its value is multiplied with:

channels    = { values = [8, 16], when = { "model.name" = "conv" } }
width       = { low = 8, high = 32, times = "num_heads" }
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interplay.errors import Mistake, nearest
from interplay.identity import Value, same_as
from interplay.space.domains import Choice, Constant, Domain, Float, Int
from interplay.space.laws import LAWS
from interplay.study.readers.laws import LAW_KEYS, read_law, read_probabilities
from interplay.study.readers.values import Rejected, check_plain, reject
from interplay.study.readers.wanted import number

RANGES = ("uniform", "loguniform", "intuniform", "logintuniform")
DISTRIBUTIONS = (*RANGES, *(law for law in LAWS if law not in RANGES), "choice", "value")
RANGE_KEYS = ("low", "high", "step", "count", "log", "distribution")
LINKS = ("when", "times")
ALL_KEYS = (*RANGE_KEYS, *LAW_KEYS, "value", "values", "probabilities", *LINKS)
# How other tools call the same things; only used to say what was meant.
ELSEWHERE = {
    "min": "low",
    "max": "high",
    "lower": "low",
    "upper": "high",
    "num": "count",
}


MOST = 100_000
"""Values of one hyperparameter: more are no grid that anybody trains."""
TOLD = 5
"""Mistakes told of one list: a wrong one may hold thousands."""


@dataclass(frozen=True)
class Written:
    """What stands under one key.

    Attributes:
        domain: what it may be.
        when: the values of others with which it is there, by their names as written; empty where
            it always is.
        times: the name, as written, of what its value is multiplied with.
    """

    domain: Domain
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    times: str | None = None


def read_written(key: str, raw: Any, mistakes: list[Mistake]) -> Written | None:
    """What `raw` writes down, or None with what is wrong added to `mistakes`.

    Args:
        key: full dotted name, for the messages.
        raw: the value as TOML or YAML gave it.
        mistakes: gets one entry per thing wrong.
    """
    before = len(mistakes)
    when: Mapping[str, tuple[Value, ...]] = {}
    times: str | None = None
    try:
        if isinstance(raw, Mapping):
            when, times = _when(key, raw, mistakes), _times(key, raw, mistakes)
            raw = {name: value for name, value in raw.items() if name not in LINKS}
        domain = _read(key, raw, mistakes)
    except Rejected:
        return None
    return Written(domain, when, times) if len(mistakes) == before else None


def _when(
    key: str, raw: Mapping[Any, Any], mistakes: list[Mistake]
) -> dict[str, tuple[Value, ...]]:
    if "when" not in raw:
        return {}
    asked = raw["when"]
    if not isinstance(asked, Mapping) or not asked:
        allowed = '{ "model.name" = "conv" }, or a list of values'
        mistakes.append(Mistake(f"{key}.when", "no condition", asked, allowed))
        return {}
    when = {}
    for name, values in asked.items():
        listed = list(values) if isinstance(values, (list, tuple)) else [values]
        if not listed:
            reason = "an empty list, so it would never be there"
            mistakes.append(Mistake(f"{key}.when.{name}", reason, "[]", "at least one value"))
        check_plain(f"{key}.when.{name}", listed, mistakes)
        when[str(name)] = tuple(listed)
    return when


def _times(key: str, raw: Mapping[Any, Any], mistakes: list[Mistake]) -> str | None:
    times = raw.get("times")
    if times is None or isinstance(times, str):
        return times
    mistakes.append(Mistake(f"{key}.times", "no name of a hyperparameter", times, "a name"))
    return None


def _read(key: str, raw: Any, mistakes: list[Mistake]) -> Domain:
    if isinstance(raw, Mapping):
        return _table(key, dict(raw), mistakes)
    if isinstance(raw, (list, tuple)):
        return _choice(key, list(raw), mistakes)
    check_plain(key, raw, mistakes)
    return Constant(raw)


def _choice(key: str, values: list[Any], mistakes: list[Mistake]) -> Choice:
    if not values:
        reject(
            mistakes,
            Mistake(key, "an empty list leaves nothing to try", "[]", "at least one value"),
        )
    if len(values) > MOST:
        reject(mistakes, _too_many(key, len(values)))
    before = len(mistakes)
    seen: set[str] = set()
    for value in values:
        if len(mistakes) >= before + TOLD:
            break
        check_plain(key, value, mistakes)
        if same_as(value) in seen:
            # As [0,0, 0,5] has, where half of a whole is meant.
            point = ", decimals with a point" if type(value) is int else ""
            allowed = f"each value once{point}"
            mistakes.append(Mistake(key, "the same value twice", value, allowed))
        seen.add(same_as(value))
    return Choice(tuple(values))


def _too_many(key: str, number: int) -> Mistake:
    reason = f"{number:,} values, each of which would be trained"
    return Mistake(key, reason, None, f"up to {MOST:,} values, or a range without step and count")


def _table(key: str, table: dict[str, Any], mistakes: list[Mistake]) -> Domain:
    unknown = [name for name in table if name not in ALL_KEYS]
    for name in unknown:
        meant = ELSEWHERE.get(name) or nearest(name, ALL_KEYS)
        mistakes.append(
            Mistake(
                f"{key}.{name}", "not a key of a range", table[name], ", ".join(ALL_KEYS), meant
            )
        )
    if unknown:
        raise Rejected
    distribution = table.get("distribution")
    if distribution is not None and distribution not in DISTRIBUTIONS:
        allowed = ", ".join(DISTRIBUTIONS)
        near = nearest(distribution, DISTRIBUTIONS)
        reject(
            mistakes,
            Mistake(f"{key}.distribution", "no such distribution", distribution, allowed, near),
        )
    listed = [name for name in ("value", "values") if name in table]
    if listed or distribution in ("choice", "value"):
        return _listed(key, table, distribution, listed, mistakes)
    if distribution in LAWS and (distribution not in RANGES or "q" in table):
        return read_law(key, table, distribution, mistakes)
    for name in (name for name in LAW_KEYS if name in table):
        having = ", ".join(law for law, of in LAWS.items() if name in (*of.parameters, "q"))
        allowed = f"distribution, one of {having}" + (", or step" if name == "q" else "")
        mistakes.append(Mistake(f"{key}.{name}", "belongs to a law", table[name], allowed))
    return _range(key, table, distribution, mistakes)


def _listed(
    key: str,
    table: dict[str, Any],
    distribution: Any,
    listed: Sequence[str],
    mistakes: list[Mistake],
) -> Domain:
    want = "value" if distribution == "value" or "value" in table else "values"
    known = (want, "distribution") if want == "value" else (want, "distribution", "probabilities")
    extra = [name for name in table if name not in known]
    fits = distribution in (None, "value" if want == "value" else "choice")
    if extra or list(listed) != [want] or not fits:
        allowed = 'value = one value, or values = [...] (distribution "value" or "choice")'
        reject(mistakes, Mistake(key, "not a choice and not a range", table, allowed))
    if want == "values":
        values = table["values"]
        if not isinstance(values, (list, tuple)):
            reject(mistakes, Mistake(f"{key}.values", "not a list", values, "a list"))
        choice = _choice(key, list(values), mistakes)
        if "probabilities" not in table:
            return choice
        found = read_probabilities(key, table["probabilities"], len(values), mistakes)
        return replace(choice, probabilities=found)
    check_plain(key, table["value"], mistakes)
    return Constant(table["value"])


def _range(key: str, table: dict[str, Any], distribution: Any, mistakes: list[Mistake]) -> Domain:
    missing = [name for name in ("low", "high") if name not in table]
    if missing:
        what = f"a range needs {' and '.join(missing)}"
        reject(mistakes, Mistake(key, what, table, "{ low = …, high = … }"))
    low, high, step, count = (table.get(name) for name in ("low", "high", "step", "count"))
    log = table.get("log", False)
    fine = [number(f"{key}.{name}", table[name], mistakes) for name in ("low", "high")]
    if "step" in table:
        fine.append(number(f"{key}.step", step, mistakes))
    if "count" in table and (isinstance(count, bool) or not isinstance(count, int)):
        mistakes.append(Mistake(f"{key}.count", "not a whole number", count, "2 or more"))
        fine.append(False)
    elif "count" in table:
        fine.append(number(f"{key}.count", count, mistakes))
    if not isinstance(log, bool):
        mistakes.append(Mistake(f"{key}.log", "not true or false", log, "true, false"))
        fine.append(False)
    if not all(fine):
        raise Rejected
    assert low is not None
    assert high is not None

    if distribution in ("intuniform", "logintuniform"):
        whole = [v for v in (low, high, step) if v is not None and float(v) != int(v)]
        if whole:
            allowed = "whole numbers (or distribution uniform, loguniform)"
            reject(mistakes, Mistake(key, f"{distribution} of fractions", whole[0], allowed))
    integer = distribution in ("intuniform", "logintuniform") or (
        distribution is None and all(isinstance(v, int) for v in (low, high))
    )
    if integer and step is not None and float(step) != int(step):
        integer = False  # { low = 0, high = 1, step = 0.25 } means floats
    if distribution in ("uniform", "intuniform") and table.get("log") is True:
        reject(mistakes, Mistake(f"{key}.log", f"contradicts {distribution}", True, "false"))
    log = log or distribution in ("loguniform", "logintuniform")

    before = len(mistakes)
    _check_range(key, low, high, step, count, log, integer, mistakes)
    if len(mistakes) > before:
        raise Rejected
    domain: Int | Float
    if integer:
        domain = Int(int(low), int(high), log, None if step is None else int(step), count)
    else:
        domain = Float(float(low), float(high), log, None if step is None else float(step), count)
    if domain.size is not None and domain.size > MOST:
        reject(mistakes, _too_many(key, domain.size))
    return domain


def _check_range(
    key: str,
    low: float,
    high: float,
    step: float | None,
    count: int | None,
    log: bool,
    integer: bool,
    mistakes: list[Mistake],
) -> None:
    def wrong(part: str, reason: str, value: Any, allowed: str) -> None:
        mistakes.append(Mistake(f"{key}.{part}" if part else key, reason, value, allowed))

    if low >= high:
        reason = "low is above high" if low > high else "low equals high, so nothing varies"
        wrong("", reason, f"{low:g} to {high:g}", "low below high")
    elif not math.isfinite(high - low):
        wrong("", "a range wider than a number can be", f"{low:g} to {high:g}", "a narrower one")
    if log and low <= 0:
        wrong("low", "a log range needs a positive low", low, "above 0")
    if step is not None and count is not None:
        wrong("", "count and step together", f"count {count}, step {step:g}", "one of them")
    if step is not None:
        if step <= 0:
            wrong("step", "not positive", step, "above 0")
        elif low < high and step > high - low:
            wrong("step", "steps over the whole range", step, f"up to {high - low:g}")
        if log:
            wrong("step", "a log range has no even step", step, "count")
    if count is not None:
        if count < 2:
            wrong("count", "too few values for a range", count, "2 or more")
        elif integer and low < high and count > high - low + 1:
            wrong(
                "count", "more values than there are integers", count, f"up to {high - low + 1:g}"
            )
