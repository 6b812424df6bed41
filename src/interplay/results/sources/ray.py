"""Experiment folders of Ray Tune, a row a trial."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError, listed
from interplay.identity import is_number
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import (
    BUDGETS,
    paired_by_name,
    plain,
    plain_name,
)
from interplay.results.sources.known import known_table
from interplay.results.sources.ray_trials import (
    BUDGET,
    CONFIG,
    PARAMS,
    PROGRESS,
    REPORTS,
    STATE,
    Trial,
    read_trials,
)
from interplay.table.statuses import status_of
from interplay.table.table import Default, Table

_FILLED = """
date timestamp time_this_iter_s time_total_s pid hostname node_ip trial_id experiment_id done
experiment_tag time_since_restore timesteps_since_restore iterations_since_restore timesteps_total
timesteps_this_iter episodes_total episodes_this_iter should_checkpoint checkpoint_dir_name
warmup_time logdir trial_log_path member
"""
FILLED = frozenset(_FILLED.split())
"""What Ray adds to a report, and `member`, by which curves name a trial: no metrics."""


BELOW = ("*/", "*/*/", "*/*/*/")
"""Where an experiment may lie in a folder that is none: Ray writes TensorBoard's events too, which
another source would take, of all experiments at once."""


def recognises(source: str) -> bool:
    """Whether there is an experiment, or its state, a trial, or a folder of one of these."""
    path = Path(source)
    if not path.is_dir():
        return path.match(STATE) and path.is_file()
    if any(path.glob(STATE)) or any(any(path.glob(below + STATE)) for below in BELOW):
        return True
    return any(_is_trial(params.parent) for at in ("", "*/") for params in path.glob(at + PARAMS))


def read(source: str) -> Table:
    """The trials of an experiment, a row each, as Ray's newest state of it has them.

    `training_iteration` is the budget, and epochs of curves are iterations. A trial that ended is
    `stopped` where the state and its reports tell of a stop before the longest trial's end; what
    was inferred stands in `note`.

    Raises:
        TableError: there is no experiment, or several, or it cannot be read; or a trial's
            hyperparameters changed while it trained.
    """
    path = Path(source)
    state = path if path.is_file() else _state_of(path)
    try:
        trials, metric = read_trials(state)
        if not trials:
            raise TableError(f"{state} holds no trials")
        return _table(state.absolute().parent.name, trials, metric)
    except RecursionError:
        raise TableError(f"{state.parent} holds values nested too deeply to be read") from None


def _states(folder: Path) -> list[Path]:
    """The states of an experiment, the newest last: their names tell when they began."""
    return sorted(folder.glob(STATE))


def _is_trial(folder: Path) -> bool:
    return (folder / REPORTS).is_file() or (folder / PROGRESS).is_file()


def _state_of(path: Path) -> Path:
    """The newest state of the only experiment in a folder.

    Raises:
        TableError: there is none, or there are several.
    """
    if states := _states(path):
        return states[-1]
    inner = {state.parent for below in BELOW for state in path.glob(below + STATE)}
    newest = [_states(folder)[-1] for folder in inner]
    newest.sort(key=lambda state: (state.name, state), reverse=True)
    if len(newest) == 1:
        return newest[0]
    if newest:
        names = listed([str(state.parent) for state in newest], 8)
        raise TableError(
            f"{path} holds {len(newest)} experiments of Ray, the newest first: {names}"
        )
    if (path / PARAMS).is_file():
        parent = path.absolute().parent
        raise TableError(f"{path} is one trial of Ray; give its experiment's folder, {parent}")
    raise TableError(
        f"{path} holds trials of Ray and no {STATE}, which says how they ended; copy it from where "
        "the experiment ran"
    )


def _table(name: str, trials: list[Trial], asked: Any) -> Table:
    names = dict.fromkeys(name for trial in trials for name in trial.last)
    metrics = [n for n in names if _is_metric(n, trials)]
    # The status says more than `done`; the state knows the name of a trial that reported nothing.
    known = {BUDGET, "done", "trial_id", *metrics}
    said = [n for n in names if any(trial.last.get(n) is not None for trial in trials)]
    others = [n for n in said if n not in known and not n.startswith(CONFIG)]
    settings = list(dict.fromkeys(n for trial in trials for n in trial.settings))
    longest = max(trial.iterations for trial in trials)
    # A metric may well be called error.
    status, error, note = (f"trial_{n}" if n in names else n for n in ("status", "error", "note"))
    rows = []
    for trial in trials:
        ending = dict(zip((status, error, note), _ending(trial, longest), strict=True))
        row = dict(trial.settings)
        row |= {status: ending[status], BUDGET: trial.iterations}
        row |= {n: _number(trial.last.get(n)) for n in metrics}
        row |= {"trial_id": trial.state.get("trial_id")}
        row |= {n: trial.last.get(n) for n in others}
        rows.append(row | {n: text for n, text in ending.items() if text is not None})
    frame = plain(of_rows(rows))
    # Only names tell which hyperparameter is a seed: a reader may say otherwise.
    paired = paired_by_name(frame[settings])
    return known_table(
        name,
        frame,
        hyperparameters=[n for n in settings if n not in paired.values()],
        metrics=metrics,
        roles={"budget": BUDGET, "status": status, **paired},
        guessed=paired.values(),
        default=Default(metric=asked if asked in metrics else None),
        read_curves=lambda: _curves(trials, metrics),
    )


def _is_metric(name: str, trials: list[Trial]) -> bool:
    """Whether what was reported under a name is numbers, and no count of Ray's or of steps."""
    if name in FILLED or name.startswith(CONFIG) or plain_name(name) in BUDGETS:
        return False
    seen = [values[name] for trial in trials for _, values in trial.reports if name in values]
    numbers = all(_number(value) is not None for value in seen)
    return numbers and any(value is not None for value in seen)


