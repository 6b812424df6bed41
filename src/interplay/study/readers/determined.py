"""Determined's experiment configuration: `hyperparameters` of several types, and a `searcher`.

hyperparameters:
  learning_rate: {type: log, base: 10, minval: -4, maxval: -1, count: 4}
  optimizer:
    momentum: {type: double, minval: 0.5, maxval: 0.9, count: 3}
  batch_size: 32
searcher: {name: grid, metric: valid_loss, max_length: {epochs: 5}}

Source: `schemas/expconf/v0`, `grid.go` and `searcher_config.go` of determined-ai/determined, and its
documentation of 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import Reading
from interplay.study.readers import wanted as want
from interplay.study.readers.asides import seeds_told
from interplay.study.readers.determined_search import read_search
from interplay.study.readers.native import MOST
from interplay.study.settings import is_name

KEYS = ("name", "hyperparameters", "searcher", "reproducibility", "records_per_epoch")
ITS_OWN = (
    *("batches_per_step", "bind_mounts", "checkpoint_policy", "checkpoint_storage", "data"),
    *("data_layer", "debug", "description", "entrypoint", "environment", "integrations"),
    *("internal", "labels", "log_policies", "max_restarts", "min_checkpoint_period"),
    *("min_validation_period", "optimizations", "pbs", "perform_initial_validation"),
    *("preemption_timeout", "profiling", "project", "resources", "retention_policy"),
    *("scheduling_unit", "security", "slurm", "tensorboard_storage", "template", "workspace"),
)
"""Keys that concern Determined alone."""
RANGE = ("type", "minval", "maxval", "count")
TYPES: dict[str, tuple[str, ...]] = {
    "int": RANGE,
    "double": RANGE,
    "log": (*RANGE, "base"),
    "categorical": ("type", "vals"),
    "const": ("type", "val"),
}
"""The types of hyperparameters, each with its keys."""
DEEP = 50
"""So deep do groups go: beyond it a file points into itself."""


def recognises(tables: Mapping[str, Any]) -> bool:
    """Whether there is Determined's searcher."""
    return isinstance(tables.get("searcher"), Mapping)


def read(tables: Mapping[str, Any], mistakes: list[Mistake]) -> Reading:
    """What an experiment's configuration says."""
    notes: list[str] = []
    _check_keys(tables, mistakes, notes)
    raw = tables.get("hyperparameters")
    if raw is not None and not isinstance(raw, Mapping):
        mistakes.append(Mistake("hyperparameters", "not a map", raw, "name: value"))
    flat: dict[str, Any] = {}
    _flatten("", raw if isinstance(raw, Mapping) else {}, flat, mistakes)
    grid = tables["searcher"].get("name") == "grid"
    found: dict[str, Any] = {}
    for name, written in flat.items():
        value = _read(f"hyperparameters.{name}", written, grid, mistakes)
        if value is not None:
            found[name] = value
    varied = [name for name, value in found.items() if _varies(value)]
    study = read_search(tables["searcher"], bool(varied), mistakes, notes)
    if isinstance(tables.get("name"), str) and is_name(tables["name"]):
        study = {"name": tables["name"], **study}
    _seeds(tables, found, varied, study, mistakes, notes)
    if grid and varied:
        notes.append(
            "Determined begins its grid at the end, the names sorted; here it is trained in the "
            "order of the file, whole"
        )
    if not grid and any(isinstance(w, Mapping) and w.get("count") for w in flat.values()):
        notes.append("count is for grid; the other searchers draw from the whole range")
    return Reading("Determined", found, study, tuple(notes))


def _check_keys(tables: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]) -> None:
    alone = [key for key in ITS_OWN if key in tables]
    if alone:
        notes.append(f"concerns Determined only, and nothing here: {', '.join(alone)}")
    want.only("", tables, (*KEYS, *ITS_OWN), mistakes)


def _flatten(
    prefix: str, group: Mapping[Any, Any], flat: dict[str, Any], mistakes: list[Mistake]
) -> None:
    """The hyperparameters of a group and of those in it, by dotted names."""
    if prefix.count(".") > DEEP:
        reason = "groups in groups without an end"
        mistakes.append(Mistake("hyperparameters", reason, prefix, f"{DEEP} deep"))
        return
    for key, raw in group.items():
        name = f"{prefix}{key}"
        if name in flat:
            mistakes.append(Mistake(f"hyperparameters.{name}", "twice, once as a group", None))
        elif isinstance(raw, Mapping) and raw and "type" not in raw:
            _flatten(f"{name}.", raw, flat, mistakes)
        else:
            flat[name] = raw


