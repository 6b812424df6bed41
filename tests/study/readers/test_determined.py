"""Determined's experiments: what each type, count and searcher comes to, and what is refused."""

import math

import pytest

from interplay.space.domains import Choice, Constant, Float, Int
from tests.study.readers.sweeps import cells, noted, read, refused

GRID = {"name": "grid", "metric": "valid_loss", "max_length": {"epochs": 5}}
RANDOM = {**GRID, "name": "random", "max_trials": 10}
VARIED = {"width": {"type": "int", "minval": 1, "maxval": 9}}


def domain(raw, searcher):
    return read({"hyperparameters": {"a": raw}, "searcher": searcher}).space.domains["a"]


def span(kind, low, high, **more):
    return {"type": kind, "minval": low, "maxval": high, **more}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (span("int", 0, 20, count=3), Int(0, 20, step=10)),
        (span("int", 0, 10, count=3), Int(0, 10, step=5)),
        (span("int", 0, 4, count=5), Int(0, 4, step=1)),
        (span("int", -4, -2, count=3), Int(-4, -2, step=1)),
        (span("int", 0, 4, count=99), Int(0, 4, step=1)),
        (span("int", 0, 1, count=2), Int(0, 1, step=1)),
        (span("int", 0, 5, count=3), Choice((0, 3, 5))),
        (span("int", -5, 0, count=3), Choice((-5, -3, 0))),
        (span("int", 0, 20, count=7), Choice((0, 3, 7, 10, 13, 17, 20))),
        (span("int", 0, 5, count=1), Constant(3)),
        (span("int", -5, 0, count=1), Constant(-3)),
        (span("int", 4, 8, count=1), Constant(6)),
        (span("double", 0, 1, count=1), Constant(0.5)),
        (span("double", 5.0, 20.0, count=4), Float(5, 20, count=4)),
        (span("double", -1, 1, count=2), Float(-1, 1, count=2)),
        (span("log", -3, -2, base=10, count=2), Float(0.001, 0.01, log=True, count=2)),
        (span("log", 1, 3, base=2, count=3), Float(2, 8, log=True, count=3)),
        (span("log", 1, 2, base=0.5, count=2), Float(0.25, 0.5, log=True, count=2)),
        (span("log", -4, -2, base=10, count=1), Constant(0.001)),
        (span("log", 1, 2, base=1, count=4), Constant(1.0)),
        ({"type": "categorical", "vals": ["relu", 3, None]}, Choice(("relu", 3, None))),
        ({"type": "categorical", "vals": [[8, 8], [16]]}, Choice(([8, 8], [16]))),
        ({"type": "const", "val": 3}, Constant(3)),
        ({"type": "const", "val": None}, Constant(None)),
        ({"type": "const", "val": {"type": "x"}}, Constant({"type": "x"})),
        (32, Constant(32)),
        ("adam", Constant("adam")),
        (True, Constant(True)),
        (None, Constant(None)),
        ([64, 32], Constant([64, 32])),
        ({}, Constant({})),
    ],
    ids=str,
)
def test_in_a_grid(raw, expected):
    assert domain(raw, GRID) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (span("int", 0, 20, count=3), Int(0, 20)),
        (span("int", 0, 20), Int(0, 20)),
        (span("int", 0, 20, count=None), Int(0, 20)),
        (span("double", 0, 1, count=3), Float(0, 1)),
        (span("double", 0.5, 0.9), Float(0.5, 0.9)),
        (span("log", -4, -1, base=10, count=3), Float(1e-4, 0.1, log=True)),
        (span("log", 0, 1.5, base=4), Float(1, 8, log=True)),
    ],
    ids=str,
)
def test_where_it_is_drawn_count_is_ignored_and_noted(raw, expected):
    assert domain(raw, RANDOM) == expected
    sweep = read({"hyperparameters": {"a": raw}, "searcher": RANDOM})
    assert ("count is for grid" in noted(sweep)) == bool(raw.get("count"))


