"""The parts of a study that do not vary, as pydantic models; a field's docstring is its help."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from interplay.errors import Mistake, nearest
from interplay.kinds import How, Over
from interplay.metrics import Mode
from interplay.options import in_words
from interplay.search import METHODS
from interplay.study.scoring import RULE, read_metric

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Windows keeps these for devices, with any ending.
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


NAMES = (
    "a study's name has letters, digits, dots, dashes and underscores, 64 at most, and is none that "
    "Windows keeps for a device"
)


def is_name(name: str) -> bool:
    """Whether a study, and so a folder, can be called so, on every system."""
    reserved = name.partition(".")[0].lower() in DEVICES
    plain = NAME.fullmatch(name) is not None and not name.endswith(".")
    return plain and not reserved and len(name) <= 64


Seed = Annotated[int, Field(ge=0, lt=2**63)]
MOST = 1_000_000
"""Members of one study: more are neither kept in mind nor on a disk in files that can be read."""
Count = Annotated[int, Field(ge=1, le=MOST)]
Cores = Annotated[int, Field(ge=1, le=1024)]
"""Of one machine: as many processes, or threads, begin at once and take their memory."""


class Section(BaseModel):
    """A table of the study file: no unknown keys, no types guessed, never changed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


class Search(Section):
    """[search]: which cells are tried."""

    method: str = "grid"
    """A name of the registry of search methods."""
    options: dict[str, Any] = {}
    """The method's own keys: in a study file they stand beside these."""
    trials: Count | None = None
    """How many cells are tried."""
    max_concurrent: Count = 4
    """Cells suggested at a time, a round; each round knows the rounds before."""
    time_budget: Annotated[float, Field(gt=0)] | None = None
    """Seconds after which no further cell begins."""
    points_to_evaluate: list[dict[str, Any]] = []
    """Cells tried first: values by hyperparameter; those left out take the middle of their range."""
    seed: Seed = 0
    """Fixes what is drawn and suggested."""
    metric: str = ""
    """What is compared; the first that the task has where left out. A list is combined within each
    training by `multi_score`; each may say which way it is better, as valid_loss:lower."""
    mode: Mode | None = None
    """Which way is better; the metric's own where left out."""
    score: How = "mean"
    """A cell's score over its seeds and folds; min is the worst of them."""
    scheduler: Literal["asha", "median"] | None = None
    """Stops cells early: a scan of a large space, never a heatmap. A stopped cell's score is the
    last that it had."""
    grace_period: Count | None = None
    """Epochs that a scan trains every cell at least; a tenth of all where left out."""
    reduction_factor: Annotated[int, Field(ge=2, le=MOST)] = 3
    """asha goes on with the best one in so many."""

    @property
    def listed(self) -> bool:
        """Whether all cells are known before anything trains, so that they train across cells."""
        listed = METHODS.get(self.method).listed
        return listed and self.scheduler is None and self.time_budget is None

    def flat(self) -> dict[str, Any]:
        """The section as it stands in a study file, defaults included."""
        common = self.model_dump(mode="json", exclude={"options"})
        return {**common, **self.options}


class Heatmap(Section):
    """[heatmap]: the two hyperparameters shown."""

    x: str
    """Across: a hyperparameter that varies, short or in full."""
    y: str
    """Upwards: another."""
    over: Over | None = None
    """What becomes of the other hyperparameters that vary."""


class Best(Section):
    """[best]: which cell is taken, and what is kept of it."""

    by: str | Annotated[list[str], Field(min_length=1)] = "score"
    """Among the cells that tie: score, the best of them; parameters or seconds, the cheapest; or a
    hyperparameter (a list of them, the first deciding), the lowest value, -NAME the highest."""
    within: Literal["ties", "1se"] = "ties"
    """What ties: ties, the cells not clearly worse than the best; 1se, those within one standard
    error of its mean."""
    keep: Literal["best", "all", "none"] = "best"
    """Whose trained weights are kept: those of the cells that tie at the end, of all, or of none."""


class Constraint(Section):
    """[[constraint]]: what every cell keeps."""

    rule: str
    """As in model.channels * model.num_layers <= 256; cells that break it do not exist."""


