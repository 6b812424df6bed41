"""Metrics over a whole validation set, exact, and which way is better. Names need no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from interplay.kinds import Task

if TYPE_CHECKING:
    from torch import Tensor

Mode = Literal["max", "min"]
LOSSES = ("train_loss", "valid_loss")
METRICS: dict[Task, tuple[str, ...]] = {
    "classification": ("accuracy", "f1"),
    "regression": ("mae", "rmse", "r2"),
}

KNOWN = {name for names in METRICS.values() for name in names} | set(LOSSES)


def metrics_of(task: Task) -> tuple[str, ...]:
    """Every metric a study with this task may ask for, its own first."""
    return (*METRICS[task], *LOSSES)


def mode_of(metric: str) -> Mode:
    """Which way `metric` is better."""
    return "max" if metric in ("accuracy", "f1", "r2") else "min"


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

    members = len(outputs)
    if task == "classification":
        classes = outputs.shape[-1]
        # counts[m, t, p] in one bincount: no loop over members or classes.
        member = torch.arange(members, device=outputs.device)[:, None]
        cell = (member * classes + targets) * classes + outputs.argmax(-1)
        counts = torch.bincount(cell.flatten(), minlength=members * classes * classes)
        counts = counts.view(members, classes, classes).double()
        hits, either = counts.diagonal(dim1=1, dim2=2), counts.sum(1) + counts.sum(2)
        scores = torch.where(either > 0, 2 * hits / either.clamp(min=1), 0.0)
        losses = F.cross_entropy(
            outputs.flatten(0, 1), targets.expand(members, -1).flatten(), reduction="none"
        )
        return {
            "valid_loss": losses.view(members, -1).mean(1).cpu(),
            "accuracy": (hits.sum(1) / counts.sum((1, 2))).cpu(),
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
