"""Packs onto Ray Tune, and their rows back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from interplay.tuning import session  # noqa: F401  (before ray: what it reads when imported)

from ray import tune  # isort: skip

from interplay.training.members import Row
from interplay.tuning.packs import Pack
from interplay.tuning.preflight import failed_row
from interplay.tuning.worker import Context, PackTrainable


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
