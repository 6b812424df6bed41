"""Storages of Optuna: the trials of a study, as Optuna's own interface gives them.

A storage is sqlite:///FILE or the file itself, a journal file, or the address of a server; a study
in one with several is named behind it: `sqlite:///sweep.db#digits`. Nothing in it is changed, and
nothing of it but numbers and JSON is read.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from interplay.errors import (
    InterplayError,
    TableError,
    UnknownNameError,
    listed,
    near_path,
    words_of,
)
from interplay.identity import same_as
from interplay.results.sources.guess import attribute_role, paired_by_name, plain
from interplay.results.sources.known import apart, known_table, levels_of
from interplay.search.optuna.stores import (
    DRIVERS,
    connect_read_only,
    file_of,
    open_storage,
    without_password,
)
from interplay.table.statuses import status_of
from interplay.table.table import Default, Role, Table

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

DATABASES = (".db", ".sqlite", ".sqlite3")
OF_MLFLOW = (
    "If it is MLflow's, start `mlflow server` on it and give that server's address, http://…"
)
UNNAMED = "no-name-"
"""What Optuna has names begin with that nobody gave."""
DIRECTIONS = {"MINIMIZE": "min", "MAXIMIZE": "max"}
REASONS = ("fail_reason", "error")
"""Attributes that say why a trial failed: Optuna's own of long ago, and what users call it."""


def recognises(source: str) -> bool:
    """Whether it is a server's address, a file that Optuna wrote, or would be if it were there."""
    address, _ = _parted(source)
    scheme, colon, _ = address.partition("://")
    if colon and scheme.partition("+")[0] in (*DRIVERS, "rediss"):
        return True
    file = file_of(address)
    if file is None:
        return False
    if not file.exists():
        return bool(colon) or file.suffix.lower() in DATABASES
    return _is_database(file) or _is_journal(file)


def read(source: str) -> Table:
    """The trials of a study, in the order of their numbers.

    Hyperparameters have Optuna's names without more, and of their distributions the order of
    choices and steps, and the scale; one that a trial did not need is missing. Objectives are
    named by the study, else `value`, or `values_0`, `values_1` …; they have its directions.

    What trials reported are the curves of the objective. An epoch there is the step that was
    reported, or one more where steps count from 0, and `steps`, the budget, is the last one.

    Raises:
        TableError: there is no such file, study or trial, or it cannot be read.
        InterplayError: Optuna or its driver is not installed, or it cannot be reached.
    """
    address, asked = _parted(source)
    file, shown = file_of(address), without_password(address)
    if file is not None and not file.is_file():
        raise TableError(f"there is no file {file}{near_path(file)}")
    if importlib.util.find_spec("optuna") is None:
        raise TableError(f"{shown} is read by Optuna, which is not installed: pip install optuna")
    import optuna

    if "://" not in address and _is_database(Path(address)):
        address = f"sqlite:///{address}"
    storage = _opened(address)
    try:
        names = [study.study_name for study in storage.get_all_studies()]
        name = _chosen(shown, names, asked)
        study = optuna.load_study(study_name=name, storage=storage)
        trials = study.get_trials(deepcopy=False)
    except InterplayError:
        raise
    except Exception as error:  # of Optuna, a database or its driver: whatever is broken there
        reason = words_of(error.__cause__ or error)
        raise TableError(f"{shown} cannot be read as a storage of Optuna: {reason}") from None
    if not trials:
        raise TableError(f"study {name!r} of {shown} has no trials")
    title = file.stem if file is not None and name.startswith(UNNAMED) else name
    return replace(
        table_of(study, trials, title), address=f"{file.resolve() if file else shown}#{name}"
    )


def _opened(address: str) -> Any:
    try:
        return open_storage(address, reading=True)
    except InterplayError as error:
        # MLflow keeps runs on such servers as well.
        if address.partition("://")[0].partition("+")[0] in ("postgresql", "mysql"):
            raise InterplayError(f"{error}. {OF_MLFLOW}") from None
        raise


