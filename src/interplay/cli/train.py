"""The verb that trains: `tune`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interplay.cli.options import Mlflow, Overrides, SweepMap, Tensorboard, pairs_of, study_of
from interplay.cli.pictures import save_outcome
from interplay.cli.printing import print_outcome, print_plan
from interplay.cli.track import files_of
from interplay.errors import how_many

if TYPE_CHECKING:
    from interplay.results.results import Results
    from interplay.study.study import Study

DEFAULT_STUDY = "studies/digits.toml"


def tune(
    study: Annotated[
        str, typer.Argument(metavar="[STUDY]", help="A study file, ours or another tool's sweep.")
    ] = DEFAULT_STUDY,
    overrides: Overrides = None,
    out: Annotated[
        str | None, typer.Option(help="The run folder; runs/<name> if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, train nothing.")
    ] = False,
    map: SweepMap = None,  # noqa: A002 - it is the option's name
    mlflow: Mlflow = None,
    tensorboard: Tensorboard = None,
) -> None:
    """Train a study, draw its heatmap.

    Only what is not there yet is trained; a run that was killed goes on where it was.

    Example: interplay tune studies/digits.toml epochs=5 seeds=3 --out runs/quick
    """
    from interplay.study.study import Study as StudyType
    from interplay.tracking.attach import trackers_of

    file, given = study_of(study, overrides, DEFAULT_STUDY)
    given += [f"tracking.mlflow={json.dumps(mlflow)}"] if mlflow is not None else []
    given += [f"tracking.tensorboard={json.dumps(tensorboard)}"] if tensorboard is not None else []
    loaded = StudyType.load(file, given, map=pairs_of("map", map, str))
    trackers = trackers_of(loaded)
    if dry_run:
        print_plan(loaded, out)
        return
    from interplay.tuning.execute import execute, run_folder

    for note in loaded.notes:
        typer.echo(f"note: {note}", err=True)
    outcome = execute(loaded, out, listeners=trackers)
    print_outcome(outcome)
    save_outcome(outcome.results, Path(out) if out else Path("reports") / loaded.name)
    for tracker in trackers:
        tracker.keep(files_of(run_folder(loaded, out), loaded.name))
    if loaded.search.scheduler is not None:
        _write_next(outcome.results, loaded, Path(file or "").parent, out)
    if outcome.failed:
        raise typer.Exit(1)


def _write_next(results: Results, study: Study, folder: Path, out: str | None) -> None:
    """After a scan: write the study that should follow, and say so."""
    from interplay.study.study import Study
    from interplay.table.ledger import Ledger
    from interplay.tuning.execute import run_folder
    from interplay.tuning.search.zoom import propose_zoom

    try:
        file = propose_zoom(results, study, folder)
    except OSError as error:
        typer.echo(f"next     not written: {error}")
        return
    if file is None:
        return
    Ledger(run_folder(study, out)).point_to(file)
    zoom = Study.load(file)
    drawn = zoom.heatmap
    first = [drawn.x, drawn.y] if drawn is not None else []
    names = dict.fromkeys([*first, *zoom.space.varied])
    axes = " × ".join(name.partition(".")[2] for name in names)
    cells, seeds = how_many(len(zoom.cells()), "cell"), how_many(len(zoom.seeds), "seed")
    typer.echo(f"next     {file}: {axes}, {cells} × {seeds}")
