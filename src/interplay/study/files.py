"""Study files as nested tables: TOML or YAML (1.2), and KEY=VALUE from the command line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError, in_one_line, nearest, words_of

SUFFIXES = (".toml", ".yaml", ".yml")


def read_file(path: Path) -> dict[str, Any]:
    """The tables of a study file.

    Raises:
        InterplayError: where there is no such file, or it is not TOML or YAML.
    """
    if path.is_dir():
        raise InterplayError(f"{path} is a folder, not a study file")
    if not path.is_file():
        raise InterplayError(f"there is no study file {path}{_near(path)}")
    if path.suffix.lower() not in SUFFIXES:
        raise InterplayError(f"{path}: a study file ends in one of {', '.join(SUFFIXES)}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InterplayError(f"{path} is not text in UTF-8: {error.reason}") from None
    if path.suffix.lower() == ".toml":
        try:
            return tomllib.loads(text)
        except ValueError as error:  # also a number of more digits than Python reads
            raise InterplayError(f"{path} is not TOML: {error}{_comma(text)}") from None
        except RecursionError:
            raise InterplayError(f"{path} is nested too deeply to be read") from None
    return _read_yaml(path, text)


def _read_yaml(path: Path, text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # YAML 1.2: 1e-5 is a number, "no" is a word, and a key given twice is an error.
        tables = YAML(typ="safe", pure=True).load(text)
    except RecursionError:
        raise InterplayError(f"{path} is nested too deeply to be read") from None
    except (YAMLError, ValueError) as error:
        raise InterplayError(f"{path} is not YAML: {words_of(error)}") from None
    except Exception as error:  # of a value that its own tag does not fit, as !!bool maybe
        raise InterplayError(f"{path} is not YAML: {in_one_line(error)}") from None
    if not isinstance(tables, dict):
        raise InterplayError(
            f"{path}: a study file is a table of keys, not {type(tables).__name__}"
        )
    return tables


def _comma(text: str) -> str:
    """A hint where a line of TOML has a decimal comma."""
    found = re.search(r"=\s*([+-]?\d+),(\d+)\s*(#.*)?$", text, re.MULTILINE)
    return f"; decimals have a point: {found[1]}.{found[2]}" if found else ""


def _near(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return ""
    names = [p.name for p in folder.iterdir() if p.suffix in SUFFIXES]
    near = nearest(path.name, names) or nearest(path.with_suffix(".toml").name, names)
    return f"; did you mean {folder / near}?" if near else ""


Keys = Callable[[Mapping[str, Any]], Mapping[str, Collection[str]]]


def apply_overrides(tables: dict[str, Any], overrides: Iterable[str], keys: Keys) -> dict[str, Any]:
    """`tables` with KEY=VALUE set: `epochs=5`, `model.hidden_size=[8,16]`, `search.method=random`.

    A key without a dot that is not at the top level means the one key that ends in it: of those in
    the file, or else of those that it could have. A value reads as TOML does, and as plain text
    where it is no TOML.

    Args:
        keys: what tables could have at the top ("") and in each section.

    Raises:
        InterplayError: where an argument is not KEY=VALUE, or its short key is ambiguous.
    """
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in tables.items()}
    for override in overrides:
        key, equals, text = override.partition("=")
        key = key.strip()
        if not equals or not key or not text.strip():
            raise InterplayError(
                f"{override!r} is not KEY=VALUE, as in epochs=5 or model.norm=batch"
            )
        section, dot, name = key.rpartition(".")
        if not dot:
            section, name = section_of(name, result, keys)
        value = _value(override, text.strip())
        if not section:
            result[name] = value
            continue
        table = result.setdefault(section, {})
        if not isinstance(table, dict):
            raise InterplayError(f"{override!r}: {section} is not a section")
        table[name] = value
    return result


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


def _value(override: str, text: str) -> Any:
    """The value of KEY=VALUE.

    Raises:
        InterplayError: where it begins as a list or a table and is none, as a shell leaves one
            whose words had their quotes taken off.
    """
    value = parse_value(text)
    if isinstance(value, str) and value == text and text[0] in "[{":
        quoted = re.sub(r"(?<![\w.\"'+-])([A-Za-z_][\w./:-]*)(?=\s*[,\]}])", r'"\1"', text)
        near = f"; did you mean '{override.partition('=')[0]}={quoted}'?" if quoted != text else ""
        raise InterplayError(
            f"{override!r} is not TOML: words in a list have double quotes, and the whole single "
            f"ones against the shell{near}"
        )
    return value


def parse_value(text: str) -> Any:
    """The value that `text` writes in TOML; plain text where it is no TOML."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, KeyError, RecursionError):
        return text
