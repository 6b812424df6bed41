"""Another tool's results as a folder of ours: its table under our names, with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interplay.errors import Option, TableError, listed
from interplay.results.naming import mapped, ours
from interplay.results.question import OF_IMPORT, Question
from interplay.results.sources import read_source, source_of
from interplay.results.telling import metric_named, told_by
from interplay.search.optuna.stores import without_password
from interplay.table.folder import typed
from interplay.table.imported import ORIGIN, Origin, add_import, origins_of
from interplay.table.table import Table


def import_source(
    source: str | Path,
    folder: str | Path,
    **options: Any,
) -> tuple[Origin, Table]:
    """Write what a source holds into a folder, which every verb reads as it reads a run.

    What was imported there before stays, unless it is of the same source: then this is the newer.

    Args:
        source: what `Results.load` takes.
        folder: of its own.
        options: fields of a `Question`, those of `OF_IMPORT`: what columns are, where their guess
            is wrong, and what they are called.

    Returns:
        What the folder now knows of the source, and the table as it was written.

    Raises:
        LedgerError: the folder cannot take it.
        TableError: the source cannot be read, or does not go together with what is there.
    """
    folder, entry = typed(folder), source_of(source)
    if entry.name == "imported" and _address(str(source)) == _address(str(folder)):
        raise TableError(f"{source} is the folder itself: what it holds was imported there already")
    question = Question.of(options, OF_IMPORT)
    table, asked = mapped(read_source(source), question, anew=True)
    table, _ = ours(_told(table, asked), asked, question.map.values())
    _check_origin(table)
    address = table.address or _address(str(source))
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
    file = typed(source)
    return str(file.resolve()) if file.exists() else without_password(source)


def _check_origin(table: Table) -> None:
    """Refuse rows whose own origins would be lost: a folder knows of each source as one.

    Raises:
        TableError: a column of theirs has the name of ours, or they were imported from several.
    """
    names = [one["name"] for one in table.study.get("origins", ())]
    if len(names) > 1:
        raise TableError(
            f"{table.name} holds rows of {len(names)} origins, {listed(names, 6)}, which would be "
            "one here; import each from where it came"
        )
    if ORIGIN in table.columns and not names:
        raise TableError(
            f"{table.name} has a column {ORIGIN}, which in a folder says where rows come from; give "
            "it another name: ",
            Option("map", (ORIGIN, "NEW")),
        )


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


def _versions(tool: str) -> dict[str, str]:
    """Of this package, of what reads tables, and of the tool itself where it is installed."""
    found: dict[str, str] = {}
    for package in ("interplay", "pandas", "pyarrow", tool):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
