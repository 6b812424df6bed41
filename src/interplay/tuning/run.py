"""Packs onto Ray Tune: the only place that starts Ray."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

# Read when ray is imported: no banners, no usage reports, the working folder kept, no loggers
# that would write every row again, and Ctrl-C for us to handle.
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
from ray import tune

from interplay.training.members import Row
from interplay.tuning.packs import Pack
from interplay.tuning.preflight import failed_row
from interplay.tuning.worker import Context, PackTrainable

# glibc would give the memory of every step back to the system and fetch it again, page by page:
# a step of a convolutional net takes half as long without. Other systems ignore these.
WORKERS_ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
}


class RaySession:
    """Ray on this machine, started and stopped beside other work; one that runs already is used
    and left running.

    Starting takes seconds of waiting; meanwhile the driver builds models and plans. Use as a
    context, which begins at once, and call `ready` before Tune.

    Args:
        workers: processes that train at once.
        cpus_per_worker: cores of each.
    """

    def __init__(self, workers: int, cpus_per_worker: int) -> None:
        self.workers, self.cpus = workers, cpus_per_worker
        self._there, self._over = threading.Event(), threading.Event()
        self._own = False
        self._error: BaseException | None = None

    def __enter__(self) -> RaySession:
        # The thread lives as long as Ray: Linux kills Ray's processes with the thread that began
        # them. A daemon, so that it cannot keep a broken interpreter alive.
        threading.Thread(target=self._live, name="ray", daemon=True).start()
        return self

    def ready(self) -> None:
        """Wait until Ray is there.

        Raises:
            Exception: whatever kept it from starting.
        """
        self._there.wait()
        if self._error is not None:
            raise self._error

    def __exit__(self, *exception: object) -> None:
        self._there.wait()
        if self._own:
            ray.shutdown()
        self._over.set()

    def _live(self) -> None:
        try:
            logging.getLogger("ray").setLevel(logging.ERROR)
            if not ray.is_initialized():
                self._own = True
                # Inherited by Ray's processes; a runtime environment would cost a second more.
                for name, value in WORKERS_ENVIRONMENT.items():
                    os.environ.setdefault(name, value)
                ray.init(
                    # Never a cluster that a stray RAY_ADDRESS happens to name.
                    address="local",
                    num_cpus=self.workers * self.cpus,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except BaseException as error:
            self._error = error
        self._there.set()
        self._over.wait()


class _Deliver(tune.Callback):
    """Hands every reported row to the driver.

    Tune pickles and copies its callbacks; a driver's open files and locks are neither. So the
    callback knows only a number, and the function stays here.
    """

    receivers: ClassVar[dict[int, Callable[[list[Row]], None]]] = {}

    def __init__(self, deliver: Callable[[list[Row]], None]) -> None:
        self.number = len(self.receivers)
        self.receivers[self.number] = deliver

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        del iteration, trials, trial, info
        self.receivers[self.number](result["rows"])


def train_on_ray(
    packs: Sequence[Pack],
    context: Callable[[list[Pack]], Context],
    *,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
) -> None:
    """Train all members of `packs`, every one of which is delivered as a row.

    Where a worker dies (killed for its memory, a crash in native code), what it had not reported
    is tried again in smaller packs, down to single members, so that one bad member takes no other
    with it.

    Args:
        context: makes what workers get from the packs.
        resources: of one worker, as Ray counts them.
        deliver: called on the driver with finished rows, in the order in which they come.
    """
    got: set[str] = set()

    def take(rows: list[Row]) -> None:
        got.update(row.key for row in rows)
        deliver(rows)

    todo = list(packs)
    while todo:
        errors = _fit(todo, context(todo), workers, resources, take)
        smaller: list[Pack] = []
        for i, pack in enumerate(todo):
            lost = tuple(member for member in pack.members if member.key not in got)
            if lost and len(pack.members) == 1:
                take([failed_row(lost[0], errors.get(i, "the worker died"))])
            elif lost:
                smaller += Pack(lost, pack.engine).halves()
        todo = smaller


def _fit(
    packs: list[Pack],
    context: Context,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
) -> dict[int, str]:
    """One Tune run, a trial a pack; returns the error of every pack that had one."""
    storage = tempfile.mkdtemp(prefix="ip-ray-")
    try:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(PackTrainable, context=context), resources),
            param_space={"pack": tune.grid_search(list(range(len(packs))))},
            tune_config=tune.TuneConfig(
                reuse_actors=True,  # a new process would import torch again for every pack
                max_concurrent_trials=workers,
                trial_dirname_creator=lambda trial: trial.trial_id,  # Windows: short paths
            ),
            run_config=tune.RunConfig(
                name="run",
                storage_path=storage,
                verbose=0,
                callbacks=[_Deliver(deliver)],
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        results = tuner.fit()
        errors = {}
        for i in range(len(results)):
            result = results[i]
            if result.error is not None and result.config:
                words = str(result.error).strip().splitlines()
                errors[int(result.config["pack"])] = words[-1][:500] if words else "worker died"
        return errors
    finally:
        shutil.rmtree(storage, ignore_errors=True)
