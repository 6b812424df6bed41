"""What ties hyperparameters to each other, checked: when they are there, what they are times, rules."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from interplay.errors import InterplayError, Mistake
from interplay.identity import Value, is_number, same_as
from interplay.space.rules import Rule, read_rule
from interplay.space.space import CircleError, Space, When, resolve_name
from interplay.study.checked import Checked, check_values
from interplay.study.readers.native import Written

LISTED = 100_000
"""So many cells are looked through for one that keeps the rules."""
KINDS = 256
"""So many combinations of kinds of values are tried in a rule."""


def linked(
    written: Mapping[str, Written],
    rules: Sequence[str],
    sections: Sequence[Checked],
    unread: Collection[str],
    mistakes: list[Mistake],
) -> Space:
    """The space of what was written; what is wrong with its ties goes to `mistakes`.

    Args:
        written: by full name.
        rules: texts of `[[constraint]]`.
        sections: whose options say what a product may be.
        unread: full names of what holds mistakes of its own, which is no reason for more.
    """
    return _Linking(written, unread, mistakes).space(rules, sections)


class _Linking:
    def __init__(
        self, written: Mapping[str, Written], unread: Collection[str], mistakes: list[Mistake]
    ) -> None:
        self.written = written
        self.domains = {name: one.domain for name, one in written.items()}
        self.unread = tuple(unread)
        self.mistakes = mistakes

    def space(self, rules: Sequence[str], sections: Sequence[Checked]) -> Space:
        asked = {name: one.times for name, one in self.written.items() if one.times is not None}
        times = {name: self._times(name, other) for name, other in asked.items()}
        space = self._made({}, {name: other for name, other in times.items() if other is not None})
        for name in space.times:
            for option in (o for section in sections for o in section.called(name)):
                check_values(name, space.corners(name), option, self.mistakes)
        when = {n: self._when(n, one.when, space) for n, one in self.written.items() if one.when}
        space = self._made({name: other for name, other in when.items() if other}, space.times)
        found = [self._rule(number, text, space) for number, text in enumerate(rules)]
        kept = tuple(rule for rule in found if rule is not None)
        space = Space(self.domains, space.when, space.times, kept)
        if kept and space.size is not None and space.size <= LISTED:
            self._check_left(space)
        return space

    def _check_left(self, space: Space) -> None:
        """Whether the rules leave a cell of a grid."""
        try:
            if next(space.grid(), None) is None:
                text = " and ".join(rule.text for rule in space.rules)
                self.mistakes.append(Mistake("constraint", "no cell keeps it", text))
        except InterplayError as error:
            self.mistakes.append(Mistake("constraint", str(error)))

    def _made(self, when: Mapping[str, When], times: Mapping[str, str]) -> Space:
        try:
            return Space(self.domains, when, times)
        except CircleError as error:
            kind = "when" if error.path[0] in when else "times"
            self.mistakes.append(Mistake(f"{error.path[0]}.{kind}", str(error)))
            return Space(self.domains)

    def _full(self, key: str, name: str) -> str | None:
        """The hyperparameter that a name means."""
        found, near = resolve_name(name, tuple(self.domains))
        if found is None and resolve_name(name, self.unread)[0] is None:
            ends = [full for full in self.domains if full.endswith(f".{name}")]
            reason = "may mean several" if len(ends) > 1 else "no such hyperparameter"
            allowed = ", ".join(ends or self.domains)
            self.mistakes.append(Mistake(key, reason, name, allowed, None if ends else near))
        return found

    def _times(self, name: str, asked: str) -> str | None:
        other = self._full(f"{name}.times", asked)
        for factor in [name, other] if other is not None else []:
            wrong = [v for v in self.domains[factor].corners() if not is_number(v)]
            if wrong:
                reason = f"{factor} may be {wrong[0]!r}, which is no factor"
                self.mistakes.append(Mistake(f"{name}.times", reason, asked, "numbers"))
                return None
        return other

    def _when(self, name: str, asked: When, space: Space) -> dict[str, tuple[Value, ...]]:
        when: dict[str, tuple[Value, ...]] = {}
        for short, values in asked.items():
            key = f"{name}.when.{short}"
            other = self._full(key, short)
            if other is None:
                continue
            if space.domains[other].size is None:
                reason = f"{other} has no listed values, one of which a condition could ask for"
                domain = str(space.domains[other])
                self.mistakes.append(Mistake(key, reason, domain, "a list, or a count or step"))
                continue
            levels = space.levels(other)
            known = None if levels is None else {same_as(level) for level in levels}
            if known is not None and same_as(None) in known and same_as("none") not in known:
                values = tuple(None if value == "none" else value for value in values)
            for value in values:
                if known is not None and same_as(value) not in known:
                    allowed = str(space.domains[other])
                    self.mistakes.append(Mistake(key, f"{other} is never that", value, allowed))
            when[other] = values
        return when

    def _rule(self, number: int, text: str, space: Space) -> Rule | None:
        key = f"constraint[{number}].rule"
        before = len(self.mistakes)

        def full_name(name: str) -> str:
            return self._full(key, name) or name

        try:
            rule = read_rule(text, full_name)
        except ValueError as error:
            self.mistakes.append(Mistake(key, str(error), text))
            return None
        if len(self.mistakes) > before or not rule.names <= space.domains.keys():
            return None
        try:
            for cell in _kinds(space, sorted(rule.names)):
                rule.keeps(cell)
        except ValueError as error:
            self.mistakes.append(Mistake(key, str(error), text))
            return None
        return rule


def _kinds(space: Space, names: Sequence[str]) -> list[dict[str, Value]]:
    """Cells that between them have a value of each kind that the names may have, and of numbers
    the least and the largest."""
    each = [list(_told_apart(space.corners(name)).values()) for name in names]
    combinations = itertools.islice(itertools.product(*each), KINDS)
    return [dict(zip(names, values, strict=True)) for values in combinations]


def _told_apart(values: Sequence[Value]) -> dict[Any, Value]:
    numbers = sorted(value for value in values if is_number(value))
    ends = {"least": numbers[0], "largest": numbers[-1]} if numbers else {}
    return ends | {type(value): value for value in values if not is_number(value)}
