"""What one hyperparameter may be: a constant, a choice, a range, or drawn by a law of probability."""

from __future__ import annotations

import bisect
import itertools
import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from interplay.identity import Value, canonical, is_number, same_as
from interplay.space.laws import FAR, LAWS

if TYPE_CHECKING:
    import numpy as np


class NoGridError(ValueError):
    """A range without `count` or `step`, or a law, was asked for its grid."""


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
        return word(self.value)


@dataclass(frozen=True)
class Choice:
    """One of the listed values, in the order in which they were given.

    Attributes:
        probabilities: of each value to be drawn; where left out, all are equally likely.
    """

    values: tuple[Value, ...]
    probabilities: tuple[float, ...] | None = None
    kind = "choice"

    @property
    def size(self) -> int:
        return len(self.values)

    def grid(self) -> list[Value]:
        return list(self.values)

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """Where the share of each value in all draws ends; the last at 1."""
        shares = self.probabilities or [1 / len(self.values)] * len(self.values)
        return (*itertools.accumulate(shares[:-1]), 1.0)

    def draw(self, generator: np.random.Generator) -> Value:
        if self.probabilities is not None:
            return self.at(float(generator.random()))
        return self.values[int(generator.integers(len(self.values)))]

    def at(self, u: float) -> Value:
        """The value in whose share u lies."""
        return self.values[min(bisect.bisect_right(self.edges, u), len(self.values) - 1)]

    def share(self, value: Value) -> float:
        """The middle of the value's share; the inverse of `at`."""
        place = [same_as(one) for one in self.values].index(same_as(value))
        return (self.edges[place] + (self.edges[place - 1] if place else 0.0)) / 2

    def middle(self) -> Value:
        return self.values[len(self.values) // 2]

    def corners(self) -> list[Value]:
        return list(self.values)

    def to_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"kind": self.kind, "values": list(self.values)}
        if self.probabilities is not None:
            entry["probabilities"] = list(self.probabilities)
        return entry

    def __str__(self) -> str:
        shares = [f" ({p:.3g})" for p in self.probabilities or ()] or [""] * len(self.values)
        pairs = zip(self.values, shares, strict=True)
        return "one of " + ", ".join(f"{word(value)}{share}" for value, share in pairs)


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


@dataclass(frozen=True)
class Law:
    """A number drawn by one of `LAWS`.

    It has no grid. Of what is not `bounded` the outermost millionth at each end (`FAR`) is not drawn.

    Attributes:
        name: of the law.
        parameters: as the law lists them.
        q: a draw is rounded to the nearest multiple of it, half to even, and is a whole number
            where q is one; so it may come out beyond the law's bounds.
    """

    name: str
    parameters: tuple[float, ...]
    q: float | None = None
    kind = "law"
    size = None

    def grid(self) -> list[Value]:
        raise NoGridError

    @property
    def log(self) -> bool:
        return LAWS[self.name].log

    @cached_property
    def low(self) -> float:
        """The least value that comes out."""
        return self.at(0.0)

    @cached_property
    def high(self) -> float:
        """The largest value that comes out."""
        return self.at(1.0)

    def at(self, u: float) -> float:
        """The value below which a share u of all draws lies."""
        value = self.before_rounding(u)
        if self.q is None:
            return float(canonical(value))
        multiple = round(value / self.q) * self.q
        return multiple if is_whole(self) else float(canonical(multiple))

    def before_rounding(self, u: float) -> float:
        least = 0.0 if LAWS[self.name].bounded else FAR
        u = min(max(float(u), least), 1 - least)
        return float(LAWS[self.name].quantile(u, *self.parameters))

    def values(self, u: Any) -> Any:
        """`at` of many, as floats."""
        import numpy as np

        law = LAWS[self.name]
        u = np.clip(u, 0.0, 1.0) if law.bounded else np.clip(u, FAR, 1 - FAR)
        values = law.quantile(u, *self.parameters)
        # Plus nothing, which makes 0 of -0.
        return values if self.q is None else np.round(values / self.q) * self.q + 0.0

    def share(self, value: Any) -> Any:
        """How much of all draws lies below a value, or each of many; the inverse of `at`."""
        import numpy as np

        return np.clip(LAWS[self.name].share(value, *self.parameters), 0.0, 1.0)

    def draw(self, generator: np.random.Generator) -> float:
        return self.at(float(generator.random()))

    def middle(self) -> Value:
        return self.at(0.5)

    def corners(self) -> list[Value]:
        return [self.low, self.high]

    def to_json(self) -> dict[str, Any]:
        named = dict(zip(LAWS[self.name].parameters, self.parameters, strict=True))
        return {"kind": self.kind, "distribution": self.name, **named, "q": self.q}

    def __str__(self) -> str:
        named = dict(zip(LAWS[self.name].parameters, self.parameters, strict=True))
        text = f"{self.name}, "
        if "low" in named:
            text += f"{named.pop('low'):g} to {named.pop('high'):g}"
            text += ", " if named else ""
        text += ", ".join(f"{name} {value:g}" for name, value in named.items())
        return text + (f", rounded to multiples of {self.q:g}" if self.q is not None else "")


Domain = Constant | Choice | Float | Int | Law


N = TypeVar("N", int, float)


def _share(levels: tuple[N, ...], u: float) -> N:
    """The level in whose share of the unit interval u lies."""
    return levels[min(int(u * len(levels)), len(levels) - 1)]


def word(value: Value) -> str:
    """A value as a study file has it: none, true, false, or itself."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def varies(domain: Domain) -> bool:
    """Whether more than one value can come out of `domain`."""
    return not isinstance(domain, Constant) and not (
        isinstance(domain, Choice) and len(domain.values) == 1
    )


def is_whole(domain: Domain) -> bool:
    """Whether all that comes out of a range or a law are whole numbers."""
    return isinstance(domain, Int) or (isinstance(domain, Law) and isinstance(domain.q, int))


def within(domain: Domain, value: Any) -> bool:
    """Whether `value` can come out of `domain`."""
    if isinstance(domain, (Constant, Choice)) or domain.size is not None:
        return same_as(value) in {same_as(one) for one in domain.grid()}
    if not is_number(value) or not -math.inf < value < math.inf:
        return False
    if is_whole(domain) and value != int(value):
        return False
    if isinstance(domain, Law) and not _is_multiple(value, domain.q):
        return False
    return bool(domain.low <= value <= domain.high)


def _is_multiple(value: float, q: float | None) -> bool:
    return q is None or canonical(float(round(value / q) * q)) == canonical(float(value))


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
