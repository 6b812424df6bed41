"""Where a study trains: how many workers, on what."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from interplay.errors import InterplayError
from interplay.study.study import Study


def workers_of(study: Study) -> int:
    """How many processes train at once: as asked, or one a GPU, or one a core."""
    resources = study.resources
    if resources.workers is not None:
        return resources.workers
    if resources.device in ("auto", "cuda") and gpus():
        return gpus()
    return max(1, cores() // resources.cpus_per_worker)


def cores() -> int:
    """Cores this process may use, which in a container or a job are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> int:
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


def resources_of(study: Study, device: str, workers: int) -> dict[str, float]:
    """What Ray sets aside for each worker."""
    resources = {"cpu": float(study.resources.cpus_per_worker)}
    if device == "cuda":
        resources["gpu"] = min(1.0, gpus() / workers)
    return resources
