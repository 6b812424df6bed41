"""Files had through `mads_datasets`: its factories, its download, its digests, its folders.

Three things are ours. mads_datasets takes a folder that exists for a download that is done, so
here a download goes to a temporary folder that is renamed once everything is in order. It unpacks
before it looks at the digest, and wherever the archive says; here that is done afterwards, by
`unpack`. And a dead connection ends after a while, with one sentence.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loguru import logger

from interplay.data import DATASETS, Source
from interplay.data.bars import download_bar
from interplay.data.folder import data_folder
from interplay.data.unpack import unpack
from interplay.errors import DataError, words_of

TIMEOUT = 30.0  # seconds without a connection, or without a byte


def expected_md5(name: str) -> str:
    """The digest that mads_datasets demands of the file it downloads."""
    return str(_factory(_source(name), data_folder()).settings.digest)


def fetch(name: str, *, latest: bool = False) -> Path:
    """The file of a downloaded dataset, or the folder that its archive held.

    In this order: what mads_datasets or an earlier run left in `<data folder>/<folder>`; the
    plain file put into the data folder by hand; a download. A single file's digest is compared at
    every call, an archive's before it is unpacked (and the archive then goes: a folder beside its
    archive is one whose unpacking broke off, and is made again).

    Args:
        latest: take the file as the source has it now, whatever its digest, in a folder apart.

    Raises:
        DataError: in one sentence, where it cannot be had.
    """
    from filelock import FileLock

    logger.disable("mads_datasets")
    source = _source(name)
    home = data_folder()
    factory = _factory(source, home, latest)
    there = _there(name, source, factory.settings, home)
    if there is not None:
        return there
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Of two first runs at once the second waits, and finds what the first has made.
        with FileLock(home / f".{factory.settings.name}.lock"):
            there = _there(name, source, factory.settings, home)
            return there if there is not None else _make(name, source, factory, home)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"dataset {name!r}: {home} cannot be written to ({reason})") from None


def _there(name: str, source: Source, settings: Any, home: Path) -> Path | None:
    """What is on disk already; None where something must be downloaded or unpacked.

    Raises:
        DataError: a file put there by hand that is another.
    """
    file: Path = home / settings.name / settings.filename
    by_hand: Path = home / settings.filename
    ready = home / settings.name / source.unpacked if source.unpacked else file
    if source.unpacked and ready.is_dir() and not file.exists():
        return ready
    if not source.unpacked and _is(file, settings.digest):
        return file
    if by_hand.is_file() and not _is(by_hand, settings.digest):
        raise DataError(
            f"dataset {name!r}: {by_hand} has MD5 {_md5(by_hand)}, not {settings.digest}; "
            f"replace it, or remove it to have it downloaded{_newer(name)}"
        )
    return by_hand if by_hand.is_file() and not source.unpacked else None


def _make(name: str, source: Source, factory: Any, home: Path) -> Path:
    """Download what is not there and unpack it, in a folder apart that is then renamed."""
    settings = factory.settings
    place: Path = home / settings.name
    file = place / settings.filename
    _check_remains(place, {settings.filename.name, source.unpacked}, name)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=home) as temporary:
        fresh = Path(temporary) / settings.name
        kept = (home / settings.filename, file)
        archive = next((f for f in kept if _is(f, settings.digest)), None)
        if archive is None:
            archive = _download(name, factory, Path(temporary))
        if source.unpacked:
            fresh.mkdir(exist_ok=True)
            unpack(archive, fresh, name)
            if not (fresh / source.unpacked).is_dir():
                raise DataError(
                    f"dataset {name!r}: {archive.name} holds no folder {source.unpacked!r}"
                )
            if archive.parent == fresh:
                archive.unlink()
        if place.exists():
            shutil.rmtree(place)  # what a broken-off download left: see `_check_remains`
        fresh.rename(place)
    return place / source.unpacked if source.unpacked else file


def _source(name: str) -> Source:
    source = DATASETS.get(name).download
    assert source is not None, name
    return source


def _factory(source: Source, folder: Path, latest: bool = False) -> Any:
    """The factory of mads_datasets, told to leave unpacking to us."""
    from mads_datasets import DatasetFactoryProvider, DatasetType

    made = DatasetFactoryProvider.create_factory(DatasetType[source.kind], datadir=folder)
    changes: dict[str, Any] = {"unzip": False}
    if latest:
        changes |= {"digest": None, "name": f"{made.settings.name}-latest"}
    return type(made)(made.settings.model_copy(update=changes), datadir=folder)


def _download(name: str, factory: Any, folder: Path) -> Path:
    """Let mads_datasets download into `folder`.

    Raises:
        DataError: saying what went wrong and what to do.
    """
    import requests

    settings = factory.settings
    factory = type(factory)(settings, datadir=folder)
    file: Path = folder / settings.name / settings.filename
    url = str(settings.dataset_url)
    ways = f"run it again, or put the file into {data_folder()} as {settings.filename.name}"
    try:
        with _watched(name):
            factory.download_data()
    except requests.RequestException as error:
        if file.exists():
            size = f"{file.stat().st_size:,} bytes"
            what = f"the download from {url} broke off after {size} ({_reason(error)})"
        else:
            what = f"no connection for the download from {url} ({_reason(error)})"
        raise DataError(f"dataset {name!r}: {what}; {ways}") from None
    except ValueError as error:  # how mads_datasets reports a status and a digest
        if not file.exists():
            what = f"{url} is not to be had ({words_of(error)})"
        else:
            what = f"the download from {url} has MD5 {_md5(file)}, not {settings.digest}"
        raise DataError(f"dataset {name!r}: {what}; {ways}{_newer(name)}") from None
    return file


def _newer(name: str) -> str:
    """The way out where the source adds a line every month, so that no digest lasts."""
    latest = "latest" in DATASETS.get(name).options.by_name
    return ", or set data.latest = true to take it as it is now" if latest else ""


@contextmanager
def _watched(name: str) -> Iterator[None]:
    """mads_datasets' download with our bar in the place of its own, and with a time limit."""
    import requests
    from mads_datasets import datatools

    with download_bar() as bar:

        def tqdm(total: int = 0, **_: Any) -> SimpleNamespace:
            task = bar.add_task(name, total=total or None)
            bar.start()
            return SimpleNamespace(update=lambda n: bar.advance(task, n), close=lambda: None)

        def get(url: str, **options: Any) -> requests.Response:
            return requests.get(url, timeout=TIMEOUT, **options)

        before = datatools.tqdm, datatools.requests
        datatools.tqdm, datatools.requests = tqdm, SimpleNamespace(get=get)
        try:
            yield
        finally:
            datatools.tqdm, datatools.requests = before


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer for {TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the server closed it early"
    return "is there a network?" if isinstance(error, requests.ConnectionError) else str(error)


def _check_remains(place: Path, known: set[str], name: str) -> None:
    """Only what a broken-off download leaves may be replaced."""
    if not place.exists():
        return
    strange = [] if not place.is_dir() else [p.name for p in place.iterdir()]
    strange = sorted(name for name in strange if name not in known and name[0] != ".")
    if strange or not place.is_dir():
        held = f" but {', '.join(strange[:3])}" if strange else ""
        raise DataError(
            f"dataset {name!r}: {place} does not hold the whole dataset{held}; "
            "move it away and run again"
        )


def _is(file: Path, md5: str | None) -> bool:
    return file.is_file() and (md5 is None or _md5(file) == md5)


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
