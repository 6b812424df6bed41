"""What a page says: every text and number on it, from the results and their analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from interplay.analysis.cells import Cells
from interplay.analysis.components import components_in_words
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import mean_sd, number_label, short_names, text_of
from interplay.analysis.verdict import p_text
from interplay.errors import how_many
from interplay.plots.marks import beside_star, tied_places
from interplay.report.settings import ReportSettings
from interplay.results.results import Results


@dataclass(frozen=True)
class Content:
    """The words of a page, reflection and figures left out.

    Attributes:
        title, byline, question, verdict, basis: texts.
        setup: (label, text) pairs.
        facts, warnings: sentences.
    """

    title: str
    byline: str
    question: str
    setup: tuple[tuple[str, str], ...]
    verdict: str
    facts: tuple[str, ...]
    basis: str
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compose(
    results: Results, cells: Cells, found: Interaction, settings: ReportSettings
) -> Content:
    """The content of a page on these results."""
    x, y = short_names(found.x.name, found.y.name)
    study = results.study
    data = text_of(_constant(study, "data.name") or "this data")
    model = text_of(_constant(study, "model.name") or "model")
    question = f"How do {x} and {y} of a {model} network interact on {data}?"
    if "model.name" not in {d["name"] for d in study.get("space", ()) if study.get("format")}:
        question = f"How do {x} and {y} interact?"
    cautions = [caution.message for caution in beside_star(cells, found)]
    return Content(
        title=settings.title or f"{results.name}: {x} × {y}",
        byline=settings.author,
        question=settings.question or question,
        setup=tuple(_setup(results, found)),
        verdict=found.verdict,
        facts=tuple(_facts(cells, found, x, y)),
        basis=_basis(cells, found),
        warnings=tuple(dict.fromkeys([*cautions, *cells.warnings])),
    )


def _setup(results: Results, found: Interaction) -> list[tuple[str, str]]:
    """What was trained and how, as (name, words)."""
    if "origins" in results.study:
        return _setup_elsewhere(results, found)
    study, frame = results.study, results.frame
    space = {domain["name"]: domain for domain in study["space"]}
    rows: list[tuple[str, str]] = []
    for section in ("data", "model", "trial", "optimizer", "schedule", "training"):
        fixed = {
            name.partition(".")[2]: domain["value"]
            for name, domain in space.items()
            if name.startswith(f"{section}.") and domain["kind"] == "constant"
        }
        head = fixed.pop("name", fixed.pop("builder", fixed.pop("function", None)))
        if head is None and not fixed:
            continue
        if section == "data" and str(head) in study.get("data", {}):
            head = f"{head} ({how_many(study['data'][str(head)]['rows'], 'row')})"
        words = [text_of(head)] if head is not None else []
        words += [f"{name} {text_of(value)}" for name, value in fixed.items()]
        rows.append((section, ", ".join(words)))
    rows += _axes(results, found)
    asked = sorted({int(n) for n in frame["epochs_run"].dropna()})
    first, last = asked[0], asked[-1]
    epochs = how_many(first, "epoch") if first == last else f"{first} to {last} epochs"
    rows.append(("budget", f"{epochs}, every model equally long"))
    folds = f", {how_many(study['folds'], 'fold')}" if study.get("folds") else ""
    if (repeats := study.get("repeats", 1)) > 1:
        folds += f", cut {repeats} times"
    seeds = len(study["seeds"])
    rows.append(("seeds", f"{seeds}{folds}, the same in every cell"))
    search = study["search"]
    trials = f", {how_many(search['trials'], 'trial')}" if search.get("trials") else ""
    rows.append(("search", f"{search['method']}{trials}; {how_many(len(frame), 'training')}"))
    versions = study["versions"]
    machine = versions.get("machine") or versions["platform"]
    rows.append(("machine", f"{machine}; torch {versions['torch']}"))
    return rows


def _axes(results: Results, found: Interaction) -> list[tuple[str, str]]:
    rows = [(axis.name.rpartition(".")[2], ", ".join(axis.labels)) for axis in (found.x, found.y)]
    others = [n for n in results.varied if n not in (found.x.name, found.y.name)]
    if others:
        rows.append(("also varied", ", ".join(name.rpartition(".")[2] for name in others)))
    return rows


def _setup_elsewhere(results: Results, found: Interaction) -> list[tuple[str, str]]:
    """Of imported rows: where they come from, and what they say of themselves."""
    rows = [
        (
            "from" if number == 0 else "",
            f"{one['name']}: {how_many(one['rows'], 'row')} of {_place(one['source'])} "
            f"({one['tool']}), imported {one['imported'][:10]}",
        )
        for number, one in enumerate(results.study["origins"])
    ]
    rows += _axes(results, found)
    if budget := results.table.one("budget"):
        rows.append(("budget", f"{budget} {text_of(results.frame[budget].max())} at most"))
    if seed := results.table.one("seed"):
        rows.append(("seeds", f"{results.frame[seed].nunique()} ({seed})"))
    return rows


def _place(source: str) -> str:
    """An address as it is, a path's last part: where files lie on a machine is no reader's business."""
    return source if "://" in source else Path(source).name


def _constant(study: Mapping[str, Any], name: str) -> Any:
    for domain in study.get("space", ()):
        if domain["name"] == name and domain["kind"] == "constant":
            return domain["value"]
    return None


def _facts(cells: Cells, found: Interaction, x: str, y: str) -> list[str]:
    facts = []
    if cells.best is not None:
        row, column = cells.best
        here = float(cells.mean[row, column]), float(cells.sd[row, column])
        mean, sd = mean_sd(*here, cells.typical)
        spread = f" {sd[0]} {sd[1:]}" if sd else ""
        tied = tied_places(cells, found)
        near = ""
        if tied is not None:
            others = f"{len(tied)} other cell{'s are' if len(tied) != 1 else ' is'}"
            near = f"; {others} not clearly worse"
        at = f"{x} = {cells.x.labels[column]}, {y} = {cells.y.labels[row]}"
        facts.append(f"Best: {at}, with {cells.metric} {mean}{spread}{near}.")
    shares = {"xy": f"{x} × {y}", "x": x, "y": y, "seed": f"{found.unit}s", "residual": "residual"}
    parts = [
        f"{name} {share:.1%}"
        for term, name in shares.items()
        if (share := found.anova[term].share) is not None and found.anova[term].df  # type: ignore[index]
    ]
    if parts:
        facts.append(f"Of the whole variation: {', '.join(parts)}.")
    ridge = found.ridge
    if not found.y_is_inert and all(row.keep is not None for row in ridge.rows):
        rows = [
            f"{text_of(row.x)}: {text_of(row.best_y)}"
            + (f" ({_span(row.keep, found)})" if row.keep and len(row.keep) > 1 else "")
            for row in ridge.rows
        ]
        facts.append(f"Best {y} at each {x} (and what is not clearly worse): {'; '.join(rows)}.")
    shift = ridge.shift
    known = not found.y_is_inert
    if known and shift.slope is not None and shift.low is not None and shift.high is not None:
        facts.append(
            f"The best {y} moves {shift.slope:.2f} steps of the grid a step of {x}, 95% interval "
            f"{shift.low:.2f} to {shift.high:.2f}."
        )
    other = found.transformed
    if other is not None and other.tests.p is not None:
        size = other.tests.anova.terms["xy"].partial_omega2
        told = f", partial ω² {number_label(size, 2, 0.001)}" if size is not None else ""
        facts.append(
            f"On the {other.scale} scale the interaction has {p_text(other.tests.p)}{told}."
        )
    if found.components is not None:
        told, _ = components_in_words(found.components, found.metric)
        facts.append(f"{told[:1].upper()}{told[1:]}.")
    return facts


def _span(keep: Sequence[Any], found: Interaction) -> str:
    """A keep-set in short: a range where it is one."""
    places = [found.y.values.index(value) for value in keep]
    if found.y.numeric and len(keep) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{found.y.labels[places[0]]} to {found.y.labels[places[-1]]}"
    return ", ".join(found.y.labels[place] for place in places)


def _basis(cells: Cells, found: Interaction) -> str:
    test = (
        "Tukey's test for non-additivity, with one training a cell"
        if not found.anova["residual"].df
        else "analysis of variance, type II"
        + (f", {found.unit}s as blocks" if found.blocks else "")
        + "; unequal spread by Box's correction; sets of what is not clearly worse by one-sided "
        "tests, Bonferroni at 5%"
    )
    rows = f"{found.n_used} of {found.n_rows} trainings have a finite {found.metric}"
    return f"Squares show the {cells.statistic}. {rows}. Test: {test}."
