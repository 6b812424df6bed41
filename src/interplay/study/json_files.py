"""JSON and JSON5; of jsonnet what is no more than that, for its programs are not run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from interplay.errors import in_one_line, words_of

SUFFIXES = (".json", ".json5", ".jsonnet")

_QUOTED = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_COMMENT = re.compile(rf"(?P<quoted>{_QUOTED})|//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_LOOSE = re.compile(
    r'"(?:\\.|[^"\\])*"'
    r"|'(?P<single>[^'\"\\\n]*)'"
    r"|(?P<name>[A-Za-z_$][\w$]*)(?=\s*:)"
    r"|(?<=[^\s\[{,])(?P<last>\s*,)(?=\s*[}\]])"
)
_PROGRAM = re.compile(
    r"\b(?:local|import(?:str|bin)?|function|self|super|assert|if|for|std)\b(?!\s*:)|\$|\+|\|\|\||::"
)
"""What jsonnet computes with."""


def read_json(text: str) -> Any:
    """What a file says.

    Raises:
        ValueError: of what is wrong, in one line.
        RecursionError: it is nested too deeply.
    """
    text = _COMMENT.sub(lambda part: part["quoted"] or " ", text)
    try:
        return json.loads(_LOOSE.sub(_strict, text), object_pairs_hook=_once)
    except _TwiceError:
        raise
    except ValueError:
        return _read_json5(text)


class _TwiceError(ValueError):
    """A key stands there twice."""


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(f"the key {key!r} stands there twice")
        found[key] = value
    return found


def _strict(part: re.Match[str]) -> str:
    """What is usual in JSON5 as JSON has it, which is read fifty times as fast."""
    if part["last"] is not None:
        return ""
    word = part["name"] if part["single"] is None else part["single"]
    return part[0] if word is None else f'"{word}"'


def _read_json5(text: str) -> Any:
    import json5

    try:
        return json5.loads(text, object_pairs_hook=_once)
    except (RecursionError, _TwiceError):
        raise
    except Exception as error:
        used = _PROGRAM.search(_COMMENT.sub(" ", text))
        if used is not None:
            raise ValueError(
                f"jsonnet's {used[0]} is part of a program, which is not run here; "
                "`jsonnet FILE -o FILE.json` writes what it comes to"
            ) from None
        words = words_of(error) if isinstance(error, ValueError) else in_one_line(error)
        raise ValueError(words.replace("<string>:", "line ", 1)) from None
