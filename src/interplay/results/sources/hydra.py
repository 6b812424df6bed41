"""Hydra: the folder of a sweep (`multirun/DATE/TIME`), a job a folder with `.hydra` and a CSV in it.

Of the many settings of a job those are hyperparameters that were overridden, as its configuration
has them (`model.width`), or by the name of the choice where a group of settings was (`model`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError, listed
from interplay.metrics import Mode
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import paired_by_name, plain, plain_name
from interplay.results.sources.histories import with_logged
from interplay.results.sources.known import apart, known_table
from interplay.results.sources.logs import log_of, logged_in
from interplay.results.sources.nested import flat
from interplay.results.sources.texts import read_list, read_yaml
from interplay.table.table import Default, Role, Table

HIDDEN = ".hydra"
OVERRIDES, CONFIG, OWN = (f"{HIDDEN}/{name}.yaml" for name in ("overrides", "config", "hydra"))
SWEEP, RESULTS = "multirun.yaml", "optimization_results.yaml"
"""What the plain sweeper and Optuna's leave beside the jobs."""
METRICS = "metrics.csv"
OVERRIDE = re.compile(r"(?P<mark>\+\+|\+|~|)(?P<name>[^=]+)(=(?P<value>.*))?", re.DOTALL)
VERSION = re.compile(r"version_(\d+)")
DIRECTIONS: dict[Any, Mode] = {"minimize": "min", "maximize": "max"}


def recognises(source: str) -> bool:
    """Whether in or below this folder there is a job of Hydra's."""
    path = Path(source)
    return path.is_dir() and next(path.rglob(OVERRIDES), None) is not None


@dataclass(frozen=True)
class _Job:
    """What lies in the folder of a job.

    Attributes:
        name: its folder's, in that of the sweep.
        settings: all of them, by name.
        overridden: which of these were overridden.
        groups: which of those are groups of settings, and told by the name of a choice.
        rows: its log; empty where there is none.
        broken: how many rows of it were not written whole.
        logs: how many there are; the last one counts.
    """

    name: str
    settings: Mapping[str, Any]
    overridden: tuple[str, ...]
    groups: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    broken: int
    logs: int


def read(source: str) -> Table:
    """The table of a sweep, a row a job, in the order of their numbers.

    Raises:
        TableError: there are several sweeps, or one job only, or no job has a log of metrics, or
            a file cannot be read.
    """
    path = Path(source)
    folders = [file.parent.parent for file in path.rglob(OVERRIDES)]
    if path in folders:
        raise TableError(f"{path} is one job of Hydra's; give its sweep, {path.absolute().parent}")
    sweeps = sorted({_sweep_of(folder, path) for folder in folders}, reverse=True)
    if len(sweeps) > 1:
        names = listed([str(sweep) for sweep in sweeps], 8)
        raise TableError(f"{path} holds {len(sweeps)} sweeps of Hydra's, the last first: {names}")
    [sweep] = sweeps
    jobs = [_job(folder, sweep) for folder in sorted(folders, key=_place)]
    if not any(job.rows for job in jobs):
        raise TableError(
            f"no job of {sweep} has a log of metrics: a CSV, {METRICS} where there are several. A "
            "storage of Optuna's (hydra.sweeper.storage) is read as it is"
        )
    return _table(sweep, jobs, _sweeper(folders[0]))


def _place(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0), str(folder)


def _sweep_of(folder: Path, top: Path) -> Path:
    """The folder of a job's sweep: the nearest in which a sweeper left something, or the one above."""
    above = [parent for parent in folder.parents if parent.is_relative_to(top)]
    ends = [
        parent for parent in above if any((parent / name).is_file() for name in (SWEEP, RESULTS))
    ]
    return ends[0] if ends else folder.parent


def _job(folder: Path, sweep: Path) -> _Job:
    config = dict(flat(read_yaml(folder / CONFIG), ".")) if (folder / CONFIG).is_file() else {}
    overridden, groups = [], {}
    for text in read_list(folder / OVERRIDES):
        if (found := OVERRIDE.fullmatch(str(text))) is None:
            raise TableError(f"{folder / OVERRIDES} holds {text!r}, and no override of Hydra's")
        overridden.append(found["name"])
        if found["name"] not in config:
            word = None if found["mark"] == "~" else _word(found["value"] or "")
            groups[found["name"]] = word
    files = _logs(folder)
    rows = list(log_of(files[-1])) if files else []
    return _Job(
        folder.relative_to(sweep).as_posix(),
        config | groups,
        tuple(overridden),
        tuple(groups),
        [row for row in rows if row is not None],
        rows.count(None),
        len(files),
    )


def _word(text: str) -> str | None:
    quoted = re.fullmatch(r"(['\"])(.*)\1", text.strip(), re.DOTALL)
    word = quoted[2] if quoted else text.strip()
    return None if word == "null" else word


def _logs(folder: Path) -> list[Path]:
    """The logs of a job, the last one last: those called as Lightning calls them, or the only CSV."""
    files = sorted(folder.rglob("*.csv"))
    named = [file for file in files if file.name == METRICS]
    if not named and len(files) > 1:
        names = listed([file.relative_to(folder).as_posix() for file in files], 8)
        raise TableError(
            f"{folder} holds {len(files)} CSVs: {names}; call {METRICS} the one that has a row a report"
        )
    return sorted(named or files, key=_version)


