"""What runs inside a worker: one pack after another, on the same actor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray import tune

from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key
from interplay.models.factory import input_kind
from interplay.space.domains import same_as
from interplay.training.members import Member, Row, section
from interplay.tuning.packs import Pack

# Rows are reported together at most this often (seconds): a report costs Tune's loop some
# milliseconds during which the worker waits, and what is not reported is lost with a killed run.
REPORT_EVERY = 0.5


@dataclass(frozen=True)
class Context:
    """What every worker gets once, through Ray's object store."""

    packs: list[Pack]
    datasets: dict[str, Dataset]
    folders: tuple[Path, ...]
    device: str
    threads: int


class PackTrainable(tune.Trainable):
    """One trial is one pack; each step trains members for a while and reports their rows."""

    def setup(self, config: dict[str, Any], context: Context | None = None) -> None:
        # Threads before anything computes: more than asked for would fight over the cores.
        import torch

        from interplay.usercode import add_to_path

        assert context is not None
        torch.set_num_threads(context.threads)
        if any(pack.engine == "reference" for pack in context.packs):
            import torch._dynamo  # a second that the first optimiser would pay

            from interplay.training.reference import quieten

            quieten()
        add_to_path(context.folders)
        self.context = context
        self.parts: dict[str, Any] = {}
        self.reset_config(config)
        self.ready = time.time()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        pack = self.context.packs[new_config["pack"]]
        # A stack is trained, and reported, as one; others member by member.
        self.left = [pack] if pack.engine == "stacked" else pack.halves()
        return True

    def step(self) -> dict[str, Any]:
        started, rows = time.monotonic(), []
        while self.left:
            rows += self._train(self.left.pop(0))
            if time.monotonic() - started > REPORT_EVERY:
                break
        return {"rows": rows, "done": not self.left, "ready": self.ready}

    def _train(self, pack: Pack) -> list[Row]:
        parts = [self._parts(member) for member in pack.members]
        context = self.context
        if pack.engine == "stacked":
            from interplay.training.stacked.engine import train_stack

            try:
                return train_stack(
                    pack.members, parts, device=context.device, folders=context.folders
                )
            except Exception as error:
                if out_of_memory(error) and len(pack.members) > 1:
                    return [row for half in pack.halves() for row in self._train(half)]
                # What shows only in training, such as a parameter without a gradient or a norm
                # over a batch of one: one by one, the members it is true of fail with the reason.
        from interplay.training.reference import train_member

        return [
            train_member(member, own, device=context.device, folders=context.folders)
            for member, own in zip(pack.members, parts, strict=True)
        ]

    def _parts(self, member: Member) -> Any:
        """A member's rows as tensors, made once for all that share them."""
        from interplay.training.tensors import make_parts

        context = self.context
        data = section(member.config, "data")
        dataset = context.datasets[dataset_key(data)]
        kind = input_kind(section(member.config, "model"), data["view"], dataset)
        # Batch size does not change them.
        key = same_as([kind, member.fold, {k: v for k, v in data.items() if k != "batch_size"}])
        if key not in self.parts:
            self.parts[key] = make_parts(
                dataset, kind, data, fold=member.fold, folds=member.folds, device=context.device
            )
        return self.parts[key]


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on whatever device."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate" in words
