"""Weights & Biases: folders of runs as it keeps them on disk (`wandb/`, one or many), and its exports.

Of a run's folder `files/config.yaml` and `files/wandb-summary.json` are read: what was set, and each
metric's last value. The binary `.wandb` beside them, which has the histories, is no open format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError
from interplay.results.sources.guess import guess_table, plain
from interplay.results.sources.nested import flat
from interplay.results.sources.texts import read_json, read_yaml
from interplay.table.table import Table

RUN = re.compile(r"(offline-)?run-\d{8}_\d{6}-(?P<id>.+)")
"""What the folder of a run is called."""
CONFIG, SUMMARY = "config.yaml", "wandb-summary.json"
SETTING, ID = "config.", "run_id"
STEP = "_step"
"""Of the names that begin so, which W&B writes by itself, the one that tells how long a run was."""
EXPORT = (
    "on the project's page the table of runs has Download > CSV, and `wandb sync FOLDER` brings an "
    "offline run there; in Python `wandb.Api().runs('entity/project')` has config and summary of each"
)
SITE = "https://wandb.ai/"


def recognises(source: str) -> bool:
    """Whether it is a run's folder, one of many of them, the binary of a run or an address there."""
    path = Path(source)
    return source.startswith(SITE) or path.suffix == ".wandb" or next(_runs(path), None) is not None


def _runs(path: Path) -> Iterator[Path]:
    """The folders of runs: this one, those in it, or those in the folder `wandb` in it."""
    if not path.is_dir():
        return
    if RUN.fullmatch(path.resolve().name):
        yield path.resolve()
        return
    for folder in (path, path / "wandb"):
        if folder.is_dir():
            yield from sorted(f for f in folder.iterdir() if RUN.fullmatch(f.name) and f.is_dir())


def read(source: str) -> Table:
    """The table of folders of runs, a row a run.

    Raises:
        TableError: it is what only W&B itself reads, or a file was not written whole.
    """
    path = Path(source)
    if source.startswith(SITE):
        raise TableError(f"{source} is read by W&B itself: {EXPORT}")
    if path.suffix == ".wandb":
        raise TableError(f"{path} is W&B's own binary, which only W&B reads: {EXPORT}")
    rows, left = [], 0
    for folder in _runs(path):
        files = folder / "files"
        if not (files / CONFIG).is_file() or not (files / SUMMARY).is_file():
            left += 1
            continue
        settings = {SETTING + key: value for key, value in _settings(files / CONFIG)}
        rows.append({ID: folder.name, **settings, **dict(_metrics(files / SUMMARY))})
    told = f"files/{CONFIG} (what was set) or files/{SUMMARY} (what it gave)"
    if not rows:
        raise TableError(f"no run of W&B's in {path} has {told}: {EXPORT}")
    table = guess_table(path.resolve().name, plain(pd.DataFrame(rows)), (ID,))
    note = f"runs without {told}, left out: {left} of {left + len(rows)}"
    return replace(table, notes=(note,) if left else ())


def _settings(file: Path) -> Iterator[tuple[str, Any]]:
    """What was set: each entry is `{value: …}`, beside what W&B notes of itself."""
    for key, entry in read_yaml(file).items():
        if isinstance(entry, dict) and "value" in entry and not key.startswith("_"):
            yield from _flat({key: entry["value"]})


def _metrics(file: Path) -> Iterator[tuple[str, Any]]:
    """The last value of each metric, and `_step`, how many were logged."""
    for key, value in read_json(file).items():
        if key == STEP or not key.startswith("_"):
            yield from _flat({key: value})


def _flat(tables: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in flat(tables, ".", whole=lambda table: "_type" in table):
        if isinstance(value, dict):
            continue  # a picture, a table, a histogram
        # JSON has no words for these.
        number = isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity")
        yield name, float(value) if number else value


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it is what W&B exports of a chart: a row a step, some columns a run."""
    names = set(map(str, frame.columns))
    return any(f"{name}__MIN" in names and f"{name}__MAX" in names for name in names)


def read_frame(name: str, _: pd.DataFrame) -> Table:
    """Refuse a chart's export, whose rows are steps.

    Raises:
        TableError: always.
    """
    raise TableError(
        f"{name} is the export of a chart of W&B's, a row a step: what was set is not in it. {EXPORT}"
    )
