"""Metrics over a whole validation set, exact. `interplay.metrics` says what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplay.kinds import Task

if TYPE_CHECKING:
    from torch import Tensor


def evaluate(outputs: Tensor, targets: Tensor, task: Task) -> dict[str, float]:
    """The loss and every metric of one model over a whole set.

    Args:
        outputs: (n, classes) logits, or (n, outputs) predictions.
        targets: (n,) class numbers, or (n, outputs) values.

    Returns:
        `valid_loss` (cross-entropy without smoothing, or mean squared error), and in
        classification `accuracy` and `f1` (macro: the plain mean over the classes that occur in
        targets or predictions); in regression `mae`, `rmse` and `r2` (1 - SSE/SST over all
        outputs; nan where the targets do not vary).
    """
    columns = evaluate_members(outputs[None], targets, task)
    return {name: float(column[0]) for name, column in columns.items()}


def evaluate_members(outputs: Tensor, targets: Tensor, task: Task) -> dict[str, Tensor]:
    """`evaluate` for many models over the same targets: outputs (members, n, …), values (members,)."""
    import torch
    from torch.nn import functional as F

    if outputs.device.type == "mps":  # which has no double precision
        outputs, targets = outputs.cpu(), targets.cpu()
    members = len(outputs)
    if task == "classification":
        classes = outputs.shape[-1]
        # Of every member and class: how often it was said, and how often rightly.
        first = torch.arange(members, device=outputs.device)[:, None] * classes
        said = outputs.argmax(-1)
        right = torch.where(said == targets, first + said, members * classes)

        def counts(numbers: Tensor, members: int) -> Tensor:
            found = torch.bincount(numbers.flatten(), minlength=members * classes)
            return found[: members * classes].view(members, classes).double()

        hits = counts(right, members)
        either = counts(first + said, members) + counts(targets, 1)
        scores = torch.where(either > 0, 2 * hits / either.clamp(min=1), 0.0)
        losses = F.cross_entropy(
            outputs.flatten(0, 1), targets.expand(members, -1).flatten(), reduction="none"
        )
        return {
            "valid_loss": losses.view(members, -1).mean(1).cpu(),
            "accuracy": (hits.sum(1) / len(targets)).cpu(),
            "f1": (scores.sum(1) / (either > 0).sum(1)).cpu(),
        }
    error = (outputs - targets).double().flatten(1)
    squares = error.square()
    wanted = targets.double()
    spread = (wanted - wanted.mean(0)).square().sum()
    unexplained = squares.sum(1) / spread if float(spread) > 0 else squares.sum(1) * torch.nan
    return {
        "valid_loss": squares.mean(1).cpu(),
        "mae": error.abs().mean(1).cpu(),
        "rmse": squares.mean(1).sqrt().cpu(),
        "r2": (1 - unexplained).cpu(),
    }