def table_of(study: Study, trials: Sequence[FrozenTrial], name: str) -> Table:
    """The table of a study's trials, a row each."""
    objectives = _objectives(study)
    reported = len(objectives) == 1 and any(t.intermediate_values for t in trials)
    shift = max(1 - min((step for t in trials for step in t.intermediate_values), default=1), 0)
    values: dict[str, list[Any]] = {
        objective: [t.values[place] if t.values else np.nan for t in trials]
        for place, objective in enumerate(objectives)
    }
    about: dict[str, list[Any]] = {
        "number": [t.number for t in trials],
        "status": [_status(t, reported) for t in trials],
        "seconds": [t.duration.total_seconds() if t.duration else np.nan for t in trials],
    }
    if reported:
        about["steps"] = [0 if t.last_step is None else t.last_step + shift for t in trials]
    if any(errors := [_error(t) for t in trials]):
        about["error"] = errors

    taken = set(objectives)
    own = apart(about, "trial_", taken)
    params = apart((n for t in trials for n in t.params), "params_", taken)
    # Databases give attributes in any order.
    attributes = apart(sorted({n for t in trials for n in t.user_attrs}), "user_attrs_", taken)
    # A trial that ended before it drew them says nothing of what it would have had.
    whole = [t for t in trials if t.params and t.state.name in ("COMPLETE", "PRUNED")]
    absent = {column for name, column in params.items() if any(name not in t.params for t in whole)}
    columns = {c: [t.params.get(n) for t in trials] for n, c in params.items()}
    columns |= {c: about[n] for n, c in own.items()} | values
    columns |= {c: [t.user_attrs.get(n) for t in trials] for n, c in attributes.items()}
    frame = plain(pd.DataFrame(columns))
    for n, c in params.items():
        none = np.array([n in t.params and t.params[n] is None for t in trials])
        if c in absent and none.any():  # a value, where no value is what is not there
            frame[c] = frame[c].astype(object).mask(none, "none")

    roles: dict[Role, str] = {"status": own["status"]}
    roles |= {"budget": own["steps"]} if reported else {}
    paired = paired_by_name(frame[[*params.values(), *attributes.values()]])
    left = [c for c in attributes.values() if c not in paired.values()]
    names, tried = {column: name for name, column in params.items()}, _on_grid(trials)
    drawn: dict[str, list[Any]] = {
        column: [t.distributions[name] for t in trials if name in t.distributions]
        for name, column in params.items()
        if column not in paired.values()
    }

    def read_curves() -> pd.DataFrame:
        rows = [
            (member, step + shift, value)
            for member, trial in enumerate(trials)
            for step, value in sorted(trial.intermediate_values.items())
        ]
        return pd.DataFrame(rows, columns=["member", "epoch", objectives[0]])

    return known_table(
        name,
        frame,
        hyperparameters=list(drawn),
        metrics=[*objectives, *(c for c in left if attribute_role(frame[c]) == "metric")],
        roles=roles | paired,
        orders={c: _order(ways, tried.get(names[c], ())) for c, ways in drawn.items()},
        logs={
            column: all(way.log for way in ways)
            for column, ways in drawn.items()
            if all(hasattr(way, "log") for way in ways)
        },
        absent=absent,
        modes={
            objective: DIRECTIONS[direction.name]
            for objective, direction in zip(objectives, study.directions, strict=True)
            if direction.name in DIRECTIONS
        },
        guessed={*attributes.values(), *paired.values()},
        default=Default(metric=objectives[0] if len(objectives) == 1 else None),
        ordered=True,
        read_curves=read_curves if reported else None,
    )


def _parted(source: str) -> tuple[str, str | None]:
    """The address of a storage, and the study that is named behind a `#`.

    What is there as a file is one, whatever signs its name has.
    """
    ends = [i for i, sign in enumerate(source) if sign == "#"]
    addresses = [source, *(source[:end] for end in ends)]
    files = [(address, file_of(address)) for address in addresses]
    there = [address for address, file in files if file is not None and file.is_file()]
    address = there[0] if there else source.partition("#")[0]
    return address, source[len(address) + 1 :] or None


def _is_database(file: Path) -> bool:
    """Whether it is a database with tables as Optuna's are called."""
    try:
        with closing(connect_read_only(file)) as store:
            tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except sqlite3.Error:
        return False
    return {("studies",), ("trials",)} <= set(tables)


def _is_journal(file: Path) -> bool:
    """Whether its first line is an operation as Optuna's journals write them."""
    try:
        with file.open("rb") as lines:
            first = json.loads(lines.readline(2**16))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"op_code", "worker_id"} <= set(first)


def _chosen(store: str, names: Sequence[str], asked: str | None) -> str:
    """The study asked for, or the only one."""
    if not names:
        raise TableError(f"{store} holds no study")
    if asked is None and len(names) > 1:
        example = shlex.quote(f"{store}#{names[0]}")
        raise TableError(
            f"{store} holds {len(names)} studies: {listed(names)}. Which? Name it behind a #, as "
            f"in {example}"
        )
    if asked is not None and asked not in names:
        raise UnknownNameError(f"the study in {store}", asked, names)
    return asked or names[0]


def _objectives(study: Study) -> list[str]:
    """Names of what is optimised, as `trials_dataframe` has them where the study gives none."""
    names = study.metric_names or []
    if len(set(names)) == len(study.directions):
        return list(names)
    count = len(study.directions)
    return ["value"] if count == 1 else [f"values_{place}" for place in range(count)]


def _status(trial: FrozenTrial, reported: bool) -> str | None:
    """How a trial ended. One that was pruned before it reported what others do has no result."""
    said = status_of(trial.state.name)
    silent = reported and not trial.intermediate_values
    return "unfinished" if said == "stopped" and silent else said


def _error(trial: FrozenTrial) -> str | None:
    if trial.state.name != "FAIL":
        return None
    said = {**trial.user_attrs, **trial.system_attrs}
    return next((str(said[name]) for name in REASONS if name in said), None)


def _on_grid(trials: Sequence[FrozenTrial]) -> dict[str, tuple[Any, ...]]:
    """The values that a GridSampler was given, by hyperparameter; trials have them on record."""
    found: dict[str, dict[str, Any]] = {}
    for trial in trials:
        space = trial.system_attrs.get("search_space")
        for name, values in space.items() if isinstance(space, Mapping) else ():
            for value in values if isinstance(values, (list, tuple)) else ():
                found.setdefault(str(name), {})[same_as(value)] = value
    return {name: tuple(values.values()) for name, values in found.items()}


def _order(ways: Sequence[Any], grid: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a hyperparameter can be: of the choices, or a range of few steps, what a grid has."""
    if hasattr(ways[0], "choices"):
        given = {same_as(value) for value in grid}
        choices = [one for one in ways[0].choices if not given or same_as(one) in given]
        return tuple(plain(pd.DataFrame({"choice": choices}, dtype=object))["choice"])
    if grid:
        return grid
    return levels_of({(way.low, way.high, way.step) for way in ways})
