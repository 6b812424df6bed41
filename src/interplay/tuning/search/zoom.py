"""The study that should follow a scan: what matters most, on a grid around where it did well."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.analysis.importance import (
    Compared,
    Importances,
    best_cells,
    choice_codes,
    compare_cells,
    importances,
)
from interplay.analysis.region import levels_around
from interplay.errors import how_many
from interplay.identity import Value, canonical, same_as
from interplay.results.results import Results
from interplay.space.domains import Choice, Domain
from interplay.space.space import Space, resolve_name
from interplay.study.sections import RULES
from interplay.study.study import Study
from interplay.study.writing import toml_of

LEVELS, LEVELS_OF_THIRD, SEEDS = 5, 3, 5
NEARLY = 2 / 3
"""A third hyperparameter joins if it matters this much of what the second does."""
CHANCE = 0.1
"""Below this much of the variance foretold, the reader is warned."""


@dataclass(frozen=True)
class Zoom:
    """What the scan's cells say.

    Attributes:
        axes: two or three hyperparameters (one where only one varies), the most important first,
            with the levels to try.
        fixed: the best cell's value of each of the others.
    """

    compared: Compared
    importances: Importances
    axes: dict[str, list[Value]]
    fixed: dict[str, Value]


def propose_zoom(results: Results, study: Study, folder: Path) -> Path | None:
    """Write the study that should follow a scan into `folder`, as `<name>-zoom.toml`.

    A file that is there with other contents is left alone: the next free of `<name>-zoom-2.toml`,
    … is written.

    Returns:
        The file; None where fewer than 8 cells can be compared, or nothing varies.
    """
    zoom = _look(results, study)
    if zoom is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        tail = "-zoom" if number == 1 else f"-zoom-{number}"
        name = study.name[: 64 - len(tail)] + tail
        path = folder / f"{name}.toml"
        text = _text(study, zoom, results, name)
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            return path
        if path.read_text(encoding="utf-8", errors="replace") == text:
            return path
    raise AssertionError


def _look(results: Results, study: Study) -> Zoom | None:
    varied = study.space.varied
    if not varied or results.table.read_curves is None:
        return None
    mode = results.study["mode"]
    compared = compare_cells(
        results.frame, results.curves, varied, results.study["metric"], mode, study.search.score
    )
    if compared is None:
        return None
    if not study.space.plain:
        compared = replace(compared, cells=_as_drawn(compared.cells, study.space))
    domains = {name: study.space.domains[name] for name in varied}
    found = importances(compared.cells, domains)
    order = list(found.table["name"])
    share = list(found.table["share"])
    chosen = order[:2]
    if len(order) > 2 and share[2] >= NEARLY * share[1]:
        chosen = order[:3]
    best = best_cells(compared, mode)
    if best.empty:
        return None
    ranked = compared.cells.sort_values("rank", ascending=False, kind="stable")
    axes = {
        name: levels_around(
            domains[name],
            list(best[name]),
            [*best[name], *ranked[name]],
            LEVELS_OF_THIRD if position == 2 else LEVELS,
        )
        for position, name in enumerate(chosen)
    }
    fixed = {
        name: _own_value(domains[name], best[name].iloc[0]) for name in varied if name not in axes
    }
    return Zoom(compared, found, axes, fixed)


def _as_drawn(cells: pd.DataFrame, space: Space) -> pd.DataFrame:
    """Cells with the values of the domains: products divided, what is not there in the middle."""
    names = space.varied
    fixed = {name: space.domains[name].middle() for name in space.domains if name not in names}
    rows = [
        space.values(fixed | {str(n): v for n, v in row.items() if not pd.isna(v)})
        for row in cells[list(names)].astype(object).to_dict("records")
    ]
    drawn = pd.DataFrame(rows, index=cells.index).astype(object)
    return cells.assign(**{name: drawn[name] for name in names})


def _own_value(domain: Domain, value: Any) -> Value:
    """A table's value as the study writes it."""
    if isinstance(domain, Choice):
        return domain.values[int(choice_codes(domain.values, [value])[0])]
    return canonical(int(value) if domain.kind == "int" else float(value))


def _text(study: Study, zoom: Zoom, results: Results, name: str) -> str:
    notes = dict.fromkeys(zoom.fixed, "the best cell's")
    return toml_of(_tables(study, zoom, results, name), _story(study, zoom, results), notes)


