"""Columns under other names than their source gives them: those that a reader tells, and ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from interplay.errors import InterplayError, Option, TableError
from interplay.results.question import Question
from interplay.table.imported import ORIGIN
from interplay.table.statuses import status_of
from interplay.table.table import SINGLE, Role, Table, without_prefix

OURS: dict[Role, str] = {
    "seed": "seed",
    "fold": "fold",
    "budget": "epochs_run",
    "status": "status",
}
"""The names that a run's own columns have."""
FIXED = (ORIGIN, "schedule.name", "epochs_asked")
"""Columns of ours that guards know by their names."""
OF_CURVES = ("member", "epoch")
"""Columns of curves that are no metrics."""


def mapped(table: Table, question: Question, *, anew: bool = False) -> tuple[Table, Question]:
    """A table under the names that a question gives its columns, and the question in these names.

    The question may call a column either way; it comes back without its `map`.

    Args:
        anew: whether the table is made something else, which a run may be; who reads a run finds
            its columns called as the settings of its study.

    Raises:
        UnknownNameError: a column that there is not.
        TableError: a new name that another column has, or two would have; no name; a column of ours
            whose name is needed.
    """
    if question.map and table.of_run and not anew:
        raise TableError(
            Option("map", next(iter(question.map.items()))),
            f": {table.name} is a run, whose columns are called as the settings of its study are; "
            "other words for a picture are the `labels` of Python's `Results`",
        )
    return _under(_told_names(table, question.map), table, question)


def ours(table: Table, question: Question, told: Collection[str] = ()) -> tuple[Table, Question]:
    """A table under the names that we use, with our words for how trainings ended.

    What tools put before names goes, and seed, fold, budget and status are called as in a run;
    where a name is another column's already, or was told, that stands as it is.

    Args:
        told: names that a reader gave.

    Returns:
        The table, and the question in its names.
    """
    new: dict[str, str] = {}
    used = {*table.columns}
    for column, name in _short_names(table).items():
        if column not in told and name not in used:
            new[column] = name
            used.add(name)
    table, question = _under(new, table, question)
    if status := table.one("status"):
        words = table.frame[status].map(lambda word: status_of(word) or word)
        table = replace(table, frame=table.frame.assign(**{status: words}))
    return table, question


def _under(new: Mapping[str, str], table: Table, question: Question) -> tuple[Table, Question]:
    """A table whose columns have new names, and the question, which may use old ones, in these."""

    if not new:
        return table, question

    def of(name: str, role: Role) -> str:
        if name in new.values():
            return name
        try:
            return new.get(table.find(name, role), name)
        except InterplayError:
            return name  # which there are is said under the names that they have then

    def keys(option: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in getattr(question, option).items():
            key = of(name, "hyperparameter")
            if key in found:
                raise TableError(Option(option, (name, value)), f": {key} has a value already")
            found[key] = value
        return found

    roles: dict[str, Role] = {role: role for role in SINGLE}
    roles |= {"x": "hyperparameter", "y": "hyperparameter", "metric": "metric"}
    single: dict[str, Any] = {
        key: of(name, role)
        for key, role in roles.items()
        if (name := getattr(question, key)) is not None
    }
    asked = replace(
        question,
        **single,
        params=tuple(of(name, "hyperparameter") for name in question.params),
        where=keys("where"),
        log=keys("log"),
        order=keys("order"),
        map={},
    )
    return table.renamed(new), asked


def _told_names(table: Table, names: Mapping[str, str]) -> dict[str, str]:
    """The names that columns are told to have, by those that they have."""
    told: dict[str, str] = {}
    for old, name in names.items():
        full = table.find(table.folded.get(old, old), "hyperparameter", "metric")
        option = Option("map", (old, name))
        if not isinstance(name, str) or not name.strip():
            raise TableError(option, ": what is the new name?")
        if full in FIXED and table.columns[full].sure == "known":
            raise TableError(option, f": {full} is ours, and known by that name")
        if full in told:
            raise TableError(option, f": {full} is called {names[told[full]]} already")
        told[full] = old
    rest = {column: column for column in table.columns if column not in told}
    # Also what another column is called for short, which this name would else take from it.
    taken = {name: column for column, name in _short_names(table).items() if column in rest} | rest
    if table.read_curves is not None:
        taken |= {name: name for name in OF_CURVES}
    new: dict[str, str] = {}
    for full, old in told.items():
        name = names[old]
        if name in taken:
            raise TableError(
                Option("map", (old, name)), f": there is a column {taken[name]} already"
            )
        new[full] = taken[name] = name
    return new


def _short_names(table: Table) -> dict[str, str]:
    """What columns are called without what their tool put before it, or as in a run."""
    wanted = {column: OURS[role] for role in OURS for column in table.of(role)}
    for column in table.of("hyperparameter"):
        wanted[column] = without_prefix(column)
    return wanted