@pytest.mark.parametrize(
    ("hyperparameters", "says"),
    [
        ({"a": span("lag", 0, 1)}, "a.type = 'lag': not one of those; allowed: int, double, log"),
        ({"a": span("int", 0, 1, step=1)}, "a.step = 1: no such key"),
        ({"a": {"type": "int", "minval": 0}}, "a.maxval: missing"),
        ({"a": span("log", 0, 1, count=2)}, "a.base: missing"),
        ({"a": span("log", 0, 1, base=0, count=2)}, "a.base = 0: not positive"),
        ({"a": span("log", 0, 400, base=10, count=2)}, "which are exponents, is no number"),
        ({"a": span("log", -400, 0, base=10, count=2)}, "which are exponents, is no number"),
        ({"a": span("int", 0.5, 4, count=2)}, "a.minval = 0.5: not a whole number"),
        ({"a": span("int", "0", 4, count=2)}, "a.minval = '0': not a whole number"),
        ({"a": span("double", True, 4, count=2)}, "a.minval = True: not a finite number"),
        ({"a": span("double", 1, 1, count=2)}, "minval is not below maxval"),
        ({"a": span("int", 3, 1, count=2)}, "= '3 to 1': minval is not below maxval"),
        ({"a": span("int", 0, 4, count=0)}, "a.count = 0: not a whole number that fits"),
        ({"a": span("int", 0, 4, count=2.0)}, "a.count = 2.0"),
        ({"a": span("int", 0, 10**9, count=10**8)}, "100,000,000 values"),
        ({"g": {"a": span("double", 0, 1)}}, "g.a.count: missing: the grid searcher needs it"),
        ({"a": {"type": "categorical", "vals": 3}}, "a.vals = 3: not a list"),
        ({"a": {"type": "categorical", "vals": []}}, "an empty list leaves nothing to try"),
        ({"a": {"type": "categorical", "vals": [1, 1]}}, "the same value twice"),
        ({"a": {"type": "const"}}, "a.val: missing"),
        ({"a": {"type": "const", "val": 1, "vals": [1]}}, "a.vals = [1]: no such key"),
        ({"a.b": 1, "a": {"b": 2}}, "hyperparameters.a.b: twice"),
        ([1], "hyperparameters = [1]: not a map"),
    ],
)
def test_hyperparameters_that_are_refused(hyperparameters, says):
    assert says in refused({"hyperparameters": hyperparameters, "searcher": GRID})


@pytest.mark.parametrize(
    ("searcher", "says"),
    [
        ({**GRID, "name": "pbt"}, "belong to no cell"),
        ({**GRID, "name": "custom"}, "is a program of its own"),
        ({**GRID, "name": "adaptive_ashs"}, "did you mean 'adaptive_asha'"),
        ({"metric": "x"}, "searcher.name: not one of those"),
        ({**GRID, "max_trials": 3}, "searcher.max_trials = 3: no such key"),
        ({"name": "grid"}, "searcher.metric: missing"),
        ({**GRID, "smaller_is_better": "no"}, "= 'no': not true or false"),
        ({**GRID, "max_length": {"steps": 3}}, "searcher.max_length.steps = 3: no such key"),
        ({**GRID, "max_length": {"epochs": 0}}, "searcher.max_length.epochs = 0"),
        ({**GRID, "max_length": {}}, "not one length"),
        ({**GRID, "max_concurrent_trials": -1}, "a whole number, 0 or more"),
        ({**RANDOM, "max_trials": None}, "searcher.max_trials: missing"),
        ({**RANDOM, "name": "adaptive_asha", "divisor": 1}, "divisor = 1: not above 1"),
        ({**RANDOM, "name": "adaptive_asha", "mode": "fast"}, "aggressive, standard, conservative"),
        ({**RANDOM, "name": "adaptive_asha", "bracket_rungs": [0]}, "bracket_rungs = 0"),
        ({**RANDOM, "name": "adaptive_asha", "stop_once": 1}, "stop_once = 1: not true or false"),
        ({**RANDOM, "name": "adaptive_simple", "max_trials": 2001}, "up to 2000"),
        ({**RANDOM, "name": "async_halving"}, "searcher.num_rungs: missing"),
        ({**GRID, "name": "adaptive"}, "searcher.budget: missing"),
        (
            {**GRID, "name": "adaptive", "budget": {"epochs": 9}, "max_length": 100},
            "budget = {'epochs': 9}: another unit than its length's; allowed: a whole number",
        ),
        (
            {**GRID, "name": "adaptive", "budget": 9, "max_length": None},
            "searcher.max_length: missing",
        ),
        (
            {**GRID, "name": "adaptive", "budget": {"batches": 9}},
            "budget = {'batches': 9}: another",
        ),
    ],
)
def test_searchers_that_are_refused(searcher, says):
    assert says in refused({"hyperparameters": VARIED, "searcher": searcher})


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"serchr": {}}, "serchr: no such key"),
        ({"reproducibility": {"seed": 3}}, "reproducibility.seed = 3: no such key"),
        ({"reproducibility": {"experiment_seed": -1}}, "experiment_seed = -1"),
    ],
)
def test_other_keys_that_are_refused(tables, says):
    assert says in refused({"hyperparameters": VARIED, "searcher": RANDOM, **tables})


