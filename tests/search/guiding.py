"""What a guide suggests, told what each cell is worth."""

from interplay.search.guide import Task, make_guide


def guided(method, space, score, number, before=()):
    """The cells `before`, which it is told first, and those suggested after them, `number` in all."""
    guide = make_guide(method, Task(space, "max", seed=4), {})
    for place, cell in enumerate(before):
        guide.observe(place, cell, score(cell))
    cells = list(before)
    for place in range(len(before), number):
        cell = guide.suggest(place)
        guide.observe(place, cell, score(cell))
        cells.append(cell)
    return cells
