"""What a run folder says of its study: as written, as understood, and with what."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interplay.errors import shown
from interplay.search import METHODS
from interplay.search.optuna.stores import without_password
from interplay.space.domains import Float, Int, Law
from interplay.study.sections import RULES
from interplay.study.settings import SECTIONS
from interplay.study.study import Study
from interplay.training.schedules import with_horizon
from interplay.tuning.devices import cores
from interplay.tuning.plan import Plan


def describe(plan: Plan) -> dict[str, Any]:
    """What the run folder says of the study: as written, as understood, and with what."""
    study, heatmap = plan.study, plan.study.heatmap
    return {
        "format": 1,
        "name": study.name,
        "study": {k: _shown(v) if k == "search" else v for k, v in study.tables.items()},
        "space": study.space.to_json(),
        "rules": [rule.text for rule in study.space.rules],
        # Whether other combinations of the hyperparameters' values are no cells.
        "closed": not study.space.plain and METHODS.get(study.search.method).on_grid,
        "varied": list(study.space.varied),
        "levels": _levels(study),
        "logs": {
            name: domain.log
            for name, domain in study.space.domains.items()
            if isinstance(domain, (Float, Int, Law))
        },
        "metric": plan.metric,
        "mode": plan.mode,
        "heatmap": heatmap.model_dump() if heatmap else None,
        "best": study.best.model_dump(),
        "task": next((d.task for d in plan.datasets.values()), None),
        "epochs": study.epochs,
        # Under these, epoch k of runs of different lengths is not the same.
        "schedule_horizon": list(with_horizon()),
        "seeds": study.seeds,
        "folds": study.settings.folds,
        "repeats": study.settings.repeats,
        "search": _shown(study.search.flat()),
        "data": {
            d.name: {"digest": d.digest, "rows": len(d.inputs), "shape": d.inputs.shape[1:]}
            for d in plan.datasets.values()
        },
        # Where code of the user's own is looked for.
        "folders": [str(folder) for folder in study.folders],
        "starts": {name: start.digest for name, start in plan.starts.items()},
        "versions": _versions(),
    }


ASIDE = ("name", "heatmap", "best", "resources", "tracking")
"""What may be asked otherwise without a training being another."""


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two studies, as written, ask differently: "epochs 20 → 5"."""
    old, new = ({k: v for k, v in _flat(study) if k not in ASIDE} for study in (before, now))
    return [
        f"{key} {_told(old, key)} → {_told(new, key)}"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _flat(study: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in study.items():
        if isinstance(value, Mapping) and key in (*SECTIONS, *RULES) and key not in ASIDE:
            yield from ((f"{key}.{inner}", own) for inner, own in value.items())
        else:
            yield key, value


def _told(study: Mapping[str, Any], key: str) -> str:
    return shown(study[key]) if key in study else "(not given)"


def _shown(search: Mapping[str, Any]) -> dict[str, Any]:
    """[search] as a run folder may show it: a store's password is not for its readers."""
    url = search.get("storage")
    return {**search, "storage": without_password(url)} if isinstance(url, str) else dict(search)


def _levels(study: Study) -> dict[str, list[Any]]:
    """The values that each varied hyperparameter may take, in the order given, where they are few."""
    found = {name: study.space.levels(name) for name in study.space.varied}
    return {name: levels for name, levels in found.items() if levels is not None}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": sys.platform, "machine": machine()}
    for package in ("interplay", "torch", "ray", "mltrainer", "mads_datasets", "numpy", "pandas"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """The processor's name, and how many of its cores this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")  # Linux tells the model nowhere else
    if info.is_file():
        lines = [
            line
            for line in info.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        name = lines[0].partition(":")[2].strip() if lines else name
    return f"{name}, {cores()} cores"
