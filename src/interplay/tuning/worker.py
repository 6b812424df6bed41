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

# Rows are reported together at most this often (seconds): a report costs Tune's loop some
# milliseconds during which the worker waits, and what is not reported is lost with a killed run.
REPORT_EVERY = 0.5


@dataclass(frozen=True)
class Context:
    """What every worker gets once, through Ray's object store."""

    packs: list[list[Member]]
    datasets: dict[str, Dataset]
    folders: tuple[Path, ...]
    device: str
    threads: int


class PackTrainable(tune.Trainable):
    """One trial is one pack; each step trains members for a while and reports their rows."""

    def setup(self, config: dict[str, Any], context: Context | None = None) -> None:
        # Threads before anything computes: more than asked for would fight over the cores.
        import torch
        import torch._dynamo

        from interplay.training.reference import quieten
        from interplay.usercode import add_to_path

        assert context is not None
        quieten()
        torch.set_num_threads(context.threads)
        add_to_path(context.folders)
        self.context = context
        self.parts: dict[str, Any] = {}
        self.reset_config(config)
        self.ready = time.time()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.left = list(self.context.packs[new_config["pack"]])
        return True

    def step(self) -> dict[str, Any]:
        started, rows = time.monotonic(), []
        while self.left:
            rows.append(self._train_one(self.left.pop(0)))
            if time.monotonic() - started > REPORT_EVERY:
                break
        return {"rows": rows, "done": not self.left, "ready": self.ready}

    def _train_one(self, member: Member) -> Row:
        from interplay.training.reference import train_member
        from interplay.training.tensors import make_parts

        context = self.context
        data = section(member.config, "data")
        dataset = context.datasets[dataset_key(data)]
        kind = input_kind(section(member.config, "model"), data["view"], dataset)
        key = same_as([dataset_key(data), kind, member.fold, data])
        if key not in self.parts:
            self.parts[key] = make_parts(
                dataset, kind, data, fold=member.fold, folds=member.folds, device=context.device
            )
        return train_member(member, self.parts[key], device=context.device, folders=context.folders)
