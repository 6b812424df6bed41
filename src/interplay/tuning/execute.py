"""A study from question to finished ledger: plan, what is missing, preflight, train, keep."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError
from interplay.results import Results
from interplay.space.domains import Float, Int, NoGridError
from interplay.store import Ledger
from interplay.study import Study
from interplay.training.members import Member, Row
from interplay.tuning.packs import Pack, make_packs
from interplay.tuning.plan import Plan, make_groups, make_plan
from interplay.tuning.progress import StudyProgress
from interplay.tuning.session import RaySession


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
        tried: members that were missing, and tried now.
        trained: those of them that did not fail.
        kept: members that were there already.
        failed: members of the study that are failed, now or still.
        seconds: of the whole run.
    """

    results: Results
    tried: int
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
    with ledger.lock(), RaySession(workers_of(study), study.resources.cpus_per_worker) as session:
        ledger.compact()
        finished = ledger.finished()
        if not finished:
            session.begin()  # there will be something to train
        plan = make_plan(study)
        missing = plan.sort([m for m in plan.members if m.key not in finished])
        if missing:
            session.begin()
            _train(plan, ledger, missing, session, progress)
        else:
            ledger.write_study(describe(plan), plan.members)
    results = Results.load(ledger.folder)
    failed = int((results.frame["status"] == "failed").sum())
    kept = len(plan.members) - len(missing)
    seconds = time.monotonic() - started
    return Outcome(results, len(missing), len(missing) - failed, kept, failed, seconds)


def _train(
    plan: Plan, ledger: Ledger, missing: list[Member], session: RaySession, progress: bool
) -> None:
    from interplay.tuning.preflight import failed_row
    from interplay.tuning.run import train_on_ray
    from interplay.tuning.worker import Context

    resources = plan.study.resources
    bar: StudyProgress | None = None
    try:
        # Before the study is written: a study that cannot run leaves the folder as it was.
        device = find_device(resources.device)
        packs, unbuildable = pack_up(plan, missing)
        ledger.write_study(describe(plan), plan.members)
        bar = StudyProgress(
            len(missing), plan.metric, plan.mode, plan.study.space.varied, show=progress
        )

        def deliver(rows: list[Row]) -> None:
            ledger.append(rows)
            bar.add(rows)

        if unbuildable:
            deliver([failed_row(member, reason) for member, reason in unbuildable])
        if packs:
            session.ready()
            bar.begin()
            per_worker = {"cpu": float(resources.cpus_per_worker)}
            if device == "cuda":
                per_worker["gpu"] = min(1.0, _gpus() / session.workers)
            threads = resources.cpus_per_worker
            train_on_ray(
                packs,
                lambda packs: Context(packs, plan.datasets, plan.study.folders, device, threads),
                workers=min(session.workers, len(packs)),
                resources=per_worker,
                deliver=deliver,
            )
    except KeyboardInterrupt:
        done = len(plan.members) - len(missing) + (bar.done if bar else 0)
        raise Interrupted(ledger.folder, done, len(plan.members)) from None
    finally:
        if bar is not None:
            bar.close()


def pack_up(plan: Plan, missing: Sequence[Member]) -> tuple[list[Pack], list[tuple[Member, str]]]:
    """`missing` as packs for workers; and those whose model cannot be built, with the reason."""
    from interplay.tuning.preflight import preflight

    checked = preflight(plan, missing)
    reasons = [(member, checked(member.config).reason) for member in missing]
    todo = [member for member, reason in reasons if reason is None]
    packs = make_packs(make_groups(plan, todo, checked), workers_of(plan.study))
    return packs, [(member, reason) for member, reason in reasons if reason is not None]


def workers_of(study: Study) -> int:
    """How many processes train at once: as asked, or one a GPU, or one a core."""
    resources = study.resources
    if resources.workers is not None:
        return resources.workers
    if resources.device in ("auto", "cuda") and _gpus():
        return _gpus()
    return max(1, _cores() // resources.cpus_per_worker)


def _cores() -> int:
    """Cores this process may use, which in a container or a job are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus() -> int:
    """How many CUDA devices there are; without importing torch where there can be none."""
    if shutil.which("nvidia-smi") is None and not Path("/dev/nvidia0").exists():
        return 0
    import torch

    return torch.cuda.device_count()


def find_device(asked: str) -> str:
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
    packs, unbuildable = pack_up(plan, missing)
    return {
        "folder": str(ledger.folder),
        "cells": len(plan.cells),
        "members": len(plan.members),
        "finished": len(plan.members) - len(missing),
        "missing": len(missing),
        "unbuildable": len(unbuildable),
        "workers": min(workers_of(study), max(1, len(packs))),
        "packs": [len(pack.members) for pack in packs],
        "engines": sorted({pack.engine for pack in packs}),
    }
