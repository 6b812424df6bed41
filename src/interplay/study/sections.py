"""The sections of a study whose values may vary: what each may hold, checked against signatures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.data import DATASETS
from interplay.data import common as common_data
from interplay.errors import InterplayError, Mistake, nearest
from interplay.identity import Value, same_as
from interplay.models import FAMILIES
from interplay.options import Option, Options, options_of
from interplay.registry import Registry
from interplay.space.domains import Choice, Constant, Domain
from interplay.study.readers.native import TOLD, read_domain
from interplay.training import common as common_training
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.schedules import SCHEDULES
from interplay.usercode import load_function

# What the program itself hands to a user's builder that asks for it by name.
GIVEN = frozenset({"spec", "input_shape", "num_outputs"})
GIVEN_TO_TRIAL = frozenset({"seed", "epochs", "fold", "folds"})
# What other tools and books call an option; only used to say what was meant.
ELSEWHERE = {
    "alpha": "lr",
    "batch": "batch_size",
    "bs": "batch_size",
    "drop_rate": "dropout",
    "dropout_rate": "dropout",
    "filters": "channels",
    "hidden_dim": "hidden_size",
    "hidden_units": "hidden_size",
    "l2": "weight_decay",
    "layers": "num_layers",
    "learning_rate": "lr",
    "max_epochs": "epochs",
    "n_layers": "num_layers",
    "num_epochs": "epochs",
    "optimiser": "optimizer",
    "units": "hidden_size",
    "wd": "weight_decay",
}


@dataclass(frozen=True)
class Rule:
    """What one section may hold.

    Attributes:
        registry: where its `name` is looked up; None where it has no name.
        default: the name where none is given; None where one must be.
        common: options whatever the name.
        own: the key under which a function of the user's, "module:function", may stand in place
            of `name`; None where none may.
        given: parameters of such a function that are no options where the file does not set them:
            the program provides them, where the function names them.
        lacking: those of them that the program has not either.
        always: those that the function must take, and the file cannot set.
    """

    registry: Registry[Any] | None = None
    default: str | None = None
    common: Options = field(default_factory=lambda: Options({}))
    own: str | None = None
    given: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()


RULES: dict[str, Rule] = {
    # That a loader's own defaults of these are no options is so in the keys of rows.
    "data": Rule(
        DATASETS,
        None,
        options_of(common_data.data),
        own="builder",
        given=GIVEN,
        lacking=GIVEN,
    ),
    "model": Rule(FAMILIES, None, own="builder", given=GIVEN),
    "optimizer": Rule(OPTIMIZERS, "adam"),
    "schedule": Rule(SCHEDULES, "none"),
    "training": Rule(None, None, options_of(common_training.training)),
    "trial": Rule(own="function", given=GIVEN_TO_TRIAL, always=frozenset({"seed"})),
}


def meant(word: object, known: Collection[str]) -> str | None:
    """The name that `word` was most likely meant to be: what others call so, or the nearest."""
    other = ELSEWHERE.get(str(word))
    return other if other in known else nearest(word, known)


def keys_of(tables: Mapping[str, Any], folders: Sequence[Path]) -> dict[str, set[str]]:
    """The keys that each section of this study could have, as far as its names tell."""
    found: dict[str, set[str]] = {}
    for section in sections_of(tables, []):
        rule, table = RULES[section], tables.get(section, {})
        names: Any = table.get("name", rule.default) if isinstance(table, Mapping) else None
        listed = names if isinstance(names, list) else [names]
        keys = {*rule.common.by_name}
        if rule.registry is not None:
            keys |= {"name"}
            entries = [rule.registry.get(name) for name in listed if name in rule.registry]
            keys |= {key for entry in entries for key in entry.options.by_name}
        if rule.own is not None:
            keys |= {rule.own}
            if isinstance(table, Mapping):
                keys |= _own_keys(table.get(rule.own), rule, folders)
        found[section] = keys
    return found


def _own_keys(path: Any, rule: Rule, folders: Sequence[Path]) -> set[str]:
    """The options of the user's own function; none where it cannot be had, which is said later."""
    if not isinstance(path, str):
        return set()
    try:
        return {*options_of(load_function(path, folders), rule.given).by_name}
    except (InterplayError, TypeError, ValueError):
        return set()


def sections_of(tables: Mapping[str, Any], mistakes: list[Mistake]) -> list[str]:
    """The sections that this study has, given or not: [trial] stands in place of all others."""
    if "trial" not in tables:
        return [section for section in RULES if section != "trial"]
    for section in RULES:
        if section != "trial" and section in tables:
            mistakes.append(
                Mistake(section, "a section beside [trial], which stands in its place", None, "one")
            )
    return ["trial"]


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

    def _of(self, name: str) -> dict[str, Option]:
        """All options where `name` is chosen."""
        return {**self.common.by_name, **self.options[name].by_name}


def check_section(
    section: str,
    table: Any,
    folders: Sequence[Path],
    mistakes: list[Mistake],
    lacking: frozenset[str] = frozenset(),
) -> tuple[Checked | None, dict[str, Domain]]:
    """Read one section's domains and check them; what is wrong is added to `mistakes`.

    Args:
        lacking: what the program gives to functions that ask for it, but this study does not have.
    """
    rule = RULES[section]
    if not isinstance(table, Mapping):
        mistakes.append(Mistake(section, "a section, not a value", table, f"[{section}]"))
        return None, {}
    domains: dict[str, Domain] = {}
    for key, raw in table.items():
        domain = read_domain(f"{section}.{key}", raw, mistakes)
        if domain is not None:
            domains[f"{section}.{key}"] = domain
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
            if f"{section}.{key}" in domains:
                _check_values(f"{section}.{key}", domains[f"{section}.{key}"], option, mistakes)
        return None, domains
    for key in table:
        if key == rule.own and builder is not None:
            continue
        if key == "name" and rule.registry is not None and builder is None:
            continue
        _check_key(section, key, domains.get(f"{section}.{key}"), entries, rule, mistakes)
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
    return Checked(section, entries, rule.common, builder), domains


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
    domain = read_domain(f"{section}.name", table["name"], [])
    if domain is None:
        return None  # said already
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
    domain: Domain | None,
    entries: Mapping[str, Options],
    rule: Rule,
    mistakes: list[Mistake],
) -> None:
    for name, options in entries.items():
        known = {**rule.common.by_name, **options.by_name}
        full = f"{section}.{key}"
        if key in known:
            if domain is not None:
                _check_values(full, domain, known[key], mistakes)
        elif not options.open:
            where = f"{name!r} has no such option" if name else "no such key"
            keys = list(known) if "" in entries and rule.registry is None else [*known, "name"]
            mistakes.append(Mistake(full, where, None, ", ".join(known), meant(key, keys)))


def _check_values(full: str, domain: Domain, option: Option, mistakes: list[Mistake]) -> None:
    before = len(mistakes)
    for value in domain.corners():
        mistake = option.mistake(full, value)
        if mistake is not None and mistake not in mistakes:
            mistakes.append(mistake)
        if len(mistakes) >= before + TOLD:
            return
