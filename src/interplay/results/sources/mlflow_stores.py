"""Where MLflow keeps runs: a database, a folder, a server. The first two are read as they lie there,
without MLflow: its own client makes tables and folders in a store that it opens."""

from __future__ import annotations

import math
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.errors import TableError, words_of
from interplay.results.sources.texts import read_yaml, whole_text
from interplay.search.optuna.stores import without_password

Point = tuple[str, int, int, float]
"""Of a metric: its name, when it was logged (ms), its step and value."""

TABLES = {"experiments", "runs", "metrics", "params", "tags"}
"""What every database of MLflow has, and none of Optuna's."""
STATUSES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
"""As a folder has them (mlflow/protos/service.proto, `RunStatus`)."""


@dataclass
class Run:
    """A run of an experiment, as MLflow keeps it: its parameters and tags are text."""

    run_id: str
    status: str | None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)


class Database:
    """A SQLite database of MLflow's, which is only read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path.resolve())

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether it is a SQLite database with MLflow's tables."""
        if not path.is_file():
            return False
        try:
            with path.open("rb") as file:
                if file.read(16) != b"SQLite format 3\0":
                    return False
            with closing(_opened(path)) as database:
                rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                return {name for (name,) in rows} >= TABLES
        except (OSError, sqlite3.Error):
            return False

    def experiments(self) -> dict[str, str]:
        """The name of each experiment that was not deleted, by id."""
        rows = self._rows(
            "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'"
        )
        return {str(number): str(name) for number, name in rows}

    def has_runs(self, experiment: str) -> bool:
        """Whether it has runs that were not deleted."""
        query = "SELECT 1 FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active' LIMIT 1"
        return bool(self._rows(query, experiment))

    def runs(self, experiment: str) -> list[Run]:
        """Its runs that were not deleted, the first begun first."""
        of_it = "SELECT run_uuid FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active'"
        runs = {
            str(run_id): Run(str(run_id), status)
            for run_id, status in self._rows(
                "SELECT run_uuid, status FROM runs WHERE experiment_id = ? "
                "AND lifecycle_stage = 'active' ORDER BY start_time, run_uuid",
                experiment,
            )
        }
        for table in ("params", "tags"):
            query = f"SELECT run_uuid, key, value FROM {table} WHERE run_uuid IN ({of_it})"
            for run_id, key, value in self._rows(query, experiment):
                if run_id in runs:  # and did not begin since
                    getattr(runs[run_id], table)[key] = value
        # Databases of the first versions have neither steps nor a mark of what is no number.
        columns = {row[1] for row in self._rows("PRAGMA table_info(metrics)")}
        step, nan = (c if c in columns else f"0 AS {c}" for c in ("step", "is_nan"))
        query = (
            f"SELECT run_uuid, key, timestamp, {step}, value, {nan} FROM metrics "
            f"WHERE run_uuid IN ({of_it})"
        )
        for run_id, key, when, at, value, is_nan in self._rows(query, experiment):
            number = math.nan if is_nan else _from_sql(float(value))
            if run_id in runs:
                runs[run_id].points.append((str(key), int(when or 0), int(at), number))
        return list(runs.values())

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            with closing(_opened(self.path)) as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise TableError(f"{self.path} cannot be read: {words_of(error)}") from None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _from_sql(value: float) -> float:
    """What a value stands for: SQL knows no infinity, for which the largest number stands."""
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


