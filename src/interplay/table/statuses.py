"""How a training ended, in the words of each tool."""

from __future__ import annotations

import functools
from typing import Any, Literal

from interplay.training.members import Status

Said = Status | Literal["unfinished"]

_WORDS_OF: dict[Said, str] = {
    "complete": "complete completed terminated finished done success succeeded ok",
    "stopped": "stopped pruned early_stopped stopped_early",
    "diverged": "diverged nan",
    "failed": "failed fail failure error errored crashed killed canceled cancelled preempted invalid",
    "unfinished": "unfinished running pending waiting scheduled queued paused active started idle "
    "pulling starting preempting stopping_completed stopping_canceled stopping_killed stopping_error",
}
WORDS = {word: status for status, words in _WORDS_OF.items() for word in words.split()}
"""The words of Optuna, Ray, W&B, MLflow, Keras Tuner, Determined and of this tool, in small letters."""


def status_of(word: Any) -> Said | None:
    """What a word of a status column says; None where no tool we know writes it."""
    return _said(str(word))


@functools.lru_cache(4096)  # columns hold few words, millions of times
def _said(text: str) -> Said | None:
    plain = text.rpartition(".")[2]  # TrialState.COMPLETE
    return WORDS.get(plain.strip().lower().replace(" ", "_").replace("-", "_"))
