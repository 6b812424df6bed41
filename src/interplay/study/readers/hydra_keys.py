"""Keys on a command line of Hydra's, and of Crescendo's `cr`, as keys of a study of ours.

cr model=mlp data=regression +data.data_dir=../data trainer.max_epochs=10 hparams_search=optuna \\
   'model.architecture=choice(3, 6)' 'model.optimizer.lr=interval(0.001, 0.01)' hydra.sweeper.n_trials=20

Source: the configurations of matthewcarbone/Crescendo (`configs`) and its `entrypoint.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interplay.errors import InterplayError, listed, shown
from interplay.identity import is_number
from interplay.study.readers.hydra_sweeper import CLASSES, DIRECTIONS, REFUSED, SAMPLERS
from interplay.study.readers.targets import ACTIVATIONS
from interplay.study.sections import RULES

Change = Callable[[Any], Any]
"""What becomes of a value, in our notation; raises ValueError where nothing can."""


@dataclass(frozen=True)
class Ours:
    """A key of ours with the text of its value.

    Attributes:
        change: what becomes of the value that the text says.
        usual: whether it is only where nothing else is said.
    """

    key: str
    text: str
    change: Change | None = None
    usual: bool = False


def _one_of(words: Mapping[Any, Any]) -> Change:
    """A change of single values and of lists of them by a table."""

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(one) for one in value]
        if isinstance(value, (dict, float)) or value not in words:
            raise ValueError(f"{shown(value)} is none of {', '.join(map(str, words))}")
        return words[value]

    return change


def _power(value: Any) -> Any:
    """10 to the power of a value, of all in a list, of a range's bounds."""
    if isinstance(value, list):
        return [_power(one) for one in value]
    if isinstance(value, dict) and set(value) == {"low", "high"}:
        return {"low": _power(value["low"]), "high": _power(value["high"]), "log": True}
    if not is_number(value) or abs(value) > 300:
        raise ValueError(f"{shown(value)} is no exponent of 10")
    return 10.0**value


def _as_list(value: Any) -> Any:
    """A seed as a list of one."""
    return value if isinstance(value, (list, dict)) else [value]


