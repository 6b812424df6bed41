"""The verb for what a heatmap ends in: `best`, the choice, retrained, tested once, handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interplay.cli.options import Json, Overrides, Source, asking, file_of
from interplay.cli.pictures import FIGURES, hand_over_choice, save_choice
from interplay.cli.printing import print_choice, print_test
from interplay.results.question import OF_BEST

if TYPE_CHECKING:
    from interplay.results.question import Question


@asking(*OF_BEST)
def best(
    source: Source,
    question: Question,
    overrides: Overrides = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="Of ties: score, parameters, seconds, or names."),
    ] = None,
    within: Annotated[
        str | None, typer.Option(metavar="ties|1se", help="What ties with the best.")
    ] = None,
    study: Annotated[
        str, typer.Option(metavar="FILE", help="Write the study of this cell alone, a .toml.")
    ] = "",
    picture: Annotated[
        str, typer.Option(metavar="FILE", help="Draw its curves and its mistakes.")
    ] = "",
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train it on all but the test rows; test it once.")
    ] = False,
    export: Annotated[
        str, typer.Option(metavar="DIR", help="Hand its model over, in a folder that stands alone.")
    ] = "",
    json: Json = False,
) -> None:
    """Choose a cell, retrain it, test it once, hand it over.

    The best by its score over seeds, what is not clearly worse, and of these the one asked for.

    Example: interplay best runs/digits --by parameters --retrain --export digits-model
    """
    import json as encoder

    from interplay.cli.read import results_of

    file = file_of(study, (".toml",), "a study") if study else None
    figure = file_of(picture, FIGURES, "a figure") if picture else None
    results, asked = results_of(source, question)
    told = {name: getattr(asked, name) for name in OF_BEST}
    order = [name.strip() for name in by.split(",") if name.strip()] if by else None
    choice = results.best(by=order, within=within, **told)  # type: ignore[arg-type]
    answer: dict[str, Any] = choice.to_json()
    if not json:
        print_choice(choice)
    if file is not None:
        answer["study"] = str(file)
        _write_study(source, results, choice, file, overrides or [], told)
        if not json:
            typer.echo(f"study    {file}: this cell alone, trained with `interplay tune {file}`")
    if figure is not None:
        answer["picture"] = str(figure)
        save_choice(source, results, choice, figure)
        if not json:
            typer.echo(f"picture  {figure}")
    tested = None
    if retrain:
        from interplay.winner.chosen import Chosen
        from interplay.winner.retrain import retrain as train

        tested = train(Chosen.of(source, choice, results), progress=not json)
        answer["test"] = tested.to_json()
        if not json:
            print_test(tested)
    if export:
        files = hand_over_choice(source, results, choice, Path(export), tested)
        answer["export"] = [str(file) for file in files]
        if not json:
            names = ", ".join(file.name for file in files)
            typer.echo(f"export   {export}: {names}; `interplay.load_model({export!r})` loads it")
    if json:
        typer.echo(encoder.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))


def _write_study(
    source: str, results: Any, choice: Any, file: Path, overrides: list[str], told: dict[str, Any]
) -> None:
    """The study of the chosen cell alone: of a run as it was asked, of another table anew."""
    from interplay.errors import InterplayError

    if not results.table.of_run:
        from interplay.tuning.anew import convert

        where = {**told["where"], **choice.cell}
        convert(results, file, overrides, **{**told, "where": where})
        return
    from interplay.study.writing import toml_of
    from interplay.winner.chosen import Chosen

    if overrides:
        raise InterplayError(
            f"{', '.join(overrides)}: the study of a run's cell is as the run had it; change its file"
        )
    chosen = Chosen.of(source, choice, results)
    tables = chosen.tables(name=file.stem)
    chosen.study(name=file.stem)
    head = [f"The cell chosen from {results.name}: {choice.said}."]
    text = toml_of(tables, head)
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") != text:
        raise InterplayError(f"{file} is there already and says otherwise; choose another name")
    file.write_text(text, encoding="utf-8")
