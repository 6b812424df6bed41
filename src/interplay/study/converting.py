"""Another tool's sweep written down as a study file of ours."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from interplay.errors import InterplayError, listed
from interplay.study.adopted import read_in
from interplay.study.files import SUFFIXES, read_file
from interplay.study.readers import NOTATIONS
from interplay.study.study import Study
from interplay.study.writing import toml_of

WIDTH = 96
"""Characters of a line of comment."""


def is_sweep(path: Path) -> bool:
    """Whether there is a file that is another tool's sweep.

    Raises:
        InterplayError: of a file that cannot be read. What is JSON may hold results, and is none.
    """
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        return False
    try:
        tables = read_file(path)
    except InterplayError:
        if path.suffix.lower() == ".json":
            return False
        raise
    return NOTATIONS.knowing("recognises", tables) is not None


def convert_sweep(
    path: Path,
    file: Path,
    overrides: Iterable[str] = (),
    map: Mapping[str, str] | None = None,  # noqa: A002 - it is the option's name
) -> Study:
    """Write the study that a sweep means, with what there is to know of it as comments.

    Raises:
        InterplayError: as `Study.load` does; or the file is there and says otherwise.
    """
    study = Study.load(path, overrides, map=map)
    reading = read_in(path)[1]
    assert reading is not None
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
