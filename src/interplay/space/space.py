"""A study's space: every hyperparameter with its domain, its grid and its draws."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from interplay.errors import nearest
from interplay.identity import Value
from interplay.space.domains import Domain, varies


@dataclass(frozen=True)
class Space:
    """Domains by full dotted name (`model.hidden_size`), in the order of the study file."""

    domains: Mapping[str, Domain]

    @property
    def varied(self) -> tuple[str, ...]:
        """The names that take more than one value."""
        return tuple(name for name, domain in self.domains.items() if varies(domain))

    @property
    def size(self) -> int | None:
        """How many cells the grid has, computed, not counted; None where there is no grid."""
        sizes = [domain.size for domain in self.domains.values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def grid(self) -> Iterator[dict[str, Value]]:
        """Every combination of the domains' grids, the last name moving fastest.

        Raises:
            NoGridError: where a range has neither count nor step.
        """
        names = list(self.domains)
        for values in itertools.product(*(self.domains[name].grid() for name in names)):
            yield dict(zip(names, values, strict=True))

    def draw(self, seed: int, number: int) -> dict[str, Value]:
        """Draw `number` of the random search with `seed`.

        Each hyperparameter has a stream of its own, so draw i is the same whatever N is asked
        for, and adding a hyperparameter leaves the draws of the others as they were.
        """
        import numpy as np  # a tenth of a second that `interplay space` does not need

        return {
            name: domain.draw(np.random.default_rng([seed, number, zlib.crc32(name.encode())]))
            for name, domain in self.domains.items()
        }

    def to_json(self) -> list[dict[str, Any]]:
        return [{"name": name, **domain.to_json()} for name, domain in self.domains.items()]


def resolve_name(name: str, names: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The full name that `name` means among `names`: itself, or the one that ends in `.name`.

    Returns:
        (full name, None), or (None, the nearest name, where there is one).
    """
    if name in names:
        return name, None
    ends = [full for full in names if full.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0], None
    if ends:
        return None, ends[0]
    shorts = {full.rpartition(".")[2]: full for full in names}
    return None, nearest(name, [*names, *shorts])
