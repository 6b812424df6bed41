"""KEY=VALUE from the command line, put into the tables of a study.

A value reads as TOML does. What is no TOML reads in Hydra's grammar where it is meant so, and as
plain text else; `+`, `++` and `~` before a key, and a section's own name (`model=conv`), mean what
they do there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from interplay.errors import InterplayError, listed, nearest, shown
from interplay.identity import same_as
from interplay.study.files import parse_value
from interplay.study.readers.asides import once_told
from interplay.study.readers.hydra_keys import (
    Change,
    check_line,
    in_our_words,
    is_crescendo,
    of_a_grid,
)
from interplay.study.readers.hydra_values import (
    Ends,
    Names,
    NotHydraError,
    Steps,
    read_value,
    speaks_hydra,
)
from interplay.study.sections import RULES
from interplay.study.settings import is_name

Keys = Callable[[Mapping[str, Any]], Mapping[str, Collection[str]]]
_OVERRIDE = re.compile(
    r"\s*(?P<mark>\+\+|\+|~|)(?P<key>[^=]*)(?P<equals>=)?(?P<text>.*)", re.DOTALL
)


def apply_overrides(
    tables: Mapping[str, Any],
    overrides: Iterable[str],
    keys: Keys,
    held: Collection[str] = (),
    told: list[str] | None = None,
) -> dict[str, Any]:
    """`tables` with KEY=VALUE set: `epochs=5`, `model.hidden_size=[8,16]`, `search.method=random`.

    A key without a dot that is not at the top level means the one key that ends in it: of those in
    the file, or else of those that it could have.

    Args:
        keys: what tables could have at the top ("") and in each section.
        held: full names of values that no sweep in Hydra's grammar may vary.
        told: gets what there is to know of how they were read, a sentence each.

    Raises:
        InterplayError: where an argument is not KEY=VALUE, its short key is ambiguous, or it
            contradicts another.
    """
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in tables.items()}
    told = [] if told is None else told
    line = _Line(result, keys, {name: name for name in held}, told)
    # As in Hydra a section is chosen before anything in it is set, wherever that stands.
    given, crescendo = _translated(overrides, told)
    for override in sorted(given, key=lambda one: one.turn(result)):
        line.take(override)
    line.end_ranges()
    told += once_told("Crescendo", result) if crescendo else []
    return result


@dataclass(frozen=True)
class _Override:
    """One argument.

    Attributes:
        whole: as it was written.
        mark: `+`, `++`, `~` or none.
        text: the value; None where there is none.
        change: what becomes of the value.
        usual: whether it is what is there where nothing else is said.
        whole_lists: whether a list in brackets is one value, as in Hydra, and none to choose from.
    """

    whole: str
    mark: str
    key: str
    text: str | None
    change: Change | None = None
    usual: bool = False
    whole_lists: bool = False

    def chooses(self, tables: Mapping[str, Any]) -> bool:
        """Whether it says what a section is of: `model=conv`."""
        named = self.key in RULES and RULES[self.key].registry is not None
        return named and self.mark != "~" and isinstance(tables.get(self.key, {}), dict)

    def turn(self, tables: Mapping[str, Any]) -> int:
        """When it is its turn."""
        return 0 if self.chooses(tables) else 1 if self.usual else 2


def stands_alone(overrides: Iterable[str]) -> str | None:
    """What a study is called of which nothing is said but these; None where they choose neither
    data nor a model, and so need a file."""
    said = {one.key: one.text for one in map(_split, overrides)}
    if not (said.get("data") and said.get("model")):
        return None
    name = f"{said['model']}-{said['data']}"
    return name if is_name(name) else "study"


def _translated(overrides: Iterable[str], told: list[str]) -> tuple[list[_Override], bool]:
    """The arguments with keys of Hydra's and of Crescendo's as ours; whether they are Crescendo's.

    Raises:
        InterplayError: as `apply_overrides`.
    """
    given = [_split(text) for text in overrides]
    pairs = [(one.key, one.text) for one in given]
    crescendo, grid = is_crescendo(pairs), of_a_grid(pairs)
    if crescendo:
        check_line([(one.key, one.text) for one in given if one.mark != "~"])
    found = []
    for one in given:
        # What is there in a configuration of Crescendo's is not known, so that + may add anything.
        mark = "" if crescendo and one.mark != "~" else one.mark
        for ours in in_our_words(one.key, one.text or "", crescendo, told, grid):
            text = None if one.text is None else ours.text
            found.append(
                _Override(one.whole, mark, ours.key, text, ours.change, ours.usual, crescendo)
            )
    return found, crescendo


def _split(whole: str) -> _Override:
    found = _OVERRIDE.fullmatch(whole)
    assert found is not None  # every text has this form
    mark, key = found["mark"], found["key"].strip()
    text = found["text"].strip() if found["equals"] else None
    if not key or (not text and (mark != "~" or text is not None)):
        raise InterplayError(f"{whole!r} is not KEY=VALUE, as in epochs=5 or model.norm=batch")
    if "@" in key:
        raise InterplayError(
            f"{whole!r}: a package (@) says where Hydra puts a file, and a study has one file"
        )
    return _Override(whole, mark, key, text)


@dataclass
class _Line:
    """What was said so far.

    Attributes:
        tables: are changed.
        fixed, swept: what gave a name one value, or in Hydra's grammar several.
    """

    tables: dict[str, Any]
    keys: Keys
    fixed: dict[str, str]
    told: list[str]
    swept: dict[str, str] = field(default_factory=dict)

    def take(self, override: _Override) -> None:
        if override.mark == "~":
            self._delete(override)
            return
        assert override.text is not None
        if override.chooses(self.tables):
            self._choose(override)
            return
        table, name, full = self._place(override)
        if override.mark == "+" and name in table:
            raise InterplayError(
                f"{override.whole!r}: {full} is there already, and + adds what is not; "
                f"without it, {full}={override.text} sets it"
            )
        table[name] = self._value(override, full, name)

    def _place(self, override: _Override) -> tuple[dict[str, Any], str, str]:
        """The table that a key is in, its name there and in full."""
        section, dot, name = override.key.rpartition(".")
        if not dot:
            section, name = section_of(name, self.tables, self.keys)
        if not section:
            return self.tables, name, name
        table = self.tables.setdefault(section, {})
        if not isinstance(table, dict):
            raise InterplayError(f"{override.whole!r}: {section} is not a section")
        return table, name, f"{section}.{name}"

    def _choose(self, override: _Override) -> None:
        """Set what a section is of; where it was of something else it begins anew."""
        section = override.key
        name = self._value(override, f"{section}.name", "name")
        if isinstance(name, dict):  # the whole section, written out
            self.tables[section] = name
            return
        table = self.tables.setdefault(section, {})
        other = "builder" in table or same_as(table.get("name", name)) != same_as(name)
        lost = [key for key in table if key != "name"] if other else []
        if lost:
            what = listed([f"{section}.{key}" for key in lost])
            self.told.append(f"{override.whole} chooses anew, without the file's {what}")
        self.tables[section] = {"name": name} if other else {**table, "name": name}

    def _delete(self, override: _Override) -> None:
        key, text = override.key, override.text
        section, dot, name = key.rpartition(".")
        if not dot:
            section, name = section_of(name, self.tables, self.keys)
        table = self.tables.get(section) if section else self.tables
        if not isinstance(table, dict) or name not in table:
            known = listed(_names(self.tables), 40)
            near = nearest(key, _names(self.tables))
            hint = f"; did you mean {near}?" if near else ""
            raise InterplayError(
                f"{override.whole!r}: there is no {key} to take out; there are {known}{hint}"
            )
        if text is not None and same_as(_read(override, text)[0]) != same_as(table[name]):
            raise InterplayError(
                f"{override.whole!r}: {key} is {shown(table[name])}; ~{key} takes it out whatever it is"
            )
        del table[name]
        full = f"{section}.{name}" if section else name
        for said in (self.fixed, self.swept):
            said.pop(full, None)

    def _value(self, override: _Override, full: str, name: str) -> Any:
        """What a key is set to; `Steps` where the search is to say where a range ends."""
        assert override.text is not None
        value, swept, notes = _read(override, override.text)
        if override.whole_lists and swept is None and isinstance(value, list) and "." in full:
            value, swept = {"value": value}, False
        if override.change is not None:
            try:
                value = override.change(value)
            except ValueError as error:
                raise InterplayError(f"{override.whole!r}: {error}") from None
        if swept is not None and not override.usual:
            mine, others = (self.swept, self.fixed) if swept else (self.fixed, self.swept)
            if full in others:
                raise InterplayError(
                    f"{override.whole!r}: {full} is a sweep and a fixed value ({others[full]}); in "
                    "Hydra the fixed one would win without a word: leave one of them out"
                )
            mine[full] = override.whole
        self.told += [f"{full}: {note}" for note in notes]
        if isinstance(value, Names):
            section = full.rpartition(".")[0]
            rule = RULES.get(section)
            if rule is None or rule.registry is None or name != "name":
                raise InterplayError(
                    f"{override.whole!r}: glob() chooses among names that are known, as those of "
                    "model.name; what else there is, is written out"
                )
            found = value.of(rule.registry.names)
            if not found:
                known = ", ".join(rule.registry.names)
                raise InterplayError(
                    f"{override.whole!r}: no {rule.registry.what} is called so; {known}"
                )
            return found
        return value

    def end_ranges(self) -> None:
        """Put in place of each `range()` what the search makes of it."""
        search = self.tables.get("search")
        search = search if isinstance(search, dict) else {}
        listing = search.get("method", "grid") in ("grid", "single")
        ends: Ends = "excluded" if listing else "included"
        who = "a grid ends before its stop" if listing else "Optuna in Hydra tries its stop as well"
        for section, table in [("", self.tables), *self.tables.items()]:
            for name, value in table.items() if isinstance(table, dict) else ():
                if not isinstance(value, Steps):
                    continue
                full = f"{section}.{name}" if section else name
                varies = section in RULES
                try:
                    table[name] = value.native(ends) if varies else value.values("excluded")
                except NotHydraError as error:
                    raise InterplayError(f"{self.swept[full]!r}: {error}") from None
                if varies:
                    self.told.append(f"{full}: {value}: {who}")


def _names(tables: Mapping[str, Any]) -> list[str]:
    """All keys, sections before what is in them."""
    inside = ((s, key) for s, table in tables.items() if isinstance(table, dict) for key in table)
    return [*tables, *(f"{section}.{key}" for section, key in inside)]


def section_of(name: str, tables: Mapping[str, Any], keys: Keys) -> tuple[str, str]:
    """Where an undotted key belongs: the top level (""), or the one section that has it, or could.

    Raises:
        InterplayError: several could.
    """
    owners = [s for s, table in tables.items() if isinstance(table, dict) and name in table]
    if name not in tables and not owners:
        known = keys(tables)
        owners = [s for s, own in known.items() if name in own and name not in known[""]]
    if name in tables or not owners:
        return "", name
    if len(owners) > 1:
        full = ", ".join(f"{owner}.{name}" for owner in owners)
        raise InterplayError(f"{name!r} could be any of {full}; write the one that you mean")
    return owners[0], name


def _read(override: _Override, text: str) -> tuple[Any, bool | None, tuple[str, ...]]:
    """The value of a text; whether it is a sweep in Hydra's grammar, None where a list of ours may
    be either; notes.

    Raises:
        InterplayError: it is in neither notation, as a shell leaves a list whose words had their
            quotes taken off.
    """
    value = parse_value(text)
    if not isinstance(value, str) or value != text:
        return value, None if isinstance(value, (list, dict)) else False, ()
    if not speaks_hydra(text):
        if text[0] == "[":
            raise InterplayError(_no_toml(override.whole, text))
        return text, False, ()
    try:
        read = read_value(text)
    except NotHydraError as error:
        raise InterplayError(
            f"{_no_toml(override.whole, text)}; nor is it an override of Hydra's: {error}"
        ) from None
    fixed = isinstance(read.value, list) and not read.sweeps
    return {"value": read.value} if fixed else read.value, read.sweeps, read.notes


def _no_toml(whole: str, text: str) -> str:
    """What to do about a text that is in no notation."""
    if text[0] == "{":
        return f"{whole!r} is not TOML, in which a table is {{low = 1, high = 8}}"
    if text[0] != "[":
        return f"{whole!r} is not TOML: a text has double quotes, and the whole single ones"
    quoted = re.sub(r"(?<![\w.\"'+-])([A-Za-z_][\w./:-]*)(?=\s*[,\]}])", r'"\1"', text)
    near = f"; did you mean '{whole.partition('=')[0]}={quoted}'?" if quoted != text else ""
    return (
        f"{whole!r} is not TOML: words in a list have double quotes, and the whole single ones "
        f"against the shell{near}"
    )
