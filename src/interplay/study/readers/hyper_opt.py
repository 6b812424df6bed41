"""A run configuration in which any value may be `hyper_opt`, as Optuna suggests it.

model: {
  num_heads: {hyper_opt: {suggest: "int", params: {low: 2, high: 8, step: 2}}},
  hidden_size: {hyper_opt: {
    suggest: "int", params: {low: 2, high: 8},
    dependency: {type: "multiply", on: "model.num_heads"}}},
  dropout: 0.1,
}

Source: `asme/core/init/templating/search` of LSX-UniWue's recsys-22-user-attributes-recommender, its
documentation, and Optuna's `Trial`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import Reading
from interplay.study.readers import wanted as want
from interplay.study.readers.hyper_opt_links import link
from interplay.study.readers.optuna_suggest import read_suggest
from interplay.study.sections import RULES
from interplay.study.settings import Settings

KEY = "hyper_opt"
ASKED = ("suggest", "params", "dependency", "depends_on")
TRIALS = 20
"""What its command line tries where it is not told."""
MOST = 10_000
"""Values of one configuration that are looked at."""


def recognises(tables: Mapping[str, Any]) -> bool:
    """Whether something in it is `hyper_opt`."""
    return _holds(tables, {})


def _holds(value: Any, known: dict[int, bool]) -> bool:
    """Whether `hyper_opt` is a value, or somewhere in it."""
    if not isinstance(value, (Mapping, list)):
        return False
    if id(value) not in known:
        known[id(value)] = isinstance(value, Mapping) and KEY in value
        inner = value.values() if isinstance(value, Mapping) else value
        known[id(value)] |= any(_holds(item, known) for item in inner)
    return known[id(value)]


def read(tables: Mapping[str, Any], mistakes: list[Mistake]) -> Reading:
    """What a run configuration says."""
    notes: list[str] = []
    walk = _Walk(mistakes, notes)
    study = {key: tables[key] for key in Settings.model_fields if key in tables}
    study = {key: value for key, value in study.items() if not _holds(value, {})}
    if KEY in tables:
        mistakes.append(Mistake(KEY, "at the top, where it is the value of no name"))
    rest = {key: value for key, value in tables.items() if key not in study and key != KEY}
    walk.through("", rest.items(), direct=walk.is_direct(rest.values()))
    found = {name: read_suggest(name, raw, mistakes) for name, raw in walk.asked.items()}
    values = {name: value for name, value in found.items() if value is not None}
    if not mistakes:
        link(values, walk.asked, walk.constants, mistakes, notes)
    order = {name: (values | walk.constants).get(name) for name in walk.names}
    _epochs(tables, study, notes)
    varied = any("value" not in value for value in values.values())
    study["search"] = _search(study.get("search"), varied, notes)
    if walk.left:
        told = ", ".join(walk.left[:20]) + (", …" if len(walk.left) > 20 else "")
        notes.append(f"not beside a hyper_opt, so nothing of it goes to the model here: {told}")
    found = {name: value for name, value in order.items() if value is not None}
    return Reading("Optuna, in a run configuration", found, study, tuple(notes))


class _Walk:
    """The way through a configuration; names are dotted paths, in the file's order.

    Attributes:
        asked: what stands under `hyper_opt`, by the name of its value.
        constants: plain values that are handed over together with one that is suggested.
        left: names of what is not.
    """

    def __init__(self, mistakes: list[Mistake], notes: list[str]) -> None:
        self.asked: dict[str, Mapping[str, Any]] = {}
        self.constants: dict[str, Any] = {}
        self.left: list[str] = []
        self.names: list[str] = []
        self._known: dict[int, bool] = {}
        self._mistakes, self._notes = mistakes, notes

    def is_direct(self, values: Iterable[Any]) -> bool:
        """Whether one of the values is suggested itself."""
        return any(isinstance(value, Mapping) and KEY in value for value in values)

    def through(self, prefix: str, items: Iterable[tuple[Any, Any]], direct: bool) -> None:
        for key, value in items:
            name = f"{prefix}{key}"
            self.names.append(name)
            if len(self.names) > MOST:
                if len(self.names) == MOST + 1:
                    reason = f"more than {MOST:,} values in a configuration"
                    self._mistakes.append(Mistake(name, reason))
                return
            if isinstance(value, Mapping) and KEY in value:
                self._suggested(name, value)
            elif _holds(value, self._known):
                inner = dict(value) if isinstance(value, Mapping) else dict(enumerate(value))
                if isinstance(value, list) and self.is_direct(value):
                    self._notes.append(
                        f"{name} is a list; asme itself finds hyper_opt in maps only"
                    )
                ours = not prefix and key in RULES
                self.through(f"{name}.", inner.items(), ours or self.is_direct(inner.values()))
            elif not prefix and key in RULES and isinstance(value, Mapping):
                self.through(f"{name}.", value.items(), direct=True)
            elif direct and (prefix or not isinstance(value, Mapping)):
                self.constants[name] = {"value": value}
            else:
                self.left.append(name)

    def _suggested(self, name: str, value: Mapping[Any, Any]) -> None:
        for other in value:
            if other != KEY:
                reason = "beside hyper_opt, where asme drops it or not by their order"
                self._mistakes.append(Mistake(f"{name}.{other}", reason))
        raw = value[KEY]
        if not isinstance(raw, Mapping):
            allowed = '{suggest: "int", params: {low: 1, high: 8}}'
            self._mistakes.append(Mistake(f"{name}.{KEY}", "not a map", raw, allowed))
        elif want.only(f"{name}.{KEY}", raw, ASKED, self._mistakes):
            self.asked[name] = raw


def _epochs(tables: Mapping[str, Any], study: dict[str, Any], notes: list[str]) -> None:
    """asme's budget is its trainer's."""
    trainer = tables.get("trainer")
    epochs = trainer.get("max_epochs") if isinstance(trainer, Mapping) else None
    if "epochs" not in study and isinstance(epochs, int) and epochs > 0:
        study["epochs"] = epochs
        notes.append(f"trainer.max_epochs of {epochs}: here every cell trains as long")


def _search(given: Any, varied: bool, notes: list[str]) -> Any:
    """Optuna's own, as asme's command line begins it, where the file says nothing else."""
    if given is not None and (not isinstance(given, Mapping) or "method" in given):
        return given
    given = given or {}
    if not varied:
        return {"method": "single", **given}
    if "trials" not in given:
        notes.append(
            f"how many settings are tried is on asme's command line, {TRIALS} unless it says "
            "otherwise, and so is the direction, maximize: search.trials, search.metric, search.mode"
        )
    return {"method": "optuna", "trials": TRIALS, **given}
