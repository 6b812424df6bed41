"""What its reader says that a table's columns are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from interplay.errors import Option, TableError
from interplay.results.question import Question
from interplay.table.table import SINGLE, Role, Table


def metric_named(table: Table, name: str) -> str:
    """The column of a metric; of one that is a mean over folds, that of the folds.

    Raises:
        UnknownNameError: there is none.
    """
    return table.find(table.folded.get(name, name), "metric")


def told_by(table: Table, question: Question) -> Table:
    """The table with the roles that a question tells.

    Raises:
        InterplayError: as `tell` does.
    """
    axes = [table.find(n, "hyperparameter") for n in (question.x, question.y) if n is not None]
    only: dict[Role, str | None] = {role: getattr(question, role) for role in SINGLE}
    metrics = () if question.metric is None else (question.metric,)
    return tell(table, only, question.params, metrics, axes)


def tell(
    table: Table,
    only: Mapping[Role, str | None],
    params: Sequence[str] = (),
    metrics: Sequence[str] = (),
    axes: Sequence[str] = (),
) -> Table:
    """The table with the roles that its reader says columns have, by options or by asking for one.

    Args:
        only: the seed, fold, budget and status; None where nothing is said.
        params: the hyperparameters, all of them where one is named.
        metrics: what was measured; a single one is what is asked for unless another is.
        axes: the hyperparameters that are asked for, by full name.

    Raises:
        InterplayError: a column that there is not, one of two roles, or one known to be another.
    """
    named = [metric_named(table, name) for name in metrics]
    for axis in axes:
        if axis in named:
            raise TableError(f"{axis!r} is the metric: it cannot be an axis as well")
    taken = {**dict.fromkeys(axes, "an axis"), **dict.fromkeys(named, "a metric")}
    single: dict[Role, list[str]] = {}
    for role in SINGLE:
        if (name := only.get(role)) is None:
            continue
        full = table.find(name, role)
        if full in taken:
            raise TableError(Option(role, name), f": that is {taken[full]} already")
        taken[full], single[role] = f"the {role}", [full]
    found = [table.find(name, "hyperparameter") for name in params]
    for name in found:
        if taken.get(name, "an axis") != "an axis":
            raise TableError(Option("params"), f": {name} is {taken[name]} already")
    settings = list(dict.fromkeys([*axes, *found]))
    roles: dict[Role, list[str]] = {"hyperparameter": settings, "metric": named, **single}
    told = table.told(roles, all_params=bool(found))
    if len(named) != 1:
        return told
    return replace(told, default=replace(told.default, metric=named[0]))