def _widths(value: Any) -> Any:
    """An architecture: widths, how many of them, or some such to choose from."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and {"neurons_range", "ramp_std"} & one.keys():
            raise ValueError(NOT_HERE["model.architecture"])
    return value


SWEEPER: dict[str, tuple[str, Change | None]] = {
    "n_trials": ("search.trials", None),
    "n_jobs": ("search.max_concurrent", None),
    "direction": ("search.mode", _one_of(DIRECTIONS)),
    "storage": ("search.storage", None),
    "study_name": ("search.study_name", None),
    "sampler.seed": ("search.seed", None),
}
"""Keys below `hydra.sweeper`."""
CRESCENDO: dict[str, tuple[str, Change | None]] = {
    "data.data_dir": ("data.path", None),
    "data.dataloader_kwargs.batch_size": ("data.batch_size", None),
    "data.normalize_inputs": ("data.scale", _one_of({True: "standard", False: "none"})),
    "model.architecture": ("model.architecture", _widths),
    "model.batch_norm": ("model.norm", _one_of({True: "batch", False: "none"})),
    "model.last_activation": (
        "model.last_activation",
        _one_of({None: "none", **{name: name for name in ACTIVATIONS.values()}}),
    ),
    "model.optimizer.lr": ("optimizer.lr", None),
    "model.optimizer.log10_lr": ("optimizer.lr", _power),
    "model.optimizer.weight_decay": ("optimizer.weight_decay", None),
    "model.scheduler.factor": ("schedule.factor", None),
    "model.scheduler.patience": ("schedule.patience", None),
    "trainer.max_epochs": ("epochs", None),
    "trainer.gradient_clip_val": ("training.clip_norm", None),
    "trainer.accelerator": (
        "resources.device",
        _one_of({"cpu": "cpu", "gpu": "cuda", "cuda": "cuda", "mps": "mps", "auto": "auto"}),
    ),
    "seed": ("seeds", _as_list),
    "task_name": ("name", None),
}
"""Names that Crescendo has for what a study of ours has."""
GROUPS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("data", "regression"): (
        ("data", "arrays"),
        ("data.task", "regression"),
        ("data.scale", "standard"),
        ("data.batch_size", "64"),
    ),
    ("model", "mlp"): (
        ("model", "mlp"),
        ("model.architecture", "{value = [7, 5, 3]}"),
        ("model.norm", "batch"),
        ("epochs", "10"),
        ("optimizer.lr", "1e-3"),
        ("schedule.name", "plateau"),
        ("schedule.factor", "0.95"),
        ("schedule.patience", "10"),
    ),
    ("hparams_search", "optuna"): (
        ("search.method", "optuna"),
        ("search.sampler", "tpe"),
        ("search.seed", "1234"),
        ("search.trials", "20"),
        ("search.max_concurrent", "1"),
        ("search.metric", "valid_loss"),
        ("search.mode", "min"),
    ),
}
"""What Crescendo's files of a group say, by group and option."""
NOTES: dict[tuple[str, str], tuple[str, ...]] = {
    ("model", "mlp"): (
        "Crescendo stops early, here every model trains as long as all others",
        "Crescendo's batch norm comes after the activation, here before it",
    ),
    ("hparams_search", "optuna"): (
        "Crescendo draws the first 5 trials at random (n_startup_trials), Optuna here its usual 10",
    ),
    **dict.fromkeys(
        (("seed", "-1"), ("seed", "null")),
        ("Crescendo trains without a seed; here every training has one, by seeds=…",),
    ),
}
"""What is otherwise here, by group and option, or key and word."""
ITS_OWN = (
    *(
        "callbacks",
        "logger",
        "paths",
        "extras",
        "tags",
        "compile",
        "ckpt_path",
        "trainer",
        "print_every",
    ),
    *("data.dataloader_kwargs", "model.print_every", "model.lr_scheduler_kwargs"),
)
"""What concerns Crescendo alone, with all that is below it."""
NOT_HERE = {
    "experiment": "a file of settings that is not here; write them out",
    "debug": "a file of settings that is not here; write them out",
    "hparams_search": "known: optuna",
    "model.architecture": "widths that chance chooses are no architecture that trains twice",
    "model.scheduler": "known: factor, patience of plateau; others are [schedule]",
    "model.criterion": "the loss is the data's: mean squares in regression",
    "model.optimizer": "known: lr, log10_lr, weight_decay of adam; others are [optimizer]",
    "model.last_batch_norm": "there is no norm after the outputs",
    "data.ensemble_split_index": "folds=20 trains every split of the cross-validation",
    "data.feature_select": "the arrays are read whole",
    "data.production_mode": "what trains on all rows has none left to compare on",
}
"""Refused, with all that is below it, and why."""


UNSAID: dict[str, tuple[str, ...]] = {
    "seed": ("-1", "null"),
    **dict.fromkeys(("debug", "data.production_mode"), ("false", "null")),
    "model.last_batch_norm": ("false",),
    **dict.fromkeys(("experiment", "hparams_search", "data.feature_select"), ("null",)),
    "data.ensemble_split_index": ("null",),
    **dict.fromkeys(("model.optimizer.lr", "model.optimizer.log10_lr"), ("null",)),
}
"""Words by which a key of Crescendo's asks for nothing."""
ONE_OF = ("model.optimizer.lr", "model.optimizer.log10_lr")
"""Of these Crescendo takes one."""


def check_line(pairs: Sequence[tuple[str, str | None]]) -> None:
    """Whether a line of Crescendo's says but one thing of each.

    Raises:
        InterplayError: Crescendo would refuse it.
    """
    said = {key: text for key, text in pairs if key in ONE_OF and not _is_unsaid(key, text or "")}
    if len(said) > 1:
        both = " and ".join(f"{key}={text}" for key, text in said.items())
        raise InterplayError(f"{both}: Crescendo takes one of them; leave the other out")


