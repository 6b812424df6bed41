"""Hydra's configuration with a sweep in it: `hydra.sweeper.params`, or the older `search_space`.

defaults:
  - override hydra/sweeper: optuna
hydra:
  sweeper:
    direction: maximize
    n_trials: 20
    params:
      model.hidden_size: choice(8, 16, 32)
      model.dropout: interval(0, 0.6)

Source: the plugin hydra_optuna_sweeper (`_impl.py`, `config.py`) of facebookresearch/hydra, its
release 1.2 for `search_space`, and the documentation of the override grammar.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interplay.errors import Mistake, listed
from interplay.study.readers import Reading
from interplay.study.readers import wanted as want
from interplay.study.readers.hydra_sweeper import Sweeper, read_sweeper
from interplay.study.readers.hydra_values import Names, NotHydraError, Steps, read_value
from interplay.study.readers.targets import named
from interplay.study.sections import RULES
from interplay.study.settings import Settings

TYPES: dict[str, tuple[str, ...]] = {
    "int": ("type", "low", "high", "log", "step"),
    "float": ("type", "low", "high", "log", "step"),
    "categorical": ("type", "choices"),
}
"""The types of the older `search_space`, each with its keys."""


def recognises(tables: Mapping[str, Any]) -> bool:
    """Whether a sweeper of Hydra's is configured."""
    hydra = tables.get("hydra")
    return (isinstance(hydra, Mapping) and "sweeper" in hydra) or "hydra/sweeper" in chosen(tables)


def chosen(tables: Mapping[str, Any]) -> dict[str, Any]:
    """What the `defaults` list chooses, by group."""
    found: dict[str, Any] = {}
    defaults = tables.get("defaults")
    for one in defaults if isinstance(defaults, list) else ():
        for group, option in one.items() if isinstance(one, Mapping) else ():
            found[str(group).split()[-1].removeprefix("/").partition("@")[0]] = option
    return found


def read(tables: Mapping[str, Any], mistakes: list[Mistake]) -> Reading:
    """What a configuration says that is swept, and what of a study of ours it says besides."""
    reader = _Reader(mistakes)
    hydra, groups = tables.get("hydra"), chosen(tables)
    hydra = hydra if isinstance(hydra, Mapping) else {}
    raw = hydra.get("sweeper", {})
    if not isinstance(raw, Mapping):
        mistakes.append(Mistake("hydra.sweeper", "not a map", raw, "params: {…}"))
        return Reading("Hydra", {})
    others = [f"hydra.{key}" for key in hydra if key != "sweeper"]
    sweeper = read_sweeper(raw, groups, mistakes, reader.notes)
    reader.program(tables, groups, others)
    if sweeper is not None:
        reader.params(raw, sweeper)
        reader.search(sweeper)
    held = tuple(reader.fixed)
    return Reading("Hydra", reader.found, reader.study, tuple(reader.notes), held)


