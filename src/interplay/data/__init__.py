"""Datasets by name. Importing this loads neither numpy nor any data."""

from __future__ import annotations

from dataclasses import dataclass

from interplay.kinds import Task
from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class DataEntry(Entry):
    """A dataset that can be loaded by name.

    Attributes:
        task: what it is for, known before anything is loaded.
        size, shape, source: for listings.
    """

    task: Task = "classification"
    size: str = ""
    shape: str = ""
    source: str = ""


DATASETS: Registry[DataEntry] = Registry("dataset")

DATASETS.register(
    DataEntry(
        "digits",
        "interplay.data.digits:digits",
        "handwritten digits",
        task="classification",
        size="1,797",
        shape="image 1×8×8",
        source="ships in scikit-learn",
    )
)
