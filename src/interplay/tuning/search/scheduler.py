"""A scan: cells that train side by side, epoch by epoch, and are stopped where others do better.

Which cells are stopped is for Tune's schedulers to say, which compare what has come in so far:
with several workers that depends on how long cells take, so that a scan, unlike a search, need not
come out the same twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interplay.tuning import before_ray  # noqa: F401

from ray.tune.schedulers import ASHAScheduler, MedianStoppingRule, TrialScheduler  # isort: skip

from interplay.analysis.score import score_of
from interplay.metrics import Mode
from interplay.study.settings import Search
from interplay.table.arrow import curves_for, with_combined
from interplay.table.ledger import CURVE, Ledger
from interplay.table.search_record import Record
from interplay.training.running import Run
from interplay.tuning.packs import Pack
from interplay.tuning.plan import Plan
from interplay.tuning.search.book import CellBook, value_of
from interplay.tuning.worker import Target, Worker, fallback

EPOCH, SCORE = "epoch", "score"  # under which a step reports

# What an unstable cell is reported to score. Not infinite: asha would take a percentile between
# it and a number, which is NaN, and the median rule leaves out what is not finite. Not the largest
# number either, so that a mean of many is still one.
UNSTABLE = 1e300


@dataclass
class Training:
    """A pack of the cell, and how far it is."""

    pack: Pack
    run: Run | None = None
    epochs: int = 0


class ScanTrainable(Worker):
    """One trial is one cell; each step trains all its members for an epoch, and reports their
    rows and the cell's score so far."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.trainings = [Training(pack) for pack in self.packs(new_config)]
        self.epoch = 0
        return True

    def step(self) -> dict[str, Any]:
        self.epoch += 1
        todo, self.trainings = self.trainings, []
        while todo:
            training = todo.pop(0)
            try:
                self._train(training)
            except Exception as error:
                smaller = fallback(training.pack, error)
            else:
                self.trainings.append(training)
                continue
            training.run = None  # its memory is what the smaller ones need
            todo = [Training(pack) for pack in smaller] + todo
        runs = [training.run for training in self.trainings if training.run is not None]
        rows = [row for run in runs for row in self.rows(run)]
        target = self.context.target
        values = [value_of(row.status, row.curves, target.metric) for row in rows]
        return {
            "rows": rows,
            EPOCH: self.epoch,
            SCORE: reported(values, target),
            "done": all(run.done for run in runs),
            "ready": self.ready,
        }

    def _train(self, training: Training) -> None:
        """Up to this epoch: one more, or from the first where it took the place of a stack."""
        if training.run is None:
            training.run = self.start(training.pack)
        while training.epochs < self.epoch and not training.run.done:
            training.run.advance()
            training.epochs += 1


def reported(values: Sequence[float | None], target: Target) -> float:
    """A cell's score as schedulers are told it: a finite number, the worst for an unstable cell."""
    score = score_of(values, target.how, target.mode)
    if score is not None:
        return score
    return -UNSTABLE if target.mode == "max" else UNSTABLE


def make_scheduler(search: Search, epochs: int, mode: Mode) -> TrialScheduler:
    """Tune's scheduler that the study asks for, on scores and epochs as `ScanTrainable` reports.

    asha (Li et al., 2020, https://arxiv.org/abs/1810.05934) asks at `grace_period` epochs and each
    `reduction_factor` times as many, and goes on with the best one in so many of those that came
    there. The median rule (Golovin et al., 2017) stops a cell whose best score is worse than the
    median of the others' mean scores so far, once there are three others.
    """
    grace = search.grace_period or max(1, epochs // 10)
    names: dict[str, Any] = {"time_attr": EPOCH, "metric": SCORE, "mode": mode}
    if search.scheduler == "asha":
        factor = search.reduction_factor
        return ASHAScheduler(**names, max_t=epochs, grace_period=grace, reduction_factor=factor)
    # With few cells to compare, the rule would pause one for others: that takes checkpoints.
    never: Any = math.inf
    return MedianStoppingRule(**names, grace_period=grace, min_time_slice=never)


@dataclass(frozen=True)
class _Past:
    """A trial of an earlier run, as far as a scheduler asks."""

    trial_id: str


def tell_past(scheduler: TrialScheduler, cells: Iterable[Sequence[float]]) -> None:
    """Put cells of earlier runs before the scheduler, which otherwise would have nothing to
    compare the first ones of this run with.

    Args:
        cells: of each, the score after every epoch that it reached.
    """
    nobody: Any = None  # there is no controller of theirs
    for number, scores in enumerate(cells):
        trial: Any = _Past(f"past-{number}")
        for epoch, score in enumerate(scores, 1):
            # Of its hooks the one that takes a result and asks for no decision.
            scheduler.on_trial_add(nobody, trial)
            scheduler.on_trial_complete(nobody, trial, {EPOCH: epoch, SCORE: score})


def open_scheduler(plan: Plan, ledger: Ledger, book: CellBook, record: Record) -> TrialScheduler:
    """The study's scheduler, told of the cells that are finished."""
    import pyarrow as pa

    search = plan.study.search
    target = Target(plan.metric, plan.mode, search.score)
    scheduler = make_scheduler(search, plan.study.epochs, plan.mode)
    keys = [
        [m.key for m in book.members(cell)] for cell in record.cells if not book.missing([cell])
    ]
    columns = ["status", "epochs_run", *curves_for(target.metric)]
    wanted = pa.array([key for own in keys for key in own], pa.string())
    rows = with_combined(ledger.rows(columns, wanted), target.metric)
    found = {row["key"]: row for row in rows.to_pylist()}
    tell_past(scheduler, [reported_before([found[key] for key in own], target) for own in keys])
    return scheduler


def reported_before(rows: Sequence[Mapping[str, Any]], target: Target) -> list[float]:
    """The scores that a cell with these rows of the ledger had, epoch by epoch."""
    curves = [row.get(CURVE + target.metric) or [] for row in rows]
    # The epoch in which a member diverged has no value, and a score all the same.
    ended = [row["epochs_run"] + (row["status"] == "diverged") for row in rows]
    scores = []
    for epoch in range(max(ended)):
        values = [
            curve[min(epoch, len(curve) - 1)]
            if curve and (epoch < len(curve) or row["status"] != "diverged")
            else None
            for row, curve in zip(rows, curves, strict=True)
        ]
        scores.append(reported(values, target))
    return scores
