"""Guides over a space in which not everything is always there, and not every cell is one."""

import numpy as np
import pytest

from interplay.search.bayes.space import UnitSpace
from interplay.search.guide import Task, make_guide
from interplay.space.domains import Choice, Constant, Float, Int
from interplay.space.rules import read_rule
from interplay.space.space import Space
from tests.search.guiding import guided

SPACE = Space(
    {
        "model.kind": Choice(("conv", "linear")),
        "model.width": Int(1, 8, step=1),
        "model.kernel": Choice((3, 5, 7)),
        "model.heads": Choice((2, 4)),
        "optimizer.lr": Float(1e-4, 1e-1, log=True),
        "model.bias": Constant(True),
    },
    {"model.kernel": {"model.kind": ("conv",)}},
    {"model.width": "model.heads"},
    (read_rule("model.width * model.kernel <= 60", lambda name: name),),
)
GUIDED = ("bayes", "hyperopt", "optuna")


def score(cell):
    return -abs(cell["model.width"] - 12) - cell.get("model.kernel", 9) / 10


@pytest.mark.parametrize("method", GUIDED)
def test_a_search_suggests_cells_of_the_space_and_goes_on_from_them(method):
    number = 16 if method == "bayes" else 24  # past what fills the space first
    cells = guided(method, SPACE, score, number)
    assert all(SPACE.holds(cell) for cell in cells)
    kinds = {cell["model.kind"] for cell in cells}
    assert kinds == {"conv", "linear"}
    assert {("model.kernel" in cell) == (cell["model.kind"] == "conv") for cell in cells} == {True}
    assert guided(method, SPACE, score, 14, cells[:11]) == cells[:14]


def test_rows_that_differ_in_what_is_not_there_are_one_cell():
    domains = {name: SPACE.domains[name] for name in SPACE.varied if name != "optimizer.lr"}
    whole = Space({**domains, "model.bias": Constant(True)}, SPACE.when, SPACE.times, SPACE.rules)
    unit = UnitSpace(domains, whole)
    cells = list(whole.grid())
    assert len(unit.all_rows) == len(cells)
    linear = next(cell for cell in cells if cell["model.kind"] == "linear")
    values = {name: whole.values(linear)[name] for name in domains}
    rows = np.array([unit.row({**values, "model.kernel": kernel}) for kernel in (3, 5, 7)])
    assert len(np.unique(rows, axis=0)) == 3
    assert len(np.unique(unit.columns(rows), axis=0)) == 1
    assert all(unit.exist(unit.all_rows))


@pytest.mark.parametrize("method", GUIDED)
def test_where_the_rules_leave_little_a_search_still_finds_it(method):
    rare = read_rule("model.a * model.b == 81 or model.a < 0", lambda name: name)
    space = Space({"model.a": Int(1, 9), "model.b": Int(1, 9)}, rules=(rare,))
    guide = make_guide(method, Task(space, "max"), {})
    assert guide.suggest(0) == {"model.a": 9, "model.b": 9}
