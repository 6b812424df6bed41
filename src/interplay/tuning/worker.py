"""What runs inside a worker: one pack after another, on the same actor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loguru import logger
from ray import tune

from interplay.data.common import OF_STEPS
from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key
from interplay.errors import in_one_line
from interplay.identity import same_as
from interplay.kinds import How
from interplay.metrics import Mode
from interplay.models.factory import input_kind
from interplay.training.kept import with_weights
from interplay.training.members import Member, Row, section
from interplay.training.running import Run, finish
from interplay.tuning.packs import Pack

# Rows are reported together at most this often (seconds): a report costs Tune's loop some
# milliseconds during which the worker waits, and what is not reported is lost with a killed run.
REPORT_EVERY = 0.5
KEPT = 2  # parts of datasets that a worker keeps, where a pack does not need more at once


@dataclass(frozen=True)
class Target:
    """What a cell's score is: the search's metric, mode and score."""

    metric: str
    mode: Mode
    how: How


@dataclass(frozen=True)
class Context:
    """What every worker gets once, through Ray's object store.

    Attributes:
        keep: whether rows come with the weights of their models.
    """

    packs: list[Pack]
    datasets: dict[str, Dataset]
    folders: tuple[Path, ...]
    device: str
    threads: int
    target: Target
    keep: bool = False

    def __getstate__(self) -> dict[str, Any]:
        # The folders first: what comes after them may be of the user's own classes.
        return {"folders": self.folders, **vars(self)}


class Worker(tune.Trainable):
    """An actor that trains packs, one trial after another; subclasses say what a step is."""

    def setup(self, config: dict[str, Any], context: Context | None = None) -> None:
        # Threads before anything computes: more than asked for would fight over the cores.
        from interplay.usercode import add_to_path

        assert context is not None
        if context.datasets:
            import torch

            torch.set_num_threads(context.threads)
        add_to_path(context.folders)
        self.context = context
        self.parts: dict[str, Any] = {}
        self.reset_config(config)
        self.ready = time.time()

    def packs(self, config: dict[str, Any]) -> list[Pack]:
        """What a trial trains, in packs of one run each: a stack, or a member on its own."""
        if "packs" in config:
            packs = [Pack.from_json(pack) for pack in config["packs"]]
        else:
            packs = [self.context.packs[config["pack"]]]
        return [
            part
            for pack in packs
            for part in ([pack] if pack.engine == "stacked" else pack.halves())
        ]

    def start(self, pack: Pack) -> Run:
        """The training of a stack, or of one member; nothing is trained yet.

        Raises:
            Exception: whatever keeps a stack from being built.
        """
        run = self._start(pack)
        if pack.note is not None:
            for row in run.rows:
                row.note = pack.note
        return run

    def rows(self, run: Run) -> list[Row]:
        """What a training gave so far."""
        return with_weights(run) if self.context.keep else run.rows

    def _start(self, pack: Pack) -> Run:
        context = self.context
        if pack.engine == "function":
            from interplay.training.function import FunctionRun

            return FunctionRun(pack.members[0], context.folders)
        parts = self._parts(pack.members)
        if pack.engine == "stacked":
            from interplay.training.stacked.engine import start_stack

            return start_stack(pack.members, parts, device=context.device, folders=context.folders)
        from interplay.training.reference import MemberRun, quieten

        quieten()
        return MemberRun(pack.members[0], parts[0], context.device, context.folders)

    def _parts(self, members: Sequence[Member]) -> list[Any]:
        """Each member's rows as tensors, made once for all that share them, and kept for the packs
        that follow."""
        from interplay.training.tensors import make_parts

        context = self.context
        keys: list[str] = []
        makes: dict[str, Callable[[], Any]] = {}
        for member in members:
            data = section(member.config, "data")
            dataset = context.datasets[dataset_key(data)]
            kind = input_kind(section(member.config, "model"), data["view"], dataset)
            held = {k: v for k, v in data.items() if k not in OF_STEPS}
            key = same_as([kind, member.fold, held])
            keys.append(key)
            makes[key] = partial(
                make_parts,
                dataset,
                kind,
                data,
                fold=member.fold,
                folds=member.folds,
                device=context.device,
            )
        for key, make in makes.items():
            if key in self.parts:
                self.parts[key] = self.parts.pop(key)  # the last one used
                continue
            others = [other for other in self.parts if other not in makes]
            while others and len(self.parts) >= KEPT:
                del self.parts[others.pop(0)]
            self.parts[key] = make()
        return [self.parts[key] for key in keys]


class PackTrainable(Worker):
    """One trial is one pack; each step trains members for a while and reports their rows."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.left = self.packs(new_config)
        return True

    def step(self) -> dict[str, Any]:
        started, rows = time.monotonic(), []
        while self.left:
            rows += self._train(self.left.pop(0))
            if time.monotonic() - started > REPORT_EVERY:
                break
        return {"rows": rows, "done": not self.left, "ready": self.ready}

    def _train(self, pack: Pack) -> list[Row]:
        try:
            run = self.start(pack)
            finish(run)
            return self.rows(run)
        except Exception as error:
            smaller = fallback(pack, error)
        # Here the error is gone, and with it what it held of the stack's memory.
        return [row for part in smaller for row in self._train(part)]


def fallback(pack: Pack, error: Exception) -> list[Pack]:
    """What to train in place of a stack that raised `error`.

    Raises:
        Exception: `error`, where `pack` is no stack.
    """
    if pack.engine != "stacked":
        raise error
    if out_of_memory(error) and len(pack.members) > 1:
        return pack.halves()
    # What shows only in training, such as a parameter without a gradient or a norm over a batch
    # of one: one by one, the members it is true of fail with the reason.
    reason = in_one_line(error)
    logger.warning(f"{len(pack.members)} members train one by one, not as a stack: {reason}")
    return [Pack((member,), "reference", f"not as a stack: {reason}") for member in pack.members]


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on whatever device."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate" in words
