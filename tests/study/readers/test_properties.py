"""Of any sweep: ours says the same, its grid is its tool's, and what is no sweep is a message."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import InterplayError
from interplay.space.domains import Constant, Float
from interplay.study.adopted import sweep_in
from interplay.study.converting import convert_sweep
from interplay.study.study import Study
from tests.examples import examples
from tests.study.readers.made import (
    DARTS,
    DETERMINED,
    HYDRA,
    determined_cells,
    hyper_opt,
    hyper_opt_cells,
)
from tests.study.readers.sweeps import read

MINE = """
from typing import Literal

Word = Literal["relu", "tanh", "gelu", "word", "x"]  # where any word goes, none is one
Value = float | int | Word | bool | list | None

def train(seed, lr: Value = 1, width: Value = 1, depth: Value = 1, drop: Value = 1,
          act: Value = 1, heads: Value = 1, bias: Value = 1):
    return {"score": 1.0}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a training is that takes whatever it is given."""
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "mine_taking_all.py").write_text(MINE, encoding="utf-8")
    return folder


@examples(60)
@given(st.one_of(DARTS, DETERMINED, HYDRA, hyper_opt()))
def test_written_as_ours_it_reads_back_the_same(folder, tables):
    file, out = folder / "sweep.json", folder / "study.toml"
    file.write_text(json.dumps(tables), encoding="utf-8")
    out.unlink(missing_ok=True)
    names = {n: f"trial.{n.rpartition('.')[2]}" for n in read(tables).reading.hyperparameters}
    chosen = ["trial.function=mine_taking_all:train", "search.metric=score", "search.mode=max"]
    if "model" in tables:
        chosen += ["search.method=random", "search.trials=3"]
    study = convert_sweep(file, out, [*chosen, "epochs=1"], names)
    again = Study.load(out)
    assert again.space == study.space
    assert again.settings == study.settings


def rounded(cell):
    """A cell, floats to nine digits: their last are the order of operations'."""
    short = {
        name.removeprefix("model."): float(f"{value:.9g}") if isinstance(value, float) else value
        for name, value in cell.items()
    }
    return repr(sorted(short.items(), key=str))


@examples(100)
@given(DETERMINED.filter(lambda tables: tables["searcher"]["name"] == "grid"))
def test_determined_s_grid_is_its_own(tables):
    space = read(tables).space
    found = [rounded(cell) for cell in space.grid()]
    assert len(found) == len(set(found)) == space.size
    assert set(found) == determined_cells(tables)


@examples(100)
@given(hyper_opt(drawn=False))
def test_a_grid_with_products_and_conditions_is_what_optuna_may_suggest(tables):
    space = read(tables).space
    never = {name for name, domain in space.domains.items() if domain == Constant(None)}
    never -= {"model.bias"}  # what no cell has: always null in asme
    cells = [{n: v for n, v in cell.items() if n not in never} for cell in space.grid()]
    found = [rounded(cell) for cell in cells]
    assert len(found) == len(set(found)) == space.size
    assert set(found) == hyper_opt_cells(tables)


@examples(100)
@given(st.one_of(DARTS, DETERMINED, hyper_opt()), st.integers(0, 99))
def test_what_is_drawn_lies_in_what_was_asked_for(tables, number):
    space = read(tables).space
    cell = space.draw(0, number)
    for name, value in cell.items():
        domain = space.domains[name]
        if isinstance(domain, Float) and name not in space.times:
            assert domain.low <= value <= domain.high
    assert space.plain or space.holds(cell)


KEYS = st.sampled_from(
    [
        *("hyperparameters", "searcher", "darts", "n_trials", "n_folds", "scoring_metric", "name"),
        *("hyper_opt", "suggest", "params", "dependency", "depends_on", "on", "conditions", "type"),
        *("low", "high", "step", "log", "choices", "q", "n", "distribution", "value", "minval"),
        *("maxval", "count", "base", "vals", "val", "metric", "max_length", "epochs", "batches"),
        *("max_trials", "divisor", "bracket_rungs", "mode", "num_rungs", "budget", "max_rungs"),
        *("model", "a", "b.c", "", "reproducibility", "compare_value", "trainer", "max_epochs"),
        *("step_budget", "target_trial_steps", "max_concurrent_trials", "search", "when", "times"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *("grid", "random", "single", "adaptive_asha", "async_halving", "adaptive", "pbt"),
            *("sync_halving", "adaptive_simple", "int", "float", "double", "log", "categorical"),
            *("const", "uniform", "loguniform", "reversed-loguniform", "choice", "constant"),
            *("multiply", "optimize_iff", "equal", "model.a", "a", "1e-5", "", "x:lower", "\0"),
            *(None, True, 0, -1, 1, 2, 3, 0.5, 1e-300, 1e308, 10**9, 2**63, 10**400, -0.0, []),
            *(float("inf"), float("nan"), {}),
        ]
    ),
    st.integers(-3, 9),
    st.floats(0, 9),
)
ANYTHING = st.recursive(
    VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=14,
)


@st.composite
def broken(draw):
    """A sweep in which something is another thing, or nothing but such things."""
    tables = draw(
        st.one_of(DARTS, DETERMINED, hyper_opt(), st.dictionaries(KEYS, ANYTHING, max_size=5))
    )
    tables = json.loads(json.dumps(tables))
    for _ in range(draw(st.integers(1, 3))):
        inner = tables
        while isinstance(inner, dict) and inner:
            key = draw(st.sampled_from(sorted(inner)))
            if not isinstance(inner[key], dict) or draw(st.integers(0, 2)) == 0:
                inner[draw(st.one_of(st.just(key), KEYS))] = draw(ANYTHING)
                break
            inner = inner[key]
    return tables


@examples(300)
@given(broken())
def test_whatever_a_file_says_the_answer_is_a_message_or_a_space(folder, tables):
    file = folder / "broken.json5"
    file.write_text(json.dumps(tables), encoding="utf-8")
    before = set(folder.iterdir())
    try:
        sweep = sweep_in(file)
        told = Study.load(file).notes if sweep is None else sweep.notes
    except InterplayError as error:
        told = [str(error)]
    assert all(told)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(("more", "code"), [({}, 0), ({"n_trials": "all"}, 2)])
def test_the_command_says_so(folder, more, code):
    file = folder / "sweep.json5"
    file.write_text(json.dumps({"hyperparameters": {"lr": [1, 2]}, **more}), encoding="utf-8")
    done = CliRunner().invoke(app, ["space", str(file)])
    assert done.exit_code == code
    assert ("error: " in done.stderr) == (code == 2)
