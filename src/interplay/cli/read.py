"""The verbs that read results: `table`, `columns`, `heatmap`, `interaction`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interplay.cli.options import (
    Budget,
    Json,
    Metric,
    Mode,
    Source,
    Where,
    asking,
    file_of,
    pairs_of,
)
from interplay.cli.pictures import FIGURES, save_heatmap
from interplay.cli.printing import print_interaction, print_table
from interplay.errors import InterplayError
from interplay.table.folder import HEATMAP_FILE

if TYPE_CHECKING:
    from interplay.results.question import Question


def table(
    source: Source,
    csv: Annotated[bool, typer.Option("--csv", help="All columns, as CSV.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="A row an epoch instead.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="A row a cell as tried, and the best so far.")
    ] = False,
    ranked: Annotated[bool, typer.Option("--ranked", help="A row a cell, the best first.")] = False,
    metric: Metric = None,
    mode: Mode = None,
    where: Where = None,
    budget: Budget = None,
) -> None:
    """Print the tidy table.

    A row a member; with --curves one an epoch, with --progress or --ranked (by --metric) one a cell.

    Example: interplay table runs/digits --csv > digits.csv
    """
    from interplay.results.results import Results

    asked = {"--curves": curves, "--progress": progress, "--ranked": ranked}
    chosen = [flag for flag, on in asked.items() if on]
    if len(chosen) > 1:
        raise InterplayError(
            f"{' and '.join(chosen)} are {('two', 'three')[len(chosen) - 2]} tables; ask for one"
        )
    ranking = {"--metric": metric, "--mode": mode, "--where": where, "--budget": budget}
    unheard = [flag for flag, given in ranking.items() if given]
    if unheard and not ranked:
        raise InterplayError(f"{unheard[0]} says what --ranked ranks, and no other table is ranked")
    results = Results.load(source)
    if curves:
        frame = results.curve_table()
    elif chosen:
        frame = (
            results.progress()
            if progress
            else results.ranked(metric, mode, where=pairs_of(where), budget=budget)
        )
    else:
        frame = results.frame if csv or results.frame.empty else results.short_table()
    if csv:
        # The stream makes each "\n" the system's own line end.
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    typer.echo(frame.to_string(index=False) if len(frame) else "no member has finished yet")


def columns(source: Source, json: Json = False) -> None:
    """Print what each column of a table was taken for.

    Its role, and whether that is known or guessed by name and values; options such as --seed tell.

    Example: interplay columns results.csv --json
    """
    import json as encoder

    from interplay.results.results import Results

    table = Results.load(source).table
    found = [table.columns[name] for name in table.columns]
    if json:
        typer.echo(encoder.dumps([c.to_json() for c in found], ensure_ascii=False, indent=1))
        return
    rows = [(c.name, c.role, c.sure, c.about(c.name in table.varied)) for c in found]
    print_table([("column", "role", "", ""), *rows])


@asking
def heatmap(
    source: Source,
    question: Question,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="A .png, .svg or .pdf.")
    ] = HEATMAP_FILE,
    full: Annotated[
        bool, typer.Option("--full", help="With residual map, ridge and verdict beside it.")
    ] = False,
) -> None:
    """Draw the heatmap of two hyperparameters.

    Each square has mean, spread and n; --full puts residual map and ridge beside it.

    A small ring marks the squares that are not clearly worse than the best.

    Example: interplay heatmap runs/digits --x hidden_size --y dropout -o digits.png
    """
    from interplay.results.results import Results

    file = file_of(output, FIGURES, "a figure")
    for warning in save_heatmap(Results.load(source), question, file, full):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(str(file))


@asking
def interaction(
    source: Source,
    question: Question,
    json: Json = False,
) -> None:
    """Say whether two hyperparameters interact.

    How strongly, in what way, and how far to trust it; --json for programs.

    Example: interplay interaction runs/digits --x hidden_size --y dropout
    """
    import json as encoder

    from interplay.results.results import Results

    found = Results.load(source).analyse(question)
    if json:
        typer.echo(encoder.dumps(found.to_json(), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print_interaction(found)
