"""Members into packs: what one worker trains together, and in which order packs go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, zip_longest
from typing import Any

from interplay.training.members import Member
from interplay.training.stacked.sharing import Engine

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
        members = [asdict(member) for member in self.members]
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


def group_by(
    members: Sequence[Member], key: Callable[[Member], str]
) -> dict[str, tuple[Member, ...]]:
    """Members with equal keys together, in order."""
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(key(member), []).append(member)
    return {k: tuple(v) for k, v in found.items()}
