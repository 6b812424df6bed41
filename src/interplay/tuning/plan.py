"""What a study asks for, what is there already, and how the rest is packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key, load_dataset
from interplay.errors import DataError
from interplay.models import FAMILIES
from interplay.study import Study
from interplay.training.members import Config, Member, member_key, section
from interplay.training.metrics import Mode
from interplay.usercode import source_digest

# A worker takes this fraction of its fair share of what is left, so packs shrink towards the end
# and all workers end together (guided self-scheduling: Polychronopoulos & Kuck, 1987).
SHARE = 0.5


@dataclass(frozen=True)
class Plan:
    """Everything a study asks for.

    Attributes:
        cells: every cell's configuration.
        members: every training asked for: seed by seed, so that a run broken off has whole grids.
        datasets: by `dataset_key`, loaded.
        metric, mode: what is compared.
    """

    study: Study
    cells: list[Config]
    members: list[Member]
    datasets: dict[str, Dataset]
    metric: str
    mode: Mode

    def dataset(self, config: Config) -> Dataset:
        return self.datasets[dataset_key(section(config, "data"))]

    def sort(self, members: Sequence[Member]) -> list[Member]:
        """`members` in the order in which they are trained: seeds outermost."""
        order = {seed: i for i, seed in enumerate(self.study.seeds)}
        return sorted(members, key=lambda m: (order[m.seed], m.fold or 0))


def make_plan(study: Study) -> Plan:
    """Load the data and name every member.

    Raises:
        InterplayError: where the data cannot be had, or has not the metric asked for.
    """
    cells = study.cells()
    datasets: dict[str, Dataset] = {}
    for config in cells:
        data = section(config, "data")
        if dataset_key(data) not in datasets:
            datasets[dataset_key(data)] = load_dataset(data, study.folders)
    tasks = {dataset.task for dataset in datasets.values()}
    if len(tasks) > 1:
        raise DataError("the datasets of one study are all of one task, or no metric compares them")
    metric, mode = study.target(tasks.pop())
    sources: dict[str, str] = {}
    members = []
    for config in cells:
        model = section(config, "model")
        own = {s: config[f"{s}.builder"] for s in ("data", "model") if f"{s}.builder" in config}
        for path in own.values():
            sources.setdefault(path, source_digest(path, study.folders))
        version = 0 if "builder" in model else FAMILIES.get(model["name"]).version
        digest = datasets[dataset_key(section(config, "data"))].digest
        for seed in study.seeds:
            for fold in study.folds:
                key = member_key(
                    config,
                    epochs=study.epochs,
                    seed=seed,
                    fold=fold,
                    folds=study.settings.folds,
                    data_digest=digest,
                    sources={s: sources[path] for s, path in own.items()},
                    model_version=version,
                )
                members.append(Member(key, config, seed, study.epochs, fold, study.settings.folds))
    return Plan(study, cells, members, datasets, metric, mode)


def pack_members(members: Sequence[Member], workers: int) -> list[list[Member]]:
    """`members` cut into packs, in order: large ones first, single members at the end."""
    packs, start = [], 0
    while start < len(members):
        left = len(members) - start
        size = max(1, int(left * SHARE / workers))
        packs.append(list(members[start : start + size]))
        start += size
    return packs
