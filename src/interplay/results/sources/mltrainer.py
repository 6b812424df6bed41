"""mltrainer's log folders: `settings.toml` and `model.toml` of each training beside its events."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interplay.errors import TableError, words_of
from interplay.results.sources.events import PATTERN, read_folder
from interplay.results.sources.forms import of_rows
from interplay.results.sources.guess import plain
from interplay.results.sources.histories import Logged, logged_table
from interplay.results.sources.nested import flat
from interplay.results.sources.tensorboard import FOLDER, SETTING
from interplay.results.sources.texts import as_table, whole_text
from interplay.table.table import Table

SETTINGS, MODEL = "settings.toml", "model.toml"
NOT_SETTINGS = ("logdir", "reporttypes")
"""Of `TrainerSettings`, what no training depends on."""


def recognises(source: str) -> bool:
    """Whether in or below this folder there is a training whose settings mltrainer wrote."""
    path = Path(source)
    return path.is_dir() and any(_is_ours(file) for file in path.rglob(SETTINGS))


def _is_ours(file: Path) -> bool:
    """Whether it begins as mltrainer's files do: settings of a `model`, whatever they are of."""
    try:
        with file.open("rb") as opened:
            return opened.readline().strip() == b"[model]"
    except OSError:
        return False


def read(source: str) -> Table:
    """The table of a folder, a row a training.

    Raises:
        TableError: a file cannot be read, or no training logged anything.
    """
    root = Path(source)
    rows: list[dict[str, Any]] = []
    inner: list[dict[str, Any]] = []
    logged: list[Logged] = []
    broken = 0
    for file in sorted(file for file in root.rglob(SETTINGS) if _is_ours(file)):
        folder, name = file.parent, file.parent.relative_to(root).as_posix()
        settings = {key: value for key, value in _flat(_tables(file)) if key not in NOT_SETTINGS}
        model: Mapping[str, Any] = {}
        if (folder / MODEL).is_file():
            try:
                model = _tables(folder / MODEL)
            except TableError:  # mltrainer writes what a module holds as its text, whatever that is
                broken += 1
        parts = {key: value for key, value in model.items() if _is_module(value)}
        own = {key: value for key, value in model.items() if key not in parts}
        rows.append({FOLDER: name, **_named(settings.items()), **_named(_flat(own, "model."))})
        inner.append(_named(_flat(parts, "model.")))
        if next(folder.glob(PATTERN), None) is not None:
            scalars = read_folder(folder).scalars
            logged += [(name, tag, step, value) for tag, step, value in scalars]
    if not logged:
        raise TableError(
            f"{root} has settings of mltrainer's and nothing that its trainings gave: "
            "`ReportTypes.TENSORBOARD` beside `ReportTypes.TOML` writes that"
        )
    frame = _with_parts(plain(of_rows(rows)), plain(of_rows(inner)))
    table = logged_table(root.resolve().name, frame, FOLDER, logged, (FOLDER,))
    note = f"{broken} {MODEL} of {len(rows)} are no TOML: what they say of the model is left out"
    return replace(table, notes=(note,) if broken else ())


def _tables(file: Path) -> Mapping[str, Any]:
    """What a file of mltrainer's holds of its object."""
    text = whole_text(file)
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{file} cannot be read: {words_of(error)}") from None
    return as_table(file, found.get("model"))


def _is_module(value: Any) -> bool:
    """Whether it is a part of the network, which PyTorch marks so, and no table of settings."""
    return isinstance(value, dict) and "training" in value


def _flat(tables: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in flat(tables, ".", before):
        if name.rpartition(".")[2] != "training":
            yield name, None if value == "None" else value


def _named(settings: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {SETTING + key: value for key, value in settings}


def _with_parts(frame: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The frame, with settings of the network's parts where the network keeps none that vary.

    The sizes of parts follow from its own settings. Of several that vary as one, one is told.
    """
    own = [name for name in frame if str(name).startswith(f"{SETTING}model.")]
    if any(frame[name].nunique(dropna=False) > 1 for name in own):
        return frame
    seen = []
    for name in parts:
        codes = list(pd.factorize(parts[name], use_na_sentinel=False)[0])
        if codes not in seen:
            seen.append(codes)
            frame[name] = parts[name]
    return frame
