"""Packs onto Ray Tune: the only place that starts Ray."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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

from interplay.training.members import Member, Row
from interplay.tuning.plan import pack_members
from interplay.tuning.preflight import failed_row
from interplay.tuning.worker import Context, PackTrainable


@contextmanager
def ray_session(workers: int, cpus_per_worker: int) -> Iterator[None]:
    """Ray on this machine for the block; one that runs already is used and left running."""
    logging.getLogger("ray").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield
        return
    ray.init(
        # Never a cluster that a stray RAY_ADDRESS happens to name.
        address="local",
        num_cpus=workers * cpus_per_worker,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    try:
        yield
    finally:
        ray.shutdown()


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
    members: Sequence[Member],
    context: Callable[[list[list[Member]]], Context],
    *,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
) -> None:
    """Train `members`, every one of which is delivered as a row.

    Where a worker dies (out of memory, a crash in native code), the members that it had not
    reported are tried once more, each alone, so that one bad member takes no other with it.

    Args:
        context: makes what workers get from the packs.
        resources: of one worker, as Ray counts them.
        deliver: called on the driver with finished rows, in the order in which they come.
    """
    got: set[str] = set()

    def take(rows: list[Row]) -> None:
        got.update(row.key for row in rows)
        deliver(rows)

    packs = pack_members(members, workers)
    _fit(packs, context(packs), workers, resources, take)
    packs = [[m] for m in members if m.key not in got]
    if packs:
        errors = _fit(packs, context(packs), workers, resources, take)
        lost = [
            failed_row(pack[0], errors.get(i, "the worker died"))
            for i, pack in enumerate(packs)
            if pack[0].key not in got
        ]
        if lost:
            take(lost)


def _fit(
    packs: list[list[Member]],
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
