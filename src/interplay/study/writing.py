"""Study files written: tables as TOML, with what is to be said as comments (by tomlkit)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import AbstractTable
from tomlkit.toml_document import TOMLDocument

from interplay.study.sections import RULES


def toml_of(
    tables: Mapping[str, Any], head: Sequence[str] = (), notes: Mapping[str, str] | None = None
) -> str:
    """A study file.

    Args:
        tables: the study. None, which TOML cannot write, is the word none where it is a
            hyperparameter's value, and left out elsewhere.
        head: lines of comment before it.
        notes: comments behind keys, by full dotted name.
    """
    document = tomlkit.document()
    for line in head:
        document.add(tomlkit.comment(line) if line else tomlkit.ws("#\n"))
    settings = {k: v for k, v in tables.items() if k in RULES and isinstance(v, Mapping)}
    plain: dict[str, Any] = _plain({**tables, **_with_none(settings)})
    notes = notes or {}
    if head:
        document.add(tomlkit.nl())
    _fill(document, {k: v for k, v in plain.items() if not isinstance(v, dict)}, "", notes)
    for section, values in plain.items():
        if isinstance(values, dict):
            table = tomlkit.table()
            _fill(table, values, f"{section}.", notes)
            document.add(tomlkit.nl())
            document.add(section, table)
    return document.as_string()


def _fill(
    table: TOMLDocument | AbstractTable,
    values: Mapping[str, Any],
    prefix: str,
    notes: Mapping[str, str],
) -> None:
    for key, value in values.items():
        item = _item(value)
        if prefix + key in notes:
            item.comment(notes[prefix + key])
        table.add(key, item)


def _item(value: Any) -> Any:
    """A value on one line."""
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        for key, inner in value.items():
            inline.add(key, _item(inner))
        return inline
    if isinstance(value, list):
        array = tomlkit.array()
        for inner in value:
            array.append(_item(inner))
        return array
    return tomlkit.item(value)


def value_text(value: Any) -> str:
    """A value as a line of TOML has it."""
    return str(_item(_plain(value)).as_string())


def _plain(value: Any) -> Any:
    """What TOML can write: lists for tuples, nothing for None."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if v is not None}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _with_none(value: Any) -> Any:
    """With the word for None, wherever it is."""
    if isinstance(value, Mapping):
        return {key: _with_none(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_none(item) for item in value]
    return "none" if value is None else value
