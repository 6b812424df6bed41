"""Small things to hand over: data of every kind, untrained networks of every family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from interplay.data.dataset import Dataset
from interplay.kinds import Kind, Task
from interplay.models.factory import build_model, input_kind
from interplay.winner.handed import CardScore, Handed, Story

ROWS, STEPS = 12, 6
STORY = Story(
    "small",
    3,
    seeds=(0, 1),
    seed=1,
    chosen={"hidden_size": 8},
    why=("It is the cheapest of 3 that tie.",),
    scores={"accuracy": CardScore(0.9, 0.01, 2, 0.85, 0.95)},
)


def data_of(kind: Kind, task: Task = "classification", seed: int = 0) -> Dataset:
    g = np.random.default_rng(seed)
    shape = {"flat": (5,), "image": (1, 8, 8), "sequence": (STEPS, 3), "tokens": (STEPS,)}[kind]
    lengths = g.integers(1, STEPS + 1, ROWS) if kind in ("sequence", "tokens") else None
    if lengths is not None:
        lengths[0] = STEPS
    x: Any = g.normal(3, 2, (ROWS, *shape)).astype(np.float32)
    if kind == "tokens":
        x = g.integers(1, 11, (ROWS, *shape))
    if lengths is not None:
        for row, n in zip(x, lengths, strict=True):
            row[n:] = 0
    y: Any = np.arange(ROWS) % 3
    if task == "regression":
        y = g.normal(size=(ROWS, 2)).astype(np.float32)
    return Dataset(
        name="made",
        task=task,
        kind=kind,
        inputs=x,
        targets=y,
        num_outputs=3 if task == "classification" else 2,
        lengths=lengths,
        vocabulary=11 if kind == "tokens" else 0,
        classes=("ant", "bee", "cat") if task == "classification" else (),
    )


def handed(
    dataset: Dataset,
    scale: str = "none",
    folders: tuple[Path, ...] = (),
    story: Story = STORY,
    **model: Any,
) -> Handed:
    """An untrained network with norms as after training; its seed is 0."""
    kind = input_kind(model, "auto", dataset)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_model(model, dataset.spec(kind), folders)
        for held in network.buffers():
            if held.is_floating_point():
                held.uniform_(0.5, 1.5)
    config = {f"model.{name}": value for name, value in model.items()}
    config |= {"data.name": "made", "data.scale": scale, "optimizer.name": "adam"}
    rows = np.arange(ROWS - 3)
    return Handed(network.eval(), config, dataset, kind, rows, story, folders)


def raw_rows(dataset: Dataset) -> Any:
    """The dataset's inputs as one who has them outside would give them."""
    if dataset.lengths is None:
        return dataset.inputs
    return [row[:n] for row, n in zip(dataset.inputs, dataset.lengths, strict=True)]
