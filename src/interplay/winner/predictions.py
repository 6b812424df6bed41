"""What trained members say of rows: their weights, filled into their models, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from interplay.models.factory import build_model, input_kind
from interplay.models.network import Network
from interplay.table.weights import Weights
from interplay.training.kept import fill
from interplay.training.members import Member, section
from interplay.training.precision import forward_in
from interplay.training.reference import EVALUATION_ROWS
from interplay.training.tensors import Part, make_parts, make_test

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interplay.tuning.plan import Plan


def model_of(plan: Plan, member: Member, weights: Weights, dtype: torch.dtype) -> nn.Module:
    """A member's trained model, in evaluation mode.

    Raises:
        LedgerError: its weights are not there, or another model's.
    """
    dataset, options = plan.dataset(member.config), section(member.config, "model")
    kind = input_kind(options, member.config["data.view"], dataset)
    model = build_model(options, dataset.spec(kind), plan.begun)
    content = weights.read(member.key)
    return fill(model.to(dtype), content, f"{weights.folder} / {member.key}").eval()


def outputs_of_test(
    plan: Plan, members: Sequence[Member], weights: Weights, *, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
    """What members of one cell say of the test rows.

    Returns:
        Outputs of shape (members, rows, outputs); targets, as of a `Part`; and which of the
        dataset's rows they are.
    """
    config = members[0].config
    dataset = plan.dataset(config)
    kind = input_kind(section(config, "model"), config["data.view"], dataset)
    part, rows = make_test(dataset, kind, section(config, "data"), device="cpu", dtype=dtype)
    outputs = [
        outputs_on(part, model_of(plan, member, weights, dtype), member) for member in members
    ]
    return torch.stack(outputs), part.targets, rows


def valid_outputs(
    plan: Plan, members: Sequence[Member], weights: Weights
) -> list[tuple[Tensor, Tensor]]:
    """Of each member, what it says of its own validation rows, and their targets."""
    found = []
    for member in members:
        config = member.config
        dataset = plan.dataset(config)
        kind = input_kind(section(config, "model"), config["data.view"], dataset)
        parts = make_parts(
            dataset, kind, section(config, "data"),
            fold=member.fold, folds=member.folds, device="cpu",
        )  # fmt: skip
        model = model_of(plan, member, weights, torch.float32)
        found.append((outputs_on(parts.valid, model, member), parts.valid.targets))
    return found


@torch.no_grad()
def outputs_on(part: Part, model: nn.Module, member: Member) -> Tensor:
    """What a model says of a part's rows, shape (rows, outputs)."""
    network, precision = Network(model), member.config["training.precision"]
    found = []
    for start in range(0, len(part), EVALUATION_ROWS):
        inputs, _ = part.rows(slice(start, start + EVALUATION_ROWS))
        found.append(forward_in(precision, "cpu", partial(network, inputs)))
    return torch.cat(found)
