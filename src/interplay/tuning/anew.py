"""A table of somebody else's as a study that trains the same cells anew, all equally long."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.checks import select_rows
from interplay.analysis.numbers import text_of
from interplay.data import DATASETS
from interplay.errors import InterplayError, Option, StudyError, TableError, how_many, listed
from interplay.identity import is_number, same_as
from interplay.metrics import METRICS
from interplay.models import FAMILIES
from interplay.registry import Registry
from interplay.results.asking import one_origin, where_of
from interplay.results.naming import mapped, ours
from interplay.results.question import OF_CONVERT, Question
from interplay.results.results import Results
from interplay.results.telling import told_by
from interplay.signs import visible
from interplay.space.space import resolve_name
from interplay.study.overrides import apply_overrides
from interplay.study.sections import RULES, keys_of, meant
from interplay.study.settings import NAMES, is_name
from interplay.study.study import Study
from interplay.study.writing import toml_of
from interplay.table.folder import typed
from interplay.table.table import Table, short_name

SAYS_ITSELF = tuple(f"{section}.name" for section in RULES)
"""What a table of a run of ours says of its data and model."""
SEEDS = 5
"""Of a study after a table that names none."""


@dataclass(frozen=True)
class Anew:
    """A study made from a table.

    Attributes:
        text: of the study file.
        study: what it says.
        notes: what the table has and the study has not.
    """

    text: str
    study: Study
    notes: tuple[str, ...]


def convert(
    results: Results,
    file: str | Path,
    overrides: Sequence[str] = (),
    **options: Any,
) -> Anew:
    """Write the study that trains a table's own cells anew, equally long, with our data and model.

    Args:
        file: the study's, a .toml called as the study is; where it says the same already, it stays.
        overrides: KEY=VALUE that the table does not say, such as data.name=digits.
        options: fields of a `Question`, those of `OF_CONVERT`: what columns are, and by `map` our
            names of them; `where` chooses rows, x, y, metric and mode are the study's.

    Raises:
        TableError: a hyperparameter that varies is none of ours, or nothing says how long to train.
        InterplayError: the study would have mistakes, or the file is there and says otherwise.
    """
    file, question = typed(file), Question.of(options, OF_CONVERT)
    if not is_name(file.stem):
        raise InterplayError(f"{file}: a study is called as its file, and {NAMES}")
    table, asked = mapped(results.table, question, anew=True)
    told = told_by(table, _of_table(table, asked))
    table, asked = ours(told, asked, question.map.values())
    anew = _train_anew(Results(table), asked, list(overrides), file, question.map)
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") != anew.text:
        raise InterplayError(f"{file} is there already and says otherwise; choose another name")
    file.write_text(anew.text, encoding="utf-8")
    return anew


def _of_table(table: Table, question: Question) -> Question:
    """The question without a metric of ours that the table has not: that is the study's alone."""
    try:
        table.find(question.metric or "", "metric")
    except InterplayError:
        return replace(question, metric=None) if question.metric in METRICS else question
    return question


