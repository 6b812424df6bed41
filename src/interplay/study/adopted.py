"""Another tool's sweep as a study of ours: its hyperparameters under our names."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from interplay.errors import InterplayError, Mistake, Option, StudyError, listed
from interplay.space.space import Space
from interplay.study.files import read_file, unlike_in_pyyaml
from interplay.study.links import linked
from interplay.study.overrides import Keys, apply_overrides, section_of
from interplay.study.readers import Reading, read_notation
from interplay.study.readers.asides import once_told
from interplay.study.readers.native import read_written
from interplay.study.sections import RULES, meant
from interplay.study.settings import SECTIONS, is_name

T = TypeVar("T")


@dataclass(frozen=True)
class Sweep:
    """Another tool's sweep, under its own names.

    Attributes:
        reading: what it says.
        space: what varies.
    """

    reading: Reading
    space: Space

    @property
    def study(self) -> Mapping[str, Any]:
        return self.reading.study

    @property
    def notes(self) -> list[str]:
        said = {*self.reading.study, *self.reading.hyperparameters}
        return [*self.reading.notes, *once_told(self.reading.tool, said)]


def sweep_in(file: str | Path) -> Sweep | None:
    """The sweep of another tool that a file is; None where it is none.

    Raises:
        InterplayError: the file cannot be read; `StudyError` with all mistakes of the sweep.
    """
    path = Path(file)
    reading = read_in(path)[1]
    return None if reading is None else _sweep(reading, str(path))


def sweep_of(tables: Mapping[str, Any], source: str) -> Sweep | None:
    """As `sweep_in`, of the tables of a file.

    Args:
        source: the file's name, for messages.
    """
    reading = read_notation(tables, source)
    return None if reading is None else _sweep(reading, source)


def read_in(path: Path) -> tuple[dict[str, Any], Reading | None]:
    """The tables of a file, and what they say where they are another tool's sweep.

    Raises:
        InterplayError: as `sweep_in`.
    """
    tables = read_file(path)
    reading = read_notation(tables, str(path))
    unlike = unlike_in_pyyaml(path) if reading is not None and reading.tool in BY_PYYAML else []
    if reading is not None and unlike:
        told = (
            f"{reading.tool} reads its file with PyYAML, which makes of {listed(unlike, 20)} what "
            "YAML 1.1 does (1e-5 is a text there, and 1.0e-5 the number; no is false); here it is "
            "YAML 1.2"
        )
        reading = replace(reading, notes=(*reading.notes, told))
    return tables, reading


def _sweep(reading: Reading, source: str) -> Sweep:
    mistakes: list[Mistake] = []
    found = {n: read_written(n, raw, mistakes) for n, raw in reading.hyperparameters.items()}
    written = {name: one for name, one in found.items() if one is not None}
    unread = [name for name in found if name not in written]
    space = linked(written, [], [], unread, mistakes)
    if mistakes:
        raise StudyError(source, mistakes)
    return Sweep(reading, space)


BY_PYYAML = ("darts", "W&B")
"""Tools that read numbers and words of a file as YAML 1.1 does."""
LEFT_OUT = ""
"""What a hyperparameter is called that the study does not have."""


def adopted(
    reading: Reading,
    name: str,
    names: Mapping[str, str],
    overrides: Iterable[str],
    keys: Keys,
    told: list[str],
) -> dict[str, Any]:
    """The tables of a study, overrides applied.

    Args:
        name: the study's, where it can be called so.
        names: ours of the sweep's hyperparameters, which need none where they are called as ours
            are, short or in full; LEFT_OUT leaves one out.
        keys, told: what tables could have, and where notes go, as `apply_overrides` takes them.

    Raises:
        InterplayError: names that mean nothing here, with those that are usually meant.
    """
    overrides = list(overrides)
    for old in names:
        if old not in reading.hyperparameters:
            known = listed(list(reading.hyperparameters), 20)
            raise InterplayError(
                Option("map", (old, names[old])), f": the sweep has no {old}; it has {known}"
            )
    tables: dict[str, Any] = {"name": name if is_name(name) else "study"}
    tables |= copy.deepcopy(dict(reading.study))
    called = {old: names.get(old, old) for old in reading.hyperparameters}
    full = {old: new for old, new in called.items() if new.partition(".")[0] in RULES}
    # The data and the model that are chosen say which other keys there are.
    setting = [text.lstrip(" +") for text in overrides if not text.lstrip().startswith("~")]
    placed = _placed(reading, full, tables)
    chosen = apply_overrides(placed, setting, keys)
    own, could = _varying(chosen), _varying(keys(chosen))
    unknown = []
    for old, new in called.items():
        if old in full or new == LEFT_OUT:
            continue
        section, key = ("", new) if "." in new else section_of(new, own, lambda _: could)
        if section or key in could[""]:
            full[old] = f"{section}.{key}" if section else key
        else:
            unknown.append(old)
    if unknown:
        raise InterplayError(*_who(unknown, could, _varying(keys({}))))
    held = [full[old] for old in reading.held if old in full]
    study = apply_overrides(_placed(reading, full, tables), overrides, keys, held, told)
    told += once_told(reading.tool, study)
    return study


def _varying(tables: Mapping[str, T]) -> dict[str, T]:
    """Without the sections in which no hyperparameter stands, as [search] and [heatmap]."""
    return {key: table for key, table in tables.items() if key not in SECTIONS}


def _placed(reading: Reading, full: Mapping[str, str], tables: Mapping[str, Any]) -> dict[str, Any]:
    """A study's tables with hyperparameters under the names that they have there.

    Raises:
        InterplayError: two of them come to one name.
    """
    placed = {key: dict(v) if isinstance(v, dict) else v for key, v in tables.items()}
    owner: dict[str, str] = {}
    # In the sweep's order, for a table read by people.
    for old, raw in reading.hyperparameters.items():
        if old not in full:
            continue
        new = full[old]
        if new in owner:
            raise InterplayError(
                f"{owner[new]} and {old} are both {new}; ", Option("map", (old, LEFT_OUT)),
                " leaves one out",
            )  # fmt: skip
        owner[new] = old
        section, _, key = new.partition(".")
        if key:
            placed.setdefault(section, {})[key] = _tied(raw, full)
        else:
            placed[new] = _plain(old, raw)
    return placed


def _tied(raw: Any, full: Mapping[str, str]) -> Any:
    """A hyperparameter, what it is tied to under the names that those have in the study."""
    if not isinstance(raw, Mapping):
        return raw
    tied = dict(raw)
    if isinstance(raw.get("when"), Mapping):
        tied["when"] = {full.get(other, other): value for other, value in raw["when"].items()}
    if raw.get("times") in full:
        tied["times"] = full[raw["times"]]
    return tied


def _plain(name: str, raw: Any) -> Any:
    """What stands at the top of a study: a list of all values, or the only one."""
    written = read_written(name, raw, [])
    if written is None or written.domain.size is None:
        return raw
    values = written.domain.grid()
    return values if isinstance(raw, (list, dict)) and len(values) > 1 else values[0]


def _who(
    unknown: list[str], known: Mapping[str, Any], always: Mapping[str, Any]
) -> list[str | Option]:
    """What to do about names that the study does not know; `always` are keys of any study."""
    full = {short: f"{s}.{short}" if s else short for s, own in known.items() for short in own}
    likely = {old: meant(old.rpartition(".")[2].replace("-", "_"), full) for old in unknown}
    first = unknown[0]
    parts: list[str | Option] = [
        f"the study has no {listed(unknown, 20)}. ",
        Option("map", (first, full[likely[first]] if likely[first] else "model.…")),
        " says what it is, ",
        Option("map", (first, LEFT_OUT)),
        " leaves it out",
    ]
    usual = [f"{old}={full[near]}" for old, near in likely.items() if near]
    if usual:
        parts.append(f"; usually meant: {', '.join(usual)}")
    if all(len(known.get(s, ())) <= len(always.get(s, ())) for s in ("model", "trial")):
        parts.append("; data and model are chosen first: data.name=digits model.name=linear")
    return parts
