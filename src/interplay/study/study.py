"""A study: what is asked, loaded and checked as a whole. It holds data only."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.errors import (
    InterplayError,
    Mistake,
    Option,
    StudyError,
    how_many,
    listed,
)
from interplay.identity import Value, same_as
from interplay.kinds import Task
from interplay.metrics import Mode, metrics_of, mode_of
from interplay.search import METHODS
from interplay.search.guide import Guide, make_guide
from interplay.search.guide import Task as SearchTask
from interplay.space.space import Space
from interplay.study.adopted import adopted, read_in
from interplay.study.checked import Checked, check_section
from interplay.study.checks import check_folds, check_frozen, check_search, loads
from interplay.study.links import linked
from interplay.study.named import check_names
from interplay.study.overrides import apply_overrides, stands_alone
from interplay.study.readers import Reading
from interplay.study.readers.native import Written
from interplay.study.scoring import check_metric, metrics_lacking
from interplay.study.sections import RULES, keys_of, meant, sections_of
from interplay.study.settings import (
    SECTIONS,
    Best,
    Heatmap,
    Resources,
    Search,
    Settings,
    read_settings,
)

Config = dict[str, Value]


@dataclass(frozen=True, init=False)
class Study:
    """One question: data, model, optimiser, budget, seeds, search, and the heatmap wanted.

        study = Study.load("studies/digits.toml")
        study = Study(name="digits", epochs=20, data={"name": "digits"}, model={…}, …)

    Attributes:
        settings: what does not vary.
        space: every key given in the other sections, by full dotted name.
        tables: the study as it was written, overrides applied.
        folders: where the user's own modules are looked for.
        told: what there is to know of how it was read, a sentence each.

    Raises:
        StudyError: with all mistakes at once.
    """

    settings: Settings
    space: Space
    tables: dict[str, Any]
    folders: tuple[Path, ...]
    sections: tuple[Checked, ...] = field(repr=False)
    told: tuple[str, ...]

    def __init__(
        self,
        /,
        *,
        source: str = "study",
        folders: Sequence[Path] | None = None,
        told: Sequence[str] = (),
        **tables: Any,
    ) -> None:
        folders = tuple(dict.fromkeys(Path(f).resolve() for f in folders or [Path.cwd()]))
        mistakes: list[Mistake] = []
        _check_sections_known(tables, folders, mistakes)
        top = {k: v for k, v in tables.items() if k in Settings.model_fields}
        if isinstance(top.get("epochs"), (list, dict)):
            reason = "a budget does not vary: short trainings are not compared with long ones"
            mistakes.append(Mistake("epochs", reason, top["epochs"], "one whole number"))
            top["epochs"] = 1
        settings = read_settings(top, mistakes)
        written: dict[str, Written] = {}
        sections: list[Checked] = []
        for section in sections_of(tables, mistakes):
            table = tables.get(section, {})
            checked, found = check_section(section, table, folders, mistakes, _lacking(settings))
            written.update(found)
            if checked is not None:
                sections.append(checked)
        later: list[Mistake] = []
        known = {mistake.key for mistake in mistakes}
        unread = tuple(name for name in _keys_of(tables) if name not in written)
        rules = [one.rule for one in settings.constraint]
        space = linked(written, rules, sections, unread, later)
        settings = _check_whole(settings, space, sections, unread, known, later)
        mistakes += [mistake for mistake in later if mistake.key not in known]
        if mistakes:
            raise StudyError(source, mistakes)
        values = (settings, space, dict(tables), folders, tuple(sections), tuple(told))
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def load(
        cls,
        path: str | Path | None,
        overrides: Iterable[str] = (),
        *,
        map: Mapping[str, str] | None = None,  # noqa: A002 - it is the option's name
    ) -> Study:
        """The study in a file, ours or another tool's sweep, with `KEY=VALUE` overrides.

        Args:
            path: None where overrides say it all.
            map: our names of a sweep's hyperparameters, by its own; "" leaves one out.

        Raises:
            InterplayError: where the file cannot be read; `StudyError` with all its mistakes.
        """
        overrides = list(overrides)
        if path is None:
            path = "the command line"
            tables: dict[str, Any] = {"name": stands_alone(overrides) or "study"}
        else:
            tables, reading = read_in(Path(path))
            if reading is not None:
                return cls.adopt(reading, path, overrides, map=map)
        if map:
            raise InterplayError(Option("map"), f" is for other tools' sweeps, and {path} is ours")
        told: list[str] = []
        keys = functools.partial(_keys, folders=_folders(path))
        tables = apply_overrides(tables, overrides, keys, told=told)
        return cls._read(path, tables, told)

    @classmethod
    def adopt(
        cls,
        reading: Reading,
        path: str | Path,
        overrides: Iterable[str] = (),
        *,
        map: Mapping[str, str] | None = None,  # noqa: A002 - it is the option's name
    ) -> Study:
        """The study that another tool's sweep is, of what `path` was read to say; as `load`."""
        told, keys = list(reading.notes), functools.partial(_keys, folders=_folders(path))
        tables = adopted(reading, Path(path).stem, map or {}, overrides, keys, told)
        return cls._read(path, tables, told)

    @classmethod
    def _read(cls, path: str | Path, tables: Mapping[str, Any], told: Sequence[str]) -> Study:
        bad = [k for k in tables if not isinstance(k, str) or k in ("source", "folders", "told")]
        if bad:
            raise StudyError(str(path), [Mistake(str(key), "no such key") for key in bad])
        return cls(source=str(path), folders=_folders(path), told=told, **tables)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def epochs(self) -> int:
        """How long every member trains; 0: as long as the user's function goes on."""
        return self.settings.epochs or 0

    @property
    def seeds(self) -> list[int]:
        seeds = self.settings.seeds
        return list(range(seeds)) if isinstance(seeds, int) else list(seeds)

    @property
    def folds(self) -> list[int | None]:
        """The folds of all repeats, counted on from one repeat to the next; None without any."""
        settings = self.settings
        return [None] if settings.folds is None else list(range(settings.folds * settings.repeats))

    @property
    def search(self) -> Search:
        return self.settings.search

    @property
    def heatmap(self) -> Heatmap | None:
        """The pair asked for; where none is and just two hyperparameters vary, those."""
        varied = self.space.varied
        if self.settings.heatmap is None and len(varied) == 2:
            return Heatmap(x=varied[0], y=varied[1])
        return self.settings.heatmap

    @property
    def best(self) -> Best:
        return self.settings.best

    @property
    def resources(self) -> Resources:
        return self.settings.resources

    @property
    def function(self) -> str | None:
        """The user's own training, `module:function`, where [trial] names one."""
        domain = self.space.domains.get("trial.function")
        return None if domain is None else str(domain.grid()[0])

    def cells(self) -> list[Config]:
        """Every cell the study asks for, as its whole configuration, defaults included; each once."""
        cells = self.first_cells()
        guide = self.guide(self.search.mode or "max")
        for number in itertools.count(len(cells)):
            if self.search.trials is not None and number >= self.search.trials:
                break
            cell = guide.suggest(number)
            if cell is None:
                break
            cells.append(cell)
        unique = {same_as(cell): cell for cell in map(self.resolve, cells)}
        return list(unique.values())

    def guide(self, mode: Mode, owner: str = "", search_id: str = "") -> Guide:
        """What suggests the study's cells, after `first_cells`.

        Args:
            mode: which way a score is better.
            owner: of the run folder.
            search_id: of the search that goes on there.

        Raises:
            InterplayError: where the method's package is not installed, or its settings do not work.
        """
        search, first = self.search, len(self.search.points_to_evaluate)
        task = SearchTask(self.space, mode, search.seed, first, self.name, owner, search_id)
        return make_guide(search.method, task, search.options)

    def first_cells(self) -> list[dict[str, Value]]:
        """`search.points_to_evaluate` as whole cells, full names; what one leaves out is in the
        middle of its range."""
        return [self.space.filled(point) for point in self.search.points_to_evaluate]

    def sketches(self) -> list[Config]:
        """Configurations that between them name every dataset a search may come to."""
        values = [
            domain.grid() if loads(name) else [domain.middle()]
            for name, domain in self.space.domains.items()
        ]
        cells = (
            self.space.cell(dict(zip(self.space.domains, combination, strict=True)))
            for combination in itertools.product(*values)
        )
        return [self.resolve(cell) for cell in cells]

    def resolve(self, cell: Mapping[str, Value]) -> Config:
        """The whole configuration of a cell: every option with the value the model really gets."""
        config: Config = {}
        for section in self.sections:
            config.update(section.resolve(cell))
        return config

    def keyed(self, config: Config) -> Config:
        """What of a cell's configuration is part of its members' keys."""
        unsaid = {name for section in self.sections for name in section.unsaid(config)}
        return {name: value for name, value in config.items() if name not in unsaid}

    def shares(self, name: str) -> bool:
        """Whether the study gives this key, and it is one that its section has whatever is built."""
        return name in self.space.domains and any(s.shares(name) for s in self.sections)

    def target(self, task: Task | None) -> tuple[str, Mode]:
        """The metric compared, and which way it is better, for data with this task.

        Args:
            task: None where the training is a function of the user's, with metrics of its own.

        Raises:
            StudyError: where the task has no such metric.
        """
        metric = self.search.metric or (metrics_of(task)[0] if task else "")
        if task is not None and (wrong := metrics_lacking(metric, task)):
            raise StudyError(self.name, wrong)
        mode = self.search.mode or mode_of(metric)
        assert mode is not None  # or the study would not have loaded
        return metric, mode

    @property
    def notes(self) -> list[str]:
        """What a reader of the study should know, a sentence each."""
        notes = list(self.told)
        varied = self.space.varied
        if len(varied) < 2:
            varies = how_many(len(varied), "hyperparameter varies", "hyperparameters vary")
            notes.append(f"{varies}; an interaction needs two")
        if self.settings.heatmap is None and len(varied) > 2 and self.search.scheduler is None:
            notes.append(
                f"no [heatmap]: `interplay heatmap RUN --x A --y B` draws any two of {listed(varied)}"
            )
        if self.heatmap is not None and len(varied) > 2 and self.heatmap.over is None:
            others = [v for v in varied if v not in (self.heatmap.x, self.heatmap.y)]
            notes.append(f"{listed(others)} also vary: a heatmap needs --where or --over mean|best")
        if len(self.seeds) < 3:
            notes.append(
                f"{how_many(len(self.seeds), 'seed')}: fewer than 3 allow no verdict on an interaction"
            )
        if self.shares("model.start"):
            notes.append("model.start: the last linear layer begins anew, for each seed its own")
        metric = self.search.metric
        if self.search.mode is not None and mode_of(metric) not in (None, self.search.mode):
            notes.append(f"mode {self.search.mode!r} is not what {metric} usually asks for")
        return notes


