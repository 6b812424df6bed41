"""Members into packs: who may train together, by which engine, and in which order packs go out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from interplay.errors import InterplayError
from interplay.models.factory import input_kind
from interplay.training.members import Config, Member, Row, failed_row, section
from interplay.training.stacked.sharing import (
    Engine,
    choose_engine,
    cost,
    most_members,
    shape_key,
)
from interplay.tuning.plan import Plan

if TYPE_CHECKING:
    from interplay.tuning.preflight import Built

# Shares of the whole work that a worker gets, at least: packs of a like size let workers end
# together, and more of them would cost Tune more than it saves.
SHARES = 4
# Below this a stack loses more by being small than workers gain by sharing it.
FEWEST = 8


@dataclass(frozen=True)
class Pack:
    """Members that one worker trains, by one engine; a stack where the engine is stacked.

    Attributes:
        note: why it is not the engine that was hoped for, or None; what their rows say of it.
    """

    members: tuple[Member, ...]
    engine: Engine
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a trial's configuration may hold."""
        members = [{**vars(member)} for member in self.members]
        return {"engine": self.engine, "note": self.note, "members": members}

    @classmethod
    def from_json(cls, pack: Mapping[str, Any]) -> Pack:
        members = tuple(Member(**member) for member in pack["members"])
        return cls(members, pack["engine"], pack["note"])

    def halves(self) -> list[Pack]:
        """Smaller packs of the same members, for when this one killed its worker."""
        if self.engine != "stacked":
            return [Pack((member,), self.engine, self.note) for member in self.members]
        middle = (len(self.members) + 1) // 2
        parts = (self.members[:middle], self.members[middle:])
        return [Pack(part, self.engine, self.note) for part in parts if part]


@dataclass(frozen=True)
class Group:
    """Members of one shape.

    Attributes:
        most: how many of them one stack may hold; 1 where they do not stack.
        cost: of one member, in any unit that is the same for all groups.
        note: as a pack's.
    """

    members: tuple[Member, ...]
    engine: Engine
    most: int
    cost: float
    note: str | None = None


