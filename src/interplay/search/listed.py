"""Guides whose cells do not depend on scores: the grid, and independent draws.

They begin after `points_to_evaluate`, which have the first numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from interplay.search.guide import Task
from interplay.space.space import Cell


class Grid:
    """The combinations in order; a single configuration is a grid of one."""

    def __init__(self, task: Task) -> None:
        self._rest: Iterator[Cell] = task.space.grid()
        self._seen: list[Cell] = []
        self.first = task.first

    def suggest(self, number: int) -> Cell | None:
        number -= self.first
        while len(self._seen) <= number:
            cell = next(self._rest, None)
            if cell is None:
                return None
            self._seen.append(cell)
        return self._seen[number]

    def observe(self, number: int | None, cell: Cell, score: float | None) -> None:
        del number, cell, score


class Random:
    """The draws of the space's random search, in order."""

    def __init__(self, task: Task) -> None:
        self.space, self.seed, self.first = task.space, task.seed, task.first

    def suggest(self, number: int) -> Cell | None:
        return self.space.draw(self.seed, number - self.first)

    def observe(self, number: int | None, cell: Cell, score: float | None) -> None:
        del number, cell, score


def grid(task: Task, /) -> Grid:
    return Grid(task)


def random(task: Task, /) -> Random:
    return Random(task)
