"""What Keras Tuner left on disk of a trial, and the space that its trials were drawn from.

Its own versions differ in what they keep of a trial: up to 1.0 each epoch of each execution, since
then one value a metric (keras_tuner/engine/tuner_utils.py, `convert_to_metrics_dict`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interplay.errors import TableError
from interplay.results.sources.known import levels_of
from interplay.results.sources.texts import read_json
from interplay.table.statuses import status_of

Space = Mapping[str, Sequence[Mapping[str, Any]]]
"""By name the ways in which a hyperparameter was registered, each with its `class_name`."""
KINDS = ("Int", "Float", "Choice", "Boolean", "Fixed")
SCALES = {"log": True, "linear": False, "None": False}


class Trial:
    """What is on record of a trial.

    Attributes:
        state: as Keras Tuner has it.
        values: its hyperparameters.
        histories: of each metric (step, value of each execution).
    """

    def __init__(self, file: Path) -> None:
        self.state = read_json(file)
        self.name = str(self.state.get("trial_id", file.parent.name.removeprefix("trial_")))
        try:
            self.values: Mapping[str, Any] = dict(self.state["hyperparameters"]["values"])
            found = self.state["metrics"]["metrics"]
            self.directions = {name: history["direction"] for name, history in found.items()}
            self.histories = {
                name: [(seen["step"] or 0, _numbers(seen["value"])) for seen in one["observations"]]
                for name, one in found.items()
            }
        except (KeyError, TypeError, ValueError, AttributeError):
            raise TableError(
                f"{file} is no trial of Keras Tuner's: it lacks values of hyperparameters, or "
                "observations of metrics"
            ) from None

    @property
    def executions(self) -> int:
        """How often it was trained, as far as is on record."""
        counts = [len(values) for seen in self.histories.values() for _, values in seen]
        return max([1, *counts])

    @property
    def score(self) -> float:
        """The objective's best value; NaN where there is none."""
        score = self.state.get("score")
        return float(score) if isinstance(score, (int, float)) else math.nan

    def best(self, metric: str) -> float:
        """Its best value, as Keras Tuner scores a trial: of the means over executions."""
        means = [np.mean(values) for _, values in self.histories.get(metric, ()) if values]
        if not means or np.isnan(means).all():
            return math.nan
        return float(np.nanmax(means) if self.directions[metric] == "max" else np.nanmin(means))

    def ending(self) -> tuple[str, str | None]:
        """Its status and its error."""
        word = self.state.get("status")
        status = status_of(word) or str(word)
        if status != "failed":
            return status, None
        if isinstance(self.state.get("score"), float) and math.isnan(self.score):
            return "diverged", None  # which Keras Tuner takes for a failure
        lines = str(self.state.get("message") or "").split("\n")
        return status, next((line.strip() for line in reversed(lines) if line.strip()), None)

    def settings(self, space: Space) -> Iterator[tuple[str, Any]]:
        """Its hyperparameters, without those that a condition of theirs leaves out."""
        for name, value in self.values.items():
            ways = space.get(name, ())
            if not ways or any(all(map(self._holds, way.get("conditions", ()))) for way in ways):
                yield name, value

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition is met; one of a kind that is not known here leaves nothing out."""
        told = condition.get("config", {})
        values = told.get("values")
        return not isinstance(values, list) or self.values.get(told.get("name")) in values


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in (values if isinstance(values, list) else [values])]


def space_of(*registered: Any) -> Space:
    """All that was registered, from hyperparameters as Keras Tuner writes them."""
    space: dict[str, list[Mapping[str, Any]]] = {}
    for one in registered:
        entries = one.get("space") if isinstance(one, Mapping) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("config"), Mapping):
                way = {"class_name": entry.get("class_name"), **entry["config"]}
                ways = space.setdefault(str(way.get("name")), [])
                ways += [] if way in ways else [way]
    return space


def order_of(ways: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """The values that a hyperparameter can take, in order, where they are few."""
    kinds = {way["class_name"] for way in ways}
    if kinds == {"Boolean"}:
        return (False, True)
    if kinds and kinds <= {"Choice", "Fixed"}:
        lists = [way.get("values", [way.get("value")]) for way in ways]
        found = [value for values in lists if isinstance(values, list) for value in values]
        return tuple(dict.fromkeys(v for v in found if isinstance(v, (str, int, float))))
    ranges = [_range(way) for way in ways]
    if not kinds <= {"Int", "Float"} or scale_of(ways) is None or None in ranges:
        return ()
    return levels_of([found for found in ranges if found], factors=bool(scale_of(ways)))


def _range(way: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """Lowest and highest value of numbers in steps, and the step; None where there are no such."""
    log = _scale(way)
    whole = 1 if way["class_name"] == "Int" and not log else None
    told = (way.get("min_value"), way.get("max_value"), way.get("step") or whole)
    numbers = [number for number in told if isinstance(number, (int, float))]
    if len(numbers) < len(told):
        return None
    low, high, step = numbers
    steps = step > bool(log) and (low > 0 or not log)
    return (low, high, step) if steps and low <= high else None


def scale_of(ways: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether a hyperparameter's scale is logarithmic; None where it has none that is known."""
    scales = {_scale(way) if "min_value" in way else None for way in ways}
    return scales.pop() if len(scales) == 1 else None


def _scale(way: Mapping[str, Any]) -> bool | None:
    return SCALES.get(str(way.get("sampling")))
