"""Saves what verbs have drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from interplay.cli.options import of_heatmap
from interplay.errors import InterplayError, how_many
from interplay.search import METHODS
from interplay.table.folder import HEATMAP_FILE, SEARCH_FILE, TABLE_FILE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from interplay.results.choosing import Choice
    from interplay.results.question import Question
    from interplay.results.results import Results

FIGURES = (".png", ".svg", ".pdf")


def save_outcome(results: Results, folder: Path) -> None:
    """Save a run's table, the curve of its search and its heatmap in `folder`, and say where.

    `results` are a run's.
    """
    from interplay.results.question import Question

    study = results.study
    scan = study["search"]["scheduler"] is not None
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / TABLE_FILE
    results.frame.to_csv(table, index=False)
    typer.echo(f"table    {table}")
    searched = METHODS.get(study["search"]["method"]).trials or scan
    if searched and len(results.progress()) > 1:
        save_search(results, folder / SEARCH_FILE)
        typer.echo(f"search   {folder / SEARCH_FILE}")
    if study["heatmap"] is None or scan or not (results.frame["status"] == "complete").any():
        return  # a scan's cells train unequally long: no heatmap compares those
    heatmap = folder / HEATMAP_FILE
    try:
        save_heatmap(results, Question(), heatmap)
    except InterplayError as error:
        typer.echo(f"heatmap  not drawn: {error.said(of_heatmap)}")
        return
    typer.echo(f"heatmap  {heatmap}")


def save_heatmap(results: Results, question: Question, file: Path, full: bool = False) -> list[str]:
    """Draw the heatmap, or the full picture of its interaction; the warnings it bears.

    Ties with the best square are marked where an analysis is possible.

    Raises:
        InterplayError: where the table cannot answer the question.
    """
    use_agg()
    from interplay.plots import draw_full, draw_heatmap
    from interplay.plots.canvas import root_of
    from interplay.plots.full import all_warnings
    from interplay.plots.marks import reading_cautions

    cells, found = results.judged(question)
    title = f"{results.name}: {cells.metric}"
    if full:
        found = found or results.analyse(question)  # says why there is none
        figure = draw_full(cells, found, title=title)
        warnings = all_warnings(cells, found)
    else:
        figure = root_of(draw_heatmap(cells, title=title, interaction=found))
        warnings = [*cells.warnings, *reading_cautions(cells, found)]
    _save(figure, file)
    return warnings


def save_choice(results: Results, choice: Choice, file: Path) -> None:
    """Draw how the chosen cell learned, and what its models take for what.

    Members whose weights the run does not have are trained again, which is said.

    Raises:
        InterplayError: it is no run of ours, or has no weights to be had.
    """
    use_agg()
    from interplay.plots import draw_choice
    from interplay.results.many import curves_by_setting
    from interplay.tuning.plan import make_plan
    from interplay.winner.chosen import Chosen, members_of
    from interplay.winner.lacking import train_again, without_weights
    from interplay.winner.shown import said_of_valid

    chosen = Chosen.of(choice, results)
    plan = make_plan(chosen.study())
    members = members_of(plan, chosen.keys)
    if lacking := without_weights(chosen.ledger, members):
        typer.echo(f"note: {of_lacking(len(lacking))}", err=True)
        train_again(plan, chosen.ledger, lacking)
    settings = [choice.setting(row) for row in dict.fromkeys([choice.taken, 0])]
    curves = curves_by_setting(results.table, settings, choice.metric, choice.mode)
    said = said_of_valid(plan, members, chosen.ledger.weights)
    title = f"{results.name}: {choice.said}"
    _save(draw_choice(curves, choice.metric, choice.mode, said, title=title), file)


def of_lacking(members: int) -> str:
    """What is said where weights are not there."""
    trainings = how_many(members, "training")
    are = "is" if members == 1 else "are"
    return f"the weights of {trainings} {are} not kept; trained again, alike, for them"


def save_search(results: Results, file: Path, metric: str | None = None, mode: Any = None) -> None:
    """Draw the best score so far of a table that says in which order its cells were tried.

    Raises:
        InterplayError: it does not, or which metric, or which way it is better.
    """
    use_agg()
    from interplay.plots.canvas import root_of

    looks = {}
    if search := results.study.get("search"):
        kind = f"cells, scanned with {search['scheduler']}" if search["scheduler"] else "search"
        best = metric or results.study["metric"]
        looks["title"] = f"{results.name}: best {best} so far, {search['method']} {kind}"
    left, _ = results.search_curve(metric, mode, **looks)
    _save(root_of(left), file)


def _save(figure: Figure, file: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(file, dpi=150)
    plt.close(figure)


def use_agg() -> None:
    """Draw without a window."""
    import matplotlib as mpl

    mpl.use("Agg")
