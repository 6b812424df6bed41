"""What one `hyper_opt` has to do with another: its factor, or when it is there at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake, listed, nearest
from interplay.space.domains import within
from interplay.study.readers import wanted as want
from interplay.study.readers.native import read_written

TYPES = ("multiply", "optimize_iff")
Link = tuple[str, str, list[Any]]
"""Its type, what it is on, and its conditions."""


def link(
    values: dict[str, Any],
    asked: Mapping[str, Mapping[str, Any]],
    constants: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> None:
    """Add `times` and `when` to what was read.

    Args:
        values: as a study file of ours has them, by name.
        asked: what stands under `hyper_opt` in the file.
        constants: plain values, on which nothing can depend.
    """
    links: dict[str, Link] = {}
    for name, raw in asked.items():
        found = _read(f"{name}.hyper_opt", raw, mistakes)
        if found is not None:
            kind, on, conditions = found
            full = _full(name, on, asked, constants, mistakes, notes)
            if full is not None:
                links[name] = (kind, full, conditions)
    for name, (kind, on, conditions) in links.items():
        if kind == "multiply":
            if links.get(on, ("",))[0] == "optimize_iff":
                reason = f"{on} may be null, where its own condition does not hold"
                mistakes.append(Mistake(f"{name}.hyper_opt.dependency", reason, on, "a number"))
            values[name] = {**values[name], "times": on}
            notes.append(
                f"{name} is what the model gets, times {on}; Optuna's own store has the factor"
            )
        else:
            _condition(name, on, conditions, values, links, mistakes, notes)


def _read(key: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> Link | None:
    """The dependency in either form; None where there is none, or a wrong one."""
    given, older = raw.get("dependency"), raw.get("depends_on")
    key = f"{key}.dependency"
    if given is None and older is None:
        return None
    if not isinstance(given, Mapping):
        allowed = "multiply, beside depends_on: a name"
        if given != "multiply" or not isinstance(older, str):
            mistakes.append(Mistake(key, "not a dependency", given, allowed))
            return None
        return "multiply", older, []
    kind = given.get("type")
    if older is not None:
        mistakes.append(Mistake(f"{key}.depends_on", "beside on, in two forms", older))
    if not want.one_of(f"{key}.type", kind, TYPES, mistakes):
        return None
    known = ("type", "on") if kind == "multiply" else ("type", "on", "conditions")
    if not want.only(key, given, known, mistakes) or not want.there(key, given, known, mistakes):
        return None
    on, conditions = given["on"], given.get("conditions", [])
    if not isinstance(on, str):
        mistakes.append(Mistake(f"{key}.on", "not a name", on, "model.num_heads"))
        return None
    if not isinstance(conditions, list):
        mistakes.append(Mistake(f"{key}.conditions", "not a list", conditions))
        return None
    compared = [
        _compared(f"{key}.conditions[{i}]", one, mistakes) for i, one in enumerate(conditions)
    ]
    return str(kind), on, [value for fine, value in compared if fine]


def _compared(key: str, condition: Any, mistakes: list[Mistake]) -> tuple[bool, Any]:
    """The value of a condition, where it is one."""
    if not isinstance(condition, Mapping):
        mistakes.append(Mistake(key, "not a map", condition, "{type: equal, compare_value: 5}"))
        return False, None
    if not want.only(key, condition, ("type", "compare_value"), mistakes):
        return False, None
    if not want.one_of(f"{key}.type", condition.get("type"), ("equal",), mistakes):
        return False, None
    if "compare_value" not in condition:
        mistakes.append(Mistake(f"{key}.compare_value", "missing"))
        return False, None
    return True, condition["compare_value"]


def _full(
    name: str,
    on: str,
    asked: Mapping[str, Any],
    constants: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> str | None:
    """The name that a dependency means: itself, or the only one that ends so, or that it ends in."""
    if on in asked:
        return on
    ends = [full for full in asked if f".{full}".endswith(f".{on}") or on.endswith(f".{full}")]
    key = f"{name}.hyper_opt.dependency.on"
    if len(ends) == 1:
        notes.append(f"{name} depends on {on}, which is {ends[0]} here; asme wants the whole name")
        return ends[0]
    if ends:
        mistakes.append(Mistake(key, "may mean several", on, ", ".join(ends)))
        return None
    plain = [full for full in constants if full == on or full.endswith(f".{on}")]
    reason = "a plain value; asme takes another hyper_opt only" if plain else "no such hyper_opt"
    mistakes.append(Mistake(key, reason, on, listed(list(asked)), nearest(on, asked)))
    return None


def _condition(
    name: str,
    on: str,
    conditions: list[Any],
    values: dict[str, Any],
    links: Mapping[str, Link],
    mistakes: list[Mistake],
    notes: list[str],
) -> None:
    """All conditions must hold, or the value is null: here it is not there."""
    if not conditions:
        return
    if conditions[0] is None and links.get(on, ("",))[0] == "optimize_iff":
        reason = f"compare_value null asks whether {on} is not there"
        key = f"{name}.hyper_opt.dependency.conditions"
        mistakes.append(Mistake(key, reason, None, "a value of it"))
    known = values[on]
    if (
        "distribution" in known
        and "int" in known["distribution"]
        and "log" not in known["distribution"]
    ):
        values[on] = {"step": 1, **known}  # a condition asks for one of listed values
    plain = {key: value for key, value in values[on].items() if key not in ("when", "times")}
    written = read_written(on, plain, [])
    listed_values = written is not None and written.domain.size is not None and on not in links
    never = any(value != conditions[0] for value in conditions) or (
        listed_values and written is not None and not within(written.domain, conditions[0])
    )
    if never:
        told = " and ".join(map(str, conditions))
        notes.append(f"{name} is always null: {on} is never {told}")
        values[name] = {"value": None}
        return
    values[name] = {**values[name], "when": {on: [conditions[0]]}}
    notes.append(
        f"{name} is there only where {on} is {conditions[0]}; elsewhere asme hands null to the "
        "model, which here has its own default"
    )
