"""MLflow: an experiment a study, in it one run of the run folder, below it one a cell with mean and
sd of its members, and below that one a member with its parameters and curves.

What is there already is found by tags. A member's run that has not ended was broken off, and one
that holds another training than the ledger is old: both are replaced.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from interplay.errors import InterplayError
from interplay.identity import as_held
from interplay.results.sources.mlflow import STATUS
from interplay.tracking.content import Asked, CellSoFar, Training

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

SERVERS, DATABASES = ("http", "https"), ("sqlite", "postgresql", "mysql", "mssql")
RUN, KIND, CELL, MEMBER, ROW = (
    f"interplay.{name}" for name in ("run", "kind", "cell", "member", "row")
)
"""Tags: the run folder's name; whether it is the study's run, a cell's or a member's; the digest of
the cell; the member's key; the digest of what it gave."""
KINDS = ("study", "cell", "member")
ABOVE = "mlflow.parentRunId"
LONGEST_NAME, LONGEST_PARAMETER, LONGEST_TAG = 250, 6000, 5000
PARAMETERS_AT_ONCE, METRICS_AT_ONCE, RUNS_AT_ONCE = 100, 900, 1000
TIMEOUT = "30"
"""Seconds for an answer of a server's, which with the first one may make its tables."""


def mistake(address: str) -> str | None:
    """What is wrong with an address; None where nothing is."""
    scheme, colon, rest = address.partition(":")
    kind = scheme.partition("+")[0].lower()
    if not colon or kind == "file" or len(scheme) == 1:
        return (
            "an address of MLflow's is http://HOST:PORT or a database as sqlite:///mlflow.db; "
            "folders (mlruns, file:) MLflow writes no more"
        )
    if kind not in (*SERVERS, *DATABASES):
        return f"one of {', '.join(f'{s}://' for s in (*SERVERS, *DATABASES))} begins it"
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        return f"no address: {error}"
    if not rest.startswith("//") or (kind == "sqlite" and len(parts.path) < 2):
        return "nothing follows the scheme that is a place"
    if kind in SERVERS and not parts.hostname:
        return "no host in it"
    if parts.password is not None:
        return (
            "a password in it would be kept with the study: give it in the environment, as "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or MLFLOW_TRACKING_TOKEN)"
        )
    return None


