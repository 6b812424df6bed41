"""What is known of a metric: which way is better, and which values it can take. Needs no torch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from interplay.combination import combination_of
from interplay.kinds import Task

Mode = Literal["max", "min"]
Bounds = tuple[float, float]

SHARE: Bounds = (0.0, 1.0)
POSITIVE: Bounds = (0.0, math.inf)


@dataclass(frozen=True)
class Meaning:
    """What is known of a metric.

    Attributes:
        mode: which way is better; None where nobody knows.
        bounds: (lowest, highest) value it can take, infinite where it has no such end; None where
            nobody knows.
    """

    mode: Mode | None = None
    bounds: Bounds | None = None


@dataclass(frozen=True)
class Metric:
    """A metric that a training of ours gives; `training.metrics` computes it.

    Attributes:
        task: whose it is; None where every task has it.
    """

    name: str
    task: Task | None
    meaning: Meaning


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classification", Meaning("max", SHARE)),
        Metric("f1", "classification", Meaning("max", SHARE)),
        Metric("mae", "regression", Meaning("min", POSITIVE)),
        Metric("rmse", "regression", Meaning("min", POSITIVE)),
        Metric("r2", "regression", Meaning("max", (-math.inf, 1.0))),
        Metric("train_loss", None, Meaning("min", POSITIVE)),
        Metric("valid_loss", None, Meaning("min", POSITIVE)),
    )
}
"""In the order in which they are offered: a task's first one is compared where none is asked for."""

# Words in the names of others' metrics.
_LOSSES = """
loss losses logloss error err errors mse rmse mae mape smape msle rmsle nll perplexity ppl cer wer
ter fid brier deviance regret crossentropy bce kld cost
"""
_SHARES = """
acc accuracy top1 top5 f1 fbeta auc auroc auprc ap precision recall sensitivity specificity iou
miou dice jaccard ndcg mrr
"""
_GAINS = "r2 score kappa mcc bleu rouge meteor psnr ssim reward return likelihood elbo"

LOSSES = frozenset(_LOSSES.split())
"""Better where lower; nothing is below 0."""
SHARES = frozenset(_SHARES.split())
"""Better where higher; between 0 and 1."""
GAINS = frozenset(_GAINS.split())
"""Better where higher."""


def metrics_of(task: Task) -> tuple[str, ...]:
    """Every metric a study with this task may ask for, its own first."""
    return tuple(m.name for m in METRICS.values() if m.task in (task, None))


def mode_of(metric: str) -> Mode | None:
    """Which way `metric` is better; None where its name does not say, so that it must be asked."""
    return meaning_of(metric).mode


def meaning_of(metric: str) -> Meaning:
    """What is known of a metric of ours, or what a name says of another's: `val_loss`,
    `eval/accuracy`, `testRMSE`, `neg_mean_squared_error`."""
    if metric in METRICS:
        return METRICS[metric].meaning
    if (combined := combination_of(metric)) is not None:
        # Of shares, none of them upside down, a share.
        shares = (not lower and meaning_of(part).bounds == SHARE for part, lower in combined.parts)
        return Meaning("max", SHARE if all(shares) else None)
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", metric).lower()
    apart = re.sub(r"cross[\s_-]+entropy", "crossentropy", apart)
    words = set(re.findall(r"[a-z]+[0-9]*", apart))
    lower, share, higher = words & LOSSES, words & SHARES, words & GAINS
    if {"neg", "negative"} & words:
        # The negative of a loss is a gain; what it can be follows from neither.
        return Meaning("max" if lower else "min" if share or higher else None)
    if lower and share:
        return Meaning()  # accuracy_at_least_loss, loss_weighted_f1: who knows
    if lower:
        return Meaning("min", POSITIVE)
    if share:
        return Meaning("max", SHARE)
    if "r2" in higher:
        return METRICS["r2"].meaning
    return Meaning("max") if higher else Meaning()