class Resources(Section):
    """[resources]: where it runs; never what comes out."""

    workers: Cores | None = None
    """Processes that train at once; one a core (or GPU) where left out."""
    cpus_per_worker: Cores = 1
    """Cores, and threads, of one worker."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """What a worker computes on; auto takes cuda where there is one, else cpu."""


class Tracking(Section):
    """[tracking]: where trainings are kept as well; never what comes out."""

    mlflow: str | None = None
    """The address of a server or database of MLflow's, as http://127.0.0.1:5000 or
    sqlite:///mlflow.db; a password stands in the environment."""
    tensorboard: str | None = None
    """The folder that tensorboard --logdir is given."""
    experiment: str | None = None
    """MLflow's experiment; the study's name where left out."""


class Settings(Section):
    """The top level of a study file."""

    name: str
    """Letters, digits, dots, dashes, underscores; the run folder is runs/<name>."""
    epochs: Count | None = None
    """Every member trains exactly this long."""
    seeds: Count | Annotated[list[Seed], Field(max_length=MOST)] = 5
    """How many (0, 1, …), or a list that names them; the same in every cell."""
    folds: Annotated[int, Field(ge=2, le=MOST)] | None = None
    """Cross-validation in place of one validation part."""
    repeats: Count = 1
    """How many times the folds are cut, each time anew."""
    engine: Literal["auto", "reference", "stacked"] = "auto"
    """Which engine trains: stacked, many members at once; reference, one by one; auto chooses."""
    constraint: list[Constraint] = []
    """Rules, each a table [[constraint]]; cells that break one do not exist."""
    search: Search = Search()
    heatmap: Heatmap | None = None
    best: Best = Best()
    resources: Resources = Resources()
    tracking: Tracking = Tracking()

    @field_validator("name")
    @classmethod
    def _a_name(cls, name: str) -> str:
        if not is_name(name):
            raise ValueError("a study's name is a name, not a path")
        return name

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: int | list[int]) -> int | list[int]:
        if isinstance(seeds, list) and (not seeds or len(set(seeds)) < len(seeds)):
            raise ValueError("a list of seeds names each once, and at least one")
        return seeds


SECTIONS: dict[str, type[Section]] = {
    "search": Search,
    "heatmap": Heatmap,
    "best": Best,
    "resources": Resources,
    "tracking": Tracking,
}


def read_settings(tables: dict[str, Any], mistakes: list[Mistake]) -> Settings:
    """The settings in `tables`; what is wrong is added to `mistakes` and left at its default.

    So the caller can go on looking for more that is wrong.
    """
    rest = {k: dict(v) if isinstance(v, Mapping) else v for k, v in tables.items()}
    if isinstance(rest.get("search"), dict):
        rest["search"] = _read_search(rest["search"], mistakes)
    for section in SECTIONS:
        table = rest.get(section)
        if not isinstance(table, dict):
            continue
        # Keys that are no words, as YAML may have some; pydantic takes none.
        for key in [key for key in table if not isinstance(key, str)]:
            wrong = {"type": "extra_forbidden", "input": table.pop(key)}
            mistakes.append(_mistake((section, str(key)), wrong))
    found: dict[tuple[str, ...], Mistake] = {}
    rules: list[Mistake] = []
    try:
        return Settings.model_validate(rest)
    except ValidationError as error:
        for item in error.errors():
            path = _path(item["loc"])
            # A union reports each of its members; the first is the one most likely meant.
            found.setdefault(path, _mistake(path, item))
            if path == ("constraint",) and len(item["loc"]) > 2:
                rules.append(_of_rule(str(item["loc"][1]), str(item["loc"][2]), item))
    if rules:
        del found["constraint",]
        rest.pop("constraint")
    mistakes += [*found.values(), *rules]
    # A wrong key in a section takes that key away, a wrong section the section.
    for path in found:
        if len(path) == 2:
            rest[path[0]].pop(path[1], None)
        else:
            rest.pop(path[0], None)
    if not {"x", "y"} <= set(rest.get("heatmap") or {}):
        rest.pop("heatmap", None)
    return Settings.model_validate({"name": "study", "epochs": 1, **rest})