def _read(key: str, raw: Any, grid: bool, mistakes: list[Mistake]) -> Any:
    """A hyperparameter as a study file of ours has it; None of a wrong one."""
    if not isinstance(raw, Mapping) or not raw:
        return {"value": raw}
    kind = raw["type"]
    if not want.one_of(f"{key}.type", kind, TYPES, mistakes):
        return None
    if not want.only(key, raw, TYPES[kind], mistakes):
        return None
    if kind == "const":
        if "val" not in raw:
            mistakes.append(Mistake(f"{key}.val", "missing"))
        return {"value": raw.get("val")}
    if kind == "categorical":
        if not isinstance(raw.get("vals"), list):
            mistakes.append(Mistake(f"{key}.vals", "not a list", raw.get("vals"), "[a, b, …]"))
            return None
        return {"values": raw["vals"]}
    return _range(key, kind, raw, grid, mistakes)


def _range(key: str, kind: str, raw: Mapping[str, Any], grid: bool, mistakes: list[Mistake]) -> Any:
    needed = ["minval", "maxval", *(["base"] if kind == "log" else [])]
    if not want.there(key, raw, needed, mistakes):
        return None
    is_fine = want.whole if kind == "int" else want.number
    fine = [is_fine(f"{key}.{name}", raw[name], mistakes) for name in needed]
    low, high, count = raw["minval"], raw["maxval"], raw.get("count")
    if count is not None:
        fine.append(want.whole(f"{key}.count", count, mistakes, 1))
    elif grid:
        mistakes.append(Mistake(f"{key}.count", "missing: the grid searcher needs it"))
        return None
    if not all(fine):
        return None
    if low >= high:
        reason = "minval is not below maxval"
        mistakes.append(Mistake(key, reason, f"{low} to {high}", "minval < maxval"))
        return None
    if kind == "int":
        return _ints(low, high, count if grid else None)
    if kind == "double":
        return _doubles(float(low), float(high), count if grid else None)
    return _logs(key, raw["base"], low, high, count if grid else None, mistakes)


def _ints(low: int, high: int, count: int | None) -> dict[str, Any]:
    """Evenly spaced, rounded half away from zero, no more than there are."""
    if count is None:
        return {"low": low, "high": high, "distribution": "intuniform"}
    count = min(count, high - low + 1)
    if count == 1:
        return {"value": _rounded(low + high, 2)}
    step, rest = divmod(high - low, count - 1)
    if count > MOST:  # which is refused, but not before it is listed
        return {"low": low, "high": high, "count": count, "distribution": "intuniform"}
    if not rest:
        return {"low": low, "high": high, "step": step, "distribution": "intuniform"}
    steps = count - 1
    return {"values": [_rounded(low * steps + i * (high - low), steps) for i in range(count)]}


def _rounded(part: int, of: int) -> int:
    """A fraction to the nearest whole number, half away from zero."""
    half = (2 * abs(part) + of) // (2 * of)
    return half if part >= 0 else -half


def _doubles(low: float, high: float, count: int | None) -> dict[str, Any]:
    if count == 1:
        return {"value": (low + high) / 2}
    counted = {} if count is None else {"count": count}
    return {"low": low, "high": high, "distribution": "uniform", **counted}


def _logs(
    key: str,
    base: float,
    low: float,
    high: float,
    count: int | None,
    mistakes: list[Mistake],
) -> Any:
    """Values base^u with u even between the bounds, which are exponents."""
    if base <= 0:
        mistakes.append(Mistake(f"{key}.base", "not positive", base, "above 0"))
        return None
    try:
        ends = [float(base) ** float(low), float(base) ** float(high)]
        middle = float(base) ** ((low + high) / 2)
    except OverflowError:
        ends = [math.inf, math.inf]
    if not all(0 < end < math.inf for end in ends):
        reason = "base to the power of minval and maxval, which are exponents, is no number"
        mistakes.append(Mistake(key, reason, f"{base}^{low} to {base}^{high}"))
        return None
    if count == 1 or ends[0] == ends[1]:
        return {"value": middle}
    counted = {} if count is None else {"count": count}
    return {"low": min(ends), "high": max(ends), "distribution": "loguniform", **counted}


def _varies(value: Mapping[str, Any]) -> bool:
    return "value" not in value and len(value.get("values", "..")) > 1


def _seeds(
    tables: Mapping[str, Any],
    found: Mapping[str, Any],
    varied: list[str],
    study: dict[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> None:
    """What its seeds are here: a swept one is no axis, and the experiment's draws the settings."""
    notes += seeds_told({name: found[name] for name in varied})
    reproducibility = tables.get("reproducibility")
    if reproducibility is None:
        return
    key = "reproducibility"
    if not isinstance(reproducibility, Mapping):
        mistakes.append(Mistake(key, "not a map", reproducibility, "experiment_seed: 0"))
    elif want.only(key, reproducibility, ("experiment_seed",), mistakes):
        seed = reproducibility.get("experiment_seed")
        if seed is not None and want.whole(f"{key}.experiment_seed", seed, mistakes, 0):
            study["search"]["seed"] = seed
            notes.append(
                "experiment_seed fixes what is drawn here, and there the trainings' seeds too"
            )
