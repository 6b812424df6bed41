"""Small text files that other tools leave beside their results."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from interplay.errors import TableError, shown, words_of
from interplay.study.files import load_yaml


def whole_text(path: Path) -> str:
    """The text of a file.

    Raises:
        TableError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read: {words_of(error)}") from None


def read_yaml(path: Path) -> dict[str, Any]:
    """The table of names and values in a YAML file.

    Raises:
        TableError: it cannot be read, or holds something else.
    """
    return as_table(path, _yaml(path))


def read_list(path: Path) -> list[Any]:
    """The list in a YAML file.

    Raises:
        TableError: it cannot be read, or holds something else.
    """
    found = _yaml(path)
    if not isinstance(found, list):
        raise TableError(f"{path} cannot be read: it is no list")
    return found


def _yaml(path: Path) -> Any:
    text = whole_text(path)
    try:
        return load_yaml(text)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path} cannot be read: {words_of(error)}") from None


def read_json(path: Path) -> dict[str, Any]:
    """The table of names and values in a JSON file.

    Raises:
        TableError: it cannot be read, or holds something else.
    """
    text = whole_text(path)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path} cannot be read: {words_of(error)}") from None
    return as_table(path, found)


def table_in(place: str, text: str) -> dict[str, Any]:
    """The table of names and values in a text, be it JSON or as Python writes one; nothing is run.

    Args:
        place: where the text stands, for the message.

    Raises:
        TableError: it was not written whole, or holds something else.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(_Numbers().visit(ast.parse(text, mode="eval")))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise TableError(
                f"{place} cannot be read: neither JSON nor Python, {shown(text)}"
            ) from None
    return as_table(place, found)


class _Numbers(ast.NodeTransformer):
    """Makes numbers of the names by which Python writes those that it has no literals for."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("nan", "inf") else node


def as_table(path: Path | str, found: Any) -> dict[str, Any]:
    """What a file holds, where that is a table of names and values.

    Raises:
        TableError: it is something else.
    """
    if not isinstance(found, dict):
        raise TableError(f"{path} cannot be read: it is no table of names and values")
    return {str(key): value for key, value in found.items()}
