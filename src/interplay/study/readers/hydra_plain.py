"""Plain values in Hydra's grammar, `8,16,32` or `tag(log, interval(0.001, 0.1))`, without its parser.

That parser takes a millisecond a value. Numbers, words and calls of them are taken apart here; the
calls are Hydra's own functions, and all else, also what is wrong, is left to the parser.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_SIGNS = re.compile(r"[ \t]*([(),])[ \t]*")
_INT = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(0|[1-9][0-9]*)?(\.[0-9]+|(\.[0-9]+)?[eE][+-]?[0-9]+)")
# What is a value of its own is no word.
_WORD = re.compile(r"(?!(?:true|false|null|nan|inf)\Z)[a-z_][a-z0-9_-]*", re.IGNORECASE | re.ASCII)


class _NotPlainError(ValueError):
    """The parser is to read it."""


class _Call(NamedTuple):
    """A call as Hydra's functions take one."""

    name: str
    args: list[Any]
    kwargs: dict[str, Any]


def plain_value(text: str, functions: Any) -> Any:
    """What Hydra's parser makes of `text`; None where it is to be asked.

    Args:
        functions: those of the grammar, of `hydra.core.override_parser.types`' `Functions`.
    """
    from hydra.core.override_parser.types import ChoiceSweep

    items: list[Any] = []
    calls = [_Call("", items, {})]
    parts = _SIGNS.split(text)
    before = ""
    try:
        for item, sign in zip(parts[::2], [*parts[1::2], ""], strict=True):
            if sign == "(" and before != ")" and _WORD.fullmatch(item):
                calls.append(_Call(item, [], {}))
            elif before != ")":
                calls[-1].args.append(_simple(item))
            elif item or sign == "(":
                return None
            if sign == ")":
                value = functions.eval(calls.pop())
                calls[-1].args.append(value)
            before = sign
    except Exception:  # of a function, which the parser has words for, or a sign too many
        return None
    if len(calls) > 1:
        return None
    return items[0] if len(items) == 1 else ChoiceSweep(list=items, simple_form=True)


def _simple(text: str) -> int | float | str:
    """A number or a word.

    Raises:
        _NotPlainError: it is neither.
    """
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if not _WORD.fullmatch(text):
        raise _NotPlainError
    return text