def _number(value: Any) -> float | None:
    """What was reported as a number, NaN where it is none yet; None where it is something else."""
    if value is None or value == "null":  # so Ray writes NaN of numpy's smaller kinds
        return math.nan
    if not is_number(value):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _ending(trial: Trial, longest: int) -> tuple[str, str | None, str | None]:
    """How a trial ended: its status, its error, and what was inferred or is amiss."""
    word = trial.state.get("status")
    status, error, notes = status_of(word) or str(word), None, []
    if status == "failed":
        error = trial.error or "no error.txt says why"
    elif status == "complete" and not trial.reports:
        status, error = "failed", "it reported nothing"
    elif status == "complete" and trial.iterations < longest:
        status, why = _stop(trial)
        notes.append(f"ended at iteration {trial.iterations}, the longest at {longest}: {why}")
    if trial.broken:
        notes.append(f"{trial.broken} line(s) of its reports cannot be read")
    return status, error, "; ".join(notes) or None


def _stop(trial: Trial) -> tuple[str, str]:
    """Whether a trial that ended before others was stopped, and what tells.

    A trial's own end is not reported: `done` is then in its state and not in its files. Schedulers
    set it in the report at which they stop a trial; those that pause trials first, nowhere.
    """
    rules = trial.state.get("stopping_criterion")
    for name, end in rules.items() if isinstance(rules, dict) else ():
        value = trial.last.get(name)
        if isinstance(value, (int, float)) and isinstance(end, (int, float)) and value >= end:
            return "complete", f"its stop rule, {name} of {end:g}"
    last = trial.state.get("last_result")
    done = isinstance(last, dict) and last.get("done") is True
    if trial.logged and not trial.last.get("done"):
        if done:
            return "complete", "it ended by itself"
        return "stopped", "taken for stopped while it was paused, as nothing says that it was done"
    return "stopped", "taken for stopped by its scheduler (a Stopper or its own `done` look alike)"


def _curves(trials: list[Trial], metrics: list[str]) -> pd.DataFrame:
    rows = [
        {"member": place, "epoch": at, **{name: _number(values.get(name)) for name in metrics}}
        for place, trial in enumerate(trials)
        for at, values in trial.reports
    ]
    frame = pd.DataFrame(rows, columns=["member", "epoch", *metrics])
    return frame.astype({"member": int, "epoch": int})
