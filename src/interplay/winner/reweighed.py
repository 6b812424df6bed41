"""Every metric of several models on rows that count so many times each, for many drawings at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from interplay.kinds import Task

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]


class Reweighed:
    """As `training.metrics.evaluate_members` of rows drawn again, without drawing them: what each
    row adds is known, and a drawing says how often it is added.

    Args:
        outputs: (models, rows, outputs).
        targets: (rows,) class numbers, or (rows, outputs).
    """

    def __init__(self, outputs: Tensor, targets: Tensor, task: Task) -> None:
        self.task = task
        if task == "classification":
            from torch.nn import functional as F

            models, rows, self.classes = outputs.shape
            losses = F.cross_entropy(
                outputs.flatten(0, 1), targets.expand(models, -1).flatten(), reduction="none"
            )
            self.losses: Floats = losses.view(models, rows).double().numpy()
            self.said, self.true = outputs.argmax(-1).numpy(), targets.numpy()
            return
        off: Floats = (outputs - targets).double().numpy()
        off = off.reshape(len(off), len(targets), -1)
        self.squares, self.sizes = np.square(off).mean(axis=2), np.abs(off).mean(axis=2)
        self.wanted: Floats = targets.double().numpy().reshape(len(targets), -1)

    def __call__(self, counts: Floats) -> dict[str, Floats]:
        """The metrics, of shape (models, drawings) each.

        Args:
            counts: (rows, drawings), how often each row was drawn.
        """
        total = counts.sum(axis=0)
        if self.task == "classification":
            right = (self.said == self.true).astype(np.float64)
            return {
                "valid_loss": self.losses @ counts / total,
                "accuracy": right @ counts / total,
                "f1": self._f1(counts),
            }
        squares = self.squares @ counts / total
        # Of all outputs together, as r2 has it.
        middle = self.wanted.T @ counts / total
        spread = np.square(self.wanted).T @ counts / total - np.square(middle)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = spread.mean(axis=0)
            r2 = np.where(spread > 0, 1 - squares / spread, np.nan)
        sizes = self.sizes @ counts / total
        return {"valid_loss": squares, "mae": sizes, "rmse": np.sqrt(squares), "r2": r2}

    def _f1(self, counts: Floats) -> Floats:
        """The plain mean of F1 over the classes that occur in targets or predictions."""
        scores = np.zeros((len(self.said), counts.shape[1]))
        there = np.zeros_like(scores)
        for label in range(self.classes):
            said, true = self.said == label, self.true == label
            hits = (said & true).astype(np.float64) @ counts
            either = said.astype(np.float64) @ counts + true.astype(np.float64) @ counts
            scores += np.divide(2 * hits, either, out=np.zeros_like(hits), where=either > 0)
            there += either > 0
        found: Floats = scores / there
        return found