def _read_search(table: dict[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    """[search] with the keys that are the method's own under `options`, checked by its signature."""
    common = [key for key in Search.model_fields if key != "options"]
    kept = {key: value for key, value in table.items() if key in common}
    kept |= read_metric(table, mistakes)
    name = table.get("method", Search().method)
    if name not in METHODS.names:
        near = nearest(name, METHODS.names)
        allowed = ", ".join(METHODS.names)
        mistakes.append(Mistake("search.method", "no such search method", name, allowed, near))
        del kept["method"]
    own = METHODS.get(name).options.by_name if name in METHODS.names else {}
    options = {key: option.plain_default for key, option in own.items() if not option.required}
    for key, value in table.items():
        if key in (*common, RULE):
            continue
        if key in own:
            mistake = own[key].mistake(f"search.{key}", value)
            options[key] = value if mistake is not None else own[key].read(value)
        else:
            mistake = _no_key(key, value, name, [*common, RULE, *own])
        # Where the method is not known, whose key it is is not known either.
        if mistake is not None and (name in METHODS.names or mistake.near is not None):
            mistakes.append(mistake)
    mistakes += [
        Mistake(f"search.{key}", f"method {name!r} needs it", None, option.allowed)
        for key, option in own.items()
        if key not in options
    ]
    return {**kept, "options": options}


def _no_key(key: object, value: Any, method: object, known: list[str]) -> Mistake:
    """A key of [search] that is neither common nor the method's own."""
    owners = [other.name for other in METHODS if key in other.options.by_name]
    if owners:
        reason = f"belongs to method {owners[0]!r}, and the method is {method!r}"
        return Mistake(f"search.{key}", reason, value)
    return Mistake(f"search.{key}", "no such key", value, ", ".join(known), nearest(key, known))


def _path(loc: Sequence[str | int]) -> tuple[str, ...]:
    """The user's key that a place of pydantic's is in, which may go on inside of the value."""
    return tuple(str(part) for part in loc[: 2 if loc[0] in SECTIONS else 1])


def _mistake(path: tuple[str, ...], item: Any) -> Mistake:
    key, value = ".".join(path), item["input"]
    if item["type"] == "missing":
        return Mistake(key, "missing", None, _help(path))
    if item["type"] == "extra_forbidden":
        keys = list(_fields(path))
        return Mistake(key, "no such key", value, ", ".join(keys), nearest(path[-1], keys))
    reason = item["msg"].removeprefix("Value error, ")
    if item["type"] in ("model_type", "model_attributes_type", "dict_type"):
        reason = "a section, not a value"
    if item["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        return Mistake(key, "not one of those", value, ", ".join(allowed), nearest(value, allowed))
    return Mistake(key, reason[:1].lower() + reason[1:], value, _help(path))


def _of_rule(number: str, key: str, item: Any) -> Mistake:
    """What is wrong with a key of one of the tables [[constraint]]."""
    full, keys = f"constraint[{number}].{key}", list(Constraint.model_fields)
    if item["type"] == "extra_forbidden":
        reason = "no such key"
        return Mistake(full, reason, item["input"], ", ".join(keys), nearest(key, keys))
    missing = item["type"] == "missing"
    reason = "missing" if missing else "not a rule in words"
    return Mistake(full, reason, None if missing else item["input"], '"model.channels <= 64"')


def _fields(path: tuple[str, ...]) -> dict[str, Any]:
    """The fields of the table in which the last key of `path` stands."""
    model = SECTIONS[path[0]] if len(path) == 2 else Settings
    return dict(model.model_fields)


@functools.cache
def _help(path: tuple[str, ...]) -> str | None:
    """What a key may have, and what it is."""
    field = _fields(path).get(path[-1])
    if field is None:
        return None
    model = SECTIONS[path[0]] if len(path) == 2 else Settings
    schema = model.model_json_schema()["properties"][path[-1]]
    if "anyOf" in schema:  # none is how a key is left out, which no file can write
        schema = {"anyOf": [kind for kind in schema["anyOf"] if kind.get("type") != "null"]}
    allowed = in_words(schema)
    words = " ".join((field.description or "").split()).rstrip(".").replace(". ", "; ")
    words = words[:1].lower() + words[1:]
    return f"{allowed}: {words}" if allowed and words else allowed or words or None
