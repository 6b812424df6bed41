"""Which steps of padded sequences go together, and how many rows of a batch they have to do with.

Rows of a batch stand longest first, so those still going at a step are its first ones: the others'
steps are not computed. What follows holds for any order; the more it is that one, the less is
computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from interplay.training.stacked.device.place import on_host

CHUNK = 1 << 21  # numbers that a chunk of steps works on: the larger, the fewer calls
LEAST_STEPS = 8  # and never fewer for the cache's sake, for each chunk costs calls too
WASTE = 1 << 16  # numbers computed past sequences' ends before a chunk of fewer rows costs less
ALL = 1 << 62


@dataclass(frozen=True)
class Chunk:
    """Steps `start` to `end` of each member's first `rows` rows.

    Attributes:
        own: 1 at the rows' own steps, 0 past their ends, (end - start, members, rows, 1); None
            where all are their own.
    """

    start: int
    end: int
    rows: int
    own: Tensor | None = None

    @property
    def steps(self) -> slice:
        return slice(self.start, self.end)


def chunks(x: Tensor, lengths: Tensor | None, numbers: int) -> list[Chunk]:
    """All that is to be computed of `x` (M, B, T, F), in order.

    Args:
        lengths: (M, B), of at least 1; None: all steps.
        numbers: how many a row's step works on, of one member.
    """
    members, batch, steps, _ = x.shape
    host = on_host(x.device)
    active = [batch] * steps
    whole = [steps] * batch  # up to which step no row before has ended
    if lengths is not None and host:
        each = lengths.amax(0).tolist()
        needed = list(accumulate(reversed(each), max))[::-1]
        active = counts(needed)
        whole = list(accumulate(lengths.amin(0).tolist(), min))
    mask = None
    if lengths is not None:
        step = torch.arange(len(active), device=x.device)
        mask = (step[:, None, None] < lengths).to(x.dtype)[..., None]
    most = CHUNK if host else ALL
    cut = cuts(active, members * numbers, most)
    made = []
    for start, end in pairwise(cut):
        rows = active[start]
        own = None
        if mask is not None and not (host and whole[rows - 1] >= end):
            own = mask[start:end, :, :rows]
        made.append(Chunk(start, end, rows, own))
    return made


def counts(needed: list[int]) -> list[int]:
    """From up to which step each row is needed, falling, to how many rows each step needs."""
    active = []
    rows = len(needed)
    for step in range(needed[0]):
        while needed[rows - 1] <= step:
            rows -= 1
        active.append(rows)
    return active


def cuts(active: list[int], numbers: int, most: int) -> list[int]:
    """Where chunks of steps begin, and where the last one ends.

    Args:
        active: the rows that each step needs, falling.
        numbers: that a row's step works on.
        most: of all rows and steps of a chunk.
    """
    at = [0]
    waste = 0
    for step, rows in enumerate(active):
        start = at[-1]
        waste += (active[start] - rows) * numbers
        full = step - start >= max(LEAST_STEPS, most // (active[start] * numbers))
        if full or waste > WASTE:
            at.append(step)
            waste = 0
    return [*at, len(active)]
