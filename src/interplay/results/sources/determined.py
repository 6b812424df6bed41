"""Determined: the three CSVs that `det experiment describe ID --metrics --csv --outdir DIR` writes.

`trials.csv` has a row a trial, its hyperparameters as JSON; `workloads.csv` a row a trial and number
of batches, with what was measured then (harness/determined/cli/experiment.py, `describe`). Versions
of 2020 call the times otherwise, and shorten rows (cli/determined_cli/experiment.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError, listed, words_of
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import paired_by_name, plain
from interplay.results.sources.histories import Logged, with_logged
from interplay.results.sources.known import apart, known_table
from interplay.results.sources.logs import rows_of
from interplay.results.sources.nested import flat
from interplay.results.sources.texts import whole_text
from interplay.table.table import Role, Table

TRIALS, WORKLOADS = "trials.csv", "workloads.csv"
TRIAL, EXPERIMENT, STATE, SETTINGS = "Trial ID", "Experiment ID", "State", "H-Params"
BATCHES = "# of Batches"
VALIDATED = "Validation State"
TRAINED = "Training Metric: "
PREFIXES = {TRAINED: "training/", "Validation Metric: ": "validation/"}
OWN = ("trial", "experiment", "status", "batches", "started", "ended")
HOW = "`det experiment describe ID --metrics --csv --outdir DIR` writes a folder that is read as it is"


def recognises(source: str) -> bool:
    """Whether these files are in the folder, with Determined's names of columns."""
    path = Path(source)
    return {TRIAL, SETTINGS} <= _names(path / TRIALS) and (path / WORKLOADS).is_file()


def _names(file: Path) -> set[str]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return set(next(csv.reader(lines), ()))
    except (OSError, ValueError, csv.Error):
        return set()


def read(source: str) -> Table:
    """The trials of experiments, a row each; an epoch of their curves is a number of batches.

    Raises:
        TableError: a file cannot be read, or there are no trials, or no metrics.
    """
    path = Path(source)
    trials, workloads = _rows(path / TRIALS), _rows(path / WORKLOADS)
    if not trials:
        raise TableError(f"{path / TRIALS} holds no trials")
    for row in trials:
        if not {TRIAL, STATE, SETTINGS} <= set(row):
            raise TableError(f"{path / TRIALS} has a trial without {TRIAL}, {STATE} or {SETTINGS}")
    points = [point for row in workloads for point in _points(row)]
    if not points:
        raise TableError(f"{path / WORKLOADS} holds no metrics; with --metrics it does: {HOW}")
    lengths = _lengths(workloads)
    table = _table(path.resolve().name, path / TRIALS, trials, points, lengths)
    return replace(table, notes=tuple(_notes(trials, workloads, lengths)))


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        rows = list(rows_of(_filled(whole_text(file))))
    except csv.Error as error:
        raise TableError(f"{file} cannot be read: {words_of(error)}") from None
    if None in rows:
        raise TableError(f"{file} has a row that was not written whole: {HOW}")
    return [row for row in rows if row is not None]


def _filled(text: str) -> str:
    """A table with empty cells in rows that have none for the metrics of training.

    Versions of 2020 left them out where nothing was measured: what follows stood in other columns.
    """
    names, *rows = list(csv.reader(io.StringIO(text))) or [[]]
    trained = [at for at, name in enumerate(names) if name.startswith(TRAINED)]
    if not trained or all(len(row) != len(names) - len(trained) for row in rows):
        return text
    for row in rows:
        if len(row) == len(names) - len(trained):
            row[trained[0] : trained[0]] = [""] * len(trained)
    filled = io.StringIO()
    csv.writer(filled, lineterminator="\n").writerows([names, *rows])
    return filled.getvalue() if text.endswith("\n") else filled.getvalue().rstrip("\n")


