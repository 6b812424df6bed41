"""One section of a study, read and checked against signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError, Mistake, nearest
from interplay.identity import Value, same_as
from interplay.options import Option, Options, options_of
from interplay.space.domains import Choice, Constant
from interplay.study.readers.native import TOLD, Written, read_written
from interplay.study.sections import RULES, Rule, meant
from interplay.usercode import load_function


@dataclass(frozen=True)
class Checked:
    """A section that holds no mistake: its options by name of entry ("" where it has none)."""

    section: str
    options: Mapping[str, Options]
    common: Options
    builder: str | None = None

    def resolve(self, cell: Mapping[str, Value]) -> dict[str, Value]:
        """The section's part of a cell's configuration, defaults included, full names."""
        prefix = f"{self.section}."
        given = {k.removeprefix(prefix): v for k, v in cell.items() if k.startswith(prefix)}
        config: dict[str, Value] = {}
        name = next(iter(self.options))
        if name:  # of a function of the user's, `name` is an option like any other
            name = given.pop("name", name)
        if self.builder is not None:
            key = RULES[self.section].own
            assert key is not None
            config[key] = given.pop(key)
        elif name:
            config["name"] = name
        for key, option in self._of(name).items():
            if key in given:
                config[key] = option.read(given.pop(key))
            elif not option.required:
                config[key] = option.plain_default
        config.update(given)  # a builder with **kwargs takes whatever else is there
        return {prefix + key: value for key, value in config.items()}

    def unsaid(self, config: Mapping[str, Value]) -> set[str]:
        """Full names of late options (`options.Late`) that have their default in `config`."""
        prefix = f"{self.section}."
        first = next(iter(self.options))
        name = first if self.builder is not None else str(config.get(f"{prefix}name", first))
        late = {k: option for k, option in self._of(name).items() if option.late}
        return {
            prefix + key
            for key, option in late.items()
            if same_as(config[prefix + key]) == same_as(option.plain_default)
        }

    def shares(self, full: str) -> bool:
        """Whether a full name is that of an option which all entries have in common."""
        key = full.removeprefix(f"{self.section}.")
        common = self.common.by_name.get(key)
        return common is not None and all(one is common for one in self.called(full))

    def called(self, full: str) -> list[Option]:
        """The options that a full name may be, one of each entry that has it."""
        key = full.removeprefix(f"{self.section}.")
        every = [self._of(name) for name in self.options] if key != full else []
        return [options[key] for options in every if key in options]

    def _of(self, name: str) -> dict[str, Option]:
        """All options where `name` is chosen."""
        return {**self.common.by_name, **self.options[name].by_name}


def check_section(
    section: str,
    table: Any,
    folders: Sequence[Path],
    mistakes: list[Mistake],
    lacking: frozenset[str] = frozenset(),
) -> tuple[Checked | None, dict[str, Written]]:
    """Read what one section says, by full name, and check it; what is wrong goes to `mistakes`.

    Args:
        lacking: what the program gives to functions that ask for it, but this study does not have.
    """
    rule = RULES[section]
    if not isinstance(table, Mapping):
        mistakes.append(Mistake(section, "a section, not a value", table, f"[{section}]"))
        return None, {}
    found: dict[str, Written] = {}
    for key, raw in table.items():
        written = read_written(f"{section}.{key}", raw, mistakes)
        if written is not None:
            found[f"{section}.{key}"] = written
    builder = None
    if rule.own is not None and (rule.own in table or rule.registry is None):
        builder, entries = _builder(section, table, rule, folders, lacking, mistakes)
    elif rule.registry is not None:
        entries = _entries(section, table, rule, mistakes)
    else:
        entries = {"": Options({})}
    if entries is None:
        # Which options there are is not known; those of every dataset or model still are.
        for key, option in rule.common.by_name.items():
            full = f"{section}.{key}"
            if full in found:
                found[full] = _with_none(full, found[full], [option], mistakes)
                _check_values(full, found[full], option, mistakes)
        return None, found
    checked = Checked(section, entries, rule.common, builder)
    for key in table:
        if key == rule.own and builder is not None:
            continue
        if key == "name" and rule.registry is not None and builder is None:
            continue
        full = f"{section}.{key}"
        if full in found:
            found[full] = _with_none(full, found[full], checked.called(full), mistakes)
        there = _there(section, found.get(full), entries)
        _check_key(section, key, found.get(full), there, rule, mistakes)
    for name, options in entries.items():
        for option in options.by_name.values():
            if option.required and option.name not in table:
                who = f" of {name or builder!r}"
                mistakes.append(
                    Mistake(
                        f"{section}.{option.name}",
                        f"the argument{who} needs a value",
                        None,
                        option.allowed,
                    )
                )
    return checked, found


def _there(
    section: str, written: Written | None, entries: Mapping[str, Options]
) -> Mapping[str, Options]:
    """The entries with which a key is there: `when` may name those that have it."""
    asked = {} if written is None else written.when
    names = asked.get(f"{section}.name", asked.get("name"))
    if names is None:
        return entries
    return {name: options for name, options in entries.items() if name in names} or entries


def _entries(
    section: str, table: Mapping[str, Any], rule: Rule, mistakes: list[Mistake]
) -> dict[str, Options] | None:
    """The options of every entry that `name` may mean."""
    assert rule.registry is not None
    if "name" not in table:
        if rule.default is None:
            own = f', or {rule.own} = "module:function"' if rule.own else ""
            allowed = ", ".join(rule.registry.names) + own
            mistakes.append(Mistake(f"{section}.name", "missing", None, allowed))
            return None
        return {rule.default: rule.registry.get(rule.default).options}
    written = read_written(f"{section}.name", table["name"], [])
    if written is None:
        return None  # said already
    domain = written.domain
    if not isinstance(domain, (Constant, Choice)):
        mistakes.append(
            Mistake(
                f"{section}.name", "a range of names", str(domain), ", ".join(rule.registry.names)
            )
        )
        return None
    entries: dict[str, Options] = {}
    for name in domain.grid():
        if name not in rule.registry.names:
            known = rule.registry.names
            mistakes.append(
                Mistake(
                    f"{section}.name",
                    f"no such {rule.registry.what}",
                    name,
                    ", ".join(known),
                    nearest(name, known),
                )
            )
        else:
            entries[name] = rule.registry.get(name).options
    return entries if len(entries) == len(domain.grid()) else None


def _builder(
    section: str,
    table: Mapping[str, Any],
    rule: Rule,
    folders: Sequence[Path],
    lacking: frozenset[str],
    mistakes: list[Mistake],
) -> tuple[str | None, dict[str, Options] | None]:
    """The options of the user's own function."""
    path, key = table.get(str(rule.own)), f"{section}.{rule.own}"
    if "name" in table and rule.registry is not None:
        reason = f"name and {rule.own} together"
        mistakes.append(Mistake(f"{section}.name", reason, table["name"], "one of them"))
        return None, None
    if not isinstance(path, str):
        reason = "missing" if path is None else "not one function"
        mistakes.append(Mistake(key, reason, path, "module:function"))
        return None, None
    try:
        function = load_function(path, folders)
        given = rule.given - frozenset(table)
        whole = options_of(function)
        _check_always(section, key, table, rule, whole, mistakes)
        # What cannot be given, and has no value of its own, the study must say.
        lacking = (lacking | rule.lacking) & given & whole.by_name.keys()
        given -= {name for name in lacking if whole.by_name[name].required}
        return path, {"": options_of(function, given)}
    except (InterplayError, TypeError) as error:
        mistakes.append(Mistake(key, str(error), path, "module:function"))
    except ValueError:  # a function without a signature, such as some written in C
        mistakes.append(Mistake(key, "its arguments cannot be read", path))
    return None, None


