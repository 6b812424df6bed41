"""What a study asks for: its data, and every member by its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key, load_dataset, split_dataset
from interplay.errors import DataError
from interplay.identity import same_as
from interplay.metrics import Mode
from interplay.models import BUILDER_VERSION, FAMILIES
from interplay.study.study import Study
from interplay.training.members import CellKey, Config, Member, section
from interplay.usercode import AsBegun, source_digest

if TYPE_CHECKING:
    from interplay.models.start import Start
    from interplay.tuning.preflight import Built


@dataclass(frozen=True)
class Plan:
    """Everything a study asks for.

    Attributes:
        cells: every cell's configuration; none where a search chooses them as it goes.
        members: every training asked for: seed by seed, so that a run broken off has whole grids.
        datasets: by `dataset_key`, loaded.
        metric, mode: what is compared.
        sources: digests of the user's own code, by `module:function`.
        starts: the weights that networks begin from, by what `model.start` names.
    """

    study: Study
    cells: list[Config]
    members: list[Member]
    datasets: dict[str, Dataset]
    metric: str
    mode: Mode
    sources: dict[str, str]
    starts: dict[str, Start]

    def dataset(self, config: Config) -> Dataset:
        return self.datasets[dataset_key(section(config, "data"))]

    @cached_property
    def begun(self) -> AsBegun:
        """Where the user's own code is had from, here and in workers."""
        return AsBegun(self.study.folders, self.sources, self.starts)

    @cached_property
    def tried(self) -> dict[str, Built]:
        """What `preflight` found, kept for the cells that a search comes to later."""
        return {}

    @cached_property
    def _steps(self) -> dict[str, tuple[int, int]]:
        return {}

    def steps(self, member: Member) -> tuple[int, int]:
        """Rows of one of a member's steps, and steps of one epoch."""
        data = section(member.config, "data")
        key = same_as([data, member.fold])
        if key not in self._steps:
            dataset = self.dataset(member.config)
            rows = split_dataset(dataset, data, member.folds, member.fold).train
            batch = min(data["batch_size"], len(rows))
            self._steps[key] = batch, len(rows) // batch
        return self._steps[key]

    def sort(self, members: Sequence[Member]) -> list[Member]:
        """`members` in the order in which they are trained: seeds outermost."""
        order = {seed: i for i, seed in enumerate(self.study.seeds)}
        return sorted(members, key=lambda m: (order[m.seed], m.fold or 0))

    def members_of(self, config: Config) -> list[Member]:
        """A cell's members, every seed and fold."""
        study, model = self.study, section(config, "model")
        epochs, folds = study.epochs, study.settings.folds
        version = FAMILIES.get(model["name"]).version if "name" in model else 0
        if "builder" in model:
            version = BUILDER_VERSION
        sources = {s: self.sources[config[k]] for s, k in OWN_CODE.items() if k in config}
        if config.get(START) in self.starts:
            sources["start"] = self.starts[config[START]].digest
        key = CellKey(
            study.keyed(config),
            epochs=epochs,
            folds=folds,
            data_digest=self.dataset(config).digest if self.datasets else "",
            sources=sources,
            model_version=version,
        )
        return [
            Member(key.member(seed, fold), config, seed, epochs, fold, folds)
            for seed in study.seeds
            for fold in study.folds
        ]


START = "model.start"
# Where a configuration names code of the user's own.
OWN_CODE = {"data": "data.builder", "model": "model.builder", "trial": "trial.function"}


def make_plan(study: Study) -> Plan:
    """Load the data, and the weights to begin from, and name every member.

    Raises:
        InterplayError: where either cannot be had, or the data has not the metric asked for.
    """
    cells = study.cells() if study.search.listed else []
    datasets: dict[str, Dataset] = {}
    for config in cells or study.sketches():
        data = section(config, "data")
        if data and dataset_key(data) not in datasets:
            datasets[dataset_key(data)] = load_dataset(data, study.folders)
    tasks = {dataset.task for dataset in datasets.values()}
    if len(tasks) > 1:
        raise DataError("the datasets of one study are all of one task, or no metric compares them")
    metric, mode = study.target(tasks.pop() if tasks else None)
    paths = {str(d.grid()[0]) for n, d in study.space.domains.items() if n in OWN_CODE.values()}
    sources = {path: source_digest(path, study.folders) for path in sorted(paths)}
    starts = {}
    if study.shares(START):  # or it is an option of the user's own builder
        from interplay.models.start import find_start

        named = study.space.domains[START].grid()
        starts = {str(n): find_start(str(n), study.folders) for n in named if n is not None}
    plan = Plan(study, cells, [], datasets, metric, mode, sources, starts)
    return replace(plan, members=[m for config in cells for m in plan.members_of(config)])
