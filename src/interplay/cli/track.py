"""The verb `track`: what a run has, in the trackers that people look at."""

from __future__ import annotations

from pathlib import Path

import typer

from interplay.cli.options import Mlflow, Run, Tensorboard
from interplay.errors import InterplayError, Option, how_many
from interplay.table.folder import HEATMAP_FILE, SEARCH_FILE, STUDY, TABLE_FILE

FILES = (STUDY, TABLE_FILE, HEATMAP_FILE, SEARCH_FILE, "report.pdf", "page.html")


def track(run: Run, mlflow: Mlflow = None, tensorboard: Tensorboard = None) -> None:
    """Log a run's trainings in MLflow or TensorBoard: those that are missing there, each once.

    Example: interplay track runs/digits --mlflow http://127.0.0.1:5000
    """
    from interplay.table.ledger import Ledger
    from interplay.tracking import MIRRORS
    from interplay.tracking.attach import check_addresses
    from interplay.tracking.copying import Copy, said_by

    ledger = Ledger.open(run)
    asked = {"mlflow": mlflow, "tensorboard": tensorboard}
    if not any(asked.values()):
        raise InterplayError("say where: ", Option("mlflow", "http://127.0.0.1:5000"), " or ",
                             Option("tensorboard", "DIR"))  # fmt: skip
    check_addresses(run, asked)
    for name, address in asked.items():
        if address is None:
            continue
        try:
            copy = Copy(ledger, MIRRORS.get(name).build(address))
            copy.catch_up()
            copy.mirror.files(files_of(ledger.folder, copy.asked.told["name"]))
            copy.mirror.close(whole=True)
        except InterplayError:
            raise
        except Exception as error:  # whatever a network, a disk or somebody's server thinks of
            raise InterplayError(
                f"{name} {address} does not take the trainings of {run}: {said_by(error)}; "
                "what it has it keeps, and the same command goes on from there"
            ) from None
        there = f", {how_many(copy.there, 'was', 'were')} there already" if copy.there else ""
        typer.echo(f"{name:<8} {address}: {how_many(copy.logged, 'training')} logged{there}")


def files_of(folder: Path, name: str) -> dict[str, Path]:
    """What was drawn and written of a run, by name: in its folder, or else in reports/<name>."""
    places = [place / file for file in FILES for place in (Path("reports") / name, folder)]
    return {path.name: path for path in places if path.is_file()}
