"""What [search] compares: a metric, or several in one, each with the way in which it is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interplay.combination import RULES, Combination, combination_of
from interplay.data import DATASETS
from interplay.errors import Mistake, nearest
from interplay.kinds import Task
from interplay.metrics import Mode, metrics_of, mode_of
from interplay.space.domains import Choice, Constant
from interplay.space.space import Space

RULE = "multi_score"
WAYS: dict[str, Mode] = {"higher": "max", "lower": "min"}


def read_metric(table: Mapping[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    """`metric`, and `mode` where that follows, of what [search] says.

    A list is a combination's name, of which more is always better; so is `f1:higher` f1 with its
    mode. Of one metric the rule makes nothing else.
    """
    metric, rule = table.get("metric"), table.get(RULE, "harmonic")
    if rule not in RULES:
        allowed, near = ", ".join(RULES), nearest(rule, RULES)
        mistakes.append(Mistake(f"search.{RULE}", "no such rule", rule, allowed, near))
        rule = "harmonic"
    if isinstance(metric, str):
        metric, colon, way = metric.rpartition(":") if _says_way(metric) else (metric, "", "")
        return {"metric": metric, **_mode(table, WAYS[way], mistakes)} if colon else {}
    if not isinstance(metric, list):
        return {}
    if not metric or not all(isinstance(one, str) and one for one in metric):
        mistakes.append(Mistake("search.metric", "no list of names", metric, "names of metrics"))
        return {"metric": ""}
    parts: list[tuple[str, bool]] = []
    for one in metric:
        name, _, way = one.rpartition(":") if _says_way(one) else (one, "", "")
        mode = WAYS[way] if way else mode_of(name)
        if mode is None:
            reason = "which way is it better? Its name does not say"
            mistakes.append(Mistake("search.metric", reason, one, f"{name}:higher, {name}:lower"))
        elif name in (known for known, _ in parts):
            mistakes.append(Mistake("search.metric", "the same metric twice", name, "each once"))
        parts.append((name, mode == "min"))
    if len(parts) == 1:
        return {"metric": parts[0][0], **_mode(table, "min" if parts[0][1] else "max", mistakes)}
    combined = Combination(rule, tuple(parts))
    return {"metric": combined.name, **_mode(table, "max", mistakes)}


def _says_way(metric: str) -> bool:
    return metric.rpartition(":")[2] in WAYS and ":" in metric


def _mode(table: Mapping[str, Any], mode: Mode, mistakes: list[Mistake]) -> dict[str, Any]:
    """The mode that follows from the metrics, which search.mode does not contradict."""
    if table.get("mode") not in (None, mode):
        reason = f"contradicts search.metric, which is better {'high' if mode == 'max' else 'low'}"
        mistakes.append(Mistake("search.mode", reason, table["mode"], mode))
    return {"mode": mode}


def check_metric(metric: str, space: Space, mistakes: list[Mistake]) -> None:
    """Against the task of data known by name; a builder's is known once it has loaded."""
    domain = space.domains.get("data.name")
    if not metric or not isinstance(domain, (Constant, Choice)):
        return
    for name in domain.grid():
        if name in DATASETS and not DATASETS.get(name).any_task:
            mistakes += metrics_lacking(metric, DATASETS.get(name).task)


def metrics_lacking(metric: str, task: Task) -> list[Mistake]:
    """A mistake for each metric, of one or of several in one, that a task does not have."""
    combined, known = combination_of(metric), metrics_of(task)
    return [
        Mistake(
            "search.metric",
            f"{task} has no such metric",
            one,
            ", ".join(known),
            nearest(one, known),
        )
        for one in ((metric,) if combined is None else combined.metrics)
        if one not in known
    ]
