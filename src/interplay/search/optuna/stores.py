"""Where Optuna keeps a study, written as its users write it."""

from __future__ import annotations

import random
import re
import sqlite3
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError

DRIVERS = {
    "postgresql": "psycopg2-binary",
    "mysql": "pymysql",
    "redis": "redis",
}


def open_storage(url: str, *, reading: bool = False) -> Any:
    """An `optuna.storages.BaseStorage`.

    Args:
        url: sqlite:///file.db, postgresql://…, mysql://…, redis://…, or the path of a journal file.
        reading: whether it is read and no more: tables that are not there are not made.

    Raises:
        InterplayError: where it cannot be reached, or the package that speaks to it is missing.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalRedisBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    scheme, colon, _ = url.partition("://")
    asked = without_password(url)
    asked = asked if reading else f"search.storage = {asked!r}"
    backend: Any
    try:
        if scheme in ("redis", "rediss"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                backend = JournalRedisBackend(url)
            # It connects late, with an error that does not say to what.
            backend._redis.ping()
        elif colon:
            return _read_only(url) if reading else _database(url)
        else:
            backend = JournalFileBackend(url)
        if reading:
            backend = _ReadOnly(backend)
        return JournalStorage(backend)
    except ImportError as error:
        package = DRIVERS.get(scheme.partition("+")[0], error.name)
        raise InterplayError(
            f"{asked} needs a package that is not installed: pip install {package}"
        ) from None
    except Exception as error:
        reason = str(error.__cause__ or error).strip().splitlines()
        raise InterplayError(
            f"{asked} cannot be reached: "
            f"{reason[0] if reason else type(error).__name__}; allowed: sqlite:///FILE, "
            "postgresql://USER:PASSWORD@HOST/DATABASE, redis://HOST:PORT, or the path of a journal file"
        ) from None


def _database(url: str, tries: int = 8) -> Any:
    """Optuna's storage in a database; tried again where another driver makes its tables just now."""
    import optuna

    for attempt in range(tries):
        try:
            return optuna.storages.RDBStorage(url)
        except Exception as error:
            met = "already exists" in str(error) or "UNIQUE" in str(error)
            if not met or attempt == tries - 1:
                raise
            time.sleep(0.1 * 2**attempt * (0.5 + random.random()))
    raise AssertionError("not reached")


class _ReadOnly:
    """A journal that can only be read. Nor is the snapshot looked at that Optuna keeps beside one
    in Redis: a pickle, in which anything may stand."""

    def __init__(self, backend: Any) -> None:
        self.read_logs = backend.read_logs


def _read_only(url: str) -> Any:
    """Optuna's storage in a database that it is in already."""
    import optuna

    engine = {}
    if (file := file_of(url)) is not None:
        # SQLite then writes nothing, and makes no file. Its address says no more than that: what
        # names of files may have in them, addresses of databases may not.
        url, engine = "sqlite:///file", {"creator": partial(connect_read_only, file)}
    return optuna.storages.RDBStorage(url, engine, skip_table_creation=True)


def connect_read_only(file: Path) -> sqlite3.Connection:
    """An SQLite database that is there, in which nothing can be written.

    Raises:
        sqlite3.Error: it is not, or is none.
    """
    address = f"{file.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def file_of(url: str) -> Path | None:
    """The file that holds a storage; None where a server does."""
    found = re.match(r"sqlite(?:\+\w+)?:///([^?]+)", url)
    if found is None and "://" in url:
        return None
    return Path(found[1] if found else url)


def without_password(url: str) -> str:
    """`url` without its password."""
    head, at, tail = url.rpartition("@")
    if not at or "://" not in head:
        return url
    scheme, _, login = head.partition("://")
    return f"{scheme}://{login.partition(':')[0]}:…@{tail}"
