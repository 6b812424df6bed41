"""MLflow: an experiment of a tracking store, and `search_runs` as CSV. Both give one table.

A store is a database (`sqlite:///mlflow.db`, or its path), a folder (`mlruns`, `file:…`) or the
address of a server; `STORE#experiment` says which of several experiments, by name or id. Columns
are called as `mlflow.search_runs` calls them: `params.lr`, `metrics.accuracy`, `tags.seed`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd

from interplay.errors import TableError, listed
from interplay.results.sources.guess import FOLDS, SEEDS, guess_table, plain, plain_name
from interplay.results.sources.histories import logged_table
from interplay.results.sources.mlflow_stores import Database, Folder, Run, Server, Store
from interplay.table.table import Table

PARENT = "tags.mlflow.parentRunId"
STATUS = "interplay.status"
"""The tag by which a run of this tool's says how its training ended, in its words."""
RUN = "run_id"
PARAM, METRIC, TAG = "params.", "metrics.", "tags."
OWN = (RUN, "experiment_id", "artifact_uri", "start_time", "end_time", "tags.mlflow.")
"""How the columns begin that MLflow writes by itself."""
SYSTEM = "system/"
"""How the names of metrics of the machine begin, whose steps are their own."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf|nan")
WORDS = {"True": True, "False": False, "true": True, "false": False}


def recognises(source: str) -> bool:
    """Whether it is a server's address, or there is a store of MLflow's."""
    return _split(source) is not None


def read(source: str) -> Table:
    """The table of an experiment, a row a run that has no runs below it.

    Raises:
        TableError: the store cannot be read, or has no such experiment, or no run.
    """
    found = _split(source)
    assert found is not None
    store, address, asked = found
    experiment, name = _chosen(store, address, asked)
    runs = store.runs(experiment)
    if not runs:
        raise TableError(f"experiment {name!r} of {address} has no runs")
    return replace(_table(name, runs), address=f"{store.place}#{name}")


def _split(source: str) -> tuple[Store, str, str | None] | None:
    """The store, its address and the experiment asked for; None where there is no such store."""
    address, _, experiment = source.partition("#")
    for whole, asked in ((source, None), (address, experiment or None)):
        store = _store(whole)
        if store is not None:
            return store, whole, asked
    return None


def _store(address: str) -> Store | None:
    scheme, _, rest = address.partition(":")
    if scheme in ("http", "https", "file") and "#" in address:
        return None  # no part of an address
    if scheme in ("http", "https"):
        return Server(address)
    if scheme == "sqlite" and rest.startswith("///"):
        path = Path(rest[3:])
    elif scheme == "file":
        path = Path(url2pathname(urlsplit(address).path))
    else:
        path = Path(address)
    for kind in (Database, Folder):
        if kind.is_one(path):
            return kind(path)
    return None


def _chosen(store: Store, address: str, asked: str | None) -> tuple[str, str]:
    """Id and name of the experiment asked for, or of the only one that has runs."""
    names = store.experiments()
    if asked is not None:
        found = [number for number, name in names.items() if name == asked] or [
            number for number in names if number == asked
        ]
        if found:
            return found[0], names[found[0]]
        raise TableError(
            f"{address} has no experiment {asked!r}; it has {listed(sorted(names.values()), 20)}"
        )
    full = [number for number in names if store.has_runs(number)]
    if not full:
        raise TableError(f"{address} has no experiment with runs")
    if len(full) > 1:
        several = listed(sorted(names[number] for number in full), 20)
        raise TableError(
            f"{address} has {len(full)} experiments: {several}; say which: "
            f"`{address}#{names[full[0]]}`"
        )
    return full[0], names[full[0]]


def _table(name: str, runs: Sequence[Run]) -> Table:
    """The table of an experiment's runs."""
    parts: dict[str, Any] = {RUN: [run.run_id for run in runs], "status": [r.status for r in runs]}
    for prefix, texts in ((PARAM, [r.params for r in runs]), (TAG, [r.tags for r in runs])):
        for key in sorted({key for one in texts for key in one}):
            parts[prefix + key] = [one.get(key) for one in texts]
    frame, notes = _leaves(plain(pd.DataFrame(parts)))
    frame = _with_values(frame)
    leaves = set(frame[RUN])
    rows = [
        (run.run_id, METRIC + metric, step, value)
        for run in runs
        if run.run_id in leaves
        # Of several at one step MLflow counts the last, and of those of one time the largest.
        for metric, _, step, value in sorted(run.points, key=lambda point: (point[1], point[3]))
        if not metric.startswith(SYSTEM)
    ]
    return replace(logged_table(name, frame, RUN, rows, OWN), notes=notes)


