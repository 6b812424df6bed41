"""A sweep of W&B's: `method`, `metric`, and `parameters` with values, bounds or distributions.

method: random
metric: {name: val_loss, goal: minimize}
parameters:
  optimizer: {values: [adam, sgd]}
  learning_rate: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  model:
    parameters:
      width: {distribution: q_log_uniform_values, min: 16, max: 512, q: 8}

Source: `config/schema.json`, `params.py` and `grid_search.py` of wandb/sweeps, and its documentation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake, listed
from interplay.identity import canonical, same_as
from interplay.study.readers import Reading
from interplay.study.readers import wanted as want
from interplay.study.readers.asides import epochs_told, seeds_told
from interplay.study.readers.laws import CLOSE
from interplay.study.readers.native import MOST
from interplay.study.readers.wandb_search import UNEXPECTED, read_sweep

BOUNDS = ("min", "max")
ROUNDED = (*BOUNDS, "q")
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "categorical": ("values",),
    "categorical_w_probabilities": ("values", "probabilities"),
    "int_uniform": BOUNDS,
    "uniform": BOUNDS,
    "q_uniform": ROUNDED,
    "log_uniform": BOUNDS,
    "log_uniform_values": BOUNDS,
    "q_log_uniform": ROUNDED,
    "q_log_uniform_values": ROUNDED,
    "inv_log_uniform": BOUNDS,
    "inv_log_uniform_values": BOUNDS,
    "normal": ("mu", "sigma"),
    "q_normal": ("mu", "sigma", "q"),
    "log_normal": ("mu", "sigma"),
    "q_log_normal": ("mu", "sigma", "q"),
    "beta": ("a", "b"),
    "q_beta": ("a", "b", "q"),
}
"""The distributions, each with its keys."""
DEFAULTS = {"q": 1, "mu": 0.0, "sigma": 1.0, "a": 1.0, "b": 1.0}
ON_GRID = ("categorical", "constant", "int_uniform", "q_uniform")
EXPONENTS = ("log_uniform", "q_log_uniform", "inv_log_uniform")
"""Those whose min and max are exponents of e."""
UNBOUNDED = ("normal", "q_normal", "log_normal", "q_log_normal")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
DEEP = 50
"""So deep do parameters in parameters go: beyond it a file points into itself."""
BESIDE = ("program", "command", "early_terminate", "run_cap", "scheduler")
"""Keys beside `method` that no study of ours has at its top."""


def recognises(tables: Mapping[str, Any]) -> bool:
    """Whether there are parameters with a method, or what else W&B's sweeps begin with."""
    beside = bool({*BESIDE} & tables.keys())
    if "parameters" in tables:
        return beside or bool({"method", "metric"} & tables.keys())
    return beside and "method" in tables


def read(tables: Mapping[str, Any], mistakes: list[Mistake]) -> Reading:
    """What a sweep says."""
    notes: list[str] = []
    grid = tables.get("method") == "grid"
    reader = _Parameters(grid, mistakes, notes)
    reader.read("parameters", tables.get("parameters"), "", 0)
    found = reader.found
    varied = {name: raw for name, raw in found.items() if "value" not in raw}
    study = read_sweep(tables, varied, mistakes, notes)
    notes += [*seeds_told(varied), *epochs_told(varied)]
    return Reading("W&B", found, study, tuple(notes))