@dataclass
class _Reader:
    """What was read so far; `fixed` are names that no sweep varies, whatever the command line says."""

    mistakes: list[Mistake]
    notes: list[str] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    study: dict[str, Any] = field(default_factory=dict)

    def program(
        self, tables: Mapping[str, Any], groups: Mapping[str, Any], others: list[str]
    ) -> None:
        """The program's own configuration: what a study of ours has, and notes on the rest."""
        for section, option in groups.items():
            if _is_group(section) and isinstance(option, str):
                self.study[section] = {"name": option}
            elif not section.startswith("hydra/") and option is not None:
                others.append(f"{section}: {option} in defaults")
        for key, value in tables.items():
            if key in ("hydra", "defaults"):
                continue
            if key in RULES and isinstance(value, Mapping):
                own = self.study.setdefault(key, {})
                own |= {k: self._constant(f"{key}.{k}", v) for k, v in value.items()}
            elif key in Settings.model_fields:
                self.study[key] = dict(value) if isinstance(value, Mapping) else value
            else:
                others.append(str(key))
        if others:
            self.notes.append(
                f"concerns the program or Hydra, and nothing here: {listed(others, 20)}"
            )

    def _constant(self, key: str, value: Any) -> Any:
        """A value as it stands, which is no list of values to try."""
        if isinstance(value, Mapping) and "_target_" in value:
            try:
                return named(value)
            except ValueError as error:
                self.mistakes.append(Mistake(key, str(error)))
                return None
        if isinstance(value, str) and "${" in value:
            self.mistakes.append(Mistake(key, "an interpolation, which only Hydra resolves", value))
        return {"value": value} if isinstance(value, (list, Mapping)) else value

    def params(self, raw: Mapping[str, Any], sweeper: Sweeper) -> None:
        """What varies."""
        key = "params" if raw.get("params") is not None else "search_space"
        params = raw.get(key)
        if raw.get("params") is not None and raw.get("search_space") is not None:
            self.notes.append("hydra.sweeper.search_space does not count beside params")
        elif key == "search_space" and params is not None:
            self.notes.append("search_space is of Hydra 1.0 to 1.2, and params of those since")
        if params is not None and not isinstance(params, Mapping):
            where = f"hydra.sweeper.{key}"
            self.mistakes.append(Mistake(where, "not a map", params, "model.x: choice(1, 2)"))
            return
        for name, value in (params or {}).items():
            where = f"hydra.sweeper.{key}.{name}"
            try:
                if key == "params":
                    self._param(str(name), value, sweeper)
                else:
                    self._distribution(where, str(name), value, sweeper)
            except NotHydraError as error:
                self.mistakes.append(Mistake(where, str(error), value))

    def _param(self, name: str, value: Any, sweeper: Sweeper) -> None:
        """One line of `params`.

        Raises:
            NotHydraError: it cannot be honoured.
        """
        if "@" in name:
            raise NotHydraError(
                "a package (@) says where Hydra puts a file, and a study has one file"
            )
        if name.startswith("~"):
            section, _, key = name[1:].rpartition(".")
            table = self.study.get(section) if section else self.study
            if isinstance(table, dict) and table.pop(key, None) is not None:
                return
            raise NotHydraError(f"there is no {name[1:]} to take out")
        name = name.lstrip("+")
        if isinstance(value, Mapping):
            raise NotHydraError("a map; in params a name in a group has a dot, as model.x")
        name = f"{name}.name" if _is_group(name) else name
        if not isinstance(value, str):
            self.found[name] = {"value": value}
            self.fixed.append(name)
            return
        read = read_value(value)
        self.notes += [f"{name}: {note}" for note in read.notes]
        if not read.sweeps:
            self.found[name] = {"value": read.value}
            self.fixed.append(name)
            return
        self.found[name] = self._swept(name, read.value, sweeper)

    def _swept(self, name: str, value: Any, sweeper: Sweeper) -> Any:
        """A sweep as the sampler has it, in our notation; raises as `_param`."""
        if isinstance(value, Names):
            section = name.rpartition(".")[0]
            registry = RULES[section].registry if _is_group(section) else None
            if registry is None:
                raise NotHydraError(
                    "glob() chooses among files of a group, and only ours are known"
                )
            return value.of(registry.names)
        if isinstance(value, Steps):
            if sweeper.ends == "included":
                if value.values("included") != value.values("excluded"):
                    self.notes.append(
                        f"{name}: {value} tries its stop as well, as Optuna in Hydra does"
                    )
            elif (kept := value.values(sweeper.ends)) != (whole := value.values("excluded")):
                lost = listed([str(one) for one in whole[len(kept) :]])
                self.notes.append(
                    f"{name}: of {value} Hydra's grid of Optuna leaves out {lost}, which its "
                    "documentation has"
                )
            return value.native(sweeper.ends)
        if not isinstance(value, dict) or sweeper.ends == "included":
            return value
        # An interval.
        if sweeper.ends == "excluded":
            raise NotHydraError("Hydra's basic sweeper tries choices and ranges, no intervals")
        if not isinstance(value["low"], int) or "log" in value:
            raise NotHydraError("Optuna's grid needs listed values: a choice or a range")
        steps = Steps(value["low"], value["high"], 1)
        self.notes.append(f"{name}: Hydra's grid of Optuna leaves out {value['high']}, the end")
        return steps.native("short")

    def _distribution(self, where: str, name: str, raw: Any, sweeper: Sweeper) -> None:
        """One entry of the older `search_space`; raises as `_param`."""
        if not isinstance(raw, Mapping):
            raise NotHydraError("not a map with a type")
        kind = raw.get("type")
        if not want.one_of(f"{where}.type", kind, TYPES, self.mistakes):
            return
        assert isinstance(kind, str)
        if not want.only(where, raw, TYPES[kind], self.mistakes):
            return
        if kind == "categorical":
            if not isinstance(raw.get("choices"), list):
                raise NotHydraError("choices is not a list")
            self.found[name] = list(raw["choices"])
            return
        step = raw.get("step")
        numbers = ["low", "high", *(["step"] if step is not None else [])]
        if not want.there(where, raw, ["low", "high"], self.mistakes):
            return
        fine = [want.number(f"{where}.{one}", raw[one], self.mistakes) for one in numbers]
        if not all(fine):
            return
        convert = math.trunc if kind == "int" else float
        low, high = convert(raw["low"]), convert(raw["high"])
        if raw.get("log"):
            if step is not None:
                self.notes.append(f"{name}: its step does not count where log does")
            self.found[name] = self._swept(name, {"low": low, "high": high, "log": True}, sweeper)
        elif step is not None or (kind == "int" and sweeper.ends == "short"):
            steps = Steps(low, high, convert(step if step is not None else 1))
            self.found[name] = steps.native(sweeper.ends)
        else:
            self.found[name] = self._swept(name, {"low": low, "high": high}, sweeper)

    def search(self, sweeper: Sweeper) -> None:
        """How it searches; what the file says in our words beside that counts."""
        if sweeper.name is not None:
            self.study.setdefault("name", sweeper.name)
        own = self.study.get("search")
        self.study["search"] = {**sweeper.search, **(own if isinstance(own, dict) else {})}
        if sweeper.trials is None or sweeper.ends != "short":
            return
        cells = math.prod(_size(native) for native in self.found.values())
        if cells > sweeper.trials:
            self.notes.append(
                f"of the grid's {cells} cells Hydra tries n_trials = {sweeper.trials}, in any order, "
                "and says nothing of the others; here all are trained"
            )


def _is_group(name: str) -> bool:
    """Whether a section of ours is of something that has a name."""
    return name in RULES and RULES[name].registry is not None


def _size(native: Any) -> int:
    """Cells along a value of a grid."""
    if isinstance(native, list):
        return len(native)
    steps = 0 if "value" in native else (native["high"] - native["low"]) / native["step"]
    return round(steps) + 1
