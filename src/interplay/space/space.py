"""A study's space: every hyperparameter with its domain, when it is there, and the cells of them all."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from interplay.errors import InterplayError, nearest
from interplay.identity import Value, canonical, same_as
from interplay.space.domains import Domain, varies, within, word
from interplay.space.rules import Rule, kept

Cell = dict[str, Value]  # a value for every hyperparameter that is there, by full name
When = Mapping[str, tuple[Value, ...]]
DRAWS = 10_000  # tries for one draw, where rules refuse most


class CircleError(ValueError):
    """Hyperparameters depend on each other in a circle.

    Attributes:
        path: their names, from one to itself.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(f"in a circle: {' of '.join(path)}")


@dataclass(frozen=True)
class Space:
    """Domains by full dotted name (`model.hidden_size`), in the order of the study file.

    A cell has the values that a model gets: products computed, and nothing of what is not there.

    Attributes:
        when: for a hyperparameter that is not always there, the values of others with which it is;
            all of them must hold, and the others be there themselves.
        times: for a hyperparameter whose value is a product, what its domain's value is multiplied
            with: another, which is there wherever it is.
        rules: what every cell keeps.

    Raises:
        ValueError: where conditions or products name what there is not.
        CircleError: where they go in circles.
    """

    domains: Mapping[str, Domain]
    when: Mapping[str, When] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        others = (other for name in self.domains for other in self._of(name))
        for name in [*self.when, *self.times, *others]:
            if name not in self.domains:
                raise ValueError(f"there is no hyperparameter {name!r}")
        assert self.order is not None

    def _of(self, name: str) -> list[str]:
        """What must be known before `name`."""
        return [*self.when.get(name, ()), *([self.times[name]] if name in self.times else [])]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names, in the file's order but what others depend on before them."""
        order: dict[str, None] = {}

        def add(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                raise CircleError((*path[path.index(name) :], name))
            for other in self._of(name):
                add(other, (*path, name))
            order.setdefault(name)

        for name in self.domains:
            add(name, ())
        return tuple(order)

    @property
    def plain(self) -> bool:
        """Whether all hyperparameters are always there, each with a value of its domain."""
        return not (self.when or self.times or self.rules)

    @property
    def varied(self) -> tuple[str, ...]:
        """The names that take more than one value."""
        return tuple(name for name, domain in self.domains.items() if varies(domain))

    def active(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """The names of what is there, given the values of what conditions ask for."""
        there: dict[str, None] = {}
        for name in self.order:
            if self._there(name, values, there):
                there.setdefault(name)
        return tuple(name for name in self.domains if name in there)

    def _there(self, name: str, values: Mapping[str, Value], there: Mapping[str, Any]) -> bool:
        return all(
            other in there and same_as(values.get(other)) in map(same_as, wanted)
            for other, wanted in self.when.get(name, {}).items()
        ) and (name not in self.times or self.times[name] in there)

    def _times(self, name: str, value: Value, cell: Mapping[str, Value]) -> Value:
        """What the model gets for a value of the domain: times what it is times of."""
        return canonical(value * cell[self.times[name]]) if name in self.times else value

    def cell(self, values: Mapping[str, Value]) -> Cell:
        """The cell of a value of each domain: what is there, products computed."""
        if self.plain:
            return {name: values[name] for name in self.domains}
        cell: Cell = {}
        for name in self.order:
            if self._there(name, cell, cell):
                cell[name] = self._times(name, values[name], cell)
        return {name: cell[name] for name in self.domains if name in cell}

    def values(self, cell: Mapping[str, Value]) -> Cell:
        """The inverse of `cell`; what is not there is in the middle of its range."""
        values = {}
        for name, domain in self.domains.items():
            if name not in cell:
                values[name] = domain.middle()
            elif name in self.times:
                values[name] = _share(cell[name], cell[self.times[name]])
            else:
                values[name] = cell[name]
        return values

    def filled(self, point: Mapping[str, Value]) -> Cell:
        """The cell with these values, in which everything else is in the middle of its range."""
        cell: Cell = {}
        for name in self.order:
            if not self._there(name, cell, cell):
                continue
            middle = self._times(name, self.domains[name].middle(), cell)
            cell[name] = point.get(name, middle)
        return {name: cell[name] for name in self.domains if name in cell}

    def cell_in(self, config: Mapping[str, Value]) -> Cell | None:
        """The cell that has these values of a whole configuration; None where none has."""
        there = self.active(config)
        if not all(name in config for name in there):
            return None
        cell = {name: config[name] for name in there}
        return cell if self.holds(cell) else None

    def allows(self, cell: Mapping[str, Value]) -> bool:
        """Whether a cell keeps the rules."""
        return kept(self.rules, cell)

    def holds(self, cell: Mapping[str, Value]) -> bool:
        """Whether `cell` is one of the space's."""
        if set(cell) != set(self.active(cell)):
            return False
        values = self.values(cell)
        return all(within(self.domains[name], values[name]) for name in cell) and self.allows(cell)

    @property
    def size(self) -> int | None:
        """How many cells the grid has (or more, where rules refuse some), computed, not counted;
        None where there is no grid."""
        if any(domain.size is None for domain in self.domains.values()):
            return None
        return self._size(0, {})

    def _size(self, position: int, known: Cell) -> int:
        # What a condition asks for, and what that is times of: their values decide what is there.
        asked = {other for when in self.when.values() for other in when}
        for name in reversed(self.order):
            if name in asked and name in self.times:
                asked.add(self.times[name])
        number = 1
        for place in range(position, len(self.order)):
            name = self.order[place]
            domain = self.domains[name]
            if not self._there(name, known, known):
                continue
            if name in asked:
                each = (self._times(name, value, known) for value in domain.grid())
                return number * sum(self._size(place + 1, {**known, name: v}) for v in each)
            known = {**known, name: None}  # there, whatever it is
            number *= domain.size or 0
        return number

    def grid(self) -> Iterator[Cell]:
        """Every combination of the domains' grids, the last name moving fastest.

        Raises:
            NoGridError: where a range has neither count nor step.
        """
        if self.plain:
            names = list(self.domains)
            for values in itertools.product(*(self.domains[name].grid() for name in names)):
                yield dict(zip(names, values, strict=True))
            return
        for found in self._grid(0, {}):
            cell = {name: found[name] for name in self.domains if name in found}
            if self.allows(cell):
                yield cell

    def _grid(self, position: int, cell: Cell) -> Iterator[Cell]:
        if position == len(self.order):
            yield cell
            return
        name = self.order[position]
        if not self._there(name, cell, cell):
            yield from self._grid(position + 1, cell)
            return
        for value in self.domains[name].grid():
            own = self._times(name, value, cell)
            yield from self._grid(position + 1, {**cell, name: own})

    def draw(self, seed: int, number: int) -> Cell:
        """Draw `number` of the random search with `seed`.

        Each hyperparameter has a stream of its own, so draw i is the same whatever N is asked
        for, and adding a hyperparameter leaves the draws of the others as they were. What breaks a
        rule is drawn again.

        Raises:
            InterplayError: where the rules leave next to nothing.
        """
        import numpy as np  # a tenth of a second that `interplay space` does not need

        for attempt in range(DRAWS):
            again = [attempt] if attempt else []
            cell = self.cell(
                {
                    name: domain.draw(
                        np.random.default_rng([seed, number, zlib.crc32(name.encode()), *again])
                    )
                    for name, domain in self.domains.items()
                }
            )
            if self.allows(cell):
                return cell
        rules = "; ".join(rule.text for rule in self.rules)
        raise InterplayError(f"none of {DRAWS:,} draws keeps the rules: {rules}")

    def levels(self, name: str) -> list[Value] | None:
        """The values that `name` may take, in order; None where they are no grid."""
        domain, factor = self.domains[name], self.times.get(name)
        if factor is None:
            return None if domain.size is None else domain.grid()
        factors = self.levels(factor)
        if domain.size is None or factors is None or domain.size * len(factors) > DRAWS:
            return None
        products = [canonical(a * b) for a in domain.grid() for b in factors]
        return sorted({same_as(value): value for value in products}.values())

    def corners(self, name: str) -> list[Value]:
        """The values of `name` to check against what its option allows."""
        own = self.domains[name].corners()
        if name not in self.times:
            return own
        factors = self.corners(self.times[name])
        return [canonical(a * b) for a in own for b in factors]

    def told(self, name: str) -> str:
        """What a hyperparameter may be, and when it is there, in words."""
        times = f", times {self.times[name]}" if name in self.times else ""
        asked = [
            f"{other} is {' or '.join(map(word, values))}"
            for other, values in self.when.get(name, {}).items()
        ]
        return f"{self.domains[name]}{times}" + (f", when {' and '.join(asked)}" if asked else "")

    def to_json(self) -> list[dict[str, Any]]:
        entries = []
        for name, domain in self.domains.items():
            entry = {"name": name, **domain.to_json()}
            if name in self.when:
                entry["when"] = {other: list(v) for other, v in self.when[name].items()}
            if name in self.times:
                entry["times"] = self.times[name]
            entries.append(entry)
        return entries


def _share(product: Value, factor: Value) -> Value:
    """What times `factor` is `product`, a whole number where both are and it is one."""
    if not all(isinstance(v, (int, float)) for v in (product, factor)):
        return None
    if not factor:
        return 0
    whole = isinstance(product, int) and isinstance(factor, int) and product % factor == 0
    return product // factor if whole else canonical(product / factor)


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