def _points(row: Mapping[str, Any]) -> Iterator[Logged]:
    """What was measured in a workload. Infinity and NaN stand there as words."""
    batches = row.get(BATCHES)
    for name, value in row.items():
        before = next((prefix for prefix in PREFIXES if name.startswith(prefix)), None)
        if before and isinstance(batches, int) and isinstance(value, (int, float)):
            metric = PREFIXES[before] + name.removeprefix(before)
            yield str(row.get(TRIAL)), metric, batches, float(value)


def _lengths(workloads: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many batches each trial trained."""
    lengths: dict[str, int] = {}
    for row in workloads:
        trial, batches = str(row.get(TRIAL)), row.get(BATCHES)
        if isinstance(batches, int):
            lengths[trial] = max(batches, lengths.get(trial, 0))
    return lengths


def _settings(file: Path, row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(str(row[SETTINGS]))
        return dict(flat(found, "."))
    except (ValueError, RecursionError, AttributeError) as error:
        raise TableError(
            f"{file}: {SETTINGS} of trial {row[TRIAL]} cannot be read: {words_of(error)}"
        ) from None


def _table(
    name: str,
    file: Path,
    trials: Sequence[Mapping[str, Any]],
    logged: Sequence[Logged],
    lengths: Mapping[str, int],
) -> Table:
    told = [_settings(file, row) for row in trials]
    members = [str(row[TRIAL]) for row in trials]
    if len(set(members)) < len(members):
        twice = next(member for member in members if members.count(member) > 1)
        raise TableError(f"{file} has trial {twice} more than once")
    taken = {*OWN, "epochs_run", *(metric for _, metric, *_ in logged)}
    columns = apart((n for settings in told for n in settings), "hp/", taken)
    rows = [
        {
            **{column: settings.get(n) for n, column in columns.items()},
            "trial": member,
            "experiment": row.get(EXPERIMENT),
            "status": row[STATE],
            "batches": lengths.get(member, 0),
            "started": row.get("Started", row.get("Start Time")),
            "ended": row.get("Ended", row.get("End Time")),
        }
        for member, row, settings in zip(members, trials, told, strict=True)
    ]
    frame, metrics, curves = with_logged(of_rows(rows), "trial", logged)
    # What is counted is batches, also those after the last measurement.
    frame = plain(frame.drop(columns="epochs_run", errors="ignore"))
    hyper = list(columns.values())
    paired = paired_by_name(frame[hyper])
    # Rows of other experiments are other cells: their code and data may differ.
    hyper += ["experiment"] if frame["experiment"].nunique() > 1 else []
    roles: dict[Role, str] = {"status": "status", "budget": "batches", **paired}

    return known_table(
        name,
        frame,
        hyperparameters=[n for n in hyper if n not in paired.values()],
        metrics=metrics,
        roles=roles,
        guessed=paired.values(),
        read_curves=None if curves is None else lambda: curves,
    )


def _notes(
    trials: Sequence[Mapping[str, Any]],
    workloads: Sequence[Mapping[str, Any]],
    lengths: Mapping[str, int],
) -> Iterator[str]:
    ended = {lengths.get(str(row[TRIAL]), 0) for row in trials if row[STATE] == "COMPLETED"}
    if len(ended) > 1:
        yield "Determined calls COMPLETED what its searcher stopped as well: see the batches"
    names = {n for row in workloads for n in row if n.startswith("Validation Metric: ")}
    lost = {
        str(row.get(TRIAL))
        for row in workloads
        if row.get(VALIDATED) == "COMPLETED" and not names <= row.keys()
    }
    if lost:
        yield (
            "Determined's CSV leaves out a value of 0 where a training and a validation share a row: "
            f"validations lack one in trials {listed(sorted(lost), 8)}"
        )


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it is one of these tables alone, or the trials that `list-trials --csv` writes."""
    names = set(map(str, frame.columns))
    return {TRIAL, SETTINGS} <= names or {TRIAL, BATCHES, VALIDATED} <= names


def read_frame(name: str, _: pd.DataFrame) -> Table:
    """Refuse one of the tables alone, which has no metrics or no hyperparameters.

    Raises:
        TableError: always.
    """
    raise TableError(f"{name} is one part of what Determined says of an experiment: {HOW}")
