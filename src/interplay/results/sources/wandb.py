"""Weights & Biases: folders of runs as it keeps them on disk (`wandb/`, one or many), and its exports.

Of a run's folder `files/config.yaml` and `files/wandb-summary.json` are read: what was set, and each
metric's last value. W&B writes them when a server takes the run, which of one that was offline is when
it is synced. The binary `.wandb` beside them, which alone has histories, is no open format.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import guess_table, plain
from interplay.results.sources.known import apart
from interplay.results.sources.nested import flat
from interplay.results.sources.texts import read_json, read_yaml, table_in
from interplay.table.table import Table

RUN = re.compile(r"(offline-)?run-\d{8}_\d{6}-(?P<id>.+)")
"""What the folder of a run is called."""
CONFIG, SUMMARY = "config.yaml", "wandb-summary.json"
BOTH = f"files/{CONFIG} (what was set) and files/{SUMMARY} (what it gave)"
SETTING, ID = "config.", "run_id"
STEP = "_step"
"""Of the names that begin so, which W&B writes by itself, the one that tells how long a run was."""
TABLES = ("config", "summary")
"""The columns of what W&B's documentation saves of `Api().runs()`: a table of names and values each."""
EXPORT = (
    "on the project's page the table of runs has Download > CSV; in Python "
    "`wandb.Api().runs('entity/project')` has config, summary and state of each, a column each"
)
NO_STATE = (
    "how runs ended is not on record here (W&B keeps it on its server): what failed or was killed "
    "counts as finished; {0}"
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
        raise TableError(
            f"{path} is W&B's own binary, which only W&B reads: {_synced(path.parent)}"
        )
    runs = list(_runs(path))
    whole = [run / "files" for run in runs if _is_whole(run / "files")]
    if not whole:
        folder = runs[0] if len(runs) == 1 else runs[0].parent
        raise TableError(f"no run of W&B's in {path} has been on a server: {_synced(folder)}")
    rows = [
        {
            ID: files.parent.name,
            **_settings(_config(files / CONFIG)),
            **_metrics(read_json(files / SUMMARY)),
        }
        for files in whole
    ]
    table = guess_table(path.resolve().name, plain(of_rows(rows)), (ID,))
    left = len(runs) - len(whole)
    note = f"runs without {BOTH}, left out: {left} of {len(runs)}"
    ends = NO_STATE.format("the table of runs on the project's page has it, as State")
    return replace(table, notes=(note, ends) if left else (ends,))


def _is_whole(files: Path) -> bool:
    return (files / CONFIG).is_file() and (files / SUMMARY).is_file()


def _synced(folder: Path) -> str:
    """How a user comes to a table from what only W&B reads."""
    return (
        f"`wandb sync {shlex.quote(str(folder))}` writes {BOTH}, which are read, and brings it to W&B; "
        f"{EXPORT}"
    )


def _config(file: Path) -> dict[str, Any]:
    """What was set: each entry is `{value: …}`."""
    entries = read_yaml(file).items()
    return {n: e["value"] for n, e in entries if isinstance(e, dict) and "value" in e}


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What was set, without what W&B notes of itself."""
    return dict(_flat((SETTING + n, value) for n, value in config.items() if n[:1] != "_"))


def _metrics(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The last value of each metric, and `_step`, how many were logged."""
    return dict(_flat((n, value) for n, value in summary.items() if n == STEP or n[:1] != "_"))


def _flat(entries: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in flat(dict(entries), ".", whole=lambda table: "_type" in table):
        if isinstance(value, dict):
            continue  # a picture, a table, a histogram
        # JSON has no words for these.
        number = isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity")
        yield name, float(value) if number else value


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it has a table of names and values for what was set and one for what came out, or is
    what W&B exports of a chart."""
    return _is_saved(frame) or _is_chart(frame)


def _is_saved(frame: pd.DataFrame) -> bool:
    return all(
        name in frame and frame[name].map(lambda text: str(text).startswith("{")).any()
        for name in TABLES
    )


def _is_chart(frame: pd.DataFrame) -> bool:
    """Whether a row is a step, and some columns are a run."""
    names = set(map(str, frame.columns))
    return any(f"{name}__MIN" in names and f"{name}__MAX" in names for name in names)


def read_frame(name: str, frame: pd.DataFrame) -> Table:
    """The runs that `Api().runs()` gave, as W&B's documentation saves them.

    Raises:
        TableError: it is a chart's export, whose rows are steps, or a cell was not written whole.
    """
    if not _is_saved(frame):
        raise TableError(
            f"{name} is the export of a chart of W&B's, a row a step: what was set is not in it; {EXPORT}"
        )
    config, summary = (
        [
            {} if pd.isna(text) else table_in(f"{name}, {column} of row {row}", str(text))
            for row, text in enumerate(frame[column], 1)
        ]
        for column in TABLES
    )
    told = of_rows(_settings(c) | _metrics(s) for c, s in zip(config, summary, strict=True))
    rest = frame.drop(columns=list(TABLES))
    rest = rest.rename(columns=apart(map(str, rest.columns), "run.", set(map(str, told.columns))))
    table = guess_table(name, plain(pd.concat([rest, told], axis=1)))
    ends = NO_STATE.format("`[run.state for run in runs]` as a column `state` says it")
    return table if table.one("status") else replace(table, notes=(ends,))
