"""The verbs for what other tools left: `import` it, `convert` it into a study."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interplay.cli.options import Overrides, Source, asking, file_of
from interplay.errors import how_many
from interplay.results.question import OF_CONVERT, OF_IMPORT
from interplay.signs import visible

if TYPE_CHECKING:
    from interplay.results.question import Question


@asking(*OF_IMPORT)
def import_(
    source: Source,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="A folder of its own.")],
    question: Question,
) -> None:
    """Keep another tool's results as a folder that every verb reads.

    Rows keep their origin: a second source may come into the same folder and is never one map with it.

    Example: interplay import ~/ray_results/tune_lr --out runs/ray --map learning_rate=optimizer.lr
    """
    from interplay.results.importing import import_source
    from interplay.results.roles import taken_for

    told = {name: getattr(question, name) for name in OF_IMPORT}
    origin, table = import_source(source, out, **told)
    typer.echo(f"note: {visible(taken_for(table))}", err=True)
    for note in table.notes:
        typer.echo(f"note: {visible(note)}", err=True)
    rows = how_many(origin.rows, "row")
    typer.echo(f"{out}: {rows} of {visible(origin.name)} ({origin.tool})")
    axes = [table.default.x, table.default.y]
    x, y, *_ = [axis for axis in axes if axis] if all(axes) else [*table.varied, "…", "…"]
    metric = table.default.metric or next(iter(table.of("metric")), None)
    asked = " ".join(
        f"--{name} {shlex.quote(value)}"
        for name, value in (("x", x), ("y", y), ("metric", metric))
        if value
    )
    typer.echo(f"look at them: interplay heatmap {shlex.quote(out)} {visible(asked)}")


@asking(*OF_CONVERT)
def convert(
    source: Source,
    question: Question,
    overrides: Overrides = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The study, a .toml.")
    ] = "study.toml",
) -> None:
    """Write the study that a sweep means, or that trains a table's cells anew, equally long.

    What it does not say is given as KEY=VALUE: data.name=digits model.name=linear.

    Example: interplay convert runs/ray data.name=digits model.name=linear -o digits-anew.toml
    """
    from interplay.results.results import Results
    from interplay.study.converting import convert_sweep
    from interplay.tuning.anew import convert as write

    file = file_of(output, (".toml",), "a study")
    study = convert_sweep(Path(source), file, overrides or [], question.map)
    if study is not None:
        notes = list(study.notes)
    else:
        told = {name: getattr(question, name) for name in OF_CONVERT}
        notes = list(write(Results.load(source), file, overrides or [], **told).notes)
    for note in notes:
        typer.echo(f"note: {visible(note)}", err=True)
    typer.echo(f"{file}: train it with `interplay tune {shlex.quote(str(file))}`")