def test_the_grids_of_its_own_tests():
    first, second = span("int", 0, 20, count=3), span("int", 0, 10, count=3)
    nine = [(a, b) for a in (0, 10, 20) for b in (0, 5, 10)]
    flat = read({"hyperparameters": {"1": first, "2": second}, "searcher": GRID})
    assert cells(flat, "1", "2") == nine
    nested = read({"hyperparameters": {"1": {"x": first}, "2": second}, "searcher": GRID})
    assert cells(nested, "1.x", "2") == nine

    counts = (2, 2, 3, 3, 4, 5)
    many = {str(i): span("double", -1, 1, count=count) for i, count in enumerate(counts)}
    sweep = read({"hyperparameters": {**many, "global_batch_size": 64}, "searcher": GRID})
    assert sweep.space.size == len(list(sweep.space.grid())) == 720

    deep = {
        "1": {"a": span("int", 0, 1, count=2), "b": span("double", 0, 1, count=2)},
        "2": {"c": {"d": {"type": "categorical", "vals": ["x", "y"]}}},
        "3": span("log", 1, 2, base=10, count=2),
    }
    found = cells(read({"hyperparameters": deep, "searcher": GRID}), "1.a", "1.b", "2.c.d", "3")
    assert len(found) == len(set(found)) == 16
    assert {cell[3] for cell in found} == {10, 100}


def test_the_example_of_diffusion_and_its_seed_as_replicates():
    call = {
        "prompt": {"type": "categorical", "vals": ["a", "b", "c", "d"]},
        "guidance_scale": span("double", 5.0, 20.0, count=3),
        "num_images_per_prompt": 1,
    }
    seed = span("int", 2147483647, 2147483648, count=2)
    sweep = read(
        {
            "entrypoint": "python3 generate.py",
            "resources": {"slots_per_trial": 2},
            "searcher": {"name": "grid", "metric": "none", "max_length": 16},
            "hyperparameters": {
                "main_process_generator_seed": seed,
                "pipeline": {"other_scheduler_kwargs": {}, "use_fp16": True},
                "uuids": [],
                "call_kwargs": call,
            },
        }
    )
    names = ("call_kwargs.prompt", "call_kwargs.guidance_scale", "main_process_generator_seed")
    found = cells(sweep, *names)
    assert len(found) == len(set(found)) == 24
    assert {cell[1] for cell in found} == {5.0, 12.5, 20.0}
    assert "--map main_process_generator_seed=seeds trains every cell with each" in noted(sweep)
    assert "concerns Determined only, and nothing here: entrypoint, resources" in noted(sweep)
    assert "max_length of 16 has no unit, so epochs=… is yours to say" in noted(sweep)


def test_a_seed_that_is_drawn_has_no_list_of_repeats():
    sweep = read({"hyperparameters": {"seed": span("int", 0, 99), **VARIED}, "searcher": RANDOM})
    assert "--map seed= leaves it out, and seeds=5" in noted(sweep)


def searched(searcher, **tables):
    return read({"hyperparameters": VARIED, "searcher": searcher, **tables})


@pytest.mark.parametrize(
    ("searcher", "expected"),
    [
        ({**GRID, "name": "single"}, {"method": "random", "trials": 1, "mode": "min"}),
        (RANDOM, {"method": "random", "trials": 10, "mode": "min"}),
        ({**RANDOM, "smaller_is_better": False}, {"method": "random", "trials": 10, "mode": "max"}),
        (
            {**RANDOM, "name": "adaptive_asha", "max_trials": 64, "max_length": {"epochs": 64}},
            {"grace_period": 1, "reduction_factor": 4, "max_concurrent": 16, "trials": 64},
        ),
        (
            {**RANDOM, "name": "adaptive_asha", "max_length": {"epochs": 64}, "max_rungs": 3},
            {"grace_period": 16, "reduction_factor": 4, "max_concurrent": 10, "trials": 10},
        ),
        (
            {
                **{**RANDOM, "name": "async_halving", "num_rungs": 3, "divisor": 3},
                **{"max_length": {"epochs": 27}, "max_concurrent_trials": 0},
            },
            {"grace_period": 3, "reduction_factor": 3, "max_concurrent": 10, "trials": 10},
        ),
        (
            {**RANDOM, "name": "adaptive_simple", "max_length": {"epochs": 16}, "divisor": 2.4},
            {"grace_period": 2, "reduction_factor": 2, "trials": 10},
        ),
        (
            {
                **{**GRID, "name": "sync_halving", "num_rungs": 3, "divisor": 2},
                **{"max_length": {"epochs": 8}, "budget": {"epochs": 64}},
            },
            {"grace_period": 2, "reduction_factor": 2, "trials": 16},
        ),
        (
            {
                **{"name": "adaptive", "metric": "validation_error", "divisor": 2, "max_rungs": 3},
                **{"step_budget": 500, "target_trial_steps": 16, "bracket_rungs": None},
            },
            {"scheduler": "asha", "reduction_factor": 2, "trials": 51},
        ),
        (
            {**RANDOM, "name": "async_halving", "num_rungs": 1},
            {"method": "random", "trials": 10, "metric": "valid_loss"},
        ),
    ],
    ids=lambda value: value.get("name"),
)
def test_searchers(searcher, expected):
    search = searched(searcher).study["search"]
    assert search == {**search, **expected}
    scan = "rungs" not in str(searcher) or searcher.get("num_rungs") != 1
    early = searcher["name"] not in ("grid", "random", "single")
    assert ("scheduler" in search) == (early and scan)