def _has(tables: Mapping[str, Any], full: str) -> bool:
    section, _, key = full.partition(".")
    return key in tables[section]


def _written(values: list[Value], several: bool, ties: Mapping[str, Any]) -> Any:
    """Levels, or one value, as a study has them."""
    if several:
        return {"values": values, **ties} if ties else values
    bare = not ties and not isinstance(values[0], (list, dict))
    return values[0] if bare else {"value": values[0], **ties}


def _among(value: Value, values: Iterable[Value]) -> bool:
    return same_as(value) in map(same_as, values)


def _story(study: Study, zoom: Zoom, results: Results) -> list[str]:
    """Where the study comes from, for its first lines."""
    cells, varied = zoom.compared.cells, study.space.varied
    short = {full: _short(full, varied) for full in varied}
    width = max(map(len, short.values()))
    epoch = zoom.compared.epoch
    there = int((cells["reached"] >= epoch).sum())
    chance = ": little more than chance" if zoom.importances.foreseen < CHANCE else ""
    return [
        f"{' × '.join(short[axis] for axis in zoom.axes)}, where the scan {study.name!r} did well.",
        "",
        f"The scan tried {how_many(len(cells), 'cell')} and stopped {int(cells['stopped'].sum())} "
        f"of them early; here all train for {how_many(study.epochs or 0, 'epoch')}.",
        f"Compared by {results.study['metric']} at epoch {epoch}, which {there} of them reached "
        "(the others rank below),",
        "this share of the ranking's variance is explained by each (fANOVA, Hutter et al. 2014):",
        *(
            f"  {short[row['name']]:<{width}}  {row['share']:4.0%}   {row['alone']:.0%} alone, "
            f"{row['pairs']:.0%} with another"
            for row in zoom.importances.table.to_dict("records")
        ),
        f"The model behind these shares foretells {max(zoom.importances.foreseen, 0.0):.0%} of "
        f"the variance of cells it has not seen{chance}.",
        "The levels cover the best quarter of the cells and a step more.",
    ]


def _tables(study: Study, zoom: Zoom, results: Results, name: str) -> dict[str, Any]:
    """The new study: the scan's, with levels or the best value in place of what it varied."""
    tables: dict[str, Any] = {"name": name, "epochs": study.epochs, "seeds": SEEDS}
    for key in ("folds", "repeats", "engine"):
        if study.tables.get(key) is not None:
            tables[key] = study.tables[key]
    for section in RULES:
        if section in study.tables:
            tables[section] = dict(study.tables[section])
    if study.settings.constraint:
        tables["constraint"] = [one.model_dump() for one in study.settings.constraint]
    left = {name: list(levels) for name, levels in zoom.axes.items()}
    left |= {name: [value] for name, value in zoom.fixed.items()}
    for full in study.space.order:
        section, _, key = full.partition(".")
        asked, times = study.space.when.get(full, {}), study.space.times.get(full)
        # A condition asks for those of its values that are left.
        when = {o: [v for v in vs if _among(v, left.get(o, vs))] for o, vs in asked.items()}
        gone = [o for o in (*asked, *([times] if times else [])) if not _has(tables, o)]
        if gone or not all(when.values()):
            del tables[section][key]  # it is never there
        elif full in left:
            ties = ({"when": when} if when else {}) | ({"times": times} if times else {})
            tables[section][key] = _written(left[full], full in zoom.axes, ties)
    tables["search"] = {
        "method": "grid",
        "metric": results.study["metric"],
        "mode": results.study["mode"],
    }
    if study.search.score != "mean":
        tables["search"]["score"] = study.search.score
    if len(zoom.axes) > 1:
        x, y, *third = (_short(axis, tuple(zoom.axes)) for axis in zoom.axes)
        tables["heatmap"] = {"x": x, "y": y} | ({"over": "best"} if third else {})
    for section in ("resources", "tracking"):
        if study.tables.get(section):
            tables[section] = dict(study.tables[section])
    return tables


def _short(full: str, names: tuple[str, ...]) -> str:
    """The name without its section, where that means just this one, and means something."""
    short = full.partition(".")[2]
    return short if short != "name" and resolve_name(short, names)[0] == full else full
