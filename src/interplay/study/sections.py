"""The sections of a study whose values may vary: which there are, and the keys that each may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.data import DATASETS
from interplay.data import common as common_data
from interplay.errors import InterplayError, Mistake, nearest
from interplay.models import FAMILIES
from interplay.models import common as common_models
from interplay.options import Options, options_of
from interplay.registry import Registry
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
    "model": Rule(FAMILIES, None, options_of(common_models.model), own="builder", given=GIVEN),
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
