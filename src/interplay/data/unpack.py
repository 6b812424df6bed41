"""Archives unpacked without leaving their folder."""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from interplay.data.bars import counted
from interplay.errors import DataError, words_of


class _UnsafeError(Exception):
    """A member that would be written elsewhere, or is no plain file or folder."""


def unpack(archive: Path, folder: Path, name: str) -> None:
    """Unpack a zip or tar file (compressed or not) into `folder`.

    All members are looked at before the first is written.

    Raises:
        DataError: where a member's path leads out of `folder`, a member is a link or a device or
            cannot be written, or the archive is broken.
    """
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder, name)
        else:
            _untar(archive, folder, name)
    except _UnsafeError as error:
        raise DataError(
            f"dataset {name!r}: {archive.name} was not unpacked, because it holds {error}"
        ) from None
    except OSError as error:  # a member's name too long for this system, a full disk
        reason = error.strerror or type(error).__name__
        raise DataError(
            f"dataset {name!r}: {error.filename or folder} cannot be written ({reason})"
        ) from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError) as error:
        raise DataError(
            f"dataset {name!r}: {archive.name} is no archive that can be unpacked ({words_of(error)})"
        ) from None


def _unzip(archive: Path, folder: Path, name: str) -> None:
    with zipfile.ZipFile(archive) as held:
        targets: list[tuple[zipfile.ZipInfo, Path]] = []
        for info in held.infolist():
            target = _inside(folder, info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _UnsafeError(f"{info.filename!r}, which is a link or a device")
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                targets.append((info, target))
        for info, target in counted(targets, f"{name}: unpacking"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with held.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def _untar(archive: Path, folder: Path, name: str) -> None:
    with tarfile.open(archive, "r:*") as held:
        targets: list[tuple[tarfile.TarInfo, Path]] = []
        for info in held.getmembers():
            target = _inside(folder, info.name)
            if info.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif info.isreg():
                targets.append((info, target))
            else:
                raise _UnsafeError(f"{info.name!r}, which is a link or a device")
        for info, target in counted(targets, f"{name}: unpacking"):
            target.parent.mkdir(parents=True, exist_ok=True)
            source = held.extractfile(info)
            assert source is not None  # a regular file
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def _inside(folder: Path, member: str) -> Path:
    """Where `member` is written; on any system's reading of its path that is below `folder`."""
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member):
        raise _UnsafeError(f"the path {member!r}, which leads out of its folder")
    return folder.joinpath(*path.parts)
