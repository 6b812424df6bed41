"""A search space as bayesian-optimization's parameters: each a number in the unit interval."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from bayes_opt.parameter import BayesParameter
from bayes_opt.target_space import TargetSpace
from numpy.typing import NDArray

from interplay.identity import Value, canonical, is_number, same_as
from interplay.space.domains import Choice, Constant, Domain, Float, Int, Law, NoGridError
from interplay.space.space import Space

Array = NDArray[np.floating[Any]]


class UnitParameter(BayesParameter):
    """One hyperparameter, searched as u in [0, 1], where equal lengths are equal shares of draws.

    `kernel_transform` takes u to the columns that a kernel sees, which are the same for all u of
    one value: the kernel then is constant where the objective is (Garrido-Merchán and
    Hernández-Lobato, 2020, https://arxiv.org/abs/1805.03463).
    """

    is_continuous = False

    def __init__(self, name: str) -> None:
        super().__init__(name, np.array([0.0, 1.0]))

    @property
    def dim(self) -> int:
        return 1

    @abstractmethod
    def to_float(self, value: Value) -> float: ...

    @abstractmethod
    def to_param(self, value: Any) -> Value: ...

    def to_params(self, values: Array) -> list[Value]:
        """`to_param` of each of (n,) u."""
        return [self.to_param(value) for value in values]

    @abstractmethod
    def kernel_transform(self, value: Array) -> Array:
        """(n, 1) of u to the kernel's columns, (n, columns)."""


class Continuous(UnitParameter):
    """A range of floats; a log range by its logarithm."""

    is_continuous = True

    def __init__(self, name: str, domain: Float) -> None:
        super().__init__(name)
        self.domain = domain
        self.ends = _scale(domain, domain.low), _scale(domain, domain.high)

    def to_float(self, value: Value) -> float:
        return _fraction(_scale(self.domain, value), *self.ends)

    def to_param(self, value: Any) -> float:
        found = _unscale(self.domain, _between(value, *self.ends))
        return min(max(float(canonical(found)), self.domain.low), self.domain.high)

    def kernel_transform(self, value: Array) -> Array:
        # A value keeps 12 digits, so the u it came from and its own differ a little.
        return np.round(value, 8)


class Whole(UnitParameter):
    """A range of integers, too long to be listed; k owns k - 1/2 to k + 1/2, as where it is drawn."""

    def __init__(self, name: str, domain: Int) -> None:
        super().__init__(name)
        self.domain = domain
        self.ends = _scale(domain, domain.low - 0.5), _scale(domain, domain.high + 0.5)

    def to_float(self, value: Value) -> float:
        return _fraction(_scale(self.domain, value), *self.ends)

    def to_param(self, value: Any) -> int:
        found = round(_unscale(self.domain, _between(value, *self.ends)))
        return min(max(found, self.domain.low), self.domain.high)

    def kernel_transform(self, value: Array) -> Array:
        scaled = self.ends[0] + value * (self.ends[1] - self.ends[0])
        whole = np.rint(np.exp(scaled) if self.domain.log else scaled)
        whole = np.clip(whole, self.domain.low, self.domain.high)
        scaled = np.log(whole) if self.domain.log else whole
        result: Array = (scaled - self.ends[0]) / (self.ends[1] - self.ends[0])
        return result


class Drawn(UnitParameter):
    """What a law of probability draws; u is the share of draws below it."""

    is_continuous = True

    def __init__(self, name: str, domain: Law) -> None:
        super().__init__(name)
        self.domain = domain

    def to_float(self, value: Value) -> float:
        return float(self.domain.share(value))

    def to_param(self, value: Any) -> float:
        return self.domain.at(float(np.asarray(value, dtype=float).flat[0]))

    def kernel_transform(self, value: Array) -> Array:
        # What is rounded to one multiple is one value.
        shares: Array = self.domain.share(self.domain.values(value))
        return np.round(shares, 8)


class Listed(UnitParameter):
    """Values in a list: each owns its share of draws, value i of n i/n to (i + 1)/n where all are
    as likely.

    Args:
        edges: where each value's share ends, for shares that are not equal.
        ordered: values in order lie in order for the kernel too, evenly spaced; otherwise each is
            as far from any other (one-hot columns).
    """

    def __init__(
        self, name: str, values: Sequence[Value], ordered: bool, edges: Array | None = None
    ) -> None:
        super().__init__(name)
        self.values = list({same_as(value): value for value in values}.values())
        even = np.arange(1, len(self.values) + 1) / len(self.values)
        self.edges = even if edges is None else edges
        self.ordered = ordered
        self.places = {same_as(value): i for i, value in enumerate(self.values)}

    def to_float(self, value: Value) -> float:
        place = self.places.get(same_as(value))
        if place is None:
            raise ValueError(f"{self.name}: {value!r} is none of {self.values}")
        return float(self.edges[place] + (self.edges[place - 1] if place else 0.0)) / 2

    def to_param(self, value: Any) -> Value:
        return self.values[int(self._index(np.asarray(value, dtype=float)).flat[0])]

    def to_params(self, values: Array) -> list[Value]:
        return [self.values[i] for i in self._index(values).tolist()]

    def kernel_transform(self, value: Array) -> Array:
        index = self._index(value)
        if self.ordered:
            return (index + 0.5) / len(self.values)
        # Two different values are a distance of one apart.
        columns: Array = np.eye(len(self.values))[index[:, 0]] * math.sqrt(0.5)
        return columns

    def _index(self, value: Array) -> NDArray[np.intp]:
        index = np.searchsorted(self.edges, value, side="right")
        return np.clip(index, 0, len(self.values) - 1).astype(np.intp)


class UnitSpace:
    """Cells to rows of the unit cube and back, by bayesian-optimization's `TargetSpace`.

    A hyperparameter that is not there in a cell lies in the middle of its range: rows that differ
    in it alone are one to a kernel.

    Args:
        domains: by name; a `Constant` is not allowed, for it does not vary.
        whole: the space of which these are what varies, which says what is there in a cell, and
            which cells there are; where left out, everything, and all.

    Attributes:
        groups: for each of the kernel's columns, the number of its hyperparameter.
        size: how many cells there are, or more; infinite where a range is continuous.
        unordered: for each hyperparameter, whether its values have no order.
    """

    def __init__(self, domains: Mapping[str, Domain], whole: Space | None = None) -> None:
        # Where there is nothing to ask it, it is not asked.
        self.whole = None if whole is None or whole.plain else whole
        self.parameters = {name: parameter_of(name, domain) for name, domain in domains.items()}
        parameters: Any = self.parameters  # what it takes, though its annotations leave it out
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that parameters other than floats are experimental
            self.target = TargetSpace(None, parameters)
        widths = [p.kernel_transform(np.zeros((1, 1))).shape[1] for p in self.parameters.values()]
        self.groups = np.repeat(np.arange(len(widths)), widths)
        self.size = math.prod(
            math.inf if p.is_continuous else len(_values(p)) for p in self.parameters.values()
        )
        self.unordered = np.array(
            [isinstance(p, Listed) and not p.ordered for p in self.parameters.values()]
        )

    @property
    def dim(self) -> int:
        return len(self.parameters)

    def row(self, cell: Mapping[str, Value]) -> Array:
        """The row (dim,) of a cell, the same for the same cell.

        Raises:
            ValueError: for a value that is not in its list.
        """
        row: Array = self.target.params_to_array(cell)
        return row

    def cell(self, row: Array) -> dict[str, Value]:
        cell: dict[str, Value] = self.target.array_to_params(row)
        return cell

    def columns(self, rows: Array) -> Array:
        """What a kernel sees of rows (n, dim): (n, columns), equal for rows of one cell."""
        columns: Array = self.target.kernel_transform(self.settled(rows))
        return columns

    def settled(self, rows: Array) -> Array:
        """`rows` with what is not there in the middle of its range."""
        if self.whole is None or not self.whole.when:
            return rows
        middles = {
            n: p.to_float(self.whole.domains[n].middle()) for n, p in self.parameters.items()
        }
        settled = np.array(rows, dtype=float)
        for row, values in zip(settled, self._values(rows), strict=True):
            there = self.whole.active(values)
            for place, name in enumerate(self.parameters):
                if name not in there:
                    row[place] = middles[name]
        return settled

    def exist(self, rows: Array) -> NDArray[np.bool_]:
        """For each row, whether there is such a cell: whether it keeps the rules."""
        if self.whole is None or not self.whole.rules:
            return np.ones(len(rows), dtype=bool)
        cells = map(self.whole.cell, self._values(rows))
        return np.array([self.whole.allows(cell) for cell in cells], dtype=bool)

    def _values(self, rows: Array) -> Iterator[dict[str, Value]]:
        """Of each row a value of every domain of the whole space."""
        assert self.whole is not None
        constant = {n: d.middle() for n, d in self.whole.domains.items()}
        # Not `cell` row by row: a suggestion asks for thousands.
        columns = (p.to_params(rows[:, n]) for n, p in enumerate(self.parameters.values()))
        for values in zip(*columns, strict=True):
            yield {**constant, **dict(zip(self.parameters, values, strict=True))}

    @cached_property
    def all_rows(self) -> Array:
        """A row for every cell, (size, dim); only where `size` is small."""
        levels = [[p.to_float(value) for value in _values(p)] for p in self.parameters.values()]
        rows = np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1).reshape(-1, self.dim)
        rows = self.settled(rows[self.exist(rows)])
        return rows if self.whole is None else np.unique(rows, axis=0)


