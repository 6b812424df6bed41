"""How much each class counts in the training loss."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.training.common import ClassWeights
from interplay.training.tensors import Parts


def class_weights(how: ClassWeights, parts: Parts) -> Tensor | None:
    """One weight a class, (classes,); None where all count alike.

    "balanced" is n / (classes that occur * n of the class), as scikit-learn has it, over the
    training rows (King & Zeng, 2001, "Logistic regression in rare events data"); a class that none
    of them has weighs nothing.
    """
    if how == "none":
        return None
    targets = parts.train.targets
    counts = torch.bincount(targets.cpu(), minlength=parts.spec.num_outputs).double()
    there = counts > 0
    weights = torch.where(there, len(targets) / (there.sum() * counts.clamp(min=1)), 0.0)
    return weights.to(targets.device, parts.dtype)
