"""darts-segmentation's `hyperparameters`: choices, constants and distributions, for tune-smp.

hyperparameters:
  learning-rate: {distribution: loguniform, low: 1.0e-5, high: 1.0e-2}
  batch_size: [4, 8]
  gamma: {low: 0.8, high: 0.99}
  augment: {distribution: constant, value: [HorizontalFlip, RandomRotate90]}

What else is asked of tune-smp stands beside, or in `darts`, as in the file that its --config-file
reads.

Source: `hparams.py`, `tune.py`, `cv.py` and `scoring.py` of darts-nextgen, and its guide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.identity import canonical
from interplay.study.readers import Reading
from interplay.study.readers import wanted as want
from interplay.study.readers.darts_tune import OPTIONS, read_tune

KEY = "hyperparameters"
BOUNDS = ("low", "high")
KEYS: dict[str, tuple[str, ...]] = {
    "uniform": BOUNDS,
    "loguniform": BOUNDS,
    "reversed_loguniform": (*BOUNDS, "n"),
    "intuniform": BOUNDS,
    "choice": ("choices",),
    "constant": ("value",),
}
"""The distributions of its code, each with its keys."""
ALSO = {"value": "constant", "reversed-loguniform": "reversed_loguniform"}
"""Names that its guide has and its code has not."""
ITS_NAMES = (
    *("model_arch", "model_encoder", "model_encoder_weights", "augment", "learning_rate", "gamma"),
    *("focal_loss_alpha", "focal_loss_gamma", "batch_size", "bands"),
)
"""The hyperparameters that darts itself has."""


def recognises(tables: Mapping[str, Any]) -> bool:
    """Whether there are darts' hyperparameters: those of Determined come with a searcher."""
    at_top = isinstance(tables.get(KEY), Mapping) and "searcher" not in tables
    return at_top or _too_deep(tables)


def _too_deep(tables: Mapping[str, Any]) -> bool:
    """Whether they stand where darts does not look for them."""
    own = tables.get("darts")
    return KEY not in tables and isinstance(own, Mapping) and isinstance(own.get(KEY), Mapping)


def read(tables: Mapping[str, Any], mistakes: list[Mistake]) -> Reading:
    """What a file for tune-smp says."""
    notes: list[str] = []
    found: dict[str, Any] = {}
    if _too_deep(tables):
        reason = f"below darts, where darts itself looks for none; {KEY} stands at the top"
        mistakes.append(Mistake(f"darts.{KEY}", reason, None, f"{KEY}: {{…}}"))
        return Reading("darts", found)
    for written, raw in tables[KEY].items():
        key, name = f"{KEY}.{written}", str(written).replace("-", "_")
        if name in found:
            mistakes.append(Mistake(key, f"{name} twice, as - is _", raw, "each once"))
        value = _read(key, raw, mistakes, notes)
        if value is not None:
            found[name] = value
    if not tables[KEY]:
        mistakes.append(Mistake(KEY, "empty", None, "name: value"))
    others = [name for name in found if name not in ITS_NAMES]
    if others:
        notes.append(
            f"darts itself has no {', '.join(others)}, though its documentation shows some"
        )
    options = _options(tables, mistakes, notes)
    return Reading("darts", found, read_tune(options, found, mistakes, notes), tuple(notes))


def _options(
    tables: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]
) -> dict[str, Any]:
    """What else is asked of tune-smp, by name, wherever it stands."""
    beside = {str(k).replace("-", "_"): v for k, v in tables.items() if k not in (KEY, "darts")}
    want.only("", beside, OPTIONS, mistakes)
    options = dict(beside)
    alone: list[str] = []
    waiting: list[tuple[Any, Any]] = [("darts", tables.get("darts", {}))]
    seen: set[int] = set()  # a file may point into itself
    while waiting:
        key, value = waiting.pop()
        name = str(key).replace("-", "_")
        if isinstance(value, Mapping):
            waiting += [] if id(value) in seen else value.items()
            seen.add(id(value))
        elif name in OPTIONS:
            options[name] = value
        else:
            alone.append(name)
    if alone:
        told = ", ".join(sorted(set(alone))[:20])
        notes.append(f"concerns darts only, and nothing here: {told}")
    return options


