"""Packs onto Ray Tune, and their rows back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, ClassVar

from interplay.tuning import before_ray  # noqa: F401

from ray import tune  # isort: skip
from ray.tune.schedulers import TrialScheduler  # isort: skip
from ray.tune.search import Searcher  # isort: skip

from interplay.training.members import Row
from interplay.tuning.packs import Pack, train_all
from interplay.tuning.search.scheduler import ScanTrainable
from interplay.tuning.worker import Context, PackTrainable


class _Deliver(tune.Callback):
    """Hands every reported row to the driver.

    Tune pickles and copies its callbacks; a driver's open files and locks are neither. So the
    callback knows only a number, and the function stays here.

    Args:
        at_end: rows are those so far, which count when their trial ends.
    """

    receivers: ClassVar[dict[int, Callable[[list[Row]], None]]] = {}  # of runs that go on
    errors: ClassVar[dict[int, Exception]] = {}
    numbers: ClassVar[Iterator[int]] = count()

    def __init__(self, deliver: Callable[[list[Row]], None], at_end: bool) -> None:
        self.number = next(self.numbers)
        self.receivers[self.number] = deliver
        self.at_end = at_end

    def over(self) -> None:
        """Nothing comes any more: the driver's plan and data need not be kept."""
        del self.receivers[self.number]
        error = self.errors.pop(self.number, None)
        if error is not None:
            raise error

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        del iteration, trials, trial, info
        rows = list(result["rows"])
        result["rows"].clear()  # Tune and its schedulers keep every result
        # A scheduler that stops a trial has marked its result as the last one by now.
        if result["done"] or not self.at_end:
            try:
                self.receivers[self.number](rows)
            except Exception as error:  # Tune would take it for the trial's own
                self.errors.setdefault(self.number, error)


class _Silent(tune.ProgressReporter):
    """Says nothing, in place of Tune's own, which in a notebook wipes what the cell has printed."""

    def should_report(self, trials: list[Any], done: bool = False) -> bool:
        del trials, done
        return False

    def report(self, trials: list[Any], done: bool, *sys_info: str) -> None:
        """Never called."""


class _Stop(tune.Stopper):
    """Ends a run whose rows the driver refused."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, *_: Any) -> bool:
        return False

    def stop_all(self) -> bool:
        return self.number in _Deliver.errors


def train_on_ray(
    packs: Sequence[Pack],
    context: Callable[[list[Pack]], Context],
    *,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
) -> None:
    """Train all members of `packs`, every one of which is delivered as a row.

    Args:
        context: makes what workers get from the packs.
        resources: of one worker, as Ray counts them.
        deliver: called on the driver with finished rows, in the order in which they come.
    """

    def fit(packs: list[Pack], take: Callable[[list[Row]], None]) -> dict[int, str]:
        space = {"pack": tune.grid_search(list(range(len(packs))))}
        return _fit(context(packs), workers, resources, take, space=space)

    train_all(packs, fit, deliver)


def search_on_ray(
    rounds: Searcher,
    context: Context,
    *,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
    scheduler: TrialScheduler | None = None,
) -> None:
    """Train the cells that `rounds` suggests, a trial a cell, until it has no more.

    Args:
        scheduler: may stop them between epochs; their members are then delivered as they are.
    """
    _fit(context, workers, resources, deliver, searcher=rounds, scheduler=scheduler)


def _fit(
    context: Context,
    workers: int,
    resources: dict[str, float],
    deliver: Callable[[list[Row]], None],
    *,
    space: dict[str, Any] | None = None,
    searcher: Searcher | None = None,
    scheduler: TrialScheduler | None = None,
) -> dict[int, str]:
    """One Tune run; returns the error of every pack that had one."""
    trainable = PackTrainable if scheduler is None else ScanTrainable
    receiver = _Deliver(deliver, at_end=scheduler is not None)
    storage = tempfile.mkdtemp(prefix="ip-ray-")
    try:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(trainable, context=context), resources),
            param_space=space or {},
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=scheduler,
                num_samples=1 if searcher is None else -1,
                reuse_actors=True,  # a new process would import torch again for every pack
                max_concurrent_trials=workers,
                trial_dirname_creator=lambda trial: trial.trial_id,  # Windows: short paths
            ),
            run_config=tune.RunConfig(
                name="run",
                storage_path=storage,
                verbose=0,
                progress_reporter=_Silent(),
                callbacks=[receiver],
                stop=_Stop(receiver.number),
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        results = tuner.fit()
        errors = {}
        for i in range(len(results)):
            result = results[i]
            if result.error is not None and result.config and "pack" in result.config:
                words = str(result.error).strip().splitlines()
                errors[int(result.config["pack"])] = words[-1][:500] if words else "worker died"
        return errors
    finally:
        shutil.rmtree(storage, ignore_errors=True)
        receiver.over()
