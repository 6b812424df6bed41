"""Rules that cells must keep: `model.channels * model.num_layers <= 256`, parsed here, never evaluated.

    rule       := conjunct ("or" conjunct)*
    conjunct   := negation ("and" negation)*
    negation   := "not" negation | comparison
    comparison := sum (("<=" | "<" | ">=" | ">" | "==" | "!=") sum)*
                | sum "not"? "in" ("[" | "(") rule ("," rule)* ("]" | ")")
    sum        := product (("+" | "-") product)*
    product    := factor (("*" | "/" | "//" | "%") factor)*
    factor     := "-" factor | power
    power      := atom ("**" factor)?
    atom       := number | 'word' | true | false | none | name | "(" rule ")"
                | ("min" | "max") "(" rule ("," rule)+ ")"

All as in Python: comparisons chain, as in 1 < a < 5, and a sign binds less than a power. Exponents
are bounded. A rule about a hyperparameter that is not there is kept.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interplay.errors import InterplayError
from interplay.identity import LONGEST as MOST_BITS
from interplay.identity import Value, is_number, same_as

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<word>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<sign><=|>=|==|!=|\*\*|//|[<>+\-*/%(),\[\]]))"
)
LONGEST = 1000  # characters of a rule
DEEPEST = 50  # of parentheses and signs within each other

Evaluated = Callable[[Mapping[str, Value]], Any]

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": lambda a, b: same_as(a) == same_as(b),
    "!=": lambda a, b: same_as(a) != same_as(b),
}
SUMS = {"+": operator.add, "-": operator.sub}
PRODUCTS = {
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
CHOSEN: dict[str, Callable[..., Any]] = {"min": min, "max": max}
KNOWN: dict[str, Value] = {"true": True, "false": False, "none": None}
RESERVED = ("and", "or", "not", "in")
MOST_POWER = 64  # of a value: nobody's rule needs more, and a few such signs fill the memory


@dataclass(frozen=True)
class Rule:
    """A rule as it was written, and the hyperparameters that it names, in full.

    Equal where the text is.
    """

    text: str
    names: frozenset[str] = field(compare=False)
    value: Evaluated = field(compare=False, repr=False)

    def keeps(self, cell: Mapping[str, Value]) -> bool:
        """Whether a cell may be: also where something that the rule is about is not there.

        Raises:
            ValueError: where the rule means nothing for these values, as a word times two does.
        """
        if not self.names <= cell.keys():
            return True
        try:
            found = self.value(cell)
        except ZeroDivisionError:
            return False
        except (TypeError, OverflowError) as error:
            raise ValueError(f"means nothing for {_shown(self.names, cell)}: {error}") from None
        if not isinstance(found, bool):
            raise ValueError(f"is {found!r} for {_shown(self.names, cell)}, neither true nor false")
        return found


def read_rule(text: str, full_name: Callable[[str], str]) -> Rule:
    """The rule that `text` writes down.

    Args:
        full_name: the hyperparameter that a name means.

    Raises:
        ValueError: where it is none, saying where; whatever `full_name` raises.
    """
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    parser = _Parser(text, full_name)
    value = parser.rule(0)
    if parser.next is not None:
        raise parser.wrong("the end, or and, or")
    if not parser.names:
        raise ValueError("it names no hyperparameter")
    return Rule(text, frozenset(parser.names), value)


def _shown(names: frozenset[str], cell: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} = {cell[name]!r}" for name in sorted(names))


class _Parser:
    """Recursive descent; every method returns how its part is computed from a cell."""

    def __init__(self, text: str, full_name: Callable[[str], str]) -> None:
        self.full_name = full_name
        self.tokens: list[tuple[str, str]] = []
        self.names: set[str] = set()
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"{text[at:].strip()[:20]!r} is no part of a rule")
            assert found.lastgroup is not None
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.place = 0

    @property
    def next(self) -> str | None:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else None

    def wrong(self, wanted: str) -> ValueError:
        found = "the end" if self.next is None else repr(self.next)
        before = " ".join(token for _, token in self.tokens[: self.place])
        return ValueError(f"{found} after {before!r}, where {wanted} is needed")

    def rule(self, depth: int) -> Evaluated:
        parts = [self.conjunct(depth)]
        while self._take("or"):
            parts.append(self.conjunct(depth))
        return parts[0] if len(parts) == 1 else lambda cell: any(_true(p(cell)) for p in parts)

    def conjunct(self, depth: int) -> Evaluated:
        parts = [self.negation(depth)]
        while self._take("and"):
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else lambda cell: all(_true(p(cell)) for p in parts)

    def negation(self, depth: int) -> Evaluated:
        if self._take("not"):
            inner = self.negation(self._deeper(depth))
            return lambda cell: not _true(inner(cell))
        return self.comparison(depth)

    def comparison(self, depth: int) -> Evaluated:
        parts, signs = [self.sum(depth)], []
        if self.next in ("in", "not"):
            return self._among(parts[0], depth)
        while self.next in COMPARED:
            signs.append(COMPARED[self._any()])
            parts.append(self.sum(depth))
        if not signs:
            return parts[0]

        def compared(cell: Mapping[str, Value]) -> bool:
            values = [part(cell) for part in parts]
            pairs = zip(signs, values, values[1:], strict=False)
            return all(sign(a, b) for sign, a, b in pairs)

        return compared

    def sum(self, depth: int) -> Evaluated:
        return self._folded(SUMS, self.product, depth)

    def product(self, depth: int) -> Evaluated:
        return self._folded(PRODUCTS, self.factor, depth)

    def _among(self, part: Evaluated, depth: int) -> Evaluated:
        """What is behind a part that is `in` a list, or `not in` one."""
        wanted = not self._take("not")
        close = {"[": "]", "(": ")"}
        if not self._take("in"):
            raise self.wrong("'in'")
        opened = self.next
        if opened not in close or not self._take(opened):
            raise self.wrong("a list, as in [1, 2],")
        values = self._listed(close[opened], depth)
        return lambda cell: (
            (same_as(part(cell)) in {same_as(value(cell)) for value in values}) == wanted
        )

    def _listed(self, close: str, depth: int) -> list[Evaluated]:
        """Parts between commas, up to the bracket that closes them."""
        parts = [self.rule(self._deeper(depth))]
        while self._take(","):
            parts.append(self.rule(self._deeper(depth)))
        if not self._take(close):
            raise self.wrong(f"{close!r}")
        return parts

    def factor(self, depth: int) -> Evaluated:
        if self._take("-"):
            inner = self.factor(self._deeper(depth))
            return lambda cell: -_number(inner(cell))
        base = self.atom(depth)
        if not self._take("**"):
            return base
        exponent = self.factor(self._deeper(depth))
        return lambda cell: _power(_number(base(cell)), _number(exponent(cell)))

    def atom(self, depth: int) -> Evaluated:
        if self.next is None:
            raise self.wrong("a value")
        if self._take("("):
            inner = self.rule(self._deeper(depth))
            if not self._take(")"):
                raise self.wrong("')'")
            return inner
        kind, text = self.tokens[self.place]
        if kind == "sign" or text in RESERVED:
            raise self.wrong("a value")
        self.place += 1
        value: Value
        if kind == "number":
            value = int(text) if text.isdigit() else float(text)
        elif kind == "word":
            value = text[1:-1]
        elif text in CHOSEN and self._take("("):
            chosen, parts = CHOSEN[text], self._listed(")", depth)
            return lambda cell: chosen([_number(part(cell)) for part in parts])
        elif text in KNOWN:
            value = KNOWN[text]
        else:
            name = self.full_name(text)
            self.names.add(name)
            return lambda cell: cell[name]
        return lambda _: value

    def _folded(
        self,
        signs: Mapping[str, Callable[[Any, Any], Any]],
        part: Callable[[int], Evaluated],
        depth: int,
    ) -> Evaluated:
        """Parts between signs, taken from the left."""
        first, rest = part(depth), []
        while self.next in signs:
            rest.append((signs[self._any()], part(depth)))
        if not rest:
            return first

        def folded(cell: Mapping[str, Value]) -> Any:
            value = _number(first(cell))
            for sign, other in rest:
                value = sign(value, _number(other(cell)))
            return value

        return folded

    def _take(self, token: str) -> bool:
        quoted = self.place < len(self.tokens) and self.tokens[self.place][0] == "word"
        taken = self.next == token and not quoted
        self.place += taken
        return taken

    def _any(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][1]

    def _deeper(self, depth: int) -> int:
        if depth >= DEEPEST:
            raise ValueError(f"more than {DEEPEST} parentheses and signs within each other")
        return depth + 1


def _true(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _number(value: Any) -> Any:
    if not is_number(value):
        raise TypeError(f"{value!r} is no number")
    return value


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > MOST_POWER:
        raise TypeError(f"{exponent!r} is no exponent up to {MOST_POWER}")
    value = base**exponent
    if isinstance(value, complex):
        raise TypeError(f"{base!r} to the power of {exponent!r} is no number")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise OverflowError(f"{exponent!r} is too large an exponent")
    return value


def kept(rules: Sequence[Rule], cell: Mapping[str, Value]) -> bool:
    """Whether a cell keeps all rules.

    Raises:
        InterplayError: where one means nothing for the cell's values.
    """
    for rule in rules:
        try:
            if not rule.keeps(cell):
                return False
        except ValueError as error:
            raise InterplayError(f"the rule {rule.text!r} {error}") from None
    return True