def make_packs(groups: Sequence[Group], workers: int) -> list[Pack]:
    """Cut groups into packs so that workers end together.

    Stacks go out the costly ones first (the longest processing time rule: Graham, 1969), so that
    what is left for the end is small. Members that train one by one follow, whatever their
    shapes: every pack costs Tune some tenths of a second.
    """
    total = sum(group.cost * len(group.members) for group in groups)
    share = total / (workers * SHARES)
    packs: list[tuple[float, Pack]] = []
    for group in groups:
        if group.engine != "stacked":
            continue
        number = len(group.members)
        wanted = round(group.cost * number / share) if share else 1
        pieces = min(wanted, max(1, number // FEWEST)) if workers > 1 else 1
        pieces = max(pieces, -(-number // group.most))
        for part in even(group.members, pieces):
            packs.append((group.cost * len(part), Pack(tuple(part), "stacked")))
    packs.sort(key=lambda pair: -pair[0])
    singles: list[Pack] = []
    kinds = dict.fromkeys((g.engine, g.note) for g in groups if g.engine != "stacked")
    for engine, note in kinds:
        alone = [group.members for group in groups if (group.engine, group.note) == (engine, note)]
        # Turn about, so that every piece has its share of each shape.
        mixed = [m for turn in zip_longest(*alone) for m in turn if m is not None]
        singles += [Pack(tuple(part), engine, note) for part in shrinking(mixed, workers)]
    return [pack for _, pack in packs] + singles


def even(members: Sequence[Member], pieces: int) -> list[Sequence[Member]]:
    """`members` in order, cut into `pieces` whose sizes differ by at most one."""
    edges = [round(i * len(members) / pieces) for i in range(pieces + 1)]
    return [members[a:b] for a, b in pairwise(edges) if b > a]


def shrinking(members: Sequence[Member], workers: int) -> list[Sequence[Member]]:
    """`members` in order, cut into ever smaller pieces, single ones at the end.

    A worker takes half its fair share of what is left (guided self-scheduling: Polychronopoulos
    & Kuck, 1987).
    """
    pieces, start = [], 0
    while start < len(members):
        size = max(1, (len(members) - start) // (2 * workers))
        pieces.append(members[start : start + size])
        start += size
    return pieces


def train_all(
    packs: Sequence[Pack],
    fit: Callable[[list[Pack], Callable[[list[Row]], None]], dict[int, str]],
    deliver: Callable[[list[Row]], None],
) -> None:
    """Train all members of `packs`, every one of which is delivered as a row.

    Where a worker dies (killed for its memory, a crash in native code), what it had not reported
    is tried again in smaller packs, down to single members, so that one bad member takes no other
    with it.

    Args:
        fit: trains packs, hands on the rows that come, and returns by a pack's place in the list
            what ended it early.
    """
    got: set[str] = set()

    def take(rows: list[Row]) -> None:
        deliver(rows)
        got.update(row.key for row in rows)  # only now: what was not kept is not there

    todo = list(packs)
    while todo:
        errors = fit(todo, take)
        smaller: list[Pack] = []
        for i, pack in enumerate(todo):
            lost = tuple(member for member in pack.members if member.key not in got)
            if lost and len(pack.members) == 1:
                take([failed_row(lost[0], errors.get(i, "the worker died"))])
            elif lost:
                smaller += Pack(lost, pack.engine, pack.note).halves()
        todo = smaller


def pack_up(
    plan: Plan, missing: Sequence[Member], workers: int, device: str = "cpu"
) -> tuple[list[Pack], list[Row]]:
    """`missing` as packs for workers that compute on `device`; and the failed rows of those whose
    model cannot be built.

    Raises:
        InterplayError: where not one cell of the whole study can be trained: then the mistake is
            the study's.
    """
    if plan.study.function is not None:
        return make_packs([Group(tuple(missing), "function", 1, 1.0)], workers), []
    from interplay.tuning.preflight import preflight  # and with it torch

    configs = {id(member.config): member.config for member in missing}  # one for each cell
    checked = preflight(list(configs.values()), plan.datasets, plan.begun, plan.tried)
    built = dict(zip(configs, checked, strict=True))
    reasons = [(member, built[id(member.config)].reason) for member in missing]
    todo = [member for member, reason in reasons if reason is None]
    failed = [failed_row(member, reason) for member, reason in reasons if reason is not None]
    if failed and len(failed) == len(plan.members):
        raise InterplayError(
            f"{plan.study.name}: no cell of this study can be trained: {failed[0].error}"
        )
    groups = make_groups(plan, todo, lambda config: built[id(config)], device)
    return make_packs(groups, workers), failed


def make_groups(
    plan: Plan, members: Sequence[Member], built: Callable[[Config], Built], device: str = "cpu"
) -> list[Group]:
    """`members` by shape, in order, with the engine that trains them.

    Args:
        built: what building a cell's model showed.

    Raises:
        InterplayError: where the study asks for the stacked engine and a model does not stack.
    """
    asked = plan.study.settings.engine
    shapes: dict[tuple[int, int | None], str] = {}
    alike: dict[str, list[Member]] = {}
    for member in members:
        own = id(member.config), member.fold  # which the members of a cell share
        if own not in shapes:
            shapes[own] = shape_key(member.config, member.epochs, *plan.steps(member))
        alike.setdefault(shapes[own], []).append(member)
    groups = []
    for group in alike.values():
        config = group[0].config
        found, dataset = built(config), plan.dataset(config)
        kind = input_kind(section(config, "model"), config["data.view"], dataset)
        shape = dataset.spec(kind).shape
        engine, note = choose_engine(asked, found.unstackable)
        batch, _ = plan.steps(group[0])
        most = most_members(found.parameters, batch, math.prod(shape), kind, device)
        groups.append(Group(tuple(group), engine, most, cost(found.parameters, shape, kind), note))
    return groups
