"""The reference engine: one member at a time on `mltrainer.Trainer`, for any `nn.Module`."""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

# Read when mltrainer imports mlflow, which would otherwise call home.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import torch
from loguru import logger
from mltrainer import Trainer, TrainerSettings
from torch import Tensor, nn

from interplay.errors import in_one_line
from interplay.models.factory import build_model, count_parameters
from interplay.models.network import Network
from interplay.training.augment import Augment
from interplay.training.batches import BatchOrder
from interplay.training.class_weights import class_weights
from interplay.training.common import Precision
from interplay.training.dropout import seed_dropout
from interplay.training.global_generators import Globals, own_globals
from interplay.training.members import Member, Row, row_of, section
from interplay.training.metrics import evaluate
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.precision import allow_tf32, forward_in
from interplay.training.running import finish
from interplay.training.schedules import SCHEDULES
from interplay.training.tensors import Part, Parts

EVALUATION_ROWS = 4096  # at once: bounds the memory of a forward pass without gradients


def quieten() -> None:
    """Silence mltrainer's bars and log lines in this process: a worker's, never a notebook's."""
    import mltrainer.trainer
    import torch._dynamo  # noqa: F401  (a second that the first optimiser would pay)

    # TQDM_DISABLE is read when tqdm is first imported, which ray has done by now.
    mltrainer.trainer.tqdm = lambda items, **_: items
    logger.disable("mltrainer")


class Diverged(Exception):  # noqa: N818  (an outcome, not an error)
    """A loss that is not finite."""


class Batches:
    """A member's training batches without end, in its own order, images as it sees them."""

    def __init__(self, part: Part, order: BatchOrder, augment: Augment | None) -> None:
        self.part, self.order, self.augment = part, order, augment

    def __iter__(self) -> Iterator[Any]:
        for epoch in count():
            rows = torch.from_numpy(self.order.epoch(epoch)).to(self.part.targets.device)
            for index in rows:
                inputs, targets = self.part.rows(index)
                if self.augment is not None:
                    assert isinstance(inputs, Tensor)
                    self.augment.begin(epoch)
                    inputs = self.augment(inputs, index)
                yield inputs, targets


class Precise(nn.Module):
    """`model` computing in the precision asked for; it gives what losses are computed in."""

    def __init__(self, model: nn.Module, precision: Precision, device: str) -> None:
        super().__init__()
        self.network, self.precision, self.device = Network(model), precision, device

    def forward(self, inputs: Any) -> Tensor:
        return forward_in(self.precision, self.device, lambda: self.network(inputs))


