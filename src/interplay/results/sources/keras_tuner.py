"""Keras Tuner: a project's folder, with `oracle.json` and a `trial_…/trial.json` of each trial."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from interplay.errors import TableError, listed
from interplay.metrics import Mode, meaning_of
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import paired_by_name, plain
from interplay.results.sources.histories import with_logged
from interplay.results.sources.keras_trials import KINDS, Space, Trial, order_of, scale_of, space_of
from interplay.results.sources.known import apart, known_table
from interplay.results.sources.texts import read_json
from interplay.table.table import Default, Role, Table

ORACLE, TRIALS = "oracle.json", "trial_*/trial.json"
OWN = "tuner/"
"""What a tuner keeps for itself among the values of a trial: Hyperband its epochs and rounds."""
EPOCHS = OWN + "epochs"
MEMBER = "tuner/member"


def recognises(source: str) -> bool:
    """Whether it is a project's folder, or its oracle, or a folder of projects."""
    return bool(_projects(Path(source)))


def _projects(path: Path) -> list[Path]:
    if path.name == ORACLE and path.is_file():
        return [path.parent]
    if (path / ORACLE).is_file() or any(path.glob(TRIALS)):
        return [path]
    return sorted(oracle.parent for oracle in path.glob(f"*/{ORACLE}"))


def read(source: str) -> Table:
    """The trials of a project in the order of their starts, a row an execution.

    Raises:
        TableError: there are several projects, or no trials, or a file cannot be read.
    """
    projects = _projects(Path(source))
    if len(projects) > 1:
        names = listed([str(folder) for folder in projects], 8)
        raise TableError(f"{source} holds {len(projects)} projects of Keras Tuner; which? {names}")
    [folder] = projects
    oracle = read_json(folder / ORACLE) if (folder / ORACLE).is_file() else {}
    trials = [Trial(file) for file in sorted(folder.glob(TRIALS))]
    if not trials:
        raise TableError(f"{folder} holds no trial of Keras Tuner's")
    order = oracle.get("start_order")
    started = [str(name) for name in order] if isinstance(order, list) else []
    places = {name: place for place, name in enumerate(started)}
    trials.sort(key=lambda trial: places.get(trial.name, len(places)))
    space = space_of(
        oracle.get("hyperparameters"), *(trial.state["hyperparameters"] for trial in trials)
    )
    lost = len(set(started) - {trial.name for trial in trials})
    table = _table(folder.resolve().name, trials, space)
    note = f"trials that were begun and of which there is no file, left out: {lost}"
    return replace(table, notes=(*table.notes, note) if lost else table.notes)


def _table(name: str, trials: Sequence[Trial], space: Space) -> Table:
    metrics = list(dict.fromkeys(metric for trial in trials for metric in trial.histories))
    taken = {*metrics, "epochs_run"}
    about = ("trial", "execution", "status", "score", "best_step", "error")
    own = apart(about, "trial_", taken)
    values = {n for trial in trials for n in trial.values if not n.startswith(OWN)}
    params = apart((n for n in [*space, *sorted(values)] if n in values), "hp/", taken)
    rows: list[dict[str, Any]] = []
    for trial in trials:
        status, error = trial.ending()
        settings = dict(trial.settings(space))
        row = {column: settings.get(n) for n, column in params.items()}
        told = (trial.name, None, status, trial.score, trial.state.get("best_step"), error)
        row |= dict(zip(own.values(), told, strict=True))
        row |= {n: value for n, value in settings.items() if n.startswith(OWN)}
        rows += [
            {**row, own["execution"]: execution, MEMBER: f"{trial.name}/{execution}"}
            for execution in range(trial.executions)
        ]
    logged = [
        (f"{trial.name}/{execution}", metric, step, value)
        for trial in trials
        for metric, history in trial.histories.items()
        for step, values_then in history
        for execution, value in enumerate(values_then)
    ]
    frame, _, curves = with_logged(of_rows(rows), MEMBER, logged)
    empty = [c for c in (own["error"],) if frame[c].isna().all()]
    frame = plain(frame.drop(columns=[MEMBER, *empty]))

    paired = paired_by_name(frame[list(params.values())])
    ways = {
        column: space.get(n, ()) for n, column in params.items() if column not in paired.values()
    }
    scales = {column: scale_of(told) for column, told in ways.items()}
    roles: dict[Role, str] = {"status": own["status"], **paired}
    if curves is not None or EPOCHS in frame:
        roles["budget"] = "epochs_run" if curves is not None else EPOCHS
    objective = _objective(trials, metrics)
    return known_table(
        name,
        frame,
        hyperparameters=list(ways),
        metrics=metrics,
        roles=roles,
        orders={column: order_of(told) for column, told in ways.items()},
        logs={column: log for column, log in scales.items() if log is not None},
        modes={metric: _mode(metric, trials, objective) for metric in metrics},
        guessed=paired.values(),
        default=Default(metric=objective),
        read_curves=None if curves is None else lambda: curves,
        notes=tuple(_notes(space, curves is None, EPOCHS in frame)),
    )


def _objective(trials: Sequence[Trial], metrics: Sequence[str]) -> str | None:
    """The metric that trials were scored by, which is not on record: the only one whose best values
    are their scores."""
    scored = [trial for trial in trials if math.isfinite(trial.score)]
    fits = [m for m in metrics if all(math.isclose(t.best(m), t.score) for t in scored)]
    return fits[0] if scored and len(fits) == 1 else None


def _mode(metric: str, trials: Sequence[Trial], objective: str | None) -> Mode | None:
    """Which way a metric is better. Keras Tuner takes one that it does not know for a loss."""
    said = next(t.directions[metric] for t in trials if metric in t.directions)
    if said == "max":
        return "max"
    return "min" if said == "min" and metric == objective else meaning_of(metric).mode


def _notes(space: Space, single: bool, halved: bool) -> Iterator[str]:
    if single:
        yield (
            "Keras Tuner keeps one value a trial and metric: of a History that of the epoch which was "
            "best by the objective, not the last; of several executions the mean"
        )
    if halved:
        yield f"trials with more {EPOCHS} are those that were best at fewer"
    reverse = [
        n for n, ways in space.items() if any(w.get("sampling") == "reverse_log" for w in ways)
    ]
    if reverse:
        yield f"drawn on a reversed logarithmic scale, and shown on a linear one: {listed(reverse, 8)}"
    odd = [n for n, ways in space.items() if any(w["class_name"] not in KINDS for w in ways)]
    if odd:
        yield f"hyperparameters of a kind that is not known here, by their values only: {listed(odd, 8)}"
