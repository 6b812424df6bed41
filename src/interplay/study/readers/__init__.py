"""Notations in which people write down what varies; one small module and one registration each.

`native` is that of our study files. Each other has `recognises(tables)`, whether a file is one, by
its keys alone, and `read(tables, mistakes)`, which gives a `Reading` in our notation. Nothing is
dropped without a word: what cannot be honoured is a mistake that names the key in the tool's own
words, or a note where it concerns that tool alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interplay.errors import Mistake, StudyError
from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class Reading:
    """What another tool's sweep says, in our notation.

    Attributes:
        tool: whose it is.
        hyperparameters: by the names that the sweep has, dotted where nested; each as a study file
            would write it (`native`).
        study: what else a study file says of the same: `search`, `seeds`, `folds`, `epochs`, ….
        notes: what a reader should know, a sentence each: what concerns only that tool, and where
            the tool itself does otherwise than its documentation says.
        held: names whose value no sweep on the tool's own command line would vary.
    """

    tool: str
    hyperparameters: Mapping[str, Any]
    study: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


NOTATIONS: Registry[Entry] = Registry("notation")
"""In the order in which they are asked whether a file is theirs."""
_SUMMARIES: dict[str, str] = {
    "hydra": "Hydra's configuration with a sweeper",
    "determined": "Determined's experiment configuration",
    "hyper_opt": "Optuna's suggestions in a run configuration",
    "darts": "darts-segmentation's hyperparameters for tune-smp",
    "wandb": "W&B's sweeps",
}
for _name, _summary in _SUMMARIES.items():
    NOTATIONS.register(Entry(_name, f"{__name__}.{_name}:read", _summary))


def read_notation(tables: Mapping[str, Any], source: str) -> Reading | None:
    """What a file says that is another tool's sweep; None of one that is none.

    Raises:
        StudyError: with all mistakes of the sweep at once, in its tool's words.
    """
    entry = NOTATIONS.knowing("recognises", tables)
    if entry is None:
        return None
    mistakes: list[Mistake] = []
    reading: Reading = entry.build(tables, mistakes)
    if mistakes:
        raise StudyError(source, mistakes)
    return reading
