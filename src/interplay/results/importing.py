"""Another tool's results as a folder of ours: its table under our names, with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from interplay.errors import Option, TableError
from interplay.results.question import Question
from interplay.results.sources import read_source, source_of
from interplay.results.telling import metric_named, told_by
from interplay.search.optuna.stores import without_password
from interplay.table.folder import typed
from interplay.table.imported import Origin, add_import, origins_of
from interplay.table.statuses import status_of
from interplay.table.table import Role, Table, without_prefix

OURS: dict[Role, str] = {
    "seed": "seed",
    "fold": "fold",
    "budget": "epochs_run",
    "status": "status",
}
"""The names that a run's own columns have."""


def import_source(
    source: str | Path,
    folder: str | Path,
    question: Question | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - it is the option's name
) -> tuple[Origin, Table]:
    """Write what a source holds into a folder, which every verb reads as it reads a run.

    What was imported there before stays, unless it is of the same source: then this is the newer.

    Args:
        source: what `Results.load` takes.
        folder: of its own.
        question: what columns are, where their guess is wrong.
        map: new names of columns, by short or full name.

    Returns:
        What the folder now knows of the source, and the table as it was written.

    Raises:
        LedgerError: the folder cannot take it.
        TableError: the source cannot be read, or does not go together with what is there.
    """
    folder, entry = typed(folder), source_of(source)
    address = _address(str(source))
    if entry.name == "imported" and address == _address(str(folder)):
        raise TableError(f"{source} is the folder itself: what it holds was imported there already")
    table = ours(_told(read_source(source), question or Question()), map or {})
    name, taken = table.name, {one["name"]: one["source"] for one in origins_of(folder)}
    number = 1
    while taken.get(name, address) != address:
        number += 1
        name = f"{table.name} {number}"
    origin = Origin(
        name=name,
        source=address,
        tool=entry.name,
        versions=_versions(entry.name),
        imported=datetime.now(UTC).isoformat(timespec="seconds"),
        rows=len(table.frame),
    )
    add_import(folder, table, origin)
    return origin, table


def _address(source: str) -> str:
    """How a source is called on record: of a file or folder the whole path, however it was typed."""
    path, mark, part = source.partition("#")
    file = typed(path)
    return f"{file.resolve()}{mark}{part}" if file.exists() else without_password(source)


def _told(table: Table, question: Question) -> Table:
    """The table with the roles and the direction that a question tells."""
    told = told_by(table, question)
    if question.metric is None or question.mode is None:
        return told
    metric = metric_named(told, question.metric)
    # What is better the other way than its name says is another quantity: a negative loss.
    own = told.columns[metric]
    bounds = own.bounds if own.mode == question.mode else None
    column = replace(own, mode=question.mode, bounds=bounds)
    return replace(told, columns={**told.columns, metric: column})


def ours(table: Table, names: Mapping[str, str]) -> Table:
    """A table under the names that we use, with our words for how trainings ended.

    Raises: as `our_names` does.
    """
    table = table.renamed(our_names(table, names))
    if status := table.one("status"):
        words = table.frame[status].map(lambda word: status_of(word) or word)
        table = replace(table, frame=table.frame.assign(**{status: words}))
    return table


def our_names(table: Table, names: Mapping[str, str]) -> dict[str, str]:
    """New names of columns, by those that they have.

    What tools put before names goes, and seed, fold, budget and status are called as in a run;
    where a name is another column's already, that stands as it is.

    Args:
        names: those that are told, by short or full name.

    Raises:
        UnknownNameError: a column that there is not.
        TableError: a new name that another column has, or two would have.
    """
    wanted = {column: OURS[role] for role in OURS for column in table.of(role)}
    for column in table.of("hyperparameter"):
        wanted[column] = without_prefix(column)
    told = {table.find(old, "hyperparameter", "metric"): old for old in names}
    rest = [column for column in table.columns if column not in told]
    # Also what another column will be called, whose short name this one would else take.
    taken = {wanted[n]: n for n in rest if n in wanted} | {n: n for n in rest}
    new: dict[str, str] = {}
    for full, old in told.items():
        name = names[old]
        if name in taken:
            raise TableError(
                Option("map", (old, name)), f": there is a column {taken[name]} already"
            )
        new[full] = taken[name] = name
    used = {*table.columns, *new.values()}
    for column, name in wanted.items():
        if column not in new and name not in used:
            new[column] = name
            used.add(name)
    return new


def _versions(tool: str) -> dict[str, str]:
    """Of this package, of what reads tables, and of the tool itself where it is installed."""
    found: dict[str, str] = {}
    for package in ("interplay", "pandas", "pyarrow", tool):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
