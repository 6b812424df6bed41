"""The parts of a study that do not vary, as pydantic models; a field's docstring is its help."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from interplay.errors import Mistake, nearest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Windows keeps these for devices, with any ending.
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Section(BaseModel):
    """A table of the study file: no unknown keys, no types guessed, never changed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


Method = Literal["grid", "random", "single", "bayes", "hyperopt", "optuna"]
LISTED = ("grid", "random", "single")  # methods whose cells are known before anything trains
# Keys of [search] that belong to one method.
OWN_KEYS = {
    "bayes": ("acquisition", "xi", "kappa"),
    "hyperopt": (),
    "optuna": ("sampler", "storage", "study_name"),
}


class Search(Section):
    """[search]: which cells are tried."""

    method: Method = "grid"
    """grid: every combination; random: `trials` draws; single: the one configuration;
    bayes, hyperopt, optuna: `trials` cells, each chosen by what the ones before gave."""
    trials: Annotated[int, Field(ge=1)] | None = None
    """How many cells are tried."""
    max_concurrent: Annotated[int, Field(ge=1)] = 4
    """Cells suggested at a time, a round; each round knows the rounds before."""
    time_budget: Annotated[float, Field(gt=0)] | None = None
    """Seconds after which no further cell begins."""
    points_to_evaluate: list[dict[str, Any]] = []
    """Cells tried first: values by hyperparameter; those left out take the middle of their range."""
    seed: Seed = 0
    """Fixes what is drawn and suggested."""
    metric: str = ""
    """What is compared; the task's own (accuracy, rmse) where left out."""
    mode: Literal["max", "min"] | None = None
    """Which way is better; the metric's own where left out."""
    score: Literal["mean", "median", "min", "harmonic", "geometric"] = "mean"
    """A cell's score over its seeds and folds; min is the worst of them."""
    scheduler: Literal["asha", "median"] | None = None
    """Stops cells early: a scan of a large space, never a heatmap. A stopped cell's score is the
    last that it had."""
    grace_period: Annotated[int, Field(ge=1)] | None = None
    """Epochs that a scan trains every cell at least; a tenth of all where left out."""
    reduction_factor: Annotated[int, Field(ge=2)] = 3
    """asha goes on with the best one in so many."""
    acquisition: Literal["ei", "ucb", "poi"] = "ei"
    """bayes: expected improvement, upper confidence bound, probability of improvement."""
    xi: Annotated[float, Field(ge=0)] = 0.01
    """bayes: what ei and poi ask of an improvement, in standard deviations of the scores (very bad
    ones clipped)."""
    kappa: Annotated[float, Field(ge=0)] = 2.576
    """bayes: how many standard deviations ucb adds."""
    sampler: Literal["tpe", "gp", "cmaes", "random", "grid", "qmc"] = "tpe"
    """optuna: its sampler."""
    storage: str | None = None
    """optuna: where its study is kept: sqlite:///…, postgresql://…, redis://…, or a journal file."""
    study_name: str | None = None
    """optuna: its study's name; this study's name where left out."""

    @property
    def listed(self) -> bool:
        """Whether all cells are known before anything trains, so that they train across cells."""
        return self.method in LISTED and self.scheduler is None and self.time_budget is None


class Heatmap(Section):
    """[heatmap]: the two hyperparameters shown."""

    x: str
    """Across: a hyperparameter that varies, short or in full."""
    y: str
    """Upwards: another."""
    over: Literal["mean", "best"] | None = None
    """What becomes of the other hyperparameters that vary."""


class Resources(Section):
    """[resources]: where it runs; never what comes out."""

    workers: Annotated[int, Field(ge=1)] | None = None
    """Processes that train at once; one a core (or GPU) where left out."""
    cpus_per_worker: Annotated[int, Field(ge=1)] = 1
    """Cores, and threads, of one worker."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """What a worker computes on; auto takes cuda, then mps, then cpu."""


class Settings(Section):
    """The top level of a study file."""

    name: str
    """Letters, digits, dots, dashes, underscores; the run folder is runs/<name>."""
    epochs: Annotated[int, Field(ge=1)] | None = None
    """Every member trains exactly this long."""
    seeds: Annotated[int, Field(ge=1)] | list[Seed] = 5
    """How many (0, 1, …), or a list that names them; the same in every cell."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Cross-validation in place of one validation part."""
    engine: Literal["auto", "reference", "stacked"] = "auto"
    """Which engine trains: stacked, many members at once; reference, one by one; auto chooses."""
    search: Search = Search()
    heatmap: Heatmap | None = None
    resources: Resources = Resources()

    @field_validator("name")
    @classmethod
    def _a_name(cls, name: str) -> str:
        reserved = name.partition(".")[0].lower() in DEVICES
        if not NAME.fullmatch(name) or name.endswith(".") or reserved or len(name) > 64:
            raise ValueError("a study's name is a name, not a path")
        return name

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: int | list[int]) -> int | list[int]:
        if isinstance(seeds, list) and (not seeds or len(set(seeds)) < len(seeds)):
            raise ValueError("a list of seeds names each once, and at least one")
        return seeds


def read_settings(tables: dict[str, Any], mistakes: list[Mistake]) -> Settings:
    """The settings in `tables`; what is wrong is added to `mistakes` and left at its default.

    So the caller can go on looking for more that is wrong.
    """
    found: dict[str, Mistake] = {}
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        for item in error.errors():
            mistake = _mistake(item)
            # A union reports each of its members; the first is the one most likely meant.
            found.setdefault(mistake.key, mistake)
    mistakes.extend(found.values())
    # A wrong key in a section takes that key away, a wrong section the section.
    rest = {k: dict(v) if isinstance(v, dict) else v for k, v in tables.items()}
    for key in found:
        section, _, name = key.rpartition(".")
        if section and isinstance(rest.get(section), dict):
            rest[section].pop(name, None)
        else:
            rest.pop(section or name, None)
    if not {"x", "y"} <= set(rest.get("heatmap") or {}):
        rest.pop("heatmap", None)
    return Settings.model_validate({"name": "study", "epochs": 1, **rest})


def _mistake(item: Any) -> Mistake:
    # Tags of union members ("constrained-int", "list[…]") are pydantic's, not the user's keys.
    path = [str(p) for p in item["loc"] if isinstance(p, str) and re.fullmatch(r"\w+", p)]
    path = [p for p in path if p != "int"]
    key, value = ".".join(path), item["input"]
    if item["type"] == "missing":
        return Mistake(key, "missing", None, _help(path))
    if item["type"] == "extra_forbidden":
        keys = list(_fields(path[:-1]))
        return Mistake(key, "no such key", value, ", ".join(keys), nearest(path[-1], keys))
    reason = item["msg"].removeprefix("Value error, ")
    if item["type"] in ("model_type", "model_attributes_type", "dict_type"):
        reason = "a section, not a value"
    if item["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        return Mistake(key, "not one of those", value, ", ".join(allowed), nearest(value, allowed))
    return Mistake(key, reason[:1].lower() + reason[1:], value, _help(path))


def _fields(path: list[str]) -> dict[str, Any]:
    models: dict[str, type[BaseModel]] = {
        "": Settings,
        "search": Search,
        "heatmap": Heatmap,
        "resources": Resources,
    }
    return dict(models[".".join(path)].model_fields)


def _help(path: list[str]) -> str | None:
    fields = _fields(path[:-1]) if path and path[0] in Settings.model_fields else {}
    description: str | None = fields[path[-1]].description if path and path[-1] in fields else None
    return description.rstrip(".").replace(". ", "; ") if description else None
