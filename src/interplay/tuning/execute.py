"""A study from question to finished ledger: plan, what is missing, preflight, train, keep."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError
from interplay.results import Results
from interplay.space.domains import Float, Int, NoGridError
from interplay.store import Ledger
from interplay.study import Study
from interplay.training.members import Row
from interplay.tuning.plan import Plan, make_plan, pack_members
from interplay.tuning.progress import StudyProgress


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: what was finished is kept in `folder`."""

    def __init__(self, folder: Path, done: int, total: int) -> None:
        self.folder, self.done, self.total = folder, done, total
        super().__init__(
            f"interrupted; {done} of {total} members are finished and kept in {folder}; "
            "the same command goes on from there"
        )


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        trained: members trained now.
        kept: members that were there already.
        failed: members of the study that are failed, now or still.
        seconds: of the whole run.
    """

    results: Results
    trained: int
    kept: int
    failed: int
    seconds: float


def run_folder(study: Study, out: str | Path | None) -> Path:
    """Where a study's run is kept."""
    return Path(out) if out is not None else Path("runs") / study.name


def run(study: Study, out: str | Path | None = None, *, progress: bool = True) -> Results:
    """Train what `study` asks for and is not there yet, and return its results.

    Args:
        out: the run folder; runs/<name> where left out.
        progress: show a progress bar on stderr.

    Raises:
        InterplayError: where the study and the folder, the data, or the models do not work.
    """
    return execute(study, out, progress=progress).results


def execute(study: Study, out: str | Path | None = None, *, progress: bool = True) -> Outcome:
    """As `run`, and what it did."""
    started = time.monotonic()
    ledger = Ledger(run_folder(study, out)).create()
    with ledger.lock():
        plan = make_plan(study)
        ledger.compact()
        finished = ledger.finished()
        missing = plan.sort([m for m in plan.members if m.key not in finished])
        device = _device(study.resources.device) if missing else "none"
        if missing:
            _train(plan, ledger, missing, device, progress)
        else:
            ledger.write_study(describe(plan), plan.members)
    results = Results.load(ledger.folder)
    failed = int((results.frame["status"] == "failed").sum())
    kept = len(plan.members) - len(missing)
    return Outcome(results, len(missing), kept, failed, time.monotonic() - started)


def _train(plan: Plan, ledger: Ledger, missing: list[Any], device: str, progress: bool) -> None:
    from interplay.tuning.preflight import failed_row, preflight

    # Before the study is written: a study that cannot run leaves the folder as it was.
    checked = preflight(plan, missing)
    ledger.write_study(describe(plan), plan.members)
    doomed = [(m, checked.reason(m.config)) for m in missing]
    rows = [failed_row(m, reason) for m, reason in doomed if reason is not None]
    ledger.append(rows)
    todo = [m for m, reason in doomed if reason is None]

    from interplay.tuning.run import ray_session, train_on_ray
    from interplay.tuning.worker import Context

    resources = plan.study.resources
    workers = max(1, min(workers_of(plan.study, device), len(todo)))
    bar = StudyProgress(
        len(missing), plan.metric, plan.mode, plan.study.space.varied, show=progress
    )
    if rows:
        bar.add(rows)
    if not todo:
        bar.close()
        return

    def deliver(rows: list[Row]) -> None:
        ledger.append(rows)
        bar.add(rows)

    per_worker = {"cpu": float(resources.cpus_per_worker)}
    if device == "cuda":
        per_worker["gpu"] = min(1.0, _gpus() / workers)
    try:
        with ray_session(workers, resources.cpus_per_worker):
            bar.begin()
            train_on_ray(
                todo,
                lambda packs: Context(
                    packs, plan.datasets, plan.study.folders, device, resources.cpus_per_worker
                ),
                workers=workers,
                resources=per_worker,
                deliver=deliver,
            )
    except KeyboardInterrupt:
        kept = len(plan.members) - len(missing)
        raise Interrupted(ledger.folder, kept + bar.done, len(plan.members)) from None
    finally:
        bar.close()


def workers_of(study: Study, device: str) -> int:
    """How many processes train at once."""
    resources = study.resources
    if resources.workers is not None:
        return resources.workers
    if device == "cuda":
        return _gpus()
    return max(1, _cores() // resources.cpus_per_worker)


def _cores() -> int:
    """Cores this process may use, which in a container or a job are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus() -> int:
    import torch

    return max(1, torch.cuda.device_count())


def _device(asked: str) -> str:
    """The device asked for; under auto cuda, then mps, then cpu."""
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if asked == "auto":
        return next(name for name, available in there.items() if available)
    if not there[asked]:
        names = ", ".join(name for name, available in there.items() if available)
        raise InterplayError(f"resources.device = {asked!r}: not on this machine; it has {names}")
    return asked


def describe(plan: Plan) -> dict[str, Any]:
    """What the run folder says of the study: as written, as understood, and with what."""
    study, heatmap = plan.study, plan.study.heatmap
    return {
        "format": 1,
        "name": study.name,
        "study": study.tables,
        "space": study.space.to_json(),
        "varied": list(study.space.varied),
        "levels": _levels(study),
        "logs": {n: d.log for n, d in study.space.domains.items() if isinstance(d, (Float, Int))},
        "metric": plan.metric,
        "mode": plan.mode,
        "heatmap": heatmap.model_dump() if heatmap else None,
        "task": next(iter(plan.datasets.values())).task,
        "epochs": study.epochs,
        "seeds": study.seeds,
        "folds": study.settings.folds,
        "search": study.search.model_dump(),
        "data": {
            d.name: {"digest": d.digest, "rows": len(d.inputs), "shape": d.inputs.shape[1:]}
            for d in plan.datasets.values()
        },
        "versions": _versions(),
    }


def _levels(study: Study) -> dict[str, list[Any]]:
    """The values that each varied hyperparameter may take, in the order given, where they are few."""
    levels = {}
    for name in study.space.varied:
        try:
            levels[name] = study.space.domains[name].grid()
        except NoGridError:
            continue  # a continuous range, drawn from at random
    return levels


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": sys.platform}
    for package in ("interplay", "torch", "ray", "mltrainer", "mads_datasets", "numpy", "pandas"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def dry_run(study: Study, out: str | Path | None = None) -> dict[str, Any]:
    """What a run would do: cells, members, how many are there already, packs. Trains nothing."""
    plan = make_plan(study)
    ledger = Ledger(run_folder(study, out))
    finished = ledger.finished() if (ledger.folder / "rows").is_dir() else set()
    missing = plan.sort([m for m in plan.members if m.key not in finished])
    workers = min(workers_of(study, _device(study.resources.device)), max(1, len(missing)))
    packs = pack_members(missing, workers)
    return {
        "folder": str(ledger.folder),
        "cells": len(plan.cells),
        "members": len(plan.members),
        "finished": len(plan.members) - len(missing),
        "missing": len(missing),
        "workers": workers,
        "packs": [len(pack) for pack in packs],
    }
