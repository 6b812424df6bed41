"""The verbs that read results: `table`, `heatmap`, `interaction`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from interplay.cli.options import (
    AtEpoch,
    Budget,
    Json,
    Metric,
    Mode,
    Over,
    Run,
    Seed,
    Source,
    Where,
    X,
    Y,
    file_of,
    question_of,
    results_of,
)
from interplay.cli.pictures import FIGURES, save_heatmap
from interplay.cli.printing import print_interaction
from interplay.errors import InterplayError


def table(
    run: Run,
    csv: Annotated[bool, typer.Option("--csv", help="All columns, as CSV.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="A row an epoch instead.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="A row a cell as tried, and the best so far.")
    ] = False,
) -> None:
    """Print the tidy table of a run.

    A row a member; with --curves one an epoch, with --progress one a cell as tried.

    Example: interplay table runs/digits --csv > digits.csv
    """
    from interplay.results.results import Results

    if curves and progress:
        raise InterplayError("--curves and --progress are two tables; ask for one")
    results = Results.load(run)
    frame = results.curves if curves else results.progress() if progress else results.frame
    if csv:
        # The stream makes each "\n" the system's own line end.
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    if not curves and not progress:
        tail = ["seed", "fold", "status", "epochs_run", "seconds"]
        metrics = list(frame.columns[list(frame.columns).index("parameters") + 1 :])
        keep = [*results.varied, *tail, *metrics] if len(frame) else list(frame.columns)
        frame = frame[[c for c in keep if c in frame and (c != "fold" or frame[c].notna().any())]]
    typer.echo(frame.to_string(index=False) if len(frame) else "no member has finished yet")


def heatmap(
    source: Source,
    x: X = None,
    y: Y = None,
    metric: Metric = None,
    seed: Seed = None,
    mode: Mode = None,
    budget: Budget = None,
    where: Where = None,
    over: Over = None,
    at_epoch: AtEpoch = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="A .png, .svg or .pdf.")
    ] = "heatmap.png",
    full: Annotated[
        bool, typer.Option("--full", help="With residual map, ridge and verdict beside it.")
    ] = False,
) -> None:
    """Draw the heatmap of two hyperparameters.

    Each square has mean, spread and n; --full puts residual map and ridge beside it.

    A small ring marks the squares that are not clearly worse than the best.

    Example: interplay heatmap runs/digits --x hidden_size --y dropout -o digits.png
    """
    results = results_of(source)
    question = question_of(x, y, metric, seed, mode, budget, where, over, at_epoch)
    file = file_of(output, FIGURES, "a figure")
    for warning in save_heatmap(results, question, file, full):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(str(file))


def interaction(
    source: Source,
    x: X = None,
    y: Y = None,
    metric: Metric = None,
    seed: Seed = None,
    mode: Mode = None,
    budget: Budget = None,
    where: Where = None,
    over: Over = None,
    at_epoch: AtEpoch = None,
    json: Json = False,
) -> None:
    """Say whether two hyperparameters interact.

    How strongly, in what way, and how far to trust it; --json for programs.

    Example: interplay interaction runs/digits --x hidden_size --y dropout
    """
    import json as encoder

    results = results_of(source)
    found = results.analyse(question_of(x, y, metric, seed, mode, budget, where, over, at_epoch))
    if json:
        typer.echo(encoder.dumps(found.to_json(), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print_interaction(found)
