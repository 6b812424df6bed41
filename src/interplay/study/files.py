"""Study files as nested tables: TOML, YAML (1.2) or JSON5."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError, in_one_line, nearest, words_of
from interplay.study import json_files

SUFFIXES = (".toml", ".yaml", ".yml", *json_files.SUFFIXES)
DEEPEST = 100
"""Levels of tables and lists in each other: beyond them, a file that YAML lets point into itself."""
MOST = 1_000_000
"""Values of a file, what it repeats by YAML's aliases counted as often."""


def read_file(path: Path) -> dict[str, Any]:
    """The tables of a study file.

    Raises:
        InterplayError: where there is no such file, or it is not TOML, YAML or JSON.
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
    read = _READERS.get(path.suffix.lower(), _read_json)
    try:
        tables = read(path, text)
        if _weight(tables, {}) > MOST:
            raise InterplayError(f"{path} has more than {MOST:,} values")
    except RecursionError:
        raise InterplayError(f"{path} is nested too deeply to be read") from None
    if not isinstance(tables, dict):
        raise InterplayError(
            f"{path}: a study file is a table of keys, not {type(tables).__name__}"
        )
    return tables


def _read_toml(path: Path, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # also a number of more digits than Python reads
        raise InterplayError(f"{path} is not TOML: {error}{_comma(text)}") from None


def _read_json(path: Path, text: str) -> Any:
    try:
        return json_files.read_json(text)
    except ValueError as error:
        raise InterplayError(f"{path} is not JSON or JSON5: {error}") from None


def _read_yaml(path: Path, text: str) -> Any:
    try:
        return load_yaml(text)
    except ValueError as error:
        raise InterplayError(f"{path} is not YAML: {error}") from None


def load_yaml(text: str) -> Any:
    """What a text in YAML 1.2 says: 1e-5 is a number, "no" is a word, a key given twice an error.

    Raises:
        ValueError: of what is wrong, in one line.
        RecursionError: it is nested too deeply.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if _is_for_c(text):
        with suppress(Exception):  # of which the parser in Python says what is wrong
            return YAML(typ="safe").load(text)
    try:
        return YAML(typ="safe", pure=True).load(text)
    except RecursionError:
        raise
    except (YAMLError, ValueError) as error:
        raise ValueError(words_of(error)) from None
    except Exception as error:  # of a value that its own tag does not fit, as !!bool maybe
        raise ValueError(in_one_line(error)) from None


def _is_for_c(text: str) -> bool:
    """Whether the parser in C, several times as fast, reads a text as the one in Python does: it
    takes tabs where that takes none, more signs for line ends, and every version for its own.

    Raises:
        RecursionError: it is nested too deeply, on which that parser would fall down.
    """
    from ruamel.yaml import YAML, __with_libyaml__
    from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

    if not __with_libyaml__ or _NOT_FOR_C.search(text):
        return False
    depth = 0
    try:
        parser = YAML(typ="safe").Parser(text)
        while parser.check_event():
            event = parser.get_event()
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > DEEPEST + 1:
                raise RecursionError
    except RecursionError:
        raise
    except Exception:  # of what is wrong the parser in Python tells
        return False
    return True


_NOT_FOR_C = re.compile("[\t\x85\u2028\u2029]|%YAML")
_ASIDE = re.compile(r"""(?<=[\s:,\[{])("(\\.|[^"\\])*"|'[^']*'|\#.*)""")
"""Texts in quotes, and comments, of YAML."""
_UNLIKE = re.compile(
    r"(?:[:,\[]|^[ \t]*-)\s*"
    r"([+-]?\d[\d_]*e[+-]?\d+|[+-]?\d[\d_]*\.\d*e\d+|yes|no|on|off)"
    r"(?=\s*(?:[,\]}]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_READERS = {".toml": _read_toml, ".yaml": _read_yaml, ".yml": _read_yaml}


def _weight(value: Any, known: dict[int, int], depth: int = 0) -> int:
    """How many values there are in one.

    Raises:
        RecursionError: where they go deeper than DEEPEST.
    """
    if not isinstance(value, (dict, list)):
        return 1
    if depth > DEEPEST:
        raise RecursionError
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_weight(item, known, depth + 1) for item in inner)
    return known[id(value)]


def unlike_in_pyyaml(path: Path) -> list[str]:
    """Words of a file in YAML, as they stand there, of which YAML 1.1 makes something else.

    Numbers with an exponent but without a point or its sign are texts there; yes, no, on and off
    are true or false.
    """
    if _READERS.get(path.suffix.lower()) is not _read_yaml:
        return []
    text = _ASIDE.sub(" ", path.read_bytes().decode("utf-8-sig"))
    return list(dict.fromkeys(_UNLIKE.findall(text)))


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


def parse_value(text: str) -> Any:
    """The value that `text` writes in TOML; plain text where it is no TOML."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, KeyError, RecursionError):
        return text