class MemberTrainer(Trainer):  # type: ignore[misc]
    """mltrainer's loop, with exact validation over the whole set and curves kept as plain lists."""

    def __init__(self, valid: Part, task: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.valid, self.task = valid, task
        self.curves: dict[str, list[float]] = {}

    def epoch(self) -> None:
        """One turn of mltrainer's own `loop`, which cannot pause between two."""
        train_loss = self.trainbatches()
        metrics, valid_loss = self.evalbatches()
        self.report(0, train_loss, valid_loss, metrics)

    def evalbatches(self) -> tuple[dict[str, float], float]:
        # mltrainer averages batch means, which is biased when the last batch is short.
        self.model.eval()
        with torch.no_grad():
            starts = range(0, len(self.valid), EVALUATION_ROWS)
            outputs = [
                self.model(self.valid.rows(slice(i, i + EVALUATION_ROWS))[0]) for i in starts
            ]
        metrics = evaluate(torch.cat(outputs), self.valid.targets, self.task)  # type: ignore[arg-type]
        loss = metrics.pop("valid_loss")
        if isinstance(self.scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self.scheduler.step(loss)
        elif self.scheduler is not None:
            self.scheduler.step()
        return metrics, loss

    def report(
        self, epoch: int, train_loss: float, test_loss: float, metric_dict: dict[str, float]
    ) -> None:
        del epoch
        values = {"train_loss": float(train_loss), "valid_loss": test_loss, **metric_dict}
        if not (math.isfinite(values["train_loss"]) and math.isfinite(test_loss)):
            raise Diverged
        for name, value in values.items():
            self.curves.setdefault(name, []).append(value)


class MemberRun:
    """One member, advanced an epoch at a time.

    The row depends on the member and its data alone: not on the process, nor on what else it did.

    Args:
        parts: its training and validation rows on `device`.
        folders: where the user's modules are.

    Attributes:
        row: what there is so far; `stopped` while epochs are left.
        done: whether no epoch is left.
    """

    def __init__(
        self, member: Member, parts: Parts, device: str = "cpu", folders: Sequence[Path] = ()
    ) -> None:
        self.member, self.parts, self.device, self.folders = member, parts, device, folders
        self.done = False
        self.row = row_of(member, "stopped", engine="reference", device=device)
        self._trainer: MemberTrainer | None = None
        self._model: nn.Module | None = None
        self._globals = Globals(member.seed, "forward")

    @property
    def rows(self) -> list[Row]:
        return [self.row]

    def advance(self) -> None:
        """Go on by one epoch; whatever is raised makes the row a failed one."""
        started, row = time.perf_counter(), self.row
        try:
            # The process's own switch, which others that train here may have turned.
            allow_tf32(section(self.member.config, "training")["precision"])
            if self._trainer is None:
                self._trainer = self._begin()
            with self._globals.in_place():
                self._trainer.epoch()
            row.epochs_run += 1
            if row.epochs_run == self.member.epochs:
                row.status = "complete"
        except Diverged:
            row.status = "diverged"
        except (Exception, SystemExit) as error:
            row.status = "failed"
            row.error = in_one_line(error)
        if row.status != "stopped":
            self.done, self._trainer = True, None
        row.seconds += time.perf_counter() - started

    def states(self) -> list[Mapping[str, Tensor] | None]:
        return [None if self._model is None else self._model.state_dict()]

    def _begin(self) -> MemberTrainer:
        member = self.member
        with own_globals(member.seed, "weights"):
            model = build_model(section(member.config, "model"), self.parts.spec, self.folders)
        model.to(self.parts.dtype)
        self.row.parameters = count_parameters(model)
        seed_dropout(model, member.seed)
        self._model = model
        # mltrainer makes the folder at once, and with no reports asked for writes nothing there.
        with (
            tempfile.TemporaryDirectory(prefix="ip-", ignore_cleanup_errors=True) as logdir,
            self._globals.in_place(),
        ):
            trainer = make_trainer(member, model, self.parts, self.device, Path(logdir))
        self.row.curves = trainer.curves
        return trainer


def train_member(
    member: Member, parts: Parts, *, device: str = "cpu", folders: Sequence[Path] = ()
) -> Row:
    """Train one member for exactly its epochs; see `MemberRun`.

    Returns:
        Its row. Whatever is raised on the way becomes a row with status `failed`.
    """
    return finish(MemberRun(member, parts, device, folders))[0]


def make_trainer(
    member: Member,
    model: nn.Module,
    parts: Parts,
    device: str,
    logdir: Path,
) -> MemberTrainer:
    """The trainer of one member, its optimiser and schedule made, nothing trained yet."""
    config = member.config
    data, recipe = section(config, "data"), section(config, "training")
    optimizer, schedule = section(config, "optimizer"), section(config, "schedule")
    build_optimizer = OPTIMIZERS.get(optimizer.pop("name")).build
    build_schedule = SCHEDULES.get(schedule.pop("name")).build
    order = BatchOrder.of(member.seed, parts.train, data)
    loss: nn.Module = nn.MSELoss()
    if parts.task == "classification":
        weights = class_weights(recipe["class_weights"], parts)
        loss = nn.CrossEntropyLoss(weights, label_smoothing=recipe["label_smoothing"])
    trainer = MemberTrainer(
        valid=parts.valid,
        task=parts.task,
        model=Precise(model, recipe["precision"], device),
        settings=TrainerSettings(
            epochs=member.epochs,
            metrics=[],
            logdir=logdir,
            train_steps=order.steps,
            valid_steps=1,
            reporttypes=[],
            optimizer_kwargs=optimizer,
            scheduler_kwargs=schedule,
            earlystop_kwargs=None,  # on by default, and a heatmap compares equal budgets
        ),
        loss_fn=loss,
        optimizer=build_optimizer,
        traindataloader=Batches(parts.train, order, Augment.asked([member.seed], data, parts)),
        validdataloader=[],
        scheduler=lambda opt, **options: build_schedule(opt, member.epochs, **options),
        device=device,
    )
    if recipe["clip_norm"] > 0:
        parameters = list(model.parameters())
        trainer.optimizer.register_step_pre_hook(lambda *_: _clip(parameters, recipe["clip_norm"]))
    return trainer


def _clip(parameters: list[nn.Parameter], norm: float) -> None:
    nn.utils.clip_grad_norm_(parameters, norm)
