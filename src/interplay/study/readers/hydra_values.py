"""Values in Hydra's override grammar: `8,16,32`, `interval(0, 0.6)`, `{_target_: torch.nn.Tanh}`.

Hydra's own parser reads them (hydra-core, a third of a second to import), so that quotes, escapes,
casts and functions mean what they do there; here it is said what they are in our notation.
"""

from __future__ import annotations

import fnmatch
import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from interplay.errors import InterplayError, shown, words_of
from interplay.study.readers.hydra_plain import plain_value
from interplay.study.readers.native import MOST
from interplay.study.readers.targets import named

Ends = Literal["included", "excluded", "short"]
"""Where a range ends: Optuna's samplers in Hydra try `stop` as well; the grammar says that it is
left out; Hydra's grid of Optuna tries (stop - start) div step values."""
# What TOML writes in another way.
_CALL = re.compile(r"[A-Za-z_]\w*\s*\(.*\)", re.DOTALL)
_PLAIN = re.compile(r"null|true|false|[+-]?(\d+\.|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,0\d+")  # no two numbers: 0,05 was meant to be one


class NotHydraError(ValueError):
    """A text that Hydra's grammar does not have, with the reason."""


@dataclass(frozen=True)
class Steps:
    """`range(start, stop, step)`, whose end is another thing to each sampler."""

    start: float
    stop: float
    step: float

    def values(self, ends: Ends) -> list[float]:
        """All of them; whole numbers where none of the three is a fraction.

        Raises:
            NotHydraError: there is none, or the sampler does not take it.
        """
        if not all(map(math.isfinite, (self.start, self.stop, self.step))):
            raise NotHydraError(f"{self} is not finite")
        # As they are written: 0.5 is five steps of 0.1.
        start, stop, step = (Decimal(repr(n)) for n in (self.start, self.stop, self.step))
        if step == 0:
            raise NotHydraError(f"{self} has a step of 0")
        if step < 0 and ends != "excluded":
            raise NotHydraError(f"{self} goes downwards, and Optuna only up: sort({self}) does")
        if abs(stop - start) > abs(step) * MOST:
            raise NotHydraError(f"{self} has more than {MOST:,} values")
        steps = (stop - start) / step
        count = math.ceil(steps) if ends == "excluded" else math.floor(steps)
        count += ends == "included"
        if count < 1:
            raise NotHydraError(f"{self} holds no value")
        whole = all(isinstance(number, int) for number in (self.start, self.stop, self.step))
        return [(int if whole else float)(start + i * step) for i in range(count)]

    def native(self, ends: Ends) -> Any:
        """In our notation: a range where it goes upwards, else a list; raises as `values`."""
        values = self.values(ends)
        if len(values) == 1 or self.step < 0:
            return values
        return {"low": values[0], "high": values[-1], "step": type(values[0])(self.step)}

    def __str__(self) -> str:
        return f"range({self.start}, {self.stop}, {self.step})"


@dataclass(frozen=True)
class Names:
    """`glob(…)`: the options of a group whose names fit."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def of(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are meant."""

        def fits(name: str, patterns: tuple[str, ...]) -> bool:
            return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

        return [n for n in names if fits(n, self.include) and not fits(n, self.exclude)]


@dataclass(frozen=True)
class Read:
    """What a text says.

    Attributes:
        value: of a sweep in our notation, or `Steps` or `Names` where the text alone does not
            tell; a fixed one as it is, be it a list.
        sweeps: whether it is a sweep.
        notes: what is told of it.
    """

    value: Any
    sweeps: bool
    notes: tuple[str, ...] = ()


def speaks_hydra(text: str) -> bool:
    """Whether a text that is no TOML is meant in Hydra's grammar; else it is a plain word."""
    if _PLAIN.fullmatch(text) or _CALL.fullmatch(text):
        return True
    if _DECIMAL_COMMA.fullmatch(text):
        return False
    if text[:1] in "'\"" and len(text) > 1 and text[-1] == text[0]:
        return True
    return text[:1] == "{" or _has_comma(text)


