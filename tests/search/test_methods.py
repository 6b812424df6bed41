"""A search method is one file and one registration: its keys, its needs and its cells follow."""

import datetime
import json
import subprocess
import sys
from typing import Annotated

import pytest
from pydantic import Field

from interplay.errors import StudyError
from interplay.search import METHODS, Method
from interplay.search.guide import Task, make_guide
from interplay.space.domains import Choice, Float
from interplay.space.space import Space
from interplay.study.study import Study
from interplay.table.search_record import Record

GOOD = {
    "name": "s",
    "epochs": 2,
    "data": {"name": "digits"},
    "model": {"name": "linear", "hidden_size": [8, 16, 32], "dropout": [0.0, 0.5]},
}


class Backwards:
    def __init__(self, task, every):
        self.cells, self.first = list(task.space.grid())[::-every], task.first

    def suggest(self, number):
        number -= self.first
        return self.cells[number] if number < len(self.cells) else None

    def observe(self, number, cell, score):
        pass


def backwards(
    task, /, *, every: Annotated[int, Field(ge=1, description="takes one in so many")] = 1
):
    return Backwards(task, every)


def pickled(task, /, *, order: list[int]):
    raise AssertionError(order)


@pytest.fixture
def registered(monkeypatch):
    """Two methods of somebody else's, registered from here."""
    monkeypatch.setattr(METHODS, "_entries", dict(METHODS._entries))

    def register(name="backwards", **needs):
        METHODS.register(Method(name, f"{__name__}:{name}", "the grid from its end", **needs))

    return register


def study(**search):
    return Study(**GOOD, search=search)


def widths(study):
    return [(c["model.hidden_size"], c["model.dropout"]) for c in study.cells()]


def test_a_method_registered_from_anywhere_is_a_method(registered):
    registered(trials=False, listed=True, on_grid=True)
    grid = widths(study(method="grid"))
    assert widths(study(method="backwards")) == grid[::-1]
    assert widths(study(method="backwards", every=2)) == grid[::-2]
    first = study(method="backwards", points_to_evaluate=[{"hidden_size": 16, "dropout": 0.0}])
    assert widths(first)[0] == (16, 0.0)
    assert sorted(widths(first)) == sorted(grid)
    assert study(method="backwards", every=2).search.flat()["every"] == 2


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"method": "backwards", "every": 0}, "search.every = 0: .*greater than or equal to 1"),
        ({"method": "backwards", "evry": 2}, "search.evry = 2: no such key; .*mean 'every'"),
        ({"method": "grid", "every": 2}, "search.every = 2: belongs to method 'backwards'"),
        ({"method": "backward"}, "no such search method; .*did you mean 'backwards'"),
        ({"method": "backwards", "trials": 3}, "search.trials = 3: .*the grid from its end"),
        ({"method": "backwards", "options": {}}, "search.options = {}: no such key"),
        ({"method": "pickled", "trials": 3}, "search.order: method 'pickled' needs it"),
        ({"method": "bayes", "trials": 3, "xi": -1.0}, "search.xi = -1.0"),
        ({"method": "optuna", "trials": 3, "sampler": "tpr"}, "did you mean 'tpe'"),
        (
            {"method": "optuna", "trials": 3, "storage": datetime.date(2026, 1, 1)},
            "search.storage = .*not JSON serializable",
        ),
        ({"method": 3}, "search.method = 3: no such search method"),
        ({"method": ["grid"]}, "no such search method"),
        # A key keeps its name where it is none of Python's.
        ({"max-concurrent": 3}, "search.max-concurrent = 3: .*did you mean 'max_concurrent'"),
        ({"a.b": 3}, "search.a.b = 3: no such key"),
    ],
    ids=str,
)
def test_its_keys_are_checked_by_its_signature(registered, search, says):
    registered(trials=False, listed=True, on_grid=True)
    registered("pickled")
    with pytest.raises(StudyError, match=says) as error:
        study(**search)
    assert len(error.value.mistakes) == 1


def test_a_wrong_key_takes_nothing_else_of_the_section_away():
    with pytest.raises(StudyError) as error:
        study(**{"max-concurrent": 3, "metric": "acuracy", "method": "random", "xi": 1.0})
    keys = {mistake.key for mistake in error.value.mistakes}
    assert keys == {"search.max-concurrent", "search.metric", "search.trials", "search.xi"}


def test_what_a_method_needs_is_said_by_its_entry(registered):
    registered(trials=False, listed=True, on_grid=True)
    ranged = GOOD["model"] | {"dropout": {"low": 0.0, "high": 0.5}}
    with pytest.raises(StudyError, match="needs count or step"):
        Study(**GOOD | {"model": ranged}, search={"method": "backwards"})
    with pytest.raises(ValueError, match="has trials"):
        Method("neither", "nowhere:here", "", trials=False)
    constant = GOOD["model"] | {"dropout": 0.0, "hidden_size": 8}
    for name in METHODS.names:
        trials = {"trials": 3} if METHODS.get(name).trials else {}
        tables = GOOD | {"model": constant, "search": {"method": name, **trials}}
        if METHODS.get(name).varied:
            with pytest.raises(StudyError, match="nothing varies"):
                Study(**tables)
        else:
            Study(**tables)


@pytest.mark.parametrize("method", list(METHODS), ids=lambda m: m.name)
def test_every_method_says_what_its_keys_are_and_suggests_cells(method):
    for option in method.options.by_name.values():
        assert option.doc
        assert not option.required
    lr = Choice((0.1, 0.2)) if method.name in ("grid", "single") else Float(0.1, 0.2)
    space = Space({"optimizer.lr": lr, "model.kind": Choice(("a", "b"))})
    guide = make_guide(method.name, Task(space, seed=3), {})
    cell = guide.suggest(0)
    assert set(cell) == set(space.domains)
    guide.observe(0, cell, 1.0)


def test_keys_are_known_without_what_a_method_computes_with():
    script = (
        "import sys\nfrom interplay.search import METHODS\n"
        "for method in METHODS: method.options\n"
        "heavy = {'torch', 'ray', 'numpy', 'scipy', 'optuna', 'hyperopt', 'bayes_opt'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_record_that_has_the_keys_of_all_methods_is_of_the_same_search(tmp_path):
    asked = study(method="bayes", trials=9, xi=0.5).search.flat()
    old = asked | {"sampler": "tpe", "study_name": None}
    content = {
        "owner": "me",
        "settings": {"search": old, "space": [], "epochs": 2},
        "before": [],
        "rounds": [[{"a": 1}]],
    }
    (tmp_path / "search.json").write_text(json.dumps(content))

    def rounds(search):
        return Record.open(tmp_path, {"search": search, "space": [], "epochs": 2}).rounds

    assert rounds(asked) == [[{"a": 1}]]
    assert rounds(asked | {"xi": 0.1}) == []
    assert rounds(study(method="optuna", trials=9).search.flat()) == []
