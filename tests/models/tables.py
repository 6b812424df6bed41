"""Values to try for every option of every family, small data of each kind, and how to build and call."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from interplay.data.dataset import DataSpec
from interplay.kinds import Kind, Task
from interplay.models import FAMILIES
from interplay.models.network import Network

ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
NORMS = ["none", "batch", "layer"]

# The first value of each is the setting from which one option at a time is changed. A new option
# needs a line here, a new choice an entry: the contract test says so.
VALUES: dict[str, dict[str, list[Any]]] = {
    "linear": {
        "num_layers": [2, 1],
        "hidden_size": [6, 4],
        "activation": ACTIVATIONS,
        "dropout": [0.0, 0.5],
        "norm": NORMS,
        "skip": [False, True],
    },
    "conv": {
        "num_layers": [2, 1],
        "channels": [4, 6],
        "doubling": [False, True],
        "kernel_size": [3, 1, 2],
        "block": ["plain", "residual", "inception"],
        "squeeze_excite": [False, True],
        "pooling": ["max", "avg", "stride"],
        "pool_every": [1, 0, 2],
        "norm": NORMS,
        "dropout": [0.0, 0.5],
        "activation": ACTIVATIONS,
        "global_pool": [False, True],
        "hidden_size": [0, 5],
    },
    "recurrent": {
        "cell": ["gru", "lstm", "rnn"],
        "num_layers": [2, 1],
        "hidden_size": [4, 3],
        "bidirectional": [False, True],
        "dropout": [0.0, 0.5],
        "norm": NORMS,
        "skip": [False, True],
        "readout": ["last", "mean", "attention"],
        "embedding_dim": [5, 4],
    },
    "mlp": {
        "architecture": [2, 1, [6]],
        "activation": ACTIVATIONS,
        "dropout": [0.0, 0.5],
        "norm": NORMS,
        "last_activation": ["none", *ACTIVATIONS],
    },
}

ROWS = 5
LENGTHS = torch.tensor([6, 1, 3, 5, 2])
SHAPES: dict[Kind, tuple[int, ...]] = {
    "flat": (7,),
    "image": (2, 9, 7),
    "sequence": (6, 3),
    "tokens": (6,),
}
OUTPUTS: dict[Task, int] = {"classification": 4, "regression": 2}


def spec_of(kind: Kind, task: Task = "classification") -> DataSpec:
    return DataSpec(task, kind, SHAPES[kind], OUTPUTS[task], 11 if kind == "tokens" else 0)


def inputs_of(kind: Kind, seed: int = 0) -> Tensor:
    """Random inputs, (ROWS, *shape); what stands past a sequence's end is as random as the rest."""
    g = torch.Generator().manual_seed(seed)
    if kind == "tokens":
        return torch.randint(11, (ROWS, *SHAPES[kind]), generator=g)
    return torch.randn(ROWS, *SHAPES[kind], generator=g)


def build(family: str, spec: DataSpec, options: dict[str, Any], seed: int = 0) -> nn.Module:
    """A network of `family` with seeded weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: nn.Module = FAMILIES.get(family).build(spec, **options)
    return model


def call(model: nn.Module, x: Tensor, kind: Kind) -> Tensor:
    """As the engines do: with lengths where the data has them and the model takes them."""
    padded = kind in ("sequence", "tokens")
    out: Tensor = Network(model)((x, LENGTHS) if padded else x)
    return out


def cases() -> list[tuple[str, Kind]]:
    return [(family.name, kind) for family in FAMILIES for kind in family.accepts]
