"""Every name in a run's folder, and how its small files are read and written."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from interplay.errors import LedgerError

STUDY = "study.json"  # what was asked, as understood; a folder with one is a run
ASKED = "asked"  # the members asked for, a folder of Parquet parts for each asking
ROWS = "rows"  # what they gave: Parquet parts
SEARCH = "search.jsonl"  # what a search suggested, a line a round
NEXT = "next.json"  # the study file that should follow a scan
IMPORTED = "imported"  # other tools' tables, instead of asked and rows
WEIGHTS = "models"  # what trainings left besides their rows
RETRAINED = "retrained"  # runs of chosen cells on train and validation rows together
LOOKS = "tested.json"  # which choices were tested, and when
LOCK, DRIVER = "driver.lock", "driver.json"  # who trains here now
# As earlier versions wrote them; still read.
ASKED_BEFORE, SEARCH_BEFORE = "asked.json", "search.json"
# What verbs write beside a run when its folder is named with --out.
TABLE_FILE, HEATMAP_FILE, SEARCH_FILE = "table.csv", "heatmap.png", "search.png"
NAMES = {
    *(
        STUDY,
        ASKED,
        ROWS,
        IMPORTED,
        SEARCH,
        NEXT,
        WEIGHTS,
        RETRAINED,
        LOOKS,
        LOCK,
        DRIVER,
        ASKED_BEFORE,
        SEARCH_BEFORE,
    ),
    *(TABLE_FILE, HEATMAP_FILE, SEARCH_FILE),
}

PATIENCE = 0.5  # seconds; Windows lets nobody replace or remove a file that another has open

T = TypeVar("T")


def typed(path: str | Path) -> Path:
    """A path as typed, with the home folder for `~`: in Python and in quotes no shell puts it there."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody is called so here, and a file may well be
        return Path(path)


def foreign(folder: Path) -> list[str]:
    """What lies in `folder` that no run has; hidden files (.DS_Store, our own .tmp) are nobody's."""
    return sorted(
        p.name for p in folder.iterdir() if p.name not in NAMES and not p.name.startswith(".")
    )


def sweep(folder: Path) -> None:
    """Remove what a driver that was killed had half written. For the folder's one driver."""
    for place in (folder, *(folder / name for name in (ROWS, WEIGHTS)), *askings(folder)):
        for left in place.glob(".*.tmp"):
            remove(left)


def askings(folder: Path) -> list[Path]:
    """A folder for each asking whose members are kept."""
    return [path for path in (folder / ASKED).glob("*") if path.is_dir()]


def temporary(path: Path) -> Path:
    """Where `path` is written before it is renamed: hidden, and never the same name twice."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")


def put(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write a file whole or not at all.

    Args:
        sync: whether it shall outlive the machine's power, too.

    Raises:
        LedgerError: where it cannot be written.
    """
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        half = temporary(path)
        try:
            with half.open("wb") as file:
                file.write(content)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            patiently(lambda: half.replace(path))
        except OSError:
            half.unlink(missing_ok=True)  # a full disk needs the room
            raise


def put_json(path: Path, content: Any) -> None:
    put(path, json.dumps(content, ensure_ascii=False).encode())


def get_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        LedgerError: where there is none.
    """
    try:
        return json.loads(patiently(lambda: path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise LedgerError(f"{path} cannot be read: {error}") from None


def remove(path: Path) -> None:
    """Remove a file or folder of ours; one that somebody has open (on Windows) stays for later."""
    try:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except PermissionError:
        pass


def patiently(action: Callable[[], T]) -> T:
    """`action`, again for a while where the system denies it: somebody may have the file open."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Says in one sentence what keeps a run from being written.

    Raises:
        LedgerError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise refused(folder, error) from None


def refused(folder: Path, error: OSError) -> LedgerError:
    """What the system says against writing to a run, in one sentence with a way out."""
    way = "make it writable, or choose another folder for the run"
    if error.errno == errno.ENOSPC:
        way = "make room"
    return LedgerError(
        f"{folder} cannot be written: {error.strerror or error}; {way}. What was finished before "
        "is kept, and the same study goes on from there"
    )