def _lacking(settings: Settings) -> frozenset[str]:
    """What a function that asks for it is not given, since the study does not have it."""
    lacking = {"epochs"} if settings.epochs is None else set()
    return frozenset(lacking | ({"fold", "folds"} if settings.folds is None else set()))


def _folders(path: str | Path) -> list[Path]:
    """Where modules that a study file names are looked for."""
    return [Path(path).parent.resolve(), Path.cwd()]


def _keys(tables: Mapping[str, Any], folders: Sequence[Path]) -> dict[str, set[str]]:
    """The keys that a study could have at its top ("") and in each section."""
    found = {"": {*Settings.model_fields} - {*SECTIONS}} | keys_of(tables, folders)
    for section, model in SECTIONS.items():
        found[section] = {*model.model_fields}
    search = tables.get("search")
    usual = Search().method
    method = search.get("method", usual) if isinstance(search, Mapping) else usual
    found["search"] -= {"options"}
    if method in METHODS:
        found["search"] |= {*METHODS.get(method).options.by_name}
    return found


def _check_sections_known(
    tables: Mapping[str, Any], folders: Sequence[Path], mistakes: list[Mistake]
) -> None:
    known = [*Settings.model_fields, *RULES]
    for key, value in tables.items():
        if key not in known:
            what = "no such section" if isinstance(value, Mapping) else "no such key"
            shown = None if isinstance(value, Mapping) else value
            near = meant(key, known) or _in_section(key, tables, folders)
            mistakes.append(Mistake(str(key), what, shown, ", ".join(known), near))


