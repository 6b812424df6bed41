"""TensorBoard: a folder of trainings whose hyperparameters are on record (`add_hparams`, `hp.hparams`).

A training is a folder with hyperparameters. `SummaryWriter.add_hparams` writes them one folder below
the curves, so the folder above belongs to it where that has only this one below; so do folders below
with scalars only, such as Keras's `train` and `validation`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from interplay.errors import TableError
from interplay.results.sources.events import PATTERN, Logged, event_folders, read_folder
from interplay.results.sources.histories import logged_table
from interplay.table.table import Table

SETTING = "hparams/"
FOLDER = "logdir"
"""The column that says where a training's events lie."""


def recognises(source: str) -> bool:
    """Whether there are event files in or below this folder."""
    path = Path(source)
    return path.is_dir() and next(path.rglob(PATTERN), None) is not None


def read(source: str) -> Table:
    """The table of a folder, a row a training.

    Raises:
        TableError: an event file cannot be read, or no hyperparameters are on record.
    """
    root = Path(source)
    folders = {folder: read_folder(folder) for folder in event_folders(root)}
    homes = _homes(folders)
    if not homes:
        raise TableError(
            f"{root} has TensorBoard's events and no hyperparameters with them: nobody can tell its "
            "trainings apart. `SummaryWriter.add_hparams` writes them; or make a CSV, a row a training"
        )
    rows, logged, without = [], [], 0
    for home, told in homes.items():
        found = folders[told]
        settings = {SETTING + name: value for name, value in (found.settings or {}).items()}
        rows.append({FOLDER: _called(home, root), "status": found.status, **settings})
    for folder, found in folders.items():
        above = next((h for h in (folder, *folder.parents) if h in homes), None)
        if above is None:
            without += bool(found.scalars)
            continue
        below = "" if folder in (above, homes[above]) else f"{_called(folder, above)}/"
        member = _called(above, root)
        logged += [(member, below + tag, step, value) for tag, step, value in found.scalars]
    table = logged_table(root.resolve().name, pd.DataFrame(rows), FOLDER, logged, (FOLDER,))
    note = f"folders of events without hyperparameters, left out: {without} of {len(folders)}"
    return replace(table, notes=(note,) if without else ())


def _homes(folders: Mapping[Path, Logged]) -> dict[Path, Path]:
    """The folder of each training, and the one that has its hyperparameters."""
    told = [folder for folder, found in folders.items() if found.settings is not None]
    beside = Counter(folder.parent for folder in told)
    homes = {}
    for folder in told:
        above = folders.get(folder.parent)
        alone = above is not None and above.settings is None and beside[folder.parent] == 1
        homes[folder.parent if alone else folder] = folder
    return homes


def _called(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix()
