"""The verbs. stdout carries the answer, stderr the progress and the messages."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from interplay.cli.summary import (
    print_interaction,
    print_next,
    print_outcome,
    print_plan,
    print_table,
    save_heatmap,
)
from interplay.errors import InterplayError

if TYPE_CHECKING:
    from interplay.results.question import Question
    from interplay.results.results import Results

DEFAULT_STUDY = "studies/digits.toml"
FIGURES = (".png", ".svg", ".pdf")

app = typer.Typer(
    name="interplay",
    help="How two hyperparameters of a neural network interact, shown honestly and fast.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

F = TypeVar("F", bound=Callable[..., Any])


def _verb(function: F) -> F:
    """A user's mistake is one message and exit status 2; Ctrl-C is 130; neither has a traceback."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except InterplayError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt as error:
            typer.echo(str(error) or "interrupted", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader (head, less) has seen enough; say nothing at shutdown either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return wrapped  # type: ignore[return-value]


Study = Annotated[str, typer.Argument(metavar="STUDY", help="A study file, TOML or YAML.")]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]…", help="Values in place of the file's, as epochs=5."),
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, as runs/digits.")]
Source = Annotated[str, typer.Argument(metavar="RUN|FILE.csv", help="A run folder, or a table.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
@_verb
def tune(
    study: Annotated[
        str, typer.Argument(metavar="[STUDY]", help="A study file, TOML or YAML.")
    ] = DEFAULT_STUDY,
    overrides: Overrides = None,
    out: Annotated[
        str | None, typer.Option(help="The run folder; runs/<name> if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, train nothing.")
    ] = False,
) -> None:
    """Train a study, draw its heatmap.

    Only what is not there yet is trained; a run that was killed goes on where it was.

    Example: interplay tune studies/digits.toml epochs=5 seeds=3 --out runs/quick
    """
    from interplay.study.study import Study as StudyType

    given = list(overrides or [])
    if "=" in study and not Path(study).exists():
        given, study = [study, *given], DEFAULT_STUDY
    loaded = StudyType.load(study, given)
    if dry_run:
        print_plan(loaded, out)
        return
    from interplay.tuning.execute import execute

    for note in loaded.notes:
        typer.echo(f"note: {note}", err=True)
    outcome = execute(loaded, out)
    print_outcome(outcome, Path(out) if out else Path("reports") / loaded.name)
    if loaded.search.scheduler is not None:
        print_next(outcome.results, loaded, Path(study).parent)
    if outcome.failed:
        raise typer.Exit(1)


@app.command()
@_verb
def space(study: Study, overrides: Overrides = None, json: Json = False) -> None:
    """Print what varies in a study.

    Every value that varies with its domain, as understood, and notes on how it was read.

    Example: interplay space studies/digits.toml --json
    """
    import json as encoder

    from interplay.study.study import Study as StudyType

    loaded = StudyType.load(study, list(overrides or []))
    if json:
        search = loaded.search.model_dump()
        answer = {"space": loaded.space.to_json(), "search": search, "notes": loaded.notes}
        typer.echo(encoder.dumps(answer, ensure_ascii=False, indent=1))
        return
    width = max((len(name) for name in loaded.space.domains), default=0)
    for name, domain in loaded.space.domains.items():
        typer.echo(f"{name:<{width}}  {domain}")
    typer.echo(f"{'search':<{width}}  {loaded.search.method}, seed {loaded.search.seed}")
    for note in loaded.notes:
        typer.echo(f"note: {note}")


@app.command()
@_verb
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
        frame.to_csv(sys.stdout, index=False)
        return
    if not curves and not progress:
        tail = ["seed", "fold", "status", "epochs_run", "seconds"]
        metrics = list(frame.columns[list(frame.columns).index("parameters") + 1 :])
        keep = [*results.varied, *tail, *metrics] if len(frame) else list(frame.columns)
        frame = frame[[c for c in keep if c in frame and (c != "fold" or frame[c].notna().any())]]
    typer.echo(frame.to_string(index=False) if len(frame) else "no member has finished yet")


@app.command()
@_verb
def models() -> None:
    """Print the families of models.

    Every option with its values, its default and one line on what it is.

    Example: interplay models
    """
    from interplay.models.listing import describe_all

    for number, family in enumerate(describe_all()):
        head = f"{family.name}: {family.summary}; reads {' or '.join(family.accepts)}"
        typer.echo(("\n" if number else "") + head)
        rows = [(o.name, o.allowed, str(o.default), o.doc) for o in family.options]
        print_table([("option", "values", "default", ""), *rows], indent=2)


@app.command()
@_verb
def data() -> None:
    """Print the datasets.

    Task, size, one input, where from, whether on disk, own options.

    Example: interplay data
    """
    from interplay.data.listing import listed

    head = ("name", "task", "rows", "one input", "from", "on disk", "options")
    rows = [
        (d.name, d.task, d.size, d.shape, d.source, d.on_disk, ", ".join(o.name for o in d.options))
        for d in listed()
    ]
    print_table([head, *rows])


def _question(
    x: str | None,
    y: str | None,
    metric: str | None,
    seed: str | None,
    mode: Literal["max", "min"] | None,
    budget: str | None,
    where: list[str] | None,
    over: Literal["mean", "best"] | None,
    at_epoch: int | None,
) -> Question:
    from interplay.results.question import Question
    from interplay.study.files import parse_value

    pairs: dict[str, Any] = {}
    for text in where or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InterplayError(f"--where {text!r} is not KEY=VALUE")
        pairs[key] = parse_value(value)
    return Question(x, y, metric, mode, seed, budget, pairs, over, at_epoch)


def _results(source: str) -> Results:
    from interplay.results.results import Results

    path = Path(source)
    if path.is_dir() or path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return Results.load(path)
    return Results.from_csv(path)


X = Annotated[str | None, typer.Option(help="Across; the study's if left out.")]
Y = Annotated[str | None, typer.Option(help="Upwards; the study's if left out.")]
Metric = Annotated[str | None, typer.Option(help="What is compared.")]
Seed = Annotated[str | None, typer.Option(metavar="COLUMN", help="Seeds of a CSV.")]
Mode = Annotated[Literal["max", "min"] | None, typer.Option(help="Which way is better.")]
Budget = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Budget of a CSV's rows (epochs_run).")
]
Where = Annotated[list[str] | None, typer.Option(metavar="K=V", help="Only rows with this value.")]
Over = Annotated[
    Literal["mean", "best"] | None, typer.Option(help="What becomes of others that vary.")
]
AtEpoch = Annotated[int | None, typer.Option(min=1, help="Compare all rows at this epoch.")]


@app.command()
@_verb
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
        str | None, typer.Option("-o", "--output", metavar="FILE", help="A .png, .svg or .pdf.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="With residual map, ridge and verdict beside it.")
    ] = False,
) -> None:
    """Draw the heatmap of two hyperparameters.

    Each square has mean, spread and n; --full puts residual map and ridge beside it.

    A small ring marks the squares that are not clearly worse than the best.

    Example: interplay heatmap runs/digits --x hidden_size --y dropout -o digits.png
    """
    results = _results(source)
    question = _question(x, y, metric, seed, mode, budget, where, over, at_epoch)
    file = Path(output or "heatmap.png")
    if file.suffix.lower() not in FIGURES:
        raise InterplayError(f"-o {file}: a figure ends in one of {', '.join(FIGURES)}")
    if not file.parent.is_dir():
        raise InterplayError(f"-o {file}: there is no folder {file.parent}")
    for warning in save_heatmap(results, question, file, full):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(str(file))