class Folder:
    """A folder `mlruns` with a folder an experiment, in it one a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path.resolve())

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether there is an experiment in it."""
        return any("experiment_id" in _fields(meta) for meta in path.glob("*/meta.yaml"))

    def experiments(self) -> dict[str, str]:
        """The name of each experiment that was not deleted, by id."""
        found = {}
        for meta in sorted(self.path.glob("*/meta.yaml")):
            told = read_yaml(meta) if "experiment_id" in _fields(meta) else {}
            if told.get("lifecycle_stage", "active") == "active" and "name" in told:
                found[meta.parent.name] = str(told["name"])
        return found

    def has_runs(self, experiment: str) -> bool:
        """Whether it has runs that were not deleted."""
        return bool(self.runs(experiment))

    def runs(self, experiment: str) -> list[Run]:
        """Its runs that were not deleted, the first begun first."""
        begun = []
        for folder in (self.path / experiment).iterdir():
            if not (folder / "params").is_dir() and not (folder / "metrics").is_dir():
                continue  # what is kept beside runs: tags of the experiment, datasets, traces
            meta = folder / "meta.yaml"
            told = _fields(meta)
            if "status" not in told:
                raise TableError(
                    f"{meta} does not say how its run ended: it was not written whole; move the "
                    "run's folder elsewhere to read the others"
                )
            if told.get("lifecycle_stage", "active") != "active":
                continue
            run = Run(folder.name, STATUSES.get(told["status"], told["status"]))
            run.params = dict(_texts(folder / "params"))
            run.tags = dict(_texts(folder / "tags"))
            for name, text in _texts(folder / "metrics"):
                run.points += [_point(folder, name, line) for line in text.splitlines()]
            begun.append((told.get("start_time", "").zfill(20), folder.name, run))
        return [run for *_, run in sorted(begun, key=lambda one: one[:2])]


def _fields(meta: Path) -> Mapping[str, str]:
    """Its lines `key: value`; none where there is no such file.

    That is all there is to a run's, of which there are many; a name may be more.
    """
    if not meta.is_file():
        return {}
    pairs = (line.partition(": ") for line in whole_text(meta).splitlines())
    return {key: value.strip() for key, _, value in pairs}


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """What is kept by key, a file each; a key with slashes is a file in folders."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), whole_text(path)


def _point(folder: Path, name: str, line: str) -> Point:
    """A line `when value step`, in old folders without the step, in new ones with a dataset behind."""
    try:
        when, value, *rest = line.split()
        return name, int(when), int(rest[0]) if rest else 0, float(value)
    except ValueError:
        raise TableError(
            f"{folder / 'metrics' / name} holds {line!r}, and no line of MLflow's: time, value, step"
        ) from None


class Server:
    """A tracking server, asked through MLflow's own client."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.place = without_password(address).rstrip("/")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        # By themselves eight tries of a server that is not there take minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        from mlflow import MlflowClient

        self.client = MlflowClient(tracking_uri=address)

    def experiments(self) -> dict[str, str]:
        """The name of each experiment that was not deleted, by id."""
        found = self._pages(self.client.search_experiments)
        return {str(experiment.experiment_id): str(experiment.name) for experiment in found}

    def has_runs(self, experiment: str) -> bool:
        """Whether it has runs that were not deleted."""
        return bool(self._answer(self.client.search_runs, [experiment], max_results=1))

    def runs(self, experiment: str) -> list[Run]:
        """Its runs that were not deleted, the first begun first."""
        found = self._pages(
            self.client.search_runs, experiment_ids=[experiment], order_by=["start_time ASC"]
        )
        return [self._run(run) for run in found]

    def _run(self, found: Any) -> Run:
        run = Run(found.info.run_id, found.info.status, found.data.params, found.data.tags)
        for name in found.data.metrics:
            history = self._answer(self.client.get_metric_history, run.run_id, name)
            run.points += [(name, p.timestamp, p.step, p.value) for p in history]
        return run

    def _pages(self, ask: Any, **asked: Any) -> list[Any]:
        page = self._answer(ask, **asked)
        found = list(page)
        while page.token:
            page = self._answer(ask, page_token=page.token, **asked)
            found += page
        return found

    def _answer(self, ask: Any, *args: Any, **asked: Any) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return ask(*args, **asked)
        except MlflowException as error:
            raise TableError(f"{self.address} gives no runs: {words_of(error)}") from None


Store = Database | Folder | Server
"""Each has its `place`: a path or an address, the same however it was typed."""
