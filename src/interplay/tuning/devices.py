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
    if takes_gpu(study) and gpus():
        return gpus()
    return max(1, cores() // resources.cpus_per_worker)


def takes_gpu(study: Study) -> bool:
    """Whether workers are given CUDA devices where there are any: a user's function, of which
    nobody knows what it computes on, only where the study asks for them."""
    asked = study.resources.device
    return asked == "cuda" or (asked == "auto" and study.function is None)


def device_of(study: Study) -> str:
    """The device that the study's workers compute on.

    Raises:
        InterplayError: where the one asked for is not on this machine.
    """
    asked = study.resources.device
    return "cpu" if asked == "auto" and not takes_gpu(study) else find_device(asked)


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
    """The device asked for; under auto cuda where it is there, else cpu.

    An Apple GPU must be asked for: it has no double precision, and networks as small as those of
    most studies are faster without it.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if asked == "auto":
        return "cuda" if there["cuda"] else "cpu"
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
