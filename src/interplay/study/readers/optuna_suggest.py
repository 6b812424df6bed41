"""Optuna's `suggest_…` by name and parameters, those of its older versions included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import wanted as want
from interplay.study.readers.native import MOST

BOUNDS = ("low", "high")
SUGGEST: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "categorical": (("choices",), ()),
    "int": (BOUNDS, ("step", "log")),
    "float": (BOUNDS, ("step", "log")),
    "uniform": (BOUNDS, ()),
    "loguniform": (BOUNDS, ()),
    "discrete_uniform": ((*BOUNDS, "q"), ()),
}
"""What may be suggested: the parameters that each needs, and those that it may have."""


def read_suggest(name: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> Any:
    """A hyperparameter as a study file of ours has it; None of a wrong one.

    Args:
        name: of the hyperparameter.
        raw: `suggest` and `params`.
    """
    key, kind, params = f"{name}.hyper_opt", raw.get("suggest"), raw.get("params")
    if not want.one_of(f"{key}.suggest", kind, SUGGEST, mistakes):
        return None
    if not isinstance(params, Mapping):
        mistakes.append(Mistake(f"{key}.params", "not a map", params, "{low: 1, high: 8}"))
        return None
    key = f"{key}.params"
    needed, further = SUGGEST[str(kind)]
    fine = want.only(key, params, (*needed, *further), mistakes)
    if not want.there(key, params, needed, mistakes) or not fine:
        return None
    if kind == "categorical":
        choices = params["choices"]
        if isinstance(choices, list):
            return {"values": choices}
        mistakes.append(Mistake(f"{key}.choices", "not a list", choices, "[a, b, …]"))
        return None
    return _range(key, str(kind), params, mistakes)


def _range(key: str, kind: str, params: Mapping[str, Any], mistakes: list[Mistake]) -> Any:
    step, log = params.get("q", params.get("step")), params.get("log", False)
    numbers = {"low": params["low"], "high": params["high"]} | (
        {} if step is None else {"step": step}
    )
    fine = [want.number(f"{key}.{name}", value, mistakes) for name, value in numbers.items()]
    if not isinstance(log, bool):
        mistakes.append(Mistake(f"{key}.log", "not true or false", log, "true, false"))
        fine.append(False)
    if not all(fine):
        return None
    before = len(mistakes)
    if kind == "int":
        for name, value in numbers.items():
            if value != int(value):
                mistakes.append(
                    Mistake(f"{key}.{name}", "not a whole number", value, "a whole one")
                )
    low, high = numbers["low"], numbers["high"]
    if low > high:
        mistakes.append(Mistake(key, "low is above high", f"{low} to {high}", "low ≤ high"))
    if step is not None and step <= 0:
        mistakes.append(Mistake(f"{key}.step", "not positive", step, "above 0"))
    log = log or kind == "loguniform"
    if log and step is not None and (kind != "int" or step != 1):
        mistakes.append(Mistake(f"{key}.step", "a log range has no step in Optuna", step))
    if log and low <= 0:
        mistakes.append(Mistake(f"{key}.low", "a log range needs a positive low", low, "above 0"))
    if len(mistakes) > before:
        return None
    of = int if kind == "int" else float
    if low == high or (step is not None and step > high - low):
        return {"value": of(low)}
    law = ("log" if log else "") + ("intuniform" if kind == "int" else "uniform")
    value = {"low": of(low), "high": of(high), "distribution": law}
    # Every one of very many whole numbers needs no list of them.
    listed = (
        step is not None and not log and not (step == 1 and kind == "int" and high - low >= MOST)
    )
    return {**value, "step": of(step)} if listed and step is not None else value