def _version(file: Path) -> tuple[int, str]:
    found = VERSION.fullmatch(file.parent.name)
    return int(found[1]) if found else -1, str(file)


def _sweeper(folder: Path) -> Mapping[str, Any]:
    """What Hydra has on record of the sweeper, in each job alike."""
    own = read_yaml(folder / OWN).get("hydra") if (folder / OWN).is_file() else None
    found = own.get("sweeper") if isinstance(own, dict) else None
    return found if isinstance(found, dict) else {}


def _table(sweep: Path, jobs: Sequence[_Job], sweeper: Mapping[str, Any]) -> Table:
    logged = [one for job in jobs for one in logged_in(job.name, job.rows)]
    taken = {"job", "status", "epochs_run", *(metric for _, metric, *_ in logged)}
    # Those that were overridden first.
    names = dict.fromkeys(n for job in jobs for n in (*job.overridden, *job.settings))
    columns = apart(names, "config.", taken)
    rows = [
        {
            "job": job.name,
            **{c: job.settings.get(n) for n, c in columns.items()},
            "status": "complete" if job.rows else "unfinished",
        }
        for job in jobs
    ]
    frame, found, curves = with_logged(of_rows(rows), "job", logged)
    frame, metrics = plain(frame), [name for name in found if plain_name(name) != "epoch"]

    overridden = dict.fromkeys(columns[n] for job in jobs for n in job.overridden)
    groups = [columns[n] for n in dict.fromkeys(n for job in jobs for n in job.groups)]
    hyper = [
        *overridden,
        *_others(frame, [c for c in columns.values() if c not in overridden], groups),
    ]
    paired = paired_by_name(frame[hyper])
    hyper = [column for column in hyper if column not in paired.values()]
    roles: dict[Role, str] = {"status": "status", **paired}
    if curves is not None:
        roles["budget"] = "epochs_run"
    mode = DIRECTIONS.get(str(sweeper.get("direction")))
    objective = _objective(sweep, frame, metrics, mode)
    drawn = {columns[n]: log for n, log in _scales(sweeper).items() if n in columns}
    return known_table(
        sweep.resolve().name,
        frame,
        hyperparameters=hyper,
        metrics=metrics,
        roles=roles,
        # The plain sweeper takes one value after the other, as they were given.
        orders={c: _words(frame[c]) for c in hyper if (sweep / SWEEP).is_file()},
        logs={c: log for c in hyper if (log := drawn.get(c)) is not None},
        modes={objective: mode} if objective else {},
        guessed=paired.values(),
        default=Default(metric=objective),
        read_curves=None if curves is None else lambda: curves,
        notes=_notes(jobs),
    )


def _others(frame: pd.DataFrame, rest: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The settings that vary though nobody overrode them, those left out that follow from a group."""
    varying = [column for column in rest if frame[column].nunique(dropna=False) > 1]
    if not groups:
        return varying
    alike = frame.groupby(list(groups), dropna=False)
    return [c for c in varying if (alike[c].nunique(dropna=False) > 1).any()]


def _words(column: pd.Series[Any]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(column.dropna()))
    return words if all(isinstance(word, str) for word in words) else ()


def _scales(sweeper: Mapping[str, Any]) -> dict[str, bool]:
    """Whether settings are drawn on a logarithmic scale, by Optuna's sweeper, in both its forms."""
    scales = {}
    for key in ("search_space", "params"):
        told = sweeper.get(key)
        for name, way in told.items() if isinstance(told, dict) else ():
            if isinstance(way, dict):
                scales[str(name)] = bool(way.get("log"))
            elif "interval(" in str(way):
                scales[str(name)] = re.search(r"tag\(\s*log\s*,", str(way)) is not None
    return scales


def _objective(
    sweep: Path, frame: pd.DataFrame, metrics: Sequence[str], mode: Mode | None
) -> str | None:
    """The metric that was optimised, which is not on record: the only one whose best value is the
    result's."""
    if mode is None or not (sweep / RESULTS).is_file():
        return None
    best = read_yaml(sweep / RESULTS).get("best_value")
    if not isinstance(best, (int, float)):
        return None
    ends = {m: frame[m].min() if mode == "min" else frame[m].max() for m in metrics}
    fits = [m for m, end in ends.items() if math.isclose(end, best, rel_tol=1e-6)]
    return fits[0] if len(fits) == 1 else None


def _notes(jobs: Sequence[_Job]) -> list[str]:
    counts = {
        "jobs without a log of metrics, of which Hydra does not say how they ended": sum(
            not job.rows for job in jobs
        ),
        "jobs with several logs, of which the last is read": sum(job.logs > 1 for job in jobs),
        "jobs with rows in their logs that were not written whole, left out": sum(
            job.broken > 0 for job in jobs
        ),
    }
    return [f"{note}: {count} of {len(jobs)}" for note, count in counts.items() if count]
