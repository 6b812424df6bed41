"""Where Optuna keeps a study, written as its users write it."""

from __future__ import annotations

import random
import time
import warnings
from typing import Any

from interplay.errors import InterplayError

DRIVERS = {
    "postgresql": "psycopg2-binary",
    "mysql": "pymysql",
    "redis": "redis",
}


def open_storage(url: str) -> Any:
    """An `optuna.storages.BaseStorage`.

    Args:
        url: sqlite:///file.db, postgresql://…, mysql://…, redis://…, or the path of a journal file.

    Raises:
        InterplayError: where it cannot be reached, or the package that speaks to it is missing.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalRedisBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    scheme, colon, _ = url.partition("://")
    try:
        if scheme in ("redis", "rediss"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                backend = JournalRedisBackend(url)
            # It connects late, with an error that does not say to what.
            backend._redis.ping()
            return JournalStorage(backend)
        if colon:
            return _database(url)
        return JournalStorage(JournalFileBackend(url))
    except ImportError as error:
        package = DRIVERS.get(scheme.partition("+")[0], error.name)
        raise InterplayError(
            f"search.storage = {without_password(url)!r} needs a package that is not installed: "
            f"pip install {package}"
        ) from None
    except Exception as error:
        reason = str(error.__cause__ or error).strip().splitlines()
        raise InterplayError(
            f"search.storage = {without_password(url)!r} cannot be reached: "
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


def without_password(url: str) -> str:
    """`url` without its password."""
    head, at, tail = url.rpartition("@")
    if not at or "://" not in head:
        return url
    scheme, _, login = head.partition("://")
    return f"{scheme}://{login.partition(':')[0]}:…@{tail}"
