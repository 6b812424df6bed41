"""Sessions without Ray: what drives a run (rounds, book, record, packs, retries) meets real workers
in this process, or trainings that are made up, in whatever order and with whatever deaths."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from interplay.training.members import Member, row_of
from interplay.tuning import before_ray  # noqa: F401
from interplay.tuning.packs import train_all
from interplay.tuning.search.scheduler import ScanTrainable
from interplay.tuning.worker import PackTrainable


class Death(BaseException):
    """A worker's: nothing of it comes back."""


class Kill(BaseException):
    """The driver's own end, as SIGKILL brings it: nobody catches it."""


class Made:
    """A training with made-up curves; all members of a pack go on together."""

    def __init__(self, members: tuple[Member, ...], gives: Callable[[Member], dict[str, list]]):
        self.members, self.curves = members, [gives(member) for member in members]
        self.epoch = 0

    @property
    def total(self) -> int:
        return max(len(values) for curves in self.curves for values in curves.values())

    @property
    def done(self) -> bool:
        return self.epoch >= self.total

    @property
    def rows(self) -> list:
        rows = []
        for member, curves in zip(self.members, self.curves, strict=True):
            status = "complete" if self.done else "stopped"
            so_far = {name: values[: self.epoch] for name, values in curves.items()}
            made = {"engine": "made", "device": "none", "epochs_run": self.epoch}
            rows.append(row_of(member, status, curves=so_far, **made))
        return rows

    def states(self) -> list:
        return [None for _ in self.members]

    def advance(self) -> None:
        self.epoch += 1


class Trial:
    """What Tune's schedulers know a trial by."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id = trial_id


class InProcess:
    """Workers that take turns, a step each.

    Args:
        workers: trials under way at once.
        order: seed of whose turn it is; None: one after the other.
        gives: curves of a member by metric, in place of training it.
        dies: members whose training kills their worker, which loses what it had not reported.
        ends: called with all rows that came in so far, after some did; what it raises is raised in
            the driver.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        order: int | None = None,
        gives: Callable[[Member], dict[str, list]] | None = None,
        dies: Callable[[Member], bool] = lambda member: False,
        ends: Callable[[list], None] = lambda rows: None,
    ) -> None:
        self.workers, self.gives, self.dies, self.ends = workers, gives, dies, ends
        self.random = None if order is None else random.Random(order)
        self.rows: list = []
        self.trials = 0
        self.is_ready = False

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def begin(self) -> None:
        pass

    def ready(self) -> None:
        self.is_ready = True

    def train(self, packs, context, *, workers, resources, deliver) -> None:
        del resources

        def fit(todo, take):
            configs = [{"pack": i} for i in range(len(todo))]
            names = iter(range(len(todo)))
            errors = {}

            def suggest(name):
                return next((configs[i] for i in names), "FINISHED")

            def complete(name, config, result, error):
                if error:
                    errors[config["pack"]] = "the worker died: killed by a test"

            self._drive(PackTrainable, context(todo), workers, suggest, complete, take)
            return errors

        train_all(packs, fit, deliver)

    def search(self, rounds, context, *, workers, resources, deliver, scheduler=None) -> None:
        del resources

        def complete(name, config, result, error):
            rounds.on_trial_complete(name, result, error=error)

        kind = PackTrainable if scheduler is None else ScanTrainable
        self._drive(kind, context, workers, rounds.suggest, complete, deliver, rounds, scheduler)

    def _drive(
        self, kind, context, workers, suggest, complete, deliver, rounds=None, scheduler=None
    ) -> None:
        live: list[tuple[Trial, Any, dict]] = []
        more = True
        while live or more:
            while more and len(live) < workers:
                trial = Trial(f"t{self.trials}")
                config = suggest(trial.trial_id)
                if config == "FINISHED":
                    more = False
                if not isinstance(config, dict):
                    break
                self.trials += 1
                live.append((trial, self._worker(kind, context, config), config))
                if scheduler is not None:
                    scheduler.on_trial_add(None, trial)
            if not live:
                continue
            turn = 0 if self.random is None else self.random.randrange(len(live))
            trial, worker, config = live.pop(turn)
            try:
                result = worker.step()
            except Death:
                complete(trial.trial_id, config, None, True)
                continue
            self._report(trial, worker, config, result, deliver, complete, rounds, scheduler, live)

    def _report(
        self, trial, worker, config, result, deliver, complete, rounds, scheduler, live
    ) -> None:
        done = result["done"]
        if scheduler is not None:
            if done:
                scheduler.on_trial_complete(None, trial, result)
            else:
                done = scheduler.on_trial_result(None, trial, result) == "STOP"
        rows = list(result["rows"])
        if done or scheduler is None:
            deliver(rows)
            self.rows += rows
            self.ends(self.rows)
        if done:
            complete(trial.trial_id, config, result, False)
            return
        if rounds is not None:
            rounds.on_trial_result(trial.trial_id, result)
        live.append((trial, worker, config))

    def _worker(self, kind, context, config):
        outer = self

        class Mortal(kind):
            def start(self, pack):
                if any(map(outer.dies, pack.members)):
                    raise Death
                return Made(pack.members, outer.gives) if outer.gives else super().start(pack)

        worker = object.__new__(Mortal)
        worker.setup(config, context=context)
        return worker


def curves_from(function: Callable[[Member, int], float], metric: str) -> Callable:
    """`gives` of one metric: its value by member and epoch from 1."""
    return lambda member: {
        metric: [function(member, epoch) for epoch in range(1, max(member.epochs, 1) + 1)]
    }


def in_ones_own(workers: int, cpus_per_worker: int) -> InProcess:
    """`RaySession`, of one's own process."""
    del cpus_per_worker
    return InProcess(workers)
