"""Study files as nested tables: TOML or YAML (1.2)."""

from __future__ import annotations

import re
import tomllib
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


def parse_value(text: str) -> Any:
    """The value that `text` writes in TOML; plain text where it is no TOML."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, KeyError, RecursionError):
        return text
