"""The training loss of many members at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class _CrossEntropy(torch.autograd.Function):
    """Cross-entropy of each row, with label smoothing (Szegedy et al., 2016, as torch has it).

    torch's own log-softmax takes a row at a time, which for ten classes is several times slower
    than a few operations on the whole matrix.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        logits = logits - logits.amax(1, keepdim=True)
        exponents = logits.exp()
        total = exponents.sum(1, keepdim=True)
        wanted = targets[:, None]
        losses = total.log().squeeze(1)
        if smoothing > 0:
            part = logits.gather(1, wanted).squeeze(1).mul_(1 - smoothing)
            losses -= part.add_(logits.mean(1), alpha=smoothing)
        else:
            losses -= logits.gather(1, wanted).squeeze(1)
        ctx.smoothing = smoothing
        ctx.save_for_backward(exponents.div_(total), wanted)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        shares, wanted = ctx.saved_tensors
        away = shares - ctx.smoothing / shares.shape[1] if ctx.smoothing > 0 else shares.clone()
        away.scatter_add_(1, wanted, away.new_full((1, 1), ctx.smoothing - 1).expand_as(wanted))
        return away.mul_(grad[:, None]), None, None


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """The loss of each row: (rows, classes) logits and (rows,) class numbers to (rows,)."""
    losses: Tensor = _CrossEntropy.apply(logits, targets, smoothing)  # type: ignore[no-untyped-call]
    return losses


def weighted_cross_entropy(
    logits: Tensor, targets: Tensor, smoothing: float, weights: Tensor
) -> Tensor:
    """Each member's loss with weights of its own, as torch's CrossEntropyLoss has it: the rows'
    weighted losses by the sum of their weights.

    Args:
        logits, targets: (members * batch, classes) and (members * batch,).
        weights: (members, classes).
    """
    members, classes = weights.shape
    logs = F.log_softmax(logits, 1).view(members, -1, classes)
    wanted = targets.view(members, -1, 1)
    own = weights[:, None].expand_as(logs)
    of_rows = own.gather(2, wanted).squeeze(2)
    losses = -logs.gather(2, wanted).squeeze(2) * of_rows
    if smoothing > 0:
        losses = (1 - smoothing) * losses - smoothing / classes * (logs * own).sum(2)
    return losses.sum(1) / of_rows.sum(1)