def _in_section(key: str, tables: Mapping[str, Any], folders: Sequence[Path]) -> str | None:
    """The full name of the key of a section that was meant at the top."""
    known = keys_of(tables, folders)
    full = {short: f"{s}.{short}" for s, keys in known.items() for short in sorted(keys)}
    short = meant(key, full)
    return None if short is None else full[short]


def _keys_of(tables: Mapping[str, Any]) -> tuple[str, ...]:
    """The full names of all keys in the sections that may vary, read or not."""
    sections = ((s, tables[s]) for s in RULES if isinstance(tables.get(s), Mapping))
    return tuple(f"{section}.{key}" for section, table in sections for key in table)


def _check_whole(
    settings: Settings,
    space: Space,
    sections: Sequence[Checked],
    unread: tuple[str, ...],
    known: set[str],
    mistakes: list[Mistake],
) -> Settings:
    """Checks that need more than one section; names of hyperparameters become full ones.

    Args:
        known: keys that are known to be wrong: what follows from their defaults means nothing.
    """
    if settings.epochs is None and "trial.function" not in space.domains:
        mistakes.append(Mistake("epochs", "missing", None, "one whole number, 1 or more"))
    check_folds(settings, space, mistakes)
    check_frozen(space, sections, mistakes)
    search = settings.search
    if not known & {"search", "search.method", "search.scheduler"}:
        search = check_search(settings, space, mistakes)
        settings = settings.model_copy(update={"search": search})
    check_metric(search.metric, space, mistakes)
    names = check_names(settings, space, unread, mistakes)
    return settings.model_copy(update=names)