def _check_always(
    section: str,
    key: str,
    table: Mapping[str, Any],
    rule: Rule,
    options: Options,
    mistakes: list[Mistake],
) -> None:
    """What the function gets whatever the file says: it takes it, and the file says nothing."""
    for name in sorted(rule.always):
        if name in table:
            reason = "is handed to the function, another to each member"
            allowed = f"{name}s at the top of the file"
            mistakes.append(Mistake(f"{section}.{name}", reason, table[name], allowed))
        if name not in options.by_name and not options.open:
            allowed = f"an argument {name}"
            mistakes.append(
                Mistake(key, f"it does not take the {name}", table[str(rule.own)], allowed)
            )


def _check_key(
    section: str,
    key: str,
    written: Written | None,
    entries: Mapping[str, Options],
    rule: Rule,
    mistakes: list[Mistake],
) -> None:
    for name, options in entries.items():
        known = {**rule.common.by_name, **options.by_name}
        full = f"{section}.{key}"
        if key in known:
            if written is not None:
                _check_values(full, written, known[key], mistakes)
        elif not options.open:
            where = f"{name!r} has no such option" if name else "no such key"
            keys = list(known) if "" in entries and rule.registry is None else [*known, "name"]
            mistakes.append(Mistake(full, where, None, ", ".join(known), meant(key, keys)))


def _check_values(full: str, written: Written, option: Option, mistakes: list[Mistake]) -> None:
    if written.times is not None:
        return  # what the model gets are products, which are checked with what they are times of
    check_values(full, written.domain.corners(), option, mistakes)


def check_values(
    full: str, values: Sequence[Value], option: Option, mistakes: list[Mistake]
) -> None:
    """Whether an option allows these values; a few of those that it does not are told."""
    before = len(mistakes)
    for value in values:
        mistake = option.mistake(full, value)
        if mistake is not None and mistake not in mistakes:
            mistakes.append(mistake)
        if len(mistakes) >= before + TOLD:
            return


def _with_none(
    full: str, written: Written, options: Sequence[Option], mistakes: list[Mistake]
) -> Written:
    """With the word none as None, or the reverse, where the options take only one of the two."""
    domain = written.domain
    for ours, other in ((None, "none"), ("none", None)):
        if not options or not all(_takes(option, ours, other) for option in options):
            continue
        if domain == Constant(other):
            return replace(written, domain=Constant(ours))
        if isinstance(domain, Choice) and other in domain.values:
            if ours in domain.values:
                mistakes.append(Mistake(full, "none twice", "none", "each value once"))
            values = tuple(ours if value == other else value for value in domain.values)
            return replace(written, domain=replace(domain, values=values))
    return written


def _takes(option: Option, one: Value, other: Value) -> bool:
    """Whether an option may be one of two values, and not the other."""
    return option.mistake("", one) is None and option.mistake("", other) is not None
