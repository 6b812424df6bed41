"""What the chosen cell's models say of the validation rows, for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from interplay.data.load import split_dataset
from interplay.plots.predictions import Confusion, Errors
from interplay.training.members import section
from interplay.training.tensors import reading_order
from interplay.winner.predictions import valid_outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplay.table.weights import Weights
    from interplay.training.members import Member
    from interplay.tuning.plan import Plan


def said_of_valid(plan: Plan, members: Sequence[Member], weights: Weights) -> Confusion | Errors:
    """Of classes how often each was taken for each, summed over trainings (each over its own
    validation rows); of numbers what each training said. Of several targets the first.
    """
    dataset = plan.dataset(members[0].config)
    found = valid_outputs(plan, members, weights)
    if dataset.task == "classification":
        k = dataset.num_outputs
        counts = torch.zeros(k * k, dtype=torch.int64)
        for outputs, targets in found:
            counts += torch.bincount(targets * k + outputs.argmax(1), minlength=k * k)
        classes = dataset.classes or tuple(map(str, range(k)))
        told = np.unique(np.concatenate([_valid_of(plan, member) for member in members]))
        return Confusion(counts.view(k, k).numpy(), classes, len(members), len(told))
    n = len(dataset.targets)
    said = np.full((len(members), n), np.nan)
    for row, (member, (outputs, _)) in enumerate(zip(members, found, strict=True)):
        rows = _valid_of(plan, member)
        said[row, reading_order(dataset, rows)] = outputs[:, 0].double().numpy()
    there = np.isfinite(said).any(axis=0)
    return Errors(dataset.targets[there, 0].astype(np.float64), said[:, there])


def _valid_of(plan: Plan, member: Member) -> NDArray[np.int64]:
    """A training's validation rows."""
    data = section(member.config, "data")
    dataset = plan.dataset(member.config)
    return split_dataset(dataset, data, member.folds, member.fold).valid
