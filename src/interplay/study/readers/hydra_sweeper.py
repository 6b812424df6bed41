"""How Hydra's sweepers search, as our [search] says it: `hydra.sweeper` without what varies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import wanted as want
from interplay.study.readers.hydra_values import Ends
from interplay.study.settings import is_name

SAMPLERS: dict[str, dict[str, str]] = {
    "tpe": {"method": "optuna", "sampler": "tpe"},
    "random": {"method": "random"},
    "cmaes": {"method": "optuna", "sampler": "cmaes"},
    "gp": {"method": "optuna", "sampler": "gp"},
    "qmc": {"method": "optuna", "sampler": "qmc"},
    "grid": {"method": "grid"},
}
"""What searches here, by the names of Hydra's group hydra/sweeper/sampler."""
REFUSED = {
    "motpe": "Hydra took it out: a sampler for several directions, and a study has one",
    "nsgaii": "there is no genetic sampler here",
}
CLASSES = {
    **{"TPESampler": "tpe", "RandomSampler": "random", "CmaEsSampler": "cmaes"},
    **{"GPSampler": "gp", "QMCSampler": "qmc", "GridSampler": "grid"},
    **{"MOTPESampler": "motpe", "NSGAIISampler": "nsgaii"},
}
"""The samplers of the group by their classes, as `_target_` names them."""
OPTUNA = (
    *("_target_", "defaults", "sampler", "direction", "storage", "study_name", "n_trials"),
    *("n_jobs", "max_failure_rate", "params", "search_space", "custom_search_space"),
    "experiment_sequence",
)
BASIC = ("_target_", "max_batch_size", "params")
DIRECTIONS = {"minimize": "min", "maximize": "max"}
TRIALS, JOBS = 20, 2
"""Where n_trials and n_jobs are left out."""


@dataclass(frozen=True)
class Sweeper:
    """How it searches.

    Attributes:
        search: as our [search].
        ends: where its ranges end.
        trials: n_trials of Optuna's.
        name: what the study is called.
    """

    search: dict[str, Any]
    ends: Ends
    trials: int | None = None
    name: str | None = None


def read_sweeper(
    raw: Mapping[str, Any],
    groups: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> Sweeper | None:
    """What a sweeper does; None of one that is not known.

    Args:
        raw: `hydra.sweeper`.
        groups: what the list of defaults chooses.
    """
    kind = _kind(raw, groups)
    if kind not in ("optuna", "basic"):
        allowed = "optuna, basic"
        mistakes.append(Mistake("hydra/sweeper", "a sweeper that is not read", kind, allowed))
        return None
    want.only("hydra.sweeper", raw, OPTUNA if kind == "optuna" else BASIC, mistakes)
    for key, value in raw.items():
        if isinstance(value, str) and "${" in value:
            reason = "an interpolation, which only Hydra resolves"
            mistakes.append(Mistake(f"hydra.sweeper.{key}", reason, value))
    if kind == "basic":
        return Sweeper({"method": "grid"}, "excluded")
    return _optuna(raw, groups, mistakes, notes)


def _kind(raw: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """The sweeper's name in its group."""
    if "hydra/sweeper" in groups:
        return str(groups["hydra/sweeper"])
    target = raw.get("_target_")
    if target is not None:
        known = [kind for kind in ("optuna", "basic") if kind in str(target).lower()]
        return known[0] if known else str(target)
    return "optuna" if "sampler" in str(groups) or set(raw) - {*BASIC} else "basic"


def _optuna(
    raw: Mapping[str, Any],
    groups: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> Sweeper | None:
    if raw.get("custom_search_space") is not None:
        reason = "a function that is never imported or called; write what it suggests into params"
        value = raw["custom_search_space"]
        mistakes.append(Mistake("hydra.sweeper.custom_search_space", reason, value))
    sampler, seed = _sampler(raw.get("sampler"), groups, mistakes, notes)
    if sampler is None:
        return None
    search: dict[str, Any] = dict(SAMPLERS[sampler])
    search |= {} if seed is None else {"seed": seed}
    trials, jobs = raw.get("n_trials", TRIALS), raw.get("n_jobs", JOBS)
    want.whole("hydra.sweeper.n_trials", trials, mistakes, 1)
    want.whole("hydra.sweeper.n_jobs", jobs, mistakes, 1)
    if sampler != "grid":
        search["trials"] = trials
    if search["method"] == "optuna":
        search["max_concurrent"] = jobs
    notes.append(f"n_jobs = {jobs}: how many train at once, resources.workers says")
    search |= _direction(raw.get("direction", "minimize"), mistakes, notes)
    if "max_failure_rate" in raw:
        notes.append("max_failure_rate: trainings that fail stop no search here, and are counted")
    name = raw.get("study_name")
    if raw.get("storage") is not None and search["method"] == "optuna":
        search |= {"storage": raw["storage"]} | ({} if name is None else {"study_name": name})
        notes.append("storage: run again, Hydra adds n_trials; here what is there is not run again")
    elif raw.get("storage") is not None:
        notes.append(f"storage: method {search['method']} keeps nothing of Optuna's")
    ends: Ends = "short" if sampler == "grid" else "included"
    called = name if isinstance(name, str) and is_name(name) else None
    return Sweeper(search, ends, trials if isinstance(trials, int) else None, called)


def _sampler(
    raw: Any, groups: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]
) -> tuple[str | None, int | None]:
    """The sampler's name in its group, None of a wrong one; and its seed."""
    key = "hydra.sweeper.sampler"
    options = dict(raw) if isinstance(raw, Mapping) else {}
    target = options.pop("_target_", None)
    name = groups.get("hydra/sweeper/sampler", "tpe") if target is None else target
    if isinstance(raw, str):
        name = raw
    name = CLASSES.get(str(name).rpartition(".")[2], name)
    if name in REFUSED:
        mistakes.append(Mistake(key, REFUSED[name], name, ", ".join(SAMPLERS)))
        return None, None
    if not want.one_of(key, name, SAMPLERS, mistakes):
        return None, None
    seed = options.pop("seed", None)
    if seed is not None and not want.whole(f"{key}.seed", seed, mistakes, 0):
        seed = None
    if options:
        notes.append(
            f"of the sampler's own options none counts here: {', '.join(map(str, options))}"
        )
    return name, seed


def _direction(raw: Any, mistakes: list[Mistake], notes: list[str]) -> dict[str, str]:
    """Which way is better. What a program of Hydra's returns has no name."""
    key = "hydra.sweeper.direction"
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if isinstance(raw, list):
        reason = "several directions, and a study has one: its search.metric"
        mistakes.append(Mistake(key, reason, ", ".join(map(str, raw)), ", ".join(DIRECTIONS)))
        return {}
    if not want.one_of(key, raw, DIRECTIONS, mistakes):
        return {}
    notes.append("what the program returns has no name in its file: search.metric says what counts")
    usual = {"metric": "valid_loss"} if raw == "minimize" else {}
    return {**usual, "mode": DIRECTIONS[raw]}
