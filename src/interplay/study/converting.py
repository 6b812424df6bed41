"""Another tool's sweep written down as a study file of ours."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from interplay.errors import InterplayError, StudyError, listed
from interplay.study.adopted import read_in
from interplay.study.files import SUFFIXES
from interplay.study.readers import Reading
from interplay.study.study import Study
from interplay.study.writing import toml_of

WIDTH = 96
"""Characters of a line of comment."""


def sweep_at(path: Path) -> Reading | None:
    """What the sweep of another tool says that a file is; None where it is none, or no file.

    Raises:
        InterplayError: of a file that cannot be read. What is JSON may hold results, and is none.
    """
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        return None
    try:
        return read_in(path)[1]
    except InterplayError as error:
        if path.suffix.lower() == ".json" and not isinstance(error, StudyError):
            return None
        raise


def convert_sweep(
    path: Path,
    file: Path,
    overrides: Iterable[str] = (),
    map: Mapping[str, str] | None = None,  # noqa: A002 - it is the option's name
) -> Study | None:
    """Write the study that a sweep means, with what there is to know of it as comments.

    Returns:
        The study; None where `path` is no other tool's sweep, and then nothing is written.

    Raises:
        InterplayError: as `Study.load` does; or the file is there and says otherwise.
    """
    reading = sweep_at(path)
    if reading is None:
        return None
    study = Study.adopt(reading, path, overrides, map=map)
    head = [f"{path.name}, a sweep of {reading.tool}, as interplay reads it."]
    for note in study.told:
        head += textwrap.wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
    text = toml_of(study.tables, head)
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") != text:
        raise InterplayError(f"{file} is there already and says otherwise; choose another name")
    _check_same(study, text)
    file.write_text(text, encoding="utf-8")
    return study


def _check_same(study: Study, text: str) -> None:
    """Whether a study reads back from TOML, which has no null where any word may stand.

    Raises:
        InterplayError: naming the hyperparameters that do not.
    """
    again = Study(folders=study.folders, **tomllib.loads(text)).space
    lost = [name for name, domain in study.space.domains.items() if again.domains[name] != domain]
    if lost:
        raise InterplayError(
            f"null is no value that TOML could keep for {listed(lost)}, where any word may stand; "
            "train the sweep as it is, or give another value as KEY=VALUE"
        )
