"""Settings within settings, as many tools keep them, under one name each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


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
    """
    for key, value in values.items():
        if isinstance(value, Mapping) and not whole(value):
            yield from flat(value, separator, f"{before}{key}{separator}", whole)
        else:
            yield f"{before}{key}", value
