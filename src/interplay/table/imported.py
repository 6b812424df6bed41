"""A folder of imported tables: each origin's rows as they were read, and what their columns are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.errors import LedgerError, TableError
from interplay.kinds import Over
from interplay.table.folder import (
    IMPORTED,
    STUDY,
    foreign,
    get_json,
    put,
    put_json,
    remove,
    writing,
)
from interplay.table.table import SINGLE, Column, Default, Table, varying

if TYPE_CHECKING:
    import pandas as pd

ORIGIN = "origin"
"""The column that says where a row comes from."""


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Attributes:
        name: in the column `origin`.
        source: the path or address that was given.
        tool: which source read it, a name of the registry of sources.
        versions: of what read it.
        imported: when, ISO 8601, UTC.
        rows: how many.
    """

    name: str
    source: str
    tool: str
    versions: Mapping[str, str]
    imported: str
    rows: int


def is_imported(folder: Path) -> bool:
    """Whether a folder holds imported tables."""
    return (folder / STUDY).is_file() and (folder / IMPORTED).is_dir()


def origins_of(folder: Path) -> list[dict[str, Any]]:
    """What is on record of each origin, in the order of import; none where nothing was imported."""
    if not is_imported(folder):
        return []
    record = get_json(folder / STUDY)
    origins = record.get("origins") if isinstance(record, dict) else None
    if not isinstance(origins, list):
        raise LedgerError(f"{folder / STUDY} does not say what was imported; import it again")
    return origins


def add_import(folder: Path, table: Table, origin: Origin) -> None:
    """Write a table into a folder, beside what was imported there before; it is there whole or not.

    One of the same name is replaced.

    Raises:
        LedgerError: something else is there, or it cannot be written.
        TableError: its columns are something else in what is there already.
    """
    if folder.exists() and not folder.is_dir():
        raise LedgerError(f"{folder} is a file; what is imported needs a folder")
    if folder.is_dir() and not is_imported(folder) and (other := foreign(folder)):
        raise LedgerError(
            f"{folder} holds other things ({', '.join(other[:3])}…); what is imported needs a "
            "folder of its own"
        )
    if (folder / STUDY).is_file() and not is_imported(folder):
        raise LedgerError(
            f"{folder} is a run: its rows were trained here. Import into a folder of its own, and "
            f"the run beside it: `interplay import {folder} --out` the same"
        )
    origins = origins_of(folder)
    before = [one for one in origins if one["name"] != origin.name]
    _together(
        [*((one["study_name"], _columns(one)) for one in before), (table.name, table.columns)]
    )
    part = f"{max((int(one['part']) for one in origins), default=-1) + 1:04d}"
    frame = table.frame.drop(columns=ORIGIN, errors="ignore")
    place = folder / IMPORTED
    with writing(folder):
        place.mkdir(parents=True, exist_ok=True)
    texts = _put_frame(place / f"{part}.parquet", frame)
    curves = None
    if table.read_curves is not None:
        curves = _put_frame(place / f"{part}.curves.parquet", table.curves)
    record = {
        **vars(origin),
        "part": part,
        "texts": texts,
        "curves": curves,
        "columns": [vars(c) for c in table.columns.values() if c.name != ORIGIN],
        "default": vars(table.default),
        "study_name": table.name,
        "horizons": table.horizons,
        "folded": table.folded,
        "score": table.score,
        "ordered": table.ordered,
        "notes": table.notes,
    }
    # Last: a folder with a study.json has the parts that it names.
    put_json(folder / STUDY, {"name": folder.resolve().name, "origins": [*before, record]})
    kept = {one["part"] for one in (*before, record)}
    for file in place.glob("*.parquet"):
        if file.name.partition(".")[0] not in kept:
            remove(file)