def test_how_its_brackets_differ_from_a_scan_is_said():
    asha = {**RANDOM, "name": "adaptive_asha", "max_trials": 256, "max_length": {"epochs": 256}}
    assert "of its 3 brackets (5, 4, 3 rungs)" in noted(searched(asha))
    assert "of its 5 brackets" in noted(searched({**asha, "mode": "conservative"}))
    assert "brackets" not in noted(searched({**asha, "mode": "aggressive"}))
    assert "of its 2 brackets (4, 2 rungs)" in noted(searched({**asha, "bracket_rungs": [2, 4]}))
    assert "divisor of 3.5 is a whole number here, 4" in noted(searched({**asha, "divisor": 3.5}))
    assert "stop_once has no counterpart" in noted(searched({**asha, "stop_once": True}))


@pytest.mark.parametrize(
    ("length", "epochs", "says"),
    [
        ({"max_length": {"epochs": 7}}, 7, ""),
        ({"max_length": {"batches": 100}}, None, "max_length counts batches: 100, so epochs=…"),
        ({"max_length": {"records": 100}}, None, "max_length counts records: 100"),
        ({"max_length": 100}, None, "max_length of 100 has no unit"),
        ({"max_time": 9, "time_metric": "epochs"}, 9, ""),
        ({"max_time": 9, "time_metric": "batches"}, None, "max_time of 9 counts batches"),
        ({"max_time": 9}, None, "max_time of 9 counts batches"),
        ({"max_steps": 20}, None, "max_steps of 20 counts steps of batches"),
        ({}, None, "it says no length"),
    ],
)
def test_how_long(length, epochs, says):
    sweep = searched({"name": "random", "metric": "x", "max_trials": 2, **length})
    assert sweep.study.get("epochs") == epochs
    assert says in noted(sweep)


def test_what_does_not_vary_is_trained_once():
    fixed = {"hyperparameters": {"width": 8}}
    for searcher in (GRID, {**GRID, "name": "single"}, RANDOM):
        sweep = read({**fixed, "searcher": searcher})
        assert sweep.study["search"]["method"] == "single"
        assert ("seeds=10 trains as many" in noted(sweep)) == (searcher is RANDOM)


def test_its_name_and_seed_and_what_it_leaves_out():
    sweep = searched(RANDOM, name="mnist_random", reproducibility={"experiment_seed": 7})
    assert sweep.study["name"] == "mnist_random"
    assert sweep.study["search"]["seed"] == 7
    assert "smaller_is_better is left out, and true" in noted(sweep)
    assert "name" not in searched(RANDOM, name="no name / of ours").study
    warm = searched({**RANDOM, "source_trial_id": 3})
    assert "source_trial_id: nothing here begins with" in noted(warm)


def test_groups_that_hold_themselves_are_refused():
    group = {}
    group["again"] = group
    assert "groups in groups" in refused({"hyperparameters": group, "searcher": GRID})


def test_a_log_grid_is_even_in_the_exponent():
    sweep = read(
        {"hyperparameters": {"lr": span("log", -4, -1, base=10, count=4)}, "searcher": GRID}
    )
    exponents = [math.log10(value) for (value,) in cells(sweep, "lr")]
    assert exponents == pytest.approx([-4, -3, -2, -1], abs=1e-11)
