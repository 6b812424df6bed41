"""What one hyperparameter may be: a constant, a choice, a range of floats or of integers."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from interplay.identity import Value, canonical, same_as

if TYPE_CHECKING:
    import numpy as np


class NoGridError(ValueError):
    """A range without `count` or `step` was asked for its grid."""


@dataclass(frozen=True)
class Constant:
    """One value, which does not vary."""

    value: Value
    kind = "constant"

    @property
    def size(self) -> int:
        return 1

    def grid(self) -> list[Value]:
        return [self.value]

    def draw(self, generator: np.random.Generator) -> Value:
        del generator
        return self.value

    def middle(self) -> Value:
        return self.value

    def corners(self) -> list[Value]:
        """The values to check against what the option allows."""
        return [self.value]

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "value": self.value}

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True)
class Choice:
    """One of the listed values, in the order in which they were given."""

    values: tuple[Value, ...]
    kind = "choice"

    @property
    def size(self) -> int:
        return len(self.values)

    def grid(self) -> list[Value]:
        return list(self.values)

    def draw(self, generator: np.random.Generator) -> Value:
        return self.values[int(generator.integers(len(self.values)))]

    def middle(self) -> Value:
        return self.values[len(self.values) // 2]

    def corners(self) -> list[Value]:
        return list(self.values)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "values": list(self.values)}

    def __str__(self) -> str:
        return "one of " + ", ".join(str(value) for value in self.values)


@dataclass(frozen=True)
class Float:
    """A float between `low` and `high`, both inclusive.

    With `count`, a grid of that many values, evenly spaced (in the logarithm where `log`);
    with `step`, low, low + step, … up to high. A draw without either is continuous.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    count: int | None = None
    kind = "float"

    @property
    def size(self) -> int | None:
        """How many values the grid has; None where there is no grid."""
        if self.step is not None:
            # A step of 0.1 from 0 to 0.5 must reach 0.5 although 5 * 0.1 rounds above it.
            steps = min((self.high - self.low) / self.step, sys.maxsize)
            return math.floor(steps + 1e-9) + 1
        return self.count

    def grid(self) -> list[float]:
        return list(self._levels)

    @cached_property
    def _levels(self) -> tuple[float, ...]:
        size = self.size
        if size is None:
            raise NoGridError
        if self.step is not None:
            return tuple(canonical(self.low + i * self.step) for i in range(size))
        return tuple(self._at(i / (size - 1)) for i in range(size))

    def draw(self, generator: np.random.Generator) -> float:
        u = float(generator.random())
        return self._at(u) if self.size is None else _share(self._levels, u)

    def middle(self) -> Value:
        """The value halfway, of a grid the one in the middle."""
        return self._at(0.5) if self.size is None else self._levels[len(self._levels) // 2]

    def corners(self) -> list[Value]:
        return [self.low, self.high]

    def _at(self, u: float) -> float:
        """The value a fraction u of the way; 12 digits, so that 1e-3 is 0.001 exactly."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.exp(low + u * (high - low))
        else:
            value = self.low + u * (self.high - self.low)
        return min(max(float(canonical(value)), self.low), self.high)

    def to_json(self) -> dict[str, Any]:
        return _range_json(self)

    def __str__(self) -> str:
        return _range_text(self)


@dataclass(frozen=True)
class Int:
    """An integer between `low` and `high`, both inclusive; `count`, `step` and `log` as in `Float`."""

    low: int
    high: int
    log: bool = False
    step: int | None = None
    count: int | None = None
    kind = "int"

    @property
    def size(self) -> int | None:
        """How many values the grid has, or a few more; None where there is no grid."""
        if self.step is not None:
            return (self.high - self.low) // self.step + 1
        return self.count

    def grid(self) -> list[int]:
        return list(self._levels)

    @cached_property
    def _levels(self) -> tuple[int, ...]:
        if self.step is not None:
            return tuple(range(self.low, self.high + 1, self.step))
        if self.count is None:
            raise NoGridError
        values = [self._at(i / (self.count - 1)) for i in range(self.count)]
        # On a log scale small integers round together: each value once, in order.
        return tuple(sorted(set(values)))

    def draw(self, generator: np.random.Generator) -> int:
        u = float(generator.random())
        if self.size is not None:
            return _share(self._levels, u)
        if self.log:
            # Each integer k owns [k - 1/2, k + 1/2) of the log scale, ends included.
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return min(max(round(math.exp(low + u * (high - low))), self.low), self.high)
        return min(self.low + int(u * (self.high - self.low + 1)), self.high)

    def middle(self) -> Value:
        """The value halfway, of a grid the one in the middle."""
        return self._at(0.5) if self.size is None else self._levels[len(self._levels) // 2]

    def corners(self) -> list[Value]:
        return [self.low, self.high]

    def _at(self, u: float) -> int:
        if self.log:
            return round(math.exp(math.log(self.low) + u * math.log(self.high / self.low)))
        return round(self.low + u * (self.high - self.low))

    def to_json(self) -> dict[str, Any]:
        return _range_json(self)

    def __str__(self) -> str:
        return _range_text(self)


Domain = Constant | Choice | Float | Int


N = TypeVar("N", int, float)


def _share(levels: tuple[N, ...], u: float) -> N:
    """The level in whose share of the unit interval u lies."""
    return levels[min(int(u * len(levels)), len(levels) - 1)]


def varies(domain: Domain) -> bool:
    """Whether more than one value can come out of `domain`."""
    return not isinstance(domain, Constant) and not (
        isinstance(domain, Choice) and len(domain.values) == 1
    )


def within(domain: Domain, value: Any) -> bool:
    """Whether `value` can come out of `domain`."""
    if isinstance(domain, (Constant, Choice)) or domain.size is not None:
        return same_as(value) in {same_as(one) for one in domain.grid()}
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not -math.inf < value < math.inf
    ):
        return False
    if domain.kind == "int" and value != int(value):
        return False
    return bool(domain.low <= value <= domain.high)


def _range_json(domain: Float | Int) -> dict[str, Any]:
    names = ("kind", "low", "high", "log", "step", "count")
    return {name: getattr(domain, name) for name in names}


def _range_text(domain: Float | Int) -> str:
    text = f"{domain.low:g} to {domain.high:g}" + (", log" if domain.log else "")
    if domain.count is not None:
        text += f", {len(domain.grid()):,} values"
    if domain.step is not None:
        text += f", step {domain.step:g}"
    return text