def _has_comma(text: str) -> bool:
    """Whether there is a comma outside of quotes and brackets."""
    depth, quote, escaped = 0, "", False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            return True
    return False


def read_value(text: str) -> Read:
    """What a text in Hydra's grammar says.

    Raises:
        NotHydraError: it is none, or says what no study can be asked for.
        InterplayError: hydra-core is not installed.
    """
    parser = _parser()
    from hydra.core.override_parser import types

    try:
        value = plain_value(text, parser.functions)
        if value is None:
            value = parser.parse_rule(f"key={text}", "override")._value
    except RecursionError:
        raise NotHydraError("nested too deeply to be read") from None
    except Exception as error:  # whatever a function of the grammar comes upon in its arguments
        raise NotHydraError(_reason(error)) from None
    match value:
        case types.Glob():
            return Read(Names(tuple(value.include), tuple(value.exclude)), True)
        case types.ChoiceSweep():
            return Read([_known(one) for one in value.list], True, _tags(value.tags))
        case types.RangeSweep():
            assert value.start is not None  # or Hydra would not have taken it
            assert value.stop is not None
            for end in (value.start, value.stop, value.step):
                if isinstance(end, bool):  # which Hydra takes for 1 or 0
                    raise NotHydraError(f"{shown(end)} is true or false, where a number is meant")
            steps = Steps(value.start, value.stop, value.step)
            # Shuffled it is a choice, of which the grid makes all in any order.
            return Read(
                steps.values("excluded") if value.shuffle else steps, True, _tags(value.tags)
            )
        case types.IntervalSweep():
            log = {"log": True} if "log" in value.tags else {}
            ends = {"low": value.start, "high": value.end}
            return Read(ends | log, True, _tags(value.tags - {"log"}))
    return Read(_known(value), False)


def _tags(tags: set[str]) -> tuple[str, ...]:
    return tuple(f"the tag {shown(tag)} means nothing here" for tag in sorted(tags))


def _reason(error: Exception) -> str:
    """Hydra's words on what it could not read, its lists of tokens left out."""
    text = words_of(error).partition(" expecting ")[0]
    return re.sub(r"^\w+Error while evaluating|^HydraException while evaluating", "in", text)


def _known(value: Any) -> Any:
    """`value` with what `_target_` names; what only Hydra can put in its place is refused.

    Raises:
        NotHydraError: an interpolation, a sweep, or a `_target_` that is not known.
    """
    value = getattr(value, "text", value)  # of what stood in quotes
    if isinstance(value, list):
        return [_known(one) for one in value]
    if isinstance(value, dict):
        if "_target_" in value:
            try:
                return named(value)
            except ValueError as error:
                raise NotHydraError(str(error)) from None
        return {str(key): _known(one) for key, one in value.items()}
    if isinstance(value, str) and "${" in value:
        raise NotHydraError(f"{shown(value)} is an interpolation, which only Hydra can resolve")
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise NotHydraError("a sweep within another")
    return value


@functools.cache
def _parser() -> Any:
    """Hydra's parser.

    Raises:
        InterplayError: hydra-core is not installed.
    """
    try:
        from hydra.core.override_parser.overrides_parser import OverridesParser
    except ImportError:
        raise InterplayError(
            "a value in Hydra's grammar needs a package that is not installed: "
            'pip install "interplay[hydra]"; or write a list as [8, 16], a text in quotes'
        ) from None
    parser = OverridesParser.create()
    shuffle = parser.functions.functions["shuffle"]

    def shuffled(*args: Any, **named: Any) -> Any:
        if isinstance(named.get("list", args[0] if len(args) == 1 else None), list):
            raise ValueError("a list would be in another order each time that it is read")
        return shuffle(*args, **named)

    parser.functions.functions["shuffle"] = shuffled
    return parser