def parameter_of(name: str, domain: Domain) -> UnitParameter:
    """A domain as a parameter; numbers to choose from lie in order, as steps and counts do."""
    assert not isinstance(domain, Constant)
    if isinstance(domain, Choice):
        numbers = all(map(is_number, domain.values))
        order = list(range(domain.size))
        if numbers:
            order.sort(key=domain.values.__getitem__)
        values = [domain.values[i] for i in order]
        if domain.probabilities is None:
            return Listed(name, values, numbers)
        shares = [domain.probabilities[i] for i in order]
        return Listed(name, values, numbers, np.cumsum(shares))
    if isinstance(domain, Law):
        return Drawn(name, domain)
    try:
        return Listed(name, domain.grid(), ordered=True)
    except NoGridError:
        return Whole(name, domain) if isinstance(domain, Int) else Continuous(name, domain)


def _values(parameter: UnitParameter) -> Sequence[Value]:
    """What a parameter may be, where it is not continuous."""
    if isinstance(parameter, Listed):
        return parameter.values
    assert isinstance(parameter, Whole)
    return range(parameter.domain.low, parameter.domain.high + 1)


def _scale(domain: Float | Int, value: float) -> float:
    return math.log(value) if domain.log else float(value)


def _unscale(domain: Float | Int, value: float) -> float:
    return math.exp(value) if domain.log else value


def _fraction(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def _between(u: Any, low: float, high: float) -> float:
    return low + float(np.asarray(u, dtype=float).flat[0]) * (high - low)