class MLflow:
    """As of `Mirror`.

    Args:
        address: of a server, or a database.
    """

    def __init__(self, address: str) -> None:
        self.place = address
        self._client: MlflowClient | None = None

    @property
    def client(self) -> MlflowClient:
        """MLflow's own; the first time it imports MLflow."""
        if self._client is None:
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", TIMEOUT)
            # A run that is begun twice is there twice. Who tries again looks first what is there.
            os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
            from mlflow import MlflowClient

            logging.disable(logging.INFO)  # forty lines on how a new database's tables are made
            try:
                self._client = MlflowClient(tracking_uri=self.place)
            finally:
                logging.disable(logging.NOTSET)
        return self._client

    def open(self, asked: Asked) -> Mapping[str, str]:
        """As of `Mirror`."""
        self._asked, self._experiment = asked, self._experiment_of(asked.experiment)
        self._run = re.sub(r"[\"'`\\]", "_", asked.run)
        self._cells: dict[str, str] = {}
        self._members: dict[str, str] = {}
        self._figures: dict[str, Mapping[str, float]] = {}
        self._ended: set[str] = set()
        there: dict[str, str] = {}
        root = ""
        runs = [run for run in self._runs() if run.data.tags.get(KIND) in KINDS]
        below = Counter(run.data.tags.get(ABOVE) for run in runs)

        def rank(run: Run) -> tuple[int, bool, int]:
            return -below[run.info.run_id], _is_open(run), run.info.start_time or 0

        # Of several that are the same, as a server leaves them that answered too late, one stays.
        for run in sorted(runs, key=rank):
            tags, run_id = run.data.tags, run.info.run_id
            kind = tags[KIND]
            if kind == "member" and tags.get(MEMBER) not in self._members:
                self._members[tags[MEMBER]] = run_id
                if not _is_open(run):
                    there[tags[MEMBER]] = tags.get(ROW, "")
            elif kind == "cell" and run.data.params and tags.get(CELL) not in self._cells:
                self._cells[tags[CELL]] = run_id
                self._figures[tags[CELL]] = run.data.metrics
                if not _is_open(run):
                    self._ended.add(tags[CELL])
            elif kind == "study" and not root:
                root = run_id
            else:
                self.client.delete_run(run_id)
        if root:
            self.client.update_run(root, status="RUNNING")
        self._root = root or self._begun("study", asked.run, None, {})
        return there

    def training(self, training: Training, cell: CellSoFar) -> None:
        """As of `Mirror`."""
        row = training.row
        if row.key in self._members:
            self.client.delete_run(self._members.pop(row.key))
        told = {"engine": row.engine, "device": row.device, "error": row.error, "note": row.note}
        tags = {MEMBER: row.key, ROW: training.digest, STATUS: row.status}
        tags |= {f"interplay.{name}": text for name, text in told.items() if text}
        ended = int(time.time() * 1000)
        began = ended - int(row.seconds * 1000)
        above = self._cell(cell)
        run_id = self._begun("member", f"{cell.name}, {training.called}", above, tags, began)
        points = [
            (name, value, began + (ended - began) * epoch // len(values), epoch)
            for name, values in training.curves.items()
            for epoch, value in enumerate(values, 1)
        ]
        points += [
            (name, float(value), ended, max(row.epochs_run, 1))
            for name, value in (("seconds", row.seconds), ("parameters", row.parameters))
            if value is not None
        ]
        self._log(run_id, training.settings, points)
        good = row.status in ("complete", "stopped")
        self.client.set_terminated(run_id, "FINISHED" if good else "FAILED", ended)
        self._members[row.key] = run_id

    def cell(self, cell: CellSoFar) -> None:
        """As of `Mirror`."""
        run_id, figures = self._cell(cell), cell.figures()
        names = _legal(figures)
        if any(self._figures[cell.digest].get(names[n]) != v for n, v in figures.items()):
            now = int(time.time() * 1000)
            self._log(run_id, {}, [(name, value, now, cell.n) for name, value in figures.items()])
            self._figures[cell.digest] = {names[name]: v for name, v in figures.items()}
        if len(cell.last) >= self._asked.replicates and cell.digest not in self._ended:
            self.client.set_terminated(run_id, "FINISHED" if cell.n else "FAILED")
            self._ended.add(cell.digest)

    def files(self, paths: Mapping[str, Path]) -> None:
        """As of `Mirror`: artifacts of the study's run."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        where = self.client.get_run(self._root).info.artifact_uri
        # Of the client's own one that a server serves the files of is taken for a folder here.
        repository = get_artifact_repository(where, tracking_uri=self.place)
        for name, path in paths.items():
            if path.is_dir():
                repository.log_artifacts(str(path), name)
            else:
                repository.log_artifact(str(path), posixpath.dirname(name) or None)

    def close(self, whole: bool) -> None:
        """As of `Mirror`."""
        self.client.set_terminated(self._root, "FINISHED" if whole else "KILLED")

    def _experiment_of(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name))
            except MlflowException:
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            raise InterplayError(
                f"{self.place}: the experiment {name!r} was deleted there: restore it, or name another by "
                "tracking.experiment"
            )
        return str(found.experiment_id)

    def _runs(self) -> list[Run]:
        """All that this run folder has there."""
        found: list[Run] = []
        token: str | None = None
        while token is None or token:
            page = self.client.search_runs(
                [self._experiment],
                f"tags.`{RUN}` = '{self._run}'",
                max_results=RUNS_AT_ONCE,
                page_token=token,
            )
            found += page
            token = page.token or ""
        return found

    def _cell(self, cell: CellSoFar) -> str:
        if cell.digest not in self._cells:
            run_id = self._begun("cell", cell.name, self._root, {CELL: cell.digest})
            self._log(run_id, cell.settings, [])
            self._cells[cell.digest], self._figures[cell.digest] = run_id, {}
        return self._cells[cell.digest]

    def _begun(
        self,
        kind: str,
        name: str,
        above: str | None,
        tags: Mapping[str, str],
        began: int | None = None,
    ) -> str:
        """A new run: its tags come with it, so that none is there that nobody finds again."""
        own = {RUN: self._run, KIND: kind, **tags} | ({ABOVE: above} if above else {})
        texts = {key: _short(text, LONGEST_TAG) for key, text in own.items()}
        run = self.client.create_run(
            self._experiment, began, texts, run_name=_short(name, LONGEST_NAME)
        )
        return str(run.info.run_id)

    def _log(
        self,
        run_id: str,
        settings: Mapping[str, Any],
        points: Sequence[tuple[str, float, int, int]],
    ) -> None:
        """Parameters, and of metrics name, value, time (ms) and step."""
        from mlflow.entities import Metric, Param

        names = _legal(settings)
        texts = [Param(names[name], _text(value)) for name, value in settings.items()]
        names = _legal(dict.fromkeys(name for name, *_ in points))
        metrics = [Metric(names[name], *rest) for name, *rest in points]
        for at in range(0, len(texts), PARAMETERS_AT_ONCE):
            some = texts[at : at + PARAMETERS_AT_ONCE]
            self.client.log_batch(run_id, params=some, synchronous=True)
        for at in range(0, len(metrics), METRICS_AT_ONCE):
            these = metrics[at : at + METRICS_AT_ONCE]
            self.client.log_batch(run_id, metrics=these, synchronous=True)


def _is_open(run: Run) -> bool:
    return run.info.status in ("RUNNING", "SCHEDULED")


def _text(value: Any) -> str:
    return _short(str(as_held(value)), LONGEST_PARAMETER)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _legal(names: Iterable[str]) -> dict[str, str]:
    """Each name as MLflow takes it (letters, digits, `_ - . /` and spaces), no two the same."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^/\w.\- ]", "_", name)
        if posixpath.normpath(plain) != plain or plain.startswith(("/", "..")) or plain == ".":
            plain = re.sub(r"[/.]", "_", plain)
        plain, number = plain[: LONGEST_NAME - 4], 2
        own = plain
        while own in found.values():
            own, number = f"{plain}_{number}", number + 1
        found[name] = own
    return found
