"""Settings that cover every pair of values of every two options, far fewer than their product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

Pick = tuple[str, int]  # an option and the position of its value


def pairwise(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Settings, each with a value for every option, made greedily: every new one starts from a
    pair not had yet, and takes for each other option the value that adds most new pairs."""
    left = {
        frozenset([(a, i), (b, j)])
        for a, b in combinations(values, 2)
        for i in range(len(values[a]))
        for j in range(len(values[b]))
    }
    settings = []
    while left:
        chosen: dict[str, int] = dict(min(left, key=sorted))
        for name in values:
            if name not in chosen:
                chosen[name] = max(
                    range(len(values[name])),
                    key=lambda i: sum(
                        frozenset([(name, i), pick]) in left for pick in chosen.items()
                    ),
                )
        left -= {frozenset(pair) for pair in combinations(chosen.items(), 2)}
        settings.append({name: values[name][chosen[name]] for name in values})
    return settings
