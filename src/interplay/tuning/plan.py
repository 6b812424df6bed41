"""What a study asks for, what is there already, and how the rest is packed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key, load_dataset, split_dataset
from interplay.errors import DataError
from interplay.identity import same_as
from interplay.metrics import Mode
from interplay.models import BUILDER_VERSION, FAMILIES
from interplay.models.factory import input_kind
from interplay.study.study import Study
from interplay.training.members import Config, Member, Row, failed_row, member_key, section
from interplay.training.stacked.sharing import choose_engine, cost, most_members, shape_key
from interplay.tuning.packs import Group, Pack, group_by, make_packs
from interplay.usercode import source_digest


@dataclass(frozen=True)
class Built:
    """What trying a cell's model and optimiser showed.

    Attributes:
        reason: why it cannot be trained, or None.
        parameters: how many numbers it trains.
        unstackable: why it does not train as a stack, or None.
    """

    reason: str | None
    parameters: int = 0
    unstackable: str | None = None


@dataclass(frozen=True)
class Plan:
    """Everything a study asks for.

    Attributes:
        cells: every cell's configuration; none where a search chooses them as it goes.
        members: every training asked for: seed by seed, so that a run broken off has whole grids.
        datasets: by `dataset_key`, loaded.
        metric, mode: what is compared.
        sources: digests of the user's own code, by `module:function`.
    """

    study: Study
    cells: list[Config]
    members: list[Member]
    datasets: dict[str, Dataset]
    metric: str
    mode: Mode
    sources: dict[str, str]

    def dataset(self, config: Config) -> Dataset:
        return self.datasets[dataset_key(section(config, "data"))]

    def sort(self, members: Sequence[Member]) -> list[Member]:
        """`members` in the order in which they are trained: seeds outermost."""
        order = {seed: i for i, seed in enumerate(self.study.seeds)}
        return sorted(members, key=lambda m: (order[m.seed], m.fold or 0))

    def members_of(self, config: Config) -> list[Member]:
        """A cell's members, every seed and fold."""
        study, model = self.study, section(config, "model")
        own = {s: config[key] for s, key in OWN_CODE.items() if key in config}
        sources = {s: self.sources[path] for s, path in own.items()}
        version = FAMILIES.get(model["name"]).version if "name" in model else 0
        if "builder" in model:
            version = BUILDER_VERSION
        digest = self.dataset(config).digest if self.datasets else ""
        keyed = study.keyed(config)
        members = []
        for seed in study.seeds:
            for fold in study.folds:
                key = member_key(
                    keyed,
                    epochs=study.epochs,
                    seed=seed,
                    fold=fold,
                    folds=study.settings.folds,
                    data_digest=digest,
                    sources=sources,
                    model_version=version,
                )
                members.append(Member(key, config, seed, study.epochs, fold, study.settings.folds))
        return members


# Where a configuration names code of the user's own.
OWN_CODE = {"data": "data.builder", "model": "model.builder", "trial": "trial.function"}


def make_plan(study: Study) -> Plan:
    """Load the data and name every member.

    Raises:
        InterplayError: where the data cannot be had, or has not the metric asked for.
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
    plan = Plan(study, cells, [], datasets, metric, mode, sources)
    return replace(plan, members=[m for config in cells for m in plan.members_of(config)])


def make_groups(
    plan: Plan,
    members: Sequence[Member],
    built: Callable[[Config], Built] | None = None,
    device: str = "cpu",
) -> list[Group]:
    """`members` by shape, with the engine that trains them.

    Args:
        built: what building a cell's model showed; None where the training is a user's function.

    Raises:
        InterplayError: where the study asks for the stacked engine and a model does not stack.
    """
    if built is None:
        return [Group(tuple(members), "function", 1, 1.0)] if members else []
    shapes: dict[str, tuple[int, int]] = {}

    def steps(member: Member) -> tuple[int, int]:
        """Rows of one step, and steps of one epoch."""
        data = section(member.config, "data")
        key = same_as([data, member.fold])
        if key not in shapes:
            rows = split_dataset(plan.dataset(member.config), data, member.folds, member.fold).train
            batch = min(data["batch_size"], len(rows))
            shapes[key] = batch, len(rows) // batch
        return shapes[key]

    def key(member: Member) -> str:
        return shape_key(member.config, member.epochs, *steps(member))

    asked = plan.study.settings.engine
    groups = []
    for alike in group_by(members, key).values():
        config = alike[0].config
        found, dataset = built(config), plan.dataset(config)
        kind = input_kind(section(config, "model"), config["data.view"], dataset)
        shape = dataset.spec(kind).shape
        engine, note = choose_engine(asked, found.unstackable)
        batch, _ = steps(alike[0])
        most = most_members(found.parameters, batch, math.prod(shape), kind, device)
        groups.append(Group(alike, engine, most, cost(found.parameters, shape, kind), note))
    return groups


def pack_up(
    plan: Plan, missing: Sequence[Member], workers: int, device: str = "cpu"
) -> tuple[list[Pack], list[Row]]:
    """`missing` as packs for workers that compute on `device`; and the failed rows of those whose
    model cannot be built."""
    if plan.study.function is not None:
        return make_packs(make_groups(plan, missing), workers), []
    from interplay.tuning.preflight import preflight

    checked = preflight(plan, missing)
    reasons = [(member, checked(member.config).reason) for member in missing]
    todo = [member for member, reason in reasons if reason is None]
    failed = [failed_row(member, reason) for member, reason in reasons if reason is not None]
    return make_packs(make_groups(plan, todo, checked, device), workers), failed
