"""Where results come from: each source is one file here, and one registration.

Its file has `recognises(source)`, whether a path or an address is one (by its form alone: nothing is
opened that is not there), and `read(source)`, which gives a `Table`. What a tool's tables look
like, whatever file they are in, is known by `forms`.
"""

from __future__ import annotations

from pathlib import Path

from interplay.errors import TableError, near_path
from interplay.registry import Entry, Registry
from interplay.search.optuna.stores import without_password
from interplay.table.folder import typed
from interplay.table.ledger import Ledger
from interplay.table.table import Table

SOURCES: Registry[Entry] = Registry("source")
"""In the order in which they are asked whether a path is theirs."""
for _name, _summary in {
    "imported": "a folder that `interplay import` wrote",
    "run": "a run folder",
    "ray": "an experiment folder of Ray Tune",
    "keras_tuner": "a project's folder of Keras Tuner",
    "wandb": "runs of W&B's as folders: wandb, or one of those in it",
    "mlflow": "an experiment of MLflow's: sqlite:///mlflow.db, mlruns or a server, with #name",
    "optuna": "a storage of Optuna (sqlite:///FILE, a journal file, redis://…, …), its study behind #",
    "hydra": "a sweep's folder of Hydra (multirun/…), a CSV of metrics in each job's",
    "darts": "a tune's folder of darts",
    "determined": "the folder that det experiment describe --metrics --csv --outdir writes",
    "mltrainer": "log folders of mltrainer's, with settings.toml",
    "tensorboard": "TensorBoard folders with hyperparameters",
    "files": "a table as .csv, .tsv, .txt, .parquet, .xlsx, .json, .jsonl or .ndjson",
}.items():
    SOURCES.register(Entry(_name, f"{__name__}.{_name}:read", _summary))


def read_source(source: str | Path) -> Table:
    """The table that a source gives.

    Raises: as `source_of` does, and where its own cannot read it.
    """
    table: Table = source_of(source).build(_typed(source))
    return table


def source_of(source: str | Path) -> Entry:
    """Which of the sources a path or an address is.

    Raises:
        TableError: it is not there, or none knows it.
        LedgerError: it is a folder and no run.
    """
    source = _typed(source)
    path = Path(source)
    if (entry := SOURCES.knowing("recognises", source)) is not None:
        return entry
    if path.is_file() or "://" in source:
        known = "; ".join(entry.summary for entry in SOURCES)
        raise TableError(f"{without_password(source)} cannot be read; what can: {known}")
    if not path.exists():
        raise TableError(f"there is no file or folder {source}{near_path(path)}")
    Ledger.open(path)  # says what is wrong with a folder
    raise AssertionError(path)


def _typed(source: str | Path) -> str:
    """An address as it is, and a path with its home folder."""
    return str(typed(source)) if str(source).startswith("~") else str(source)