def valued(texts: Sequence[str | None]) -> list[Any]:
    """A column's texts as what was logged, where all are numbers, or all true or false.

    None, and the text None, is no value.
    """
    known = [None if pd.isna(text) or text == "None" else text for text in texts]
    told = {text for text in known if text is not None}
    if told and told <= set(WORDS):
        return [None if text is None else WORDS[text] for text in known]
    if told and all(NUMBER.fullmatch(text) for text in told):
        return [None if text is None else _number(text) for text in known]
    return known


def _number(text: str) -> float:
    """A number, whole where it is written so and can be told from its neighbours as a float."""
    value = float(text)
    return int(text) if text.lstrip("+-").isdigit() and abs(value) < 2**53 else value


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it is what `search_runs` gives."""
    return {RUN, "status", "experiment_id"} <= set(frame.columns)


def read_frame(name: str, frame: pd.DataFrame) -> Table:
    """The table of runs as `search_runs` gives them: those that have runs below them are left out.

    Args:
        frame: as `plain` leaves it.
    """
    frame, notes = _leaves(frame)
    return replace(guess_table(name, _with_values(frame), OWN), notes=notes)


def _with_values(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, with what was logged in place of the text that MLflow keeps of it."""
    names = [name for name in map(str, frame.columns) if name.startswith((PARAM, TAG))]
    texts = [n for n in names if all(isinstance(text, str) for text in frame[n].dropna())]
    frame = frame.copy(deep=False)
    for name in texts:
        frame[name] = valued(list(frame[name]))
    if TAG + STATUS in frame:
        frame["status"] = frame.pop(TAG + STATUS).fillna(frame["status"])
    return frame


def _leaves(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The runs that no other run has for its parent, and what to say of the rest.

    Children that differ in nothing but seed and fold repeat their parent's settings, which they
    take from it. Those of a search differ, and its own parameters are none of theirs.
    """
    if PARENT not in frame:
        return frame, ()
    above = dict(zip(frame[RUN], frame[PARENT], strict=True))
    parents = {parent for parent in frame[PARENT].dropna() if parent in above}
    names = [name for name in map(str, frame.columns) if name.startswith(PARAM)]
    settings = [name for name in names if plain_name(name) not in (*SEEDS, *FOLDS)]
    for parent in sorted(parents, key=lambda run: _depth(run, above)):
        children = frame[PARENT] == parent
        if (frame.loc[children, settings].nunique() > 1).any():
            continue
        own = frame.loc[(frame[RUN] == parent).idxmax(), settings]
        for setting in settings:
            empty = children & frame[setting].isna()
            if empty.any() and pd.notna(own[setting]):
                frame[setting] = frame[setting].astype(object).where(~empty, own[setting])
    if not parents:
        return frame, ()
    note = f"runs of MLflow's that have others below them, left out: {len(parents)} of {len(frame)}"
    frame = frame[~frame[RUN].isin(parents)].infer_objects().reset_index(drop=True)
    return frame, (note,)


def _depth(run: str, above: dict[str, Any]) -> int:
    """How many runs stand above one; a circle ends where it closes."""
    seen = [run]
    while isinstance(parent := above.get(seen[-1]), str) and parent not in seen:
        seen.append(parent)
    return len(seen)