class _Parameters:
    """Parameters as a study file of ours has them, by their names with dots."""

    def __init__(self, grid: bool, mistakes: list[Mistake], notes: list[str]) -> None:
        self.grid, self.mistakes, self.notes = grid, mistakes, notes
        self.found: dict[str, dict[str, Any]] = {}

    def read(self, key: str, raw: Any, prefix: str, depth: int) -> None:
        if not isinstance(raw, Mapping) or not raw:
            reason = "missing" if raw is None else "not a map of at least one parameter"
            self.mistakes.append(Mistake(key, reason, raw, "name: {values: [...]}"))
            return
        if depth > DEEP:
            reason = "parameters in parameters without an end"
            self.mistakes.append(Mistake("parameters", reason, prefix, f"{DEEP} deep"))
            return
        items = list(raw.items())
        if self.grid:  # the last name moves fastest, in their order
            items.sort(key=lambda item: str(item[0]))
        for name, parameter in items:
            where = f"{key}.{name}"
            if not isinstance(name, str) or not NAME.fullmatch(name):
                allowed = "letters, digits, _ . and -, first a letter or _"
                self.mistakes.append(Mistake(where, "does not match the pattern", name, allowed))
            elif not isinstance(parameter, Mapping):
                allowed = "{value: …}, {values: […]}, {min: …, max: …} or {parameters: …}"
                self.mistakes.append(Mistake(where, "not a map", parameter, allowed))
            elif "parameters" in parameter:
                if want.only(where, parameter, ("parameters",), self.mistakes, UNEXPECTED):
                    inner = parameter["parameters"]
                    self.read(f"{where}.parameters", inner, f"{prefix}{name}.", depth + 1)
            else:
                self._add(where, f"{prefix}{name}", parameter)

    def _add(self, key: str, name: str, parameter: Mapping[str, Any]) -> None:
        if name in self.found:
            self.mistakes.append(Mistake(key, f"{name} twice, once in parameters of another"))
            return
        kind = _kind(key, parameter, self.mistakes)
        own = ("distribution", *DISTRIBUTIONS[kind]) if kind else ()
        if not kind or not want.only(key, parameter, own, self.mistakes, UNEXPECTED):
            return
        raw = self._read(key, name, kind, parameter)
        if raw is not None:
            self.found[name] = raw

    def _read(self, key: str, name: str, kind: str, raw: Mapping[str, Any]) -> Any:
        keys = DISTRIBUTIONS[kind]
        missing = [part for part in keys if part not in raw and part not in DEFAULTS]
        if missing:
            for part in missing:
                self.mistakes.append(Mistake(f"{key}.{part}", f"missing: {kind} needs it"))
            return None
        if self.grid and kind not in ON_GRID:
            reason = "a disallowed type with grid search"
            allowed = f"{', '.join(ON_GRID)}; or method: random"
            self.mistakes.append(Mistake(f"{key}.distribution", reason, kind, allowed))
            return None
        if kind == "constant":
            return {"value": raw["value"]}
        if kind.startswith("categorical"):
            return self._listed(key, raw["values"], raw.get("probabilities"))
        is_fine = want.whole if kind == "int_uniform" else want.number
        given = {part: raw.get(part, DEFAULTS.get(part)) for part in keys}
        fine = [is_fine(f"{key}.{part}", value, self.mistakes) for part, value in given.items()]
        if not all(fine):
            return None
        if given.get("q", 1) <= 0:
            self.mistakes.append(Mistake(f"{key}.q", "not above 0", given["q"], "above 0"))
            return None
        if kind in UNBOUNDED:
            self.notes.append(
                f"{name} is {kind}, which has no bounds: of it the outermost millionth at each end "
                "is not drawn here, and no grid lists it"
            )
        rounding = {"q": given["q"]} if "q" in given else {}
        if "min" not in given:
            law = kind.removeprefix("q_").replace("_", "")
            return {"distribution": law, **{p: given[p] for p in keys if p != "q"}, **rounding}
        low, high = given["min"], given["max"]
        if low >= high:
            reason = f"min {low} is not less than max {high}"
            self.mistakes.append(Mistake(key, reason, f"{low} to {high}", "min < max"))
            return None
        if kind == "int_uniform":
            step = {"step": 1} if self.grid else {}
            return {"low": low, "high": high, "distribution": "intuniform", **step}
        if self.grid:
            return self._by_q(key, name, low, high, given["q"])
        if kind in ("uniform", "q_uniform"):
            return {"low": low, "high": high, "distribution": "uniform", **rounding}
        return self._log(key, name, kind, low, high, rounding)

    def _log(
        self,
        key: str,
        name: str,
        kind: str,
        low: float,
        high: float,
        rounding: Mapping[str, float],
    ) -> Any:
        """Log-uniform; where 1/x is, x is."""
        if kind in EXPONENTS:
            ends = (-high, -low) if kind.startswith("inv") else (low, high)
            if ends[0] < -700 or ends[1] > 700:
                reason = "e to the power of min and max, which are exponents, is no number"
                allowed = f"-700 to 700; values by {kind}_values"
                self.mistakes.append(Mistake(key, reason, f"{low:g} to {high:g}", allowed))
                return None
            low, high = (canonical(math.exp(end)) for end in ends)
            self.notes.append(
                f"{name} is {kind}, whose min and max are exponents of e: {low:g} to {high:g}"
            )
        elif low <= 0:
            reason = "not greater than 0, the exclusive minimum"
            self.mistakes.append(Mistake(f"{key}.min", reason, low, "above 0"))
            return None
        return {"low": low, "high": high, "distribution": "loguniform", **rounding}

    def _by_q(self, key: str, name: str, low: float, high: float, q: float) -> Any:
        """What a grid has of q_uniform: min, min + q, …, without max."""
        number = math.ceil(min((high - low) / q, MOST + 1))
        if number > MOST:
            self.mistakes.append(Mistake(f"{key}.q", "too small for a grid", q, f"{MOST:,} values"))
            return None
        values = [canonical(low + i * q) for i in range(number)]
        if canonical(float(low + number * q)) == canonical(float(high)):
            self.notes.append(f"{name}: the grid ends before max, {high:g}, as W&B's does")
        return {"values": values} if number > 1 else {"value": values[0]}

    def _listed(self, key: str, values: Any, probabilities: Any) -> Any:
        """Each value once, as probable as all the times that it is listed."""
        if not isinstance(values, list) or not values:
            reason = "not a list of at least one value"
            self.mistakes.append(Mistake(f"{key}.values", reason, values, "[a, b, …]"))
            return None
        shares = self._shares(f"{key}.probabilities", probabilities, len(values))
        if shares is None:
            return None
        once: dict[str, Any] = {}
        share: dict[str, float] = {}
        for value, part in zip(values, shares, strict=True):
            once.setdefault(same_as(value), value)
            share[same_as(value)] = share.get(same_as(value), 0.0) + part
        name = key.rpartition(".")[2]
        if len(once) < len(values):
            more = "" if self.grid else ", as probable as it is often listed"
            self.notes.append(f"{name} lists a value more than once: here it is one{more}")
        never = [once.pop(same) for same, part in share.items() if part == 0]
        if never:
            self.notes.append(
                f"{name} is never {listed([str(value) for value in never], 5)}, whose probability is 0"
            )
        if len(once) == 1:
            return {"value": next(iter(once.values()))}
        parts = [share[same] for same in once]
        even = self.grid or (probabilities is None and len(set(parts)) == 1)
        total = math.fsum(parts)
        more_of = {} if even else {"probabilities": [canonical(part / total) for part in parts]}
        return {"values": list(once.values()), **more_of}

    def _shares(self, key: str, raw: Any, number: int) -> list[float] | None:
        """How probable each of so many values is."""
        if raw is None:
            return [1.0] * number
        if not isinstance(raw, list):
            self.mistakes.append(Mistake(key, "not a list", raw, "[0.5, 0.5]"))
            return None
        if len(raw) != number:
            reason = "values and probabilities are not the same length"
            self.mistakes.append(Mistake(key, reason, raw, f"{number} numbers"))
            return None
        if not all([want.number(key, part, self.mistakes) for part in raw]):  # noqa: C419 - all are told
            return None
        for part in raw:
            if part < 0:
                self.mistakes.append(Mistake(key, "less than the minimum of 0", part, "0 or more"))
                return None
        if not math.isclose(math.fsum(raw), 1.0, rel_tol=CLOSE):
            told = f"probabilities do not sum to 1 but to {math.fsum(raw):g}"
            self.mistakes.append(Mistake(key, told, raw, "a sum of 1"))
            return None
        return [float(part) for part in raw]


def _kind(key: str, parameter: Mapping[str, Any], mistakes: list[Mistake]) -> str | None:
    """The distribution that a parameter has, or means where it names none."""
    kind = parameter.get("distribution")
    if kind is not None:
        known = want.one_of(f"{key}.distribution", kind, DISTRIBUTIONS, mistakes)
        return kind if known else None
    if "values" in parameter:
        probable = "probabilities" in parameter
        return "categorical_w_probabilities" if probable else "categorical"
    if "value" in parameter:
        return "constant"
    if not {*BOUNDS} & parameter.keys():
        reason = "neither value, values, min and max, nor a distribution"
        mistakes.append(Mistake(key, reason, dict(parameter), ", ".join(DISTRIBUTIONS)))
        return None
    whole = [isinstance(parameter.get(name), int) for name in BOUNDS]
    return "int_uniform" if all(whole) else "uniform"
