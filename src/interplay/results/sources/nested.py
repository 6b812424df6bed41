"""Settings within settings, as many tools keep them, under one name each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from interplay.errors import TableError


def flat(
    values: Mapping[Any, Any],
    separator: str,
    before: str = "",
    whole: Callable[[Mapping[Any, Any]], bool] = lambda _: False,
) -> Iterator[tuple[str, Any]]:
    """Each value under the names that lead to it, joined.

    Args:
        before: what every name begins with.
        whole: whether a dict is a value itself, and is not gone into.

    Raises:
        TableError: two values come to one name, as those of a.b and of b in a.
    """
    names = set()
    for name, value in _pairs(values, separator, before, whole):
        if name in names:
            raise TableError(
                f"more than one value is called {name}: nobody can tell which is meant"
            )
        names.add(name)
        yield name, value


def _pairs(
    values: Mapping[Any, Any],
    separator: str,
    before: str,
    whole: Callable[[Mapping[Any, Any]], bool],
) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and not whole(value):
            yield from _pairs(value, separator, f"{before}{key}{separator}", whole)
        else:
            yield f"{before}{key}", value
