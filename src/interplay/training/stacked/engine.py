"""Train a stack: many members of one shape, step by step together, a row each at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from interplay.models.factory import build_model, count_parameters
from interplay.models.network import call, takes_lengths
from interplay.training.augment import Augment
from interplay.training.batches import BatchOrder
from interplay.training.class_weights import class_weights
from interplay.training.dropout import seed_dropout
from interplay.training.global_generators import own_globals
from interplay.training.members import Member, Row, Status, section
from interplay.training.metrics import evaluate_members
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.precision import allow_tf32, forward_in
from interplay.training.running import finish
from interplay.training.schedules import SCHEDULES
from interplay.training.stacked.chains import chain
from interplay.training.stacked.device.place import on_host
from interplay.training.stacked.device.steps import DeviceSteps, recorder_for
from interplay.training.stacked.flat import Flat
from interplay.training.stacked.orders import DeviceOrders, HostOrders
from interplay.training.stacked.stack import Stacked, stack, states
from interplay.training.stacked.twin import split_members
from interplay.training.stacked.update.loss import cross_entropy, weighted_cross_entropy
from interplay.training.stacked.update.optimizers import StackedOptimizer
from interplay.training.stacked.update.schedules import Rate
from interplay.training.tensors import Part, Parts

EVALUATION_VALUES = 1 << 20  # input numbers of all members evaluated at once: what a cache holds
DEVICE_BATCHES = 4  # and on a device, where memory that trains a batch evaluates some


@dataclass
class Track:
    """What is kept of one member while its stack trains."""

    member: Member
    order: BatchOrder
    rate: Rate
    offset: int  # where its fold's rows begin in the joined training rows
    fold: int  # which of the stack's distinct validation parts is its own
    curves: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False


def train_stack(
    members: Sequence[Member],
    parts: Sequence[Parts],
    *,
    device: str = "cpu",
    folders: Sequence[Path] = (),
) -> list[Row]:
    """Train `members` together for exactly their epochs; see `start_stack`.

    Returns:
        A row a member, in their order.
    """
    return finish(start_stack(members, parts, device=device, folders=folders))


def start_stack(
    members: Sequence[Member],
    parts: Sequence[Parts],
    *,
    device: str = "cpu",
    folders: Sequence[Path] = (),
) -> StackRun:
    """Build `members` as one stack, to be advanced an epoch at a time.

    Args:
        members: of one shape (see `shape_key`), in any number from one.
        parts: each member's rows; members of one fold share theirs.

    Raises:
        NotStackableError: where the models do not train as one; nothing was trained then.
    """
    started = time.perf_counter()
    models = []
    for member, own in zip(members, parts, strict=True):
        with own_globals(member.seed, "weights"):
            model = build_model(section(member.config, "model"), own.spec, folders)
        seed_dropout(model, member.seed)
        models.append(model.to(dtype=own.dtype))
    parameters = count_parameters(models[0])
    size = len(models)
    if on_host(torch.device(device)):
        size = members_at_once(models, parts[0], members[0].config["data.batch_size"])
    # To a device all at once: member by member it would be a copy a weight.
    stacks = [stack(models[i : i + size]).to(device) for i in range(0, len(models), size)]
    del models
    run = StackRun(list(members), list(parts), stacks, device, parameters)
    run.seconds = time.perf_counter() - started
    return run


class StackRun:
    """The training of one stack.

    Attributes:
        epoch: how many are over.
        seconds: of the whole stack, so far.
    """

    def __init__(
        self,
        members: list[Member],
        parts: list[Parts],
        stacks: list[Stacked],
        device: str,
        parameters: int,
    ) -> None:
        self.stacks, self.device, self.parameters = stacks, device, parameters
        self.epoch, self.seconds = 0, 0.0
        config = members[0].config
        data, recipe = section(config, "data"), section(config, "training")
        optimizers = [section(m.config, "optimizer") for m in members]
        schedules = [section(m.config, "schedule") for m in members]
        self.task = parts[0].task
        self.epochs = members[0].epochs
        self.smoothing, self.precision = recipe["label_smoothing"], recipe["precision"]
        self.flat = Flat(stacks)
        rule = OPTIMIZERS.get(optimizers[0]["name"]).stacked_form
        self.optimizer: StackedOptimizer = rule(
            self.flat.values,
            self.flat.grads,
            optimizers,
            [section(m.config, "training")["clip_norm"] for m in members],
        )
        distinct: dict[int, int] = {}
        self.folds: list[Parts] = []
        for own in parts:
            if id(own) not in distinct:
                distinct[id(own)] = len(self.folds)
                self.folds.append(own)
        starts = np.cumsum([0, *(len(own.train) for own in self.folds)])
        self.train_rows = join([own.train for own in self.folds])
        self.tracks = []
        for member, own, optimizer, schedule in zip(
            members, parts, optimizers, schedules, strict=True
        ):
            fold = distinct[id(own)]
            order = BatchOrder.of(member.seed, own.train, data)
            form = SCHEDULES.get(schedule.pop("name")).stacked_form
            rate: Rate = form(schedule, optimizer["lr"], member.epochs)
            self.tracks.append(Track(member, order, rate, int(starts[fold]), fold))
        self.optimizer.set_rates([track.rate.value for track in self.tracks])
        each = [class_weights(recipe["class_weights"], own) for own in parts]
        weights = [one for one in each if one is not None]
        self.weights = torch.stack(weights) if weights else None  # (members, classes)
        self.lengths = takes_lengths(stacks[0].model)
        self.total = torch.zeros(len(members), device=device, dtype=parts[0].dtype)
        orders, offsets = [t.order for t in self.tracks], [t.offset for t in self.tracks]
        self.augment = Augment.asked([m.seed for m in members], data, parts[0], offsets)
        self.orders: HostOrders | DeviceOrders = HostOrders(orders, offsets)
        self.on_device: DeviceSteps | None = None
        if not on_host(self.total.device):
            updates = self.optimizer  # not by way of this run, which would keep itself alive
            self.orders = DeviceOrders(orders, offsets, self.train_rows.lengths, device)
            self.on_device = DeviceSteps(lambda: updates.lr, recorder_for(device))

    @property
    def done(self) -> bool:
        return self.epoch == self.epochs or all(track.diverged for track in self.tracks)

    @property
    def rows(self) -> list[Row]:
        return [self._row(track) for track in self.tracks]

    def states(self) -> list[Mapping[str, Tensor] | None]:
        return [state for stacked in self.stacks for state in states(stacked)]

    def advance(self) -> None:
        """One epoch of every member, and what it gave.

        Raises:
            NotStackableError: where the models change on the way as a stack cannot.
        """
        started = time.perf_counter()
        # The process's own switch, which others that train here may have turned.
        allow_tf32(self.precision)
        losses = self._epoch().cpu()
        metrics = self._evaluate()
        rates = []
        for i, track in enumerate(self.tracks):
            values = {"train_loss": float(losses[i])}
            values |= {name: float(column[i]) for name, column in metrics.items()}
            finite = math.isfinite(values["train_loss"]) and math.isfinite(values["valid_loss"])
            if not track.diverged and finite:
                for name, value in values.items():
                    track.curves.setdefault(name, []).append(value)
                rates.append(track.rate.after_epoch(values["valid_loss"]))
                continue
            if not track.diverged:
                self._freeze(i)
            rates.append(track.rate.value)
        self.optimizer.set_rates(rates)
        self.epoch += 1
        self.seconds += time.perf_counter() - started

    def _epoch(self) -> Tensor:
        """One epoch of every member; each one's mean training loss, shape (members,)."""
        for stacked in self.stacks:
            stacked.train()
        self.flat.check()
        self.total.zero_()
        if self.augment is not None:
            self.augment.begin(self.epoch)
        rows = self.orders.epoch(self.epoch)
        if self.on_device is not None:
            self.on_device.epoch(self._step, rows)
        else:
            for step in rows:
                self._step(step)
        self.flat.check()
        return self.total / len(rows)

    def _step(self, rows: Tensor) -> None:
        """One step of every member, on its part of `rows`, (members * batch,)."""
        batch = len(rows) // len(self.tracks)
        for number, own in enumerate(self.flat.rows):
            taken = rows[own.start * batch : own.stop * batch]
            inputs, targets = self.train_rows.rows(taken)
            if self.augment is not None:
                assert isinstance(inputs, Tensor)
                inputs = self.augment(inputs, taken, own)
            loss = self._losses(self._call(number, inputs), targets, own)
            self.flat.backward(loss.sum(), number)
            self.total[own] += loss.detach()
        self.optimizer.step()

    def _call(self, number: int, inputs: Any) -> Tensor:
        model = self.stacks[number]
        return forward_in(self.precision, self.device, lambda: call(model, inputs, self.lengths))

    def _losses(self, outputs: Tensor, targets: Tensor, own: slice) -> Tensor:
        """The mean loss over its batch of each of the members `own`, shape (members,)."""
        if self.weights is not None:
            return weighted_cross_entropy(outputs, targets, self.smoothing, self.weights[own])
        if self.task == "classification":
            each = cross_entropy(outputs, targets, self.smoothing)
        else:
            each = (outputs - targets).square().flatten(1).mean(1)
        return each.view(own.stop - own.start, -1).mean(1)

    @torch.no_grad()
    def _evaluate(self) -> dict[str, Tensor]:
        """Every metric of every member over its whole validation part, shape (members,) each."""
        each = []
        for number, own in enumerate(self.flat.rows):
            self.stacks[number].eval()
            folds = [self.folds[track.fold] for track in self.tracks[own]]
            outputs = self._outputs(number, folds)
            if all(fold is folds[0] for fold in folds):
                each.append(evaluate_members(outputs, folds[0].valid.targets, self.task))
                continue
            for i, fold in enumerate(folds):
                valid = fold.valid
                part = outputs[i : i + 1, : len(valid)]
                each.append(evaluate_members(part, valid.targets, self.task))
        return {name: torch.cat([e[name] for e in each]) for name in each[0]}

    def _outputs(self, number: int, folds: list[Parts]) -> Tensor:
        """What one stack says of its members' validation rows: (members, rows, outputs).

        Folds may differ by a row: the shorter ones repeat their last.
        """
        longest = max(len(fold.valid) for fold in folds)
        rows = max(1, EVALUATION_VALUES // (folds[0].valid.inputs[0].numel() * len(folds)))
        if self.on_device is not None:
            rows = DEVICE_BATCHES * self.tracks[0].order.batch_size
        outputs = []
        for start in range(0, longest, rows):
            if all(fold is folds[0] for fold in folds):
                inputs = repeat(folds[0].valid.rows(slice(start, start + rows))[0], len(folds))
            else:
                index = torch.arange(start, min(start + rows, longest), device=self.device)
                inputs = concatenate(
                    [f.valid.rows(index.clamp(max=len(f.valid) - 1))[0] for f in folds]
                )
            outputs.append(split_members(self._call(number, inputs), len(folds)))
        return torch.cat(outputs, 1)

    def _freeze(self, member: int) -> None:
        """A member that diverged goes on as zeros: nothing of it is kept, no other is touched."""
        self.tracks[member].diverged = True
        self.flat.values[member].zero_()
        for value in vars(self.optimizer).values():
            if isinstance(value, Tensor) and value.shape == self.flat.values.shape:
                value[member].zero_()
        for stacked, own in zip(self.stacks, self.flat.rows, strict=True):
            if own.start <= member < own.stop:
                for buffer in stacked.buffers():
                    if buffer.is_floating_point() and buffer.shape[:1] == (stacked.members,):
                        buffer[member - own.start].fill_(1.0)

    def _row(self, track: Track) -> Row:
        """One member's row; `seconds` is its share of the stack's."""
        member = track.member
        ended: Status = "complete" if self.epoch == self.epochs else "stopped"
        return Row(
            key=member.key,
            config=member.config,
            seed=member.seed,
            fold=member.fold,
            status="diverged" if track.diverged else ended,
            epochs_asked=member.epochs,
            engine="stacked",
            device=self.device,
            epochs_run=len(track.curves.get("train_loss", ())),
            seconds=self.seconds / len(self.tracks),
            parameters=self.parameters,
            curves=track.curves,
        )


def join(parts: Sequence[Part]) -> Part:
    """The rows of several parts one after the other."""
    if len(parts) == 1:
        return parts[0]
    lengths = [p.lengths for p in parts if p.lengths is not None]
    host_lengths = [p.host_lengths for p in parts if p.host_lengths is not None]
    return Part(
        torch.cat([p.inputs for p in parts]),
        torch.cat([p.targets for p in parts]),
        torch.cat(lengths) if lengths else None,
        np.concatenate(host_lengths) if host_lengths else None,
    )


def repeat(inputs: Any, members: int) -> Any:
    """The same rows for every member: (rows, …) to (members * rows, …)."""
    if isinstance(inputs, tuple):
        return tuple(repeat(part, members) for part in inputs)
    return inputs.expand(members, *inputs.shape).flatten(0, 1)


def concatenate(batches: Sequence[Any]) -> Any:
    """Batches (with their lengths, where they have any) one after the other."""
    if isinstance(batches[0], tuple):
        return tuple(torch.cat(column) for column in zip(*batches, strict=True))
    return torch.cat(list(batches))


def members_at_once(models: Sequence[nn.Module], parts: Parts, batch: int) -> int:
    """How many members go forward and backward before the next do, for the cache's sake."""
    if len(models) == 1:
        return 1
    probe = stack(models[:1])
    with torch.no_grad():
        inputs, _ = parts.train.rows(slice(0, 2))
        call(probe.eval(), inputs, takes_lengths(probe.model))
    return chain.members_at_once(probe, len(models), batch)