def _train_anew(
    results: Results,
    question: Question,
    overrides: Sequence[str],
    file: Path,
    told: Mapping[str, str],
) -> Anew:
    """As `convert`, of a table under our names.

    Args:
        told: which of these a reader told, by what the reader calls the column.
    """
    table, name, folder = results.table, file.stem, file.parent
    where = where_of(table, question.where)
    one_origin(table, where)
    frame = select_rows(table.frame, where)
    settings = [n for n in table.of("hyperparameter") if n in frame and frame[n].notna().any()]
    varied = [n for n in settings if n in table.varied and _distinct(frame[n]) > 1]
    folders = [folder.resolve(), Path.cwd()]
    base: dict[str, Any] = {"name": name, "data": {}, "model": {}}
    # Of a run of ours the table says itself what was trained.
    constant = {n: _only(frame[n]) for n in settings if n not in varied}
    said = {name: constant[name] for name in SAYS_ITSELF if name in constant}
    without = _set(base, said)
    base, _ = _with(without, overrides, folders)
    for section, registry in (("data", DATASETS), ("model", FAMILIES)):
        _check_named(base[section], section, registry)
    names = _names(settings, varied, told, base, folders)
    cells = frame[varied].drop_duplicates() if varied else frame[[]].head(1)
    for column in varied:
        if lacking := int(cells[column].isna().sum()):
            raise TableError(
                f"{column} has no value in {lacking} of {len(cells)} cells, which no study can "
                "train again: keep those that have one, for example with ",
                Option("where", (column, text_of(frame[column].dropna().iloc[0]))),
            )
    levels = {n: _levels(frame[n], table.columns[n].order) for n in varied}
    whole = len(cells) == math.prod(len(values) for values in levels.values())
    values = {names[n]: value for n, value in (constant | levels).items() if n in names}
    tables, notes = _with(_set(without, values), overrides, folders)
    for column in varied:
        section, _, key = names[column].rpartition(".")
        if tables[section][key] != levels[column]:
            raise TableError(
                f"{names[column]} varies in the table and is given one way: these would be other "
                "cells. To keep some of the table's: ",
                Option("where", (_as_told(column, told), text_of(levels[column][0]))),
            )
    if "epochs" not in tables:
        tables["epochs"] = _epochs(table, frame)
    tables.setdefault("seeds", _seeds(table, frame))
    search: dict[str, Any] = {"method": "grid"}
    if not whole:
        points = [
            {names[str(n)]: _value(value) for n, value in row.items()}
            for row in cells.to_dict("records")
        ]
        search = {"method": "random", "trials": len(points), "points_to_evaluate": points}
    asked = {"metric": question.metric, "mode": question.mode}
    asked = {key: value for key, value in asked.items() if value is not None}
    tables["search"] = search | asked | dict(tables.get("search", {}))
    axes = [question.x or table.default.x, question.y or table.default.y]
    pair = [table.find(axis, "hyperparameter") for axis in axes if axis is not None]
    pair = pair if len(pair) == 2 else varied[:2]
    if len(pair) == 2 and all(axis in names for axis in pair):
        tables.setdefault("heatmap", {"x": names[pair[0]], "y": names[pair[1]]})
    try:
        study = Study(source=f"{name}.toml", folders=folders, **tables)
    except StudyError as error:
        raise _no_metric(error, table, question.metric, varied, told) or error from None
    unknown = [n for n in settings if n not in names]
    if unknown:
        notes.append(f"not in the study, as no setting of ours: {', '.join(unknown)}")
    return Anew(toml_of(tables, _story(results, study, len(cells), whole)), study, tuple(notes))


