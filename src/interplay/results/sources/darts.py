"""darts (darts-segmentation): the table of a tune, a row a training, alone or in the tune's folder.

The folder has `TUNE.parquet`, and `CV/RUN-ID/metrics.csv` of each training, which the table leaves
out: how long it trained before it was stopped early (training/cv.py, tune.py, train.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from interplay.analysis.numbers import as_numbers
from interplay.errors import TableError, listed
from interplay.results.sources.files import frame_in
from interplay.results.sources.guess import plain
from interplay.results.sources.histories import Logged, with_logged
from interplay.results.sources.known import known_table
from interplay.results.sources.logs import log_of, logged_in
from interplay.table.table import Role, Table

RUNS, LOG = "run_infos.parquet", "metrics.csv"
RUN = ("run_name", "run_id")
OF_RUN = (*RUN, "seed", "fold", "duration", "checkpoint")
UNSTABLE, SCORED, CV = "is_unstable", "score_is_unstable", "cv_name"
"""What stands behind metrics, before hyperparameters and behind these."""


def recognises(source: str) -> bool:
    """Whether it is the folder of a tune or of a cross-validation, or has some in it."""
    path = Path(source)
    return path.is_dir() and any(next(path.glob(at + RUNS), None) for at in ("", "*/", "*/*/"))


def read(source: str) -> Table:
    """The trainings of a tune, with their learning curves and epochs where their logs are there.

    Raises:
        TableError: there are several tunes, or no table of one, or a file cannot be read.
    """
    path = Path(source)
    tables = _tables(path)
    if not tables:
        raise TableError(f"{path} holds cross-validations of darts and not their tune's .parquet")
    if len(tables) > 1:
        names = listed([str(table.parent) for table in tables], 8)
        raise TableError(f"{path} holds {len(tables)} tables of darts; which? {names}")
    [file] = tables
    frame = plain(frame_in(file))
    if not recognises_frame(frame):
        raise TableError(f"{file} is no table of darts: it lacks {RUN[0]}, {SCORED} or the like")
    if frame.empty:
        raise TableError(f"{file} has no rows")
    runs = [f"{run}-{number}" for run, number in frame[list(RUN)].itertuples(index=False)]
    logged = [one for run in dict.fromkeys(runs) for one in _log(file.parent, run)]
    found, _, curves = with_logged(pd.DataFrame({"run": runs}), "run", logged)
    if curves is None:
        return read_frame(file.parent.resolve().name, frame)
    frame = frame.assign(epochs_run=found["epochs_run"])
    table = _table(file.parent.resolve().name, frame)
    silent = int(frame["epochs_run"].isna().sum())
    note = f"trainings whose {LOG} is not there: {silent} of {len(frame)}"
    return replace(
        table,
        notes=(*table.notes, note) if silent else table.notes,
        read_curves=lambda: curves,
    )


def _tables(path: Path) -> list[Path]:
    """The table of the tune or cross-validation in this folder, or of each in folders in it."""
    if (path / RUNS).is_file():
        return [path / RUNS]
    if next(path.glob(f"*/{RUNS}"), None) is not None:
        return sorted(path.glob("*.parquet"))
    return sorted({table for run in path.glob(f"*/*/{RUNS}") for table in _tables(run.parents[1])})


def _log(folder: Path, run: str) -> Iterator[Logged]:
    for log in sorted(folder.glob(f"{run}/{LOG}")) or sorted(folder.glob(f"*/{run}/{LOG}")):
        yield from logged_in(run, [row for row in log_of(log) if row is not None])
        return


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it has the columns of a tune's table, or of a cross-validation's."""
    return {*RUN, "seed", "fold", UNSTABLE, SCORED} <= set(map(str, frame.columns))


def read_frame(name: str, frame: pd.DataFrame) -> Table:
    """The table of a tune, as `plain` leaves it."""
    table = _table(name, frame)
    note = (
        "darts stops trainings early, and how long each trained is not in its table: equal budgets "
        f"are not known. Give the folder of the tune with a {LOG} of each training in it"
    )
    return replace(table, notes=(*table.notes, note))


def _table(name: str, frame: pd.DataFrame) -> Table:
    names = list(map(str, frame.columns))
    metrics = [n for n in names[: names.index(UNSTABLE)] if n not in OF_RUN]
    metrics = [n for n in metrics if "/" in n and as_numbers(frame[n]) is not None]
    settings = [n for n in names[names.index(SCORED) + 1 :] if n not in (CV, "epochs_run")]
    roles: dict[Role, str] = {"seed": "seed", "fold": "fold"}
    if "epochs_run" in names:
        roles["budget"] = "epochs_run"
    return known_table(
        name,
        frame,
        hyperparameters=settings,
        metrics=metrics,
        roles=roles,
        notes=tuple(_notes(frame)),
    )


def _notes(frame: pd.DataFrame) -> Iterator[str]:
    unstable = int(frame[UNSTABLE].astype(bool).sum())
    if unstable:
        yield (
            "trainings that darts calls unstable (a metric of its score is 0 or not finite), and that "
            f"count here as they are: {unstable} of {len(frame)}"
        )
    if CV in frame:
        counts = frame.groupby(CV).size()
        fewer = int((counts < counts.max()).sum())
        if fewer:
            yield (
                f"settings with fewer trainings than others: {fewer} of {len(counts)}; those that "
                "failed are not in a table of darts"
            )
