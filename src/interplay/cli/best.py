"""The verb for what a heatmap ends in: `best`, the choice, retrained, tested once, handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interplay.cli.options import Json, Overrides, Source, asking, file_of
from interplay.cli.pictures import FIGURES, save_choice, use_agg
from interplay.cli.printing import print_choice, print_test
from interplay.errors import InterplayError, Option
from interplay.results.question import OF_BEST

if TYPE_CHECKING:
    from interplay.results.question import Question
    from interplay.results.results import Results

BESIDE = ("builder", "path", "start", "function")
"""Keys that name what lies beside a study."""


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
    mlflow: Annotated[
        str | None,
        typer.Option(metavar="URI", help="MLflow that gets the exported folder, beside the run."),
    ] = None,
    json: Json = False,
) -> None:
    """Choose a cell, retrain it, test it once, hand it over.

    The best by its score over seeds, what is not clearly worse, and of these the one asked for.

    Example: interplay best runs/digits --by parameters --retrain --export digits-model
    """
    import json as encoder

    from interplay.cli.read import results_of

    file = file_of(study, (".toml",), "a study", "--study") if study else None
    figure = file_of(picture, FIGURES, "a figure", "--picture") if picture else None
    if mlflow is not None and not export:
        raise InterplayError(
            Option("mlflow", mlflow), " gets what ", Option("export", "DIR"), " writes; give both"
        )
    results, asked = results_of(source, question)
    tracked = _tracked(results, mlflow) if export else None  # before anything trains
    told = {name: getattr(asked, name) for name in OF_BEST}
    order = [name.strip() for name in by.split(",") if name.strip()] if by else None
    choice = results.best(by=order, within=within, **told)  # type: ignore[arg-type]
    answer: dict[str, Any] = choice.to_json()
    if not json:
        print_choice(choice)
    if file is not None:
        answer["study"] = str(file)
        _write_study(results, choice, file, overrides or [], told)
        if not json:
            typer.echo(f"study    {file}: this cell alone, trained with `interplay tune {file}`")
    if figure is not None:
        answer["picture"] = str(figure)
        save_choice(results, choice, figure)
        if not json:
            typer.echo(f"picture  {figure}")
    tested = None
    if retrain:
        from interplay.winner.door import retrain as train

        tested = train(results, choice, progress=not json)
        answer["test"] = tested.to_json()
        if not json:
            print_test(tested)
    if export:
        from interplay.winner.door import export_model

        use_agg()
        files = export_model(results, choice, export, tested)
        answer["export"] = [str(file) for file in files]
        if not json:
            names = ", ".join(file.name for file in files)
            typer.echo(f"export   {export}: {names}; `interplay.load_model({export!r})` loads it")
        if tracked:
            answer["mlflow"] = tracked
            _log(results, tracked, Path(export))
            if not json:
                typer.echo(f"mlflow   {tracked}: the folder lies there beside the run, as `model`")
    if json:
        typer.echo(encoder.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))


def _write_study(
    results: Any, choice: Any, file: Path, overrides: list[str], told: dict[str, Any]
) -> None:
    """The study of the chosen cell alone: of a run as it was asked, of another table anew."""
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
    chosen = Chosen.of(choice, results)
    tables = chosen.tables(name=file.stem)
    chosen.study(name=file.stem)
    head = [f"The cell chosen from {results.name}: {choice.said}."]
    text = toml_of(tables, head)
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") != text:
        raise InterplayError(f"{file} is there already and says otherwise; choose another name")
    file.write_text(text, encoding="utf-8")
    own = chosen.folders[0]
    named = [
        table.get(key) for table in tables.values() if isinstance(table, dict) for key in BESIDE
    ]
    if any(named) and own.resolve() not in (file.parent.resolve(), Path.cwd()):
        typer.echo(
            f"note: {', '.join(str(name) for name in named if name)} is looked for beside a study and in "
            f"the working folder, and was had from {own}: put {file.name} there, or work there",
            err=True,
        )


def _tracked(results: Results, mlflow: str | None) -> str | None:
    """Where an exported folder is logged: where it is told, or else where the study is.

    Raises:
        InterplayError: that is no address, or there is no run to log it with.
    """
    from interplay.tracking.attach import check_addresses

    address: str | None = mlflow
    if mlflow is None:
        address = (results.study.get("study") or {}).get("tracking", {}).get("mlflow")
    check_addresses(results.name, {"mlflow": address})
    return address


def _log(results: Results, address: str, folder: Path) -> None:
    """Put an exported folder beside the run in MLflow.

    Raises:
        InterplayError: it is not taken there; the folder stands all the same.
    """
    from interplay.table.ledger import Ledger
    from interplay.tracking import MIRRORS
    from interplay.tracking.copying import keep_files, said_by

    assert results.table.folder is not None
    try:
        keep_files(
            Ledger(results.table.folder), MIRRORS.get("mlflow").build(address), {"model": folder}
        )
    except InterplayError:
        raise
    except Exception as error:  # whatever a network, a disk or somebody's server thinks of
        raise InterplayError(
            f"{folder} is written, and mlflow {address} does not take it: {said_by(error)}; "
            "the same command logs it later"
        ) from None