def _set(tables: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The tables with values by full dotted name."""
    result = {key: dict(own) if isinstance(own, dict) else own for key, own in tables.items()}
    for name, value in values.items():
        section, _, key = name.partition(".")
        result.setdefault(section, {})[key] = value
    return result


def _with(
    tables: dict[str, Any], overrides: Sequence[str], folders: Sequence[Path]
) -> tuple[dict[str, Any], list[str]]:
    """The tables with overrides, and what there is to know of how these were read."""
    told: list[str] = []

    def keys(now: Mapping[str, Any]) -> dict[str, set[str]]:
        return {"": set()} | keys_of(now, folders)

    return apply_overrides(tables, overrides, keys, told=told), told


def _check_named(table: Mapping[str, Any], section: str, registry: Registry[Any]) -> None:
    """Refuse a section without a name that we know; a function of the user's own is looked at later.

    Raises:
        TableError: no name.
        UnknownNameError: another, with the nearest.
    """
    if "builder" in table:
        return
    if "name" not in table:
        raise TableError(
            f"the table does not say which {section} of ours it is: give {section}.name=NAME, one of "
            f"{', '.join(registry.names)}, or {section}.builder=module:function of your own"
        )
    registry.get(table["name"])


def _names(
    settings: Sequence[str],
    varied: Sequence[str],
    told: Mapping[str, str],
    base: Mapping[str, Any],
    folders: Sequence[Path],
) -> dict[str, str]:
    """Our full name of each hyperparameter that we have.

    Raises:
        TableError: one that varies, or that was told, is none of ours.
    """
    keys = keys_of(base, folders)
    ours = tuple(f"{section}.{key}" for section, own in keys.items() for key in sorted(own))
    names: dict[str, str] = {}
    strange = []
    for column in settings:
        full, _ = resolve_name(column, ours)
        if full is None and column not in told.values():
            full, _ = resolve_name(short_name(column), ours)
        if full is not None and full not in names.values():
            names[column] = full
        elif column in varied or column in told.values():
            strange.append(column)
    if strange:
        shorts = {full.rpartition(".")[2]: full for full in ours}
        first = strange[0]
        near = shorts.get(meant(short_name(first), shorts) or "", "SECTION.KEY")
        raise TableError(
            f"no setting of this data and model: {listed(strange, 6)}; say which of them is meant: ",
            Option("map", (_as_told(first, told), near)),
            "; or, where some were no setting but a result, name those that were: ",
            Option("params", [_as_told(n, told) for n in names] or ["A", "B"]),
            f". There are {listed(list(ours), 40)}",
        )
    return names


def _no_metric(
    error: StudyError,
    table: Table,
    metric: str | None,
    varied: Sequence[str],
    told: Mapping[str, str],
) -> TableError | None:
    """The mistakes with a way out, where the metric asked for is the table's and none of the study's."""
    found = [m for m in error.mistakes if m.key == "search.metric" and m.value == metric]
    if metric is None or metric not in table.columns or not found:
        return None
    first = (found[0].allowed or "").partition(",")[0]
    rest = [_as_told(name, told) for name in varied if name != metric]
    return TableError(
        f"{error}\n",
        Option("metric", _as_told(metric, told)),
        f" is a column of {table.name}, and what the study compares is measured anew: leave it out, "
        f"or give search.metric={first}. Which columns are hyperparameters, so that none that was "
        "measured passes for one, is said with ",
        Option("params", rest if len(rest) > 1 else ["A", "B"]),
    )


def _as_told(column: str, told: Mapping[str, str]) -> str:
    """What the reader calls a column that was renamed."""
    return next((old for old, name in told.items() if name == column), column)


def _epochs(table: Table, frame: pd.DataFrame) -> int:
    budget = table.one("budget")
    numbers = pd.to_numeric(frame[budget], errors="coerce").dropna() if budget else pd.Series()
    if numbers.empty:
        raise TableError(
            f"{table.name} does not say how long its rows trained: give epochs=N, or the column "
            "that says it with ",
            Option("budget"),
        )
    return max(int(numbers.max()), 1)


def _seeds(table: Table, frame: pd.DataFrame) -> int | list[int]:
    """The table's seeds, where they are ours to plant: whole numbers from 0 on."""
    seed = table.one("seed")
    if seed is None:
        return SEEDS
    values = pd.to_numeric(frame[seed], errors="coerce").dropna().unique()
    seeds = sorted({int(v) for v in values if 0 <= v < 2**53 and v == int(v)})
    if not seeds:
        return SEEDS
    return len(seeds) if seeds == list(range(len(seeds))) else seeds


def _levels(column: pd.Series[Any], order: Sequence[Any]) -> list[Any]:
    """The values of a column, in the order that it has, else rising, else as they come."""
    values = {same_as(_value(v)): _value(v) for v in column.dropna()}
    ranks = {same_as(_value(v)): i for i, v in enumerate(order)}
    if all(key in ranks for key in values):
        return [values[key] for key in sorted(values, key=ranks.__getitem__)]
    found = list(values.values())
    if all(is_number(v) for v in found):
        return sorted(found)
    return found


def _distinct(column: pd.Series[Any]) -> int:
    return len({same_as(_value(v)) for v in column.dropna()})


def _value(value: Any) -> Any:
    """As a study writes it: Python's own numbers, whole ones without a point, lists as such."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)  # as tables hold them, see `as_held`
        except ValueError:
            return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _only(column: pd.Series[Any]) -> Any:
    """The one value of all cells, as a study has it: a list alone would be values to try."""
    value = _value(column.dropna().iloc[0])
    return {"value": value} if isinstance(value, (list, dict)) else value


def _story(results: Results, study: Study, cells: int, whole: bool) -> list[str]:
    """Where the study comes from, for its first lines."""
    origins = results.study.get("origins", [])
    came = "; ".join(f"{one['name']} ({one['tool']})" for one in origins)
    what = "a grid" if whole else "each as it stood there"
    text = (
        f"The cells of {came or results.name} again: {cells} of them ({what}), all for "
        f"{how_many(study.epochs or 0, 'epoch')} and with the same seeds. What is trained here is not mixed "
        "with what was trained there: other code, other splits."
    )
    return textwrap.wrap(visible(text), 100)