@app.command()
@_verb
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

    results = _results(source)
    found = results.analyse(_question(x, y, metric, seed, mode, budget, where, over, at_epoch))
    if json:
        typer.echo(encoder.dumps(found.to_json(), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print_interaction(found)


@app.command()
@_verb
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the study and its file.")],
    data: Annotated[
        str, typer.Option(help="A dataset, as `interplay data` lists them.")
    ] = "digits",
    model: Annotated[
        str | None, typer.Option(help="A family, as `interplay models` lists them.")
    ] = None,
) -> None:
    """Write a study file to start from.

    NAME.toml, with comments on what may be set.

    Example: interplay new mine --data gestures --model recurrent
    """
    from interplay.study.starter import write_study

    file = write_study(name, data, model)
    typer.echo(f"{file}: train it with `python hypertune.py {file}`")


@app.command()
@_verb
def report(
    run: Run,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="The page, a .pdf.")
    ] = None,
    folder: Annotated[
        str | None, typer.Option(help="Its figures, numbers and your text; reports/<name>.")
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Refuse a reflection with empty parts.")
    ] = False,
) -> None:
    """Build the one-page A4 report of a run.

    Figures, numbers and warnings; your own words go into its reflection.md.

    Example: interplay report runs/digits -o digits.pdf
    """
    from interplay.report.build import build_report
    from interplay.results.results import Results

    page = Path(output) if output else None
    if page is not None and page.suffix.lower() != ".pdf":
        raise InterplayError(f"-o {page}: a page ends in .pdf")
    if page is not None and not page.parent.is_dir():
        raise InterplayError(f"-o {page}: there is no folder {page.parent}")
    results = Results.load(run)
    built = build_report(
        results, Path(folder) if folder else Path("reports") / results.name, page, final=final
    )
    if built.empty:
        typer.echo(f"to write: {', '.join(built.empty)}, in {built.reflection}", err=True)
    typer.echo(str(built.page))


def main() -> None:
    """The `interplay` command."""
    app()


def hypertune() -> None:
    """`python hypertune.py [STUDY] [KEY=VALUE …]`: the verb `tune`."""
    app(["tune", *sys.argv[1:]], prog_name="hypertune.py")
