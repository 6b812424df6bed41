"""The verbs that read results: `table`, `columns`, `heatmap`, `interaction`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interplay.cli.options import Json, Source, asking, file_of
from interplay.cli.pictures import FIGURES, save_heatmap, save_search
from interplay.cli.printing import print_interaction, print_table
from interplay.errors import InterplayError, how_many
from interplay.results.question import ROLES
from interplay.signs import visible
from interplay.table.folder import HEATMAP_FILE

MOST_COLUMNS = 100
"""Of a table that is printed for eyes."""
COLUMN_KEYS = ("name", "role", "why", "values", "use")
"""What is printed of a column."""

if TYPE_CHECKING:
    from interplay.results.question import Question
    from interplay.results.results import Results


@asking("metric", "mode", "where", *ROLES)
def table(
    source: Source,
    question: Question,
    csv: Annotated[bool, typer.Option("--csv", help="All columns, as CSV.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="A row an epoch instead.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="A row a cell as tried, and the best so far.")
    ] = False,
    ranked: Annotated[bool, typer.Option("--ranked", help="A row a cell, the best first.")] = False,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Draw --progress instead.")
    ] = "",
) -> None:
    """Print the tidy table.

    A row a member; with --curves one an epoch, with --progress or --ranked (by --metric) one a cell.

    Example: interplay table runs/digits --csv > digits.csv
    """
    asked = {"--curves": curves, "--progress": progress, "--ranked": ranked}
    chosen = [flag for flag, on in asked.items() if on]
    if len(chosen) > 1:
        raise InterplayError(
            f"{' and '.join(chosen)} are {('two', 'three')[len(chosen) - 2]} tables; ask for one"
        )
    heard = ("metric", "mode", "where", "budget") if ranked else ("metric", "mode") * progress
    for name in ("metric", "mode", "where", "budget"):
        if getattr(question, name) and name not in heard:
            raise InterplayError(
                f"--{name} says what --ranked ranks"
                + (" and what --progress is of" if name in ("metric", "mode") else "")
                + ", and no other table"
            )
    if output and not progress:
        raise InterplayError("-o draws --progress, and no other table")
    results, question = results_of(source, question)
    if output:
        file = file_of(output, FIGURES, "a figure")
        save_search(results, file, question.metric, question.mode)
        typer.echo(str(file))
        return
    if curves:
        frame = results.curve_table()
    elif chosen:
        frame = (
            results.progress(question.metric, question.mode)
            if progress
            else results.ranked(question.metric, question.mode, where=question.where)
        )
    else:
        frame = results.frame if csv or results.frame.empty else results.short_table()
    if csv:
        # The stream makes each "\n" the system's own line end.
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    left = frame.shape[1] - MOST_COLUMNS
    frame = frame.iloc[:, :MOST_COLUMNS]
    typer.echo(frame.to_string(index=False) if len(frame) else "no member has finished yet")
    if left > 0:
        typer.echo(f"… and {how_many(left, 'more column')}, which --csv prints")


@asking("metric", *ROLES)
def columns(source: Source, question: Question, json: Json = False) -> None:
    """Print what each column of a table was taken for.

    Its role and why, its values, and what is done with it; options such as --seed tell it better.

    Example: interplay columns results.csv --json
    """
    import json as encoder

    from interplay.results.results import Results
    from interplay.results.roles import described

    found = described(Results.load(source).told(question).table)
    if json:
        typer.echo(encoder.dumps(found, ensure_ascii=False, indent=1, allow_nan=False))
        return
    head = ("column", "role", "why", "values", "what is done with it")
    print_table([head, *(tuple(c[key] for key in COLUMN_KEYS) for c in found)])


@asking()
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
    file = file_of(output, FIGURES, "a figure")
    for warning in save_heatmap(*results_of(source, question), file, full):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(str(file))


@asking()
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

    results, question = results_of(source, question)
    found = results.analyse(question)
    if json:
        typer.echo(encoder.dumps(found.to_json(), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print_interaction(found)


def results_of(source: str, question: Question) -> tuple[Results, Question]:
    """What a source holds, with the roles and names that the question tells, and the question in
    these names; of a source that is no run of ours it is said what was taken for what."""
    from interplay.results.naming import mapped
    from interplay.results.results import Results
    from interplay.results.roles import taken_for

    table, asked = mapped(Results.load(source).table, question)
    results = Results(table).told(asked)
    if not results.table.of_run:
        typer.echo(f"note: {visible(taken_for(results.table))}", err=True)
    return results, asked
