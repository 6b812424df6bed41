"""The data folder, and the cache of what is slow to parse."""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from interplay.errors import DataError, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]


def data_folder() -> Path:
    """Where downloads lie: `INTERPLAY_DATA`, or else `data` in the working folder."""
    return Path(os.environ.get("INTERPLAY_DATA") or "data")


def find_path(path: str, folders: Sequence[Path], what: str) -> Path:
    """The user's own file or folder: beside the study first, then in the working folder.

    Args:
        folders: the study's, and further ones to look in; the working folder is always the last.
        what: for the message, as "file".

    Raises:
        DataError: naming every place that was looked at.
    """
    try:
        given = Path(path).expanduser()
        places = list(
            dict.fromkeys((folder / given).resolve() for folder in [*folders, Path.cwd()])
        )
        for place in places:
            if place.exists():
                return place
    except (OSError, RuntimeError, ValueError) as error:  # nobody's home, a name too long, a NUL
        raise DataError(f"{path!r:.200} is no path of a {what}: {words_of(error)}") from None
    looked = " and no ".join(map(str, places))
    raise DataError(f"there is no {what} {looked}")


def key_of(*parts: object) -> str:
    """16 hexadecimal digits that stand for `parts`, for the name of a cached file."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def cached(name: str, key: str, parse: Callable[[], Arrays]) -> dict[str, NDArray[Any]]:
    """The arrays of `parse()`, kept in `<data folder>/parsed/<name>-<key>.npz`.

    The file is written under another name and renamed, so it is whole or not there; one that
    cannot be read is made again. Where nothing can be written the arrays are parsed each time.

    Args:
        key: of everything the arrays depend on: the source's digest, options, the parser's version.
    """
    import numpy as np

    path = data_folder() / "parsed" / f"{name}-{key}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as held:
                return {part: held[part] for part in held.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            logger.warning(f"{path} cannot be read ({type(error).__name__}): parsed again")
    arrays = dict(parse())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{name}-{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("xb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        logger.warning(f"{path} cannot be written ({error.strerror}): parsed again next time")
    return arrays