def _read(key: str, raw: Any, mistakes: list[Mistake], notes: list[str]) -> Any:
    """A hyperparameter as a study file of ours has it; None of a wrong one."""
    if isinstance(raw, list):
        return {"values": raw}
    if not isinstance(raw, Mapping):
        return {"value": raw}
    bounds = "low" in raw and "high" in raw
    kind = raw.get("distribution")
    if kind is None:
        if not bounds:
            reason = "neither low and high nor a distribution"
            mistakes.append(Mistake(key, reason, dict(raw), ", ".join(KEYS)))
            return None
        kind = "intuniform" if isinstance(raw["low"], int) else "uniform"
    known = (*KEYS, *ALSO)
    if not want.one_of(f"{key}.distribution", kind, known, mistakes):
        return None
    kind = ALSO.get(kind, kind)
    if not want.only(key, raw, ("distribution", *KEYS[kind]), mistakes):
        return None
    missing = [name for name in KEYS[kind] if name not in raw and name != "n"]
    if missing:
        mistakes += [Mistake(f"{key}.{name}", f"missing: {kind} needs it") for name in missing]
        return None
    if kind == "constant":
        return {"value": raw["value"]}
    if kind == "choice":
        if not isinstance(raw["choices"], list):
            mistakes.append(Mistake(f"{key}.choices", "not a list", raw["choices"], "[a, b, …]"))
            return None
        return {"values": raw["choices"]}
    return _range(key, kind, raw, mistakes, notes)


def _range(
    key: str, kind: str, raw: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]
) -> Any:
    low, high = raw["low"], raw["high"]
    fine = [want.number(f"{key}.{name}", raw[name], mistakes) for name in BOUNDS]
    if not all(fine):
        return None
    whole = isinstance(low, int)
    if whole != isinstance(high, int):
        allowed = "both whole numbers, or both with a point"
        mistakes.append(Mistake(key, "low and high of two types", f"{low!r} to {high!r}", allowed))
    elif kind == "intuniform" and not whole:
        mistakes.append(
            Mistake(key, "intuniform of fractions", f"{low} to {high}", "whole numbers")
        )
    elif low >= high:
        mistakes.append(Mistake(key, "low is not below high", f"{low} to {high}", "low < high"))
    elif kind == "loguniform" and low <= 0:
        mistakes.append(Mistake(f"{key}.low", "loguniform needs a positive low", low, "above 0"))
    elif kind == "reversed_loguniform":
        return _reversed(key, raw, mistakes, notes)
    else:
        if "distribution" in raw and kind != ("intuniform" if whole else "uniform"):
            drawn = "whole numbers" if whole else "uniform"
            notes.append(f"{key} is {kind}, as documented; darts' code draws it as {drawn}")
        return {"low": low, "high": high, "distribution": kind}
    return None


def _reversed(key: str, raw: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]) -> Any:
    """n less a log-uniform draw, whose bounds a study of ours has; darts has those of the value."""
    n = raw.get("n", 1)
    if not want.number(f"{key}.n", n, mistakes):
        return None
    if not 0 <= raw["low"] < raw["high"] < n or not math.isfinite(n - raw["low"]):
        told = f"{raw['low']} to {raw['high']}, n {n}"
        mistakes.append(Mistake(key, "not 0 ≤ low < high < n", told, "n = 1 where left out"))
        return None
    notes.append(f"{key} is reversed_loguniform, as documented; darts' code draws it as uniform")
    low, high = (canonical(float(n - raw[name])) for name in ("high", "low"))
    return {"low": low, "high": high, "n": n, "distribution": "reversed_loguniform"}
