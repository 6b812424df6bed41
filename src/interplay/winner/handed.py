"""What is handed over: a trained model, what it reads, and what its card says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.training.members import Config

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from interplay.data.dataset import Dataset
    from interplay.kinds import Kind


@dataclass(frozen=True)
class CardScore:
    """One metric of the cell over its trainings.

    Attributes:
        sd: over trainings; None where there is one.
        n: trainings.
        low, high: of an interval for the mean, where there is one.
        part: the rows that it was computed on: "validation" or "test".
    """

    mean: float
    sd: float | None = None
    n: int = 1
    low: float | None = None
    high: float | None = None
    part: str = "validation"


@dataclass(frozen=True)
class Story:
    """What the model card says and the model itself does not know.

    Attributes:
        study: its name.
        epochs: that every training had.
        seeds: of the trainings that the scores are over.
        seed: of the one that is handed over.
        chosen: the hyperparameters that varied, with what was chosen.
        why: how it was chosen, a sentence each.
        scores: by metric; one metric of two parts is two entries, told apart by their names.
        hypothesis: as it was written before anything trained.
        rows: how many rows each part has.
        limits: a sentence each, besides those that the card knows itself.
        picture: of the heatmap, copied into the folder.
    """

    study: str
    epochs: int
    seeds: tuple[int, ...] = ()
    seed: int | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    scores: Mapping[str, CardScore] = field(default_factory=dict)
    hypothesis: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    picture: Path | None = None


@dataclass(frozen=True)
class Handed:
    """A trained model with what it was trained on.

    Attributes:
        model: trained, float32, on the CPU.
        config: of its cell, whole, under full dotted names.
        dataset: it was trained on, which says how raw inputs become its arrays.
        kind: the form in which it reads inputs.
        train_rows: that it was trained on; inputs are scaled as these are.
        folders: where the user's modules are.
        story: for its card.
    """

    model: nn.Module
    config: Config
    dataset: Dataset
    kind: Kind
    train_rows: NDArray[np.int64]
    story: Story
    folders: tuple[Path, ...] = ()
