"""What `interplay data` prints; it loads no data, no torch and no mads_datasets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interplay.data import DATASETS, DataEntry
from interplay.data.folder import data_folder
from interplay.options import Option


@dataclass(frozen=True)
class Listed:
    """One dataset as a row of words.

    Attributes:
        task: "by the target" where the user's files decide.
        size: number of rows; "" where the user's files decide.
        on_disk: "yes", "no" (it is downloaded at first use), or "" where it is not downloaded.
        options: its own ones, beside those of every dataset.
    """

    name: str
    summary: str
    task: str
    size: str
    shape: str
    source: str
    on_disk: str
    options: tuple[Option, ...]


def listed() -> list[Listed]:
    """A row for every registered dataset, in the order of the registry."""
    home = data_folder()
    return [
        Listed(
            name=entry.name,
            summary=entry.summary,
            task="by the target" if entry.any_task else entry.task,
            size=entry.size,
            shape=entry.shape,
            source=entry.source,
            on_disk=_on_disk(entry, home),
            options=tuple(entry.options.by_name.values()),
        )
        for entry in DATASETS
    ]


def _on_disk(entry: DataEntry, home: Path) -> str:
    """As `download.fetch` would find it, but for the digest, which is compared on loading."""
    source = entry.download
    if source is None:
        return ""
    place = home / source.folder
    if source.unpacked:
        there = (place / source.unpacked).is_dir() and not (place / source.file).exists()
    else:
        there = (place / source.file).is_file()
    return "yes" if there or (home / source.file).is_file() else "no"
