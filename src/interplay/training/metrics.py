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
    import torch
    from torch.nn import functional as F

    if task == "classification":
        classes = outputs.shape[-1]
        predicted = outputs.argmax(-1)
        # counts[t, p] in one bincount: per-class counts without a loop over classes.
        counts = torch.bincount(targets * classes + predicted, minlength=classes * classes)
        counts = counts.reshape(classes, classes).double()
        hits, asked, said = counts.diagonal(), counts.sum(1), counts.sum(0)
        seen = (asked + said) > 0
        f1 = (2 * hits[seen] / (asked + said)[seen]).mean()
        return {
            "valid_loss": float(F.cross_entropy(outputs, targets)),
            "accuracy": float(hits.sum() / counts.sum()),
            "f1": float(f1),
        }
    error = (outputs - targets).double()
    squares = error.square()
    spread = (targets.double() - targets.double().mean(0)).square().sum()
    return {
        "valid_loss": float(squares.mean()),
        "mae": float(error.abs().mean()),
        "rmse": float(squares.mean().sqrt()),
        "r2": float(1 - squares.sum() / spread) if float(spread) > 0 else float("nan"),
    }
