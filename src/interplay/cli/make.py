"""The verbs around a study: `new`, `space`, `models`, `data` before it, `report` after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli.options import Json, Overrides, Run, Study, SweepMap, file_of, pairs_of, study_of
from interplay.cli.printing import print_table

REPORT_KEYS = ("x", "y", "metric")
"""What of a question a report's own file says."""


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the study and its file.")],
    data: Annotated[
        str, typer.Option(help="A dataset of `interplay data`, or your own module:function.")
    ] = "digits",
    model: Annotated[
        str | None,
        typer.Option(help="A family of `interplay models`, or your own module:function."),
    ] = None,
) -> None:
    """Write a study file to start from.

    NAME.toml, with comments on what may be set.

    Example: interplay new mine --data gestures --model recurrent
    """
    from interplay.study.starter import write_study

    file = write_study(name, data, model)
    # hypertune.py is there in the repository only.
    command = "python hypertune.py" if Path("hypertune.py").is_file() else "interplay tune"
    needs = "must be given" in file.read_text(encoding="utf-8")
    first = "fill in what must be given, then " if needs else ""
    typer.echo(f"{file}: {first}train it with `{command} {file}`")


def space(
    study: Study,
    overrides: Overrides = None,
    json: Json = False,
    map: SweepMap = None,  # noqa: A002 - it is the option's name
) -> None:
    """Print what varies in a study, or in another tool's sweep.

    Every value that varies with its domain, as understood, and notes on how it was read. A sweep
    keeps its own names, whatever they are, unless KEY=VALUE or --map says what it is to train.

    Example: interplay space studies/digits.toml --json
    """
    import json as encoder

    from interplay.study.adopted import sweep_in
    from interplay.study.study import Study as StudyType
    from interplay.study.writing import value_text

    file, given = study_of(study, overrides)
    sweep = None if given or map or file is None else sweep_in(file)
    if sweep is not None:
        found, asked, notes = sweep.space, sweep.study, sweep.notes
        told = {key: value_text(value) for key, value in asked.items()}
    else:
        loaded = StudyType.load(file, given, map=pairs_of("map", map, str))
        found, asked, notes = loaded.space, {"search": loaded.search.flat()}, loaded.notes
        told = {"search": f"{loaded.search.method}, seed {loaded.search.seed}"}
    rules = [rule.text for rule in found.rules]
    if json:
        answer = {"space": found.to_json(), "constraint": rules, **asked, "notes": notes}
        typer.echo(encoder.dumps(answer, ensure_ascii=False, indent=1))
        return
    width = max((len(name) for name in (*found.domains, *told)), default=0)
    lines = {name: found.told(name) for name in found.domains}
    for name, text in [*lines.items(), *(("constraint", rule) for rule in rules), *told.items()]:
        typer.echo(f"{name:<{width}}  {text}")
    for note in notes:
        typer.echo(f"note: {note}")


def models() -> None:
    """Print the families of models.

    Every option with its values, its default and one line on what it is.

    Example: interplay models
    """
    from interplay.models.listing import common, describe_all

    listed = [
        (f"{family.name}: {family.summary}; reads {' or '.join(family.accepts)}", family.options)
        for family in describe_all()
    ]
    for number, (head, options) in enumerate([*listed, ("every model, your own too", common())]):
        typer.echo(("\n" if number else "") + head)
        rows = [(o.name, o.allowed, str(o.default), o.doc) for o in options]
        print_table([("option", "values", "default", ""), *rows], indent=2)


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
    from interplay.report.build import build_report, folder_of
    from interplay.results.results import Results

    page = file_of(output, (".pdf",), "a page") if output else None
    results = Results.load(run)
    built = build_report(results, Path(folder) if folder else folder_of(results), page, final=final)
    if built.empty:
        typer.echo(f"to write: {', '.join(built.empty)}, in {built.reflection}", err=True)
    for note in built.notes:
        typer.echo(f"! {note}", err=True)
    typer.echo(str(built.page))