def read_imported(folder: Path) -> Table:
    """The table of all that was imported into a folder; the column `origin` says which row is whose.

    Raises:
        LedgerError: it cannot be read.
    """
    import pandas as pd

    origins = origins_of(folder)
    if not origins:
        raise LedgerError(f"{folder}: nothing was imported there")
    tables = [_table(folder, one) for one in origins]
    columns = _together([(table.name, table.columns) for table in tables])
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    columns[ORIGIN] = Column(ORIGIN, "bookkeeping")
    first = tables[0]
    read_curves = None
    if any(table.read_curves is not None for table in tables):
        starts = [sum(len(t.frame) for t in tables[:i]) for i in range(len(tables))]

        def read_curves() -> pd.DataFrame:
            return pd.concat(
                [
                    table.curves.assign(member=table.curves["member"] + start)
                    for table, start in zip(tables, starts, strict=True)
                    if table.read_curves is not None
                ],
                ignore_index=True,
            )

    keys = [field.name for field in fields(Origin)]
    return Table(
        name=str(get_json(folder / STUDY).get("name", folder.name)),
        frame=frame,
        columns=columns,
        varied=varying(frame, columns),
        default=first.default,
        study={"origins": [{key: one[key] for key in keys} for one in origins]},
        score=first.score,
        ordered=first.ordered and len(tables) == 1,
        horizons=tuple(dict.fromkeys(name for table in tables for name in table.horizons)),
        read_curves=read_curves,
        folded={name: of for table in tables for name, of in table.folded.items()},
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
    )


def _together(tables: Sequence[tuple[str, Mapping[str, Column]]]) -> dict[str, Column]:
    """The columns of several tables, each with its name, where they are the same in all that have it.

    Raises:
        TableError: one is something else, or what is one thing has two names.
    """
    columns: dict[str, Column] = {}
    for table, own in tables:
        for name, column in own.items():
            old = columns.setdefault(name, column)
            if old.role != column.role:
                raise TableError(
                    f"{name} is {old.role} in what was imported before and {column.role} in "
                    f"{table}; give it another name: `--map {name}=NEW`"
                )
            if old.mode != column.mode:
                raise TableError(
                    f"{name} is better at its {old.mode} in what was imported before and at its "
                    f"{column.mode} in {table}: another metric, which `--map {name}=NEW` names"
                )
            order = old.order if not column.order or old.order == column.order else ()
            log = old.log if old.log == column.log else None
            columns[name] = replace(old, order=order, log=log)
    for role in SINGLE:
        names = [name for name, column in columns.items() if column.role == role]
        if len(names) > 1:
            one, other, *_ = names
            raise TableError(
                f"the {role} is {one} in one table and {other} in another; "
                f"`--map {other}={one}` gives it one name"
            )
    return columns


def _table(folder: Path, record: Mapping[str, Any]) -> Table:
    place = folder / IMPORTED
    frame = _get_frame(place / f"{record['part']}.parquet", record["texts"])
    frame[ORIGIN] = record["name"]
    columns = _columns(record)
    read_curves = None
    if record["curves"] is not None:
        file, texts = place / f"{record['part']}.curves.parquet", record["curves"]

        def read_curves() -> pd.DataFrame:
            return _get_frame(file, texts)

    default = record["default"]
    over: Over | None = default["over"]
    return Table(
        name=record["study_name"],
        frame=frame,
        columns=columns,
        varied=varying(frame, columns),
        default=Default(default["x"], default["y"], default["metric"], over),
        score=record["score"],
        ordered=record["ordered"],
        horizons=tuple(record["horizons"]),
        read_curves=read_curves,
        folded=record["folded"],
        notes=tuple(record["notes"]),
    )


def _columns(record: Mapping[str, Any]) -> dict[str, Column]:
    """The columns of an origin, which JSON has lists of in place of tuples."""
    columns = {}
    for one in record["columns"]:
        bounds = None if one["bounds"] is None else tuple(one["bounds"])
        columns[one["name"]] = Column(**{**one, "order": tuple(one["order"]), "bounds": bounds})
    return columns


def _put_frame(file: Path, frame: pd.DataFrame) -> list[str]:
    """Write a frame; the names of its columns of mixed values, which stand there as JSON."""
    import io

    texts = [str(name) for name, kind in frame.dtypes.items() if kind.kind == "O"]
    frame = frame.rename(columns=str).assign(
        **{
            name: frame[name].map(
                lambda value: json.dumps(value, default=_plain, ensure_ascii=False)
            )
            for name in texts
        }
    )
    sink = io.BytesIO()
    frame.to_parquet(sink, index=False)
    put(file, sink.getvalue())
    return texts


def _get_frame(file: Path, texts: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_parquet(file)
        return frame.assign(
            **{n: pd.Series([json.loads(t) for t in frame[n]], frame.index, object) for n in texts}
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{file} cannot be read: {error}; import its source again") from None


def _plain(value: Any) -> Any:
    """What JSON can write of a value that it cannot: numpy's numbers, dates."""
    return value.item() if hasattr(value, "item") else str(value)