def of_a_grid(pairs: Sequence[tuple[str, str | None]]) -> bool:
    """Whether a line asks for the sampler of Optuna's whose trials are all there are."""
    return any(
        key.replace("/", ".").removesuffix("._target_") == "hydra.sweeper.sampler"
        and CLASSES.get((text or "").rpartition(".")[2], text) == "grid"
        for key, text in pairs
    )


def _is_unsaid(key: str, text: str) -> bool:
    return key in UNSAID and text.lower() in UNSAID[key]


def is_crescendo(pairs: Sequence[tuple[str, str | None]]) -> bool:
    """Whether a line is one of Crescendo's, by keys that no study of ours has."""
    prefixes = ("trainer.", "model.optimizer.", "data.dataloader_kwargs.")
    return any(
        key == "hparams_search" or key.startswith(prefixes) or (key, text) == ("data", "regression")
        for key, text in pairs
    )


def in_our_words(key: str, text: str, crescendo: bool, told: list[str], grid: bool) -> list[Ours]:
    """The keys of ours that a key means; itself where it is one, none where a note is all.

    Args:
        crescendo, grid: whether the line that it is on is `is_crescendo`, `of_a_grid`.

    Raises:
        InterplayError: it asks for what is not here.
    """
    if key.startswith(("hydra.", "hydra/")):
        return _of_hydra(key, text, told, grid)
    if not crescendo:
        return [Ours(key, text)]
    if _is_unsaid(key, text):
        told += NOTES.get((key, text.lower()), ())
        return []
    if (key, text) in GROUPS:
        told += NOTES.get((key, text), ())
        return [Ours(ours, value, usual=True) for ours, value in GROUPS[key, text]]
    if key in RULES and text in (RULES[key].registry or ()):
        return [Ours(key, text)]
    if key in CRESCENDO:
        return [Ours(CRESCENDO[key][0], text, CRESCENDO[key][1])]
    for name, reason in NOT_HERE.items():
        if key.startswith(f"{name}.") or (key == name and name != "model.architecture"):
            raise InterplayError(f"{key} of Crescendo is not taken over: {reason}")
    if any(key == name or key.startswith(f"{name}.") for name in ITS_OWN):
        told.append(f"{key} concerns Crescendo, and nothing here")
        return []
    if key in ("model", "data"):
        known = listed([option for group, option in GROUPS if group == key])
        raise InterplayError(f"{key}={text} of Crescendo is not taken over; known: {known}")
    return [Ours(key, text)]


def _of_hydra(key: str, text: str, told: list[str], grid: bool) -> list[Ours]:
    name = key.replace("/", ".")
    if grid and name == "hydra.sweeper.n_trials":
        told.append(f"{key}={text}: of a grid Hydra tries so many cells at the most; here all")
        return []
    if name == "hydra.sweeper":
        methods = {"optuna": "optuna", "basic": "grid"}
        if text not in methods:
            raise InterplayError(f"{key}={text}: a sweeper that is not read; known: optuna, basic")
        return [Ours("search.method", methods[text], usual=True)]
    if name in ("hydra.sweeper.sampler", "hydra.sweeper.sampler._target_"):
        sampler = CLASSES.get(text.rpartition(".")[2], text)
        if sampler not in SAMPLERS:
            reason = REFUSED.get(sampler, "no such sampler")
            raise InterplayError(f"{key}={text}: {reason}; known: {', '.join(SAMPLERS)}")
        return [Ours(f"search.{ours}", value) for ours, value in SAMPLERS[sampler].items()]
    below = name.removeprefix("hydra.sweeper.")
    if below in SWEEPER:
        return [Ours(SWEEPER[below][0], text, SWEEPER[below][1])]
    if below.startswith("params."):
        return [Ours(below.removeprefix("params."), text)]
    if name.startswith("hydra.sweeper.") and below in ("custom_search_space", "search_space"):
        raise InterplayError(f"{key}: not taken over; write what varies as KEY=choice(…)")
    told.append(f"{key} concerns Hydra, and nothing here")
    return []
