"""W&B's sweeps: what each distribution, method and stopping comes to, and what is refused."""

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interplay.space.domains import Choice, Constant, Float, Int, Law, within
from interplay.study.converting import convert_sweep
from interplay.study.readers.native import read_written
from interplay.study.study import Study
from interplay.study.writing import toml_of
from tests.study.readers.sweeps import cells, noted, read, refused

FROM = Path(__file__).parents[3] / "studies" / "from" / "wandb.yaml"
METRIC = {"name": "val_loss", "goal": "minimize"}
VALUES = {"values": [1, 2, 3]}


def sweep(parameters, method="random", **more):
    return {"method": method, "metric": METRIC, "parameters": parameters, **more}


def domain(raw, method="random"):
    return read(sweep({"a": raw}, method)).space.domains["a"]


def of(distribution, **keys):
    return {"distribution": distribution, **keys}


def span(distribution, low, high, **more):
    return of(distribution, min=low, max=high, **more)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"values": ["adam", "sgd"]}, Choice(("adam", "sgd"))),
        ({"values": [[8, 8], [16], None, True]}, Choice(([8, 8], [16], None, True))),
        (of("categorical", values=[1, 2]), Choice((1, 2))),
        ({"values": [7]}, Constant(7)),
        ({"values": [1, 1, 2]}, Choice((1, 2), (0.666666666667, 0.333333333333))),
        ({"values": [1, 2, 1.0, 2]}, Choice((1, 2))),
        ({"values": ["a", "b"], "probabilities": [0.9, 0.1]}, Choice(("a", "b"), (0.9, 0.1))),
        (
            of("categorical_w_probabilities", values=[1, 2], probabilities=[0.25, 0.75]),
            Choice((1, 2), (0.25, 0.75)),
        ),
        ({"values": [1, 2, 3], "probabilities": [0.5, 0, 0.5]}, Choice((1, 3), (0.5, 0.5))),
        ({"values": [1, 2], "probabilities": [1, 0]}, Constant(1)),
        ({"value": 0.5}, Constant(0.5)),
        ({"value": None}, Constant(None)),
        ({"value": {"x": 1}}, Constant({"x": 1})),
        (of("constant", value="adam"), Constant("adam")),
        ({"min": 1, "max": 9}, Int(1, 9)),
        (span("int_uniform", -3, 3), Int(-3, 3)),
        ({"min": 0.0, "max": 1.0}, Float(0, 1)),
        ({"min": 0, "max": 1.5}, Float(0, 1.5)),
        ({"min": 0.5, "max": 2}, Float(0.5, 2)),
        (span("uniform", 1, 9), Float(1, 9)),
        (span("q_uniform", 0, 10), Law("uniform", (0.0, 10.0), 1)),
        (span("q_uniform", 0.05, 1, q=0.1), Law("uniform", (0.05, 1.0), 0.1)),
        (span("q_uniform", 0, 10, q=2.0), Law("uniform", (0.0, 10.0), 2.0)),
        (span("log_uniform", 0, 2), Float(1, 7.38905609893, log=True)),
        (span("log_uniform", math.log(1e-4), math.log(0.1)), Float(1e-4, 0.1, log=True)),
        (span("log_uniform_values", 1e-4, 0.1), Float(1e-4, 0.1, log=True)),
        (span("inv_log_uniform", 0, 2), Float(0.135335283237, 1, log=True)),
        (span("inv_log_uniform_values", 1e-3, 0.5), Float(1e-3, 0.5, log=True)),
        (span("q_log_uniform", 0, 1, q=0.5), Law("loguniform", (1.0, 2.71828182846), 0.5)),
        (span("q_log_uniform_values", 16, 512, q=8), Law("loguniform", (16.0, 512.0), 8)),
        (of("normal"), Law("normal", (0.0, 1.0))),
        (of("normal", mu=2, sigma=0.5), Law("normal", (2.0, 0.5))),
        (of("q_normal", mu=10, sigma=3), Law("normal", (10.0, 3.0), 1)),
        (of("q_normal", sigma=3, q=0.5), Law("normal", (0.0, 3.0), 0.5)),
        (of("log_normal", mu=-3), Law("lognormal", (-3.0, 1.0))),
        (of("q_log_normal", mu=3, q=4), Law("lognormal", (3.0, 1.0), 4)),
        (of("beta"), Law("beta", (1.0, 1.0))),
        (of("beta", a=2, b=5), Law("beta", (2.0, 5.0))),
        (of("q_beta", a=2, b=2, q=0.1), Law("beta", (2.0, 2.0), 0.1)),
    ],
    ids=str,
)
def test_what_is_drawn(raw, expected):
    assert domain(raw) == expected
    assert domain(raw, "bayes") == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (VALUES, Choice((1, 2, 3))),
        ({"values": [3, 3.0, 4]}, Choice((3, 4))),
        ({"value": 3}, Constant(3)),
        ({"min": 1, "max": 4}, Int(1, 4, step=1)),
        (span("q_uniform", 0, 10, q=2), Choice((0, 2, 4, 6, 8))),
        (span("q_uniform", 0, 5), Choice((0, 1, 2, 3, 4))),
        (span("q_uniform", 0.0, 1.0, q=0.25), Choice((0.0, 0.25, 0.5, 0.75))),
        (span("q_uniform", 0.1, 0.35, q=0.1), Choice((0.1, 0.2, 0.3))),
        (span("q_uniform", 0, 1, q=4), Constant(0)),
    ],
    ids=str,
)
def test_what_a_grid_has(raw, expected):
    assert domain(raw, "grid") == expected


@given(st.integers(-20, 20), st.integers(1, 60), st.sampled_from([1, 3, 0.1, 0.25, 0.7]))
def test_a_grid_of_q_uniform_is_numpys_range(low, width, q):
    tables = sweep({"a": span("q_uniform", low, low + width, q=q)}, "grid")
    grid = read(tables).space.domains["a"].grid()
    assert grid == pytest.approx(np.arange(low, low + width, q).tolist(), abs=1e-9)


def test_the_sweep_of_its_documentation():
    """The known answers: names sorted and the last one fastest would be a grid's order."""
    text = """
program: train.py
name: sweepdemo
method: bayes
metric:
  goal: minimize
  name: validation_loss
parameters:
  learning_rate:
    min: 0.0001
    max: 0.1
  batch_size:
    values: [16, 32, 64]
  epochs:
    values: [5, 10, 15]
  optimizer:
    values: ["adam", "sgd"]
"""
    found = read(yaml.safe_load(text))
    assert found.space.domains == {
        "learning_rate": Float(0.0001, 0.1),
        "batch_size": Choice((16, 32, 64)),
        "epochs": Choice((5, 10, 15)),
        "optimizer": Choice(("adam", "sgd")),
    }
    assert found.study == {
        "name": "sweepdemo",
        "search": {"method": "bayes", "metric": "validation_loss", "mode": "min"},
    }
    notes = noted(found)
    assert "concerns W&B only, and nothing here: program" in notes
    assert "without run_cap W&B goes on until it is stopped; here search.trials=…" in notes
    assert "epochs varies, and here all train equally long" in notes


def test_nested_parameters_and_a_grids_order():
    found = read(
        sweep(
            {
                "b": {"values": [1, 2]},
                "nested": {
                    "parameters": {
                        "z": {"value": 5},
                        "deep": {"parameters": {"x": {"min": 0, "max": 2}}},
                    }
                },
                "a.dotted-1": {"values": ["u", "v"]},
            },
            "grid",
        )
    )
    assert list(found.space.domains) == ["a.dotted-1", "b", "nested.deep.x", "nested.z"]
    assert found.space.size == 12
    assert cells(found, "a.dotted-1", "b", "nested.deep.x")[:4] == [
        ("u", 1, 0),
        ("u", 1, 1),
        ("u", 1, 2),
        ("u", 2, 0),
    ]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (3, "parameters.a = 3: not a map; allowed: {value: …}"),
        ({}, "neither value, values, min and max, nor a distribution"),
        ({"min": 1, "max": 3, "values": [1]}, "parameters.a.min = 1: additional properties are"),
        ({"min": 1, "max": 3, "q": 2}, "parameters.a.q = 2: additional properties are not allowed"),
        ({"values": [1], "value": 1}, "parameters.a.value = 1: additional properties"),
        (of("normal", min=0, max=1), "parameters.a.min = 0: additional properties"),
        (of("categorical", values=[1, 2], probabilities=[1, 0]), "a.probabilities"),
        (of("normall"), "parameters.a.distribution = 'normall': not one of those"),
        (of("normall"), "did you mean 'normal'"),
        ({"min": 1}, "parameters.a.max: missing: uniform needs it"),
        ({"min": 3, "max": 3}, "min 3 is not less than max 3"),
        ({"min": 3.0, "max": 1}, "min 3.0 is not less than max 1"),
        ({"min": "1e-5", "max": 1}, "parameters.a.min = '1e-5': not a finite number"),
        ({"min": True, "max": 2.5}, "parameters.a.min = True: not a finite number"),
        (span("int_uniform", 0.5, 3), "parameters.a.min = 0.5: not a whole number"),
        (span("log_uniform_values", 0, 1), "not greater than 0, the exclusive minimum"),
        (span("log_uniform", 0, 800), "which are exponents, is no number"),
        (span("inv_log_uniform_values", -1, 1), "parameters.a.min = -1: not greater than 0"),
        (span("q_uniform", 0, 1, q=0), "parameters.a.q = 0: not above 0"),
        (of("normal", sigma=0), "a.sigma = 0: not positive"),
        (of("beta", a=0), "a.a = 0: not positive"),
        (of("q_beta", a=2, b=2, q=3), "every draw is 0, so nothing varies"),
        ({"values": []}, "not a list of at least one value"),
        ({"values": 3}, "parameters.a.values = 3: not a list of at least one value"),
        ({"values": [1, 2], "probabilities": [1]}, "are not the same length"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "do not sum to 1 but to 1.1"),
        ({"values": [1, 2], "probabilities": [1.5, -0.5]}, "less than the minimum of 0"),
        ({"values": [1, 2], "probabilities": ["x", 1]}, "not a finite number"),
        ({"values": [1, 2], "probabilities": 1}, "parameters.a.probabilities = 1: not a list"),
        (of("constant"), "parameters.a.value: missing: constant needs it"),
        ({"parameters": {}}, "not a map of at least one parameter"),
        ({"parameters": VALUES, "min": 1}, "parameters.a.min = 1: additional properties"),
        ({"parameters": {"1st": VALUES}}, "parameters.a.parameters.1st = '1st': does not match"),
    ],
    ids=str,
)
def test_parameters_that_are_refused(raw, says):
    assert says in refused(sweep({"a": raw}))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"min": 0.0, "max": 1.0}, "= 'uniform': a disallowed type with grid search"),
        (of("normal"), "allowed: categorical, constant, int_uniform, q_uniform; or method: random"),
        ({"values": [1, 2], "probabilities": [0.5, 0.5]}, "= 'categorical_w_probabilities'"),
        (span("q_uniform", 0, 1, q=1e-9), "parameters.a.q = 1e-09: too small for a grid"),
        ({"min": 0, "max": 10**9}, "1,000,000,001 values"),
    ],
    ids=str,
)
def test_what_no_grid_has(raw, says):
    assert says in refused(sweep({"a": raw}, "grid"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"method": None}, "method: missing: it is a required property"),
        ({"method": "baye"}, "did you mean 'bayes'"),
        ({"parameters": None}, "parameters: missing"),
        ({"parameters": [1]}, "parameters = [1]: not a map of at least one parameter"),
        ({"parameters": {"b a": VALUES}}, "parameters.b a = 'b a': does not match the pattern"),
        (
            {"parameters": {"a": {"parameters": {"b": VALUES}}, "a.b": VALUES}},
            "a.b twice, once in parameters of another",
        ),
        ({"paramters": {}}, "paramters: additional properties are not allowed"),
        ({"paramters": {}}, "did you mean 'parameters'"),
        ({"program": 3}, "program = 3: is not of type string"),
        ({"command": "python"}, "command = 'python': is not of type array"),
        ({"kind": "job"}, "kind = 'job': not one of those; allowed: sweep"),
        ({"controller": {"type": "here"}}, "controller.type = 'here'"),
        ({"run_cap": 0}, "run_cap = 0: not a whole number that fits; allowed: a whole number, 1"),
        ({"run_cap": 2, "method": "grid"}, "ends a grid of 3 runs before its end"),
        ({"metric": None, "method": "bayes"}, "metric: missing: method bayes needs it"),
        ({"metric": "loss"}, "metric = 'loss': is not of type object"),
        ({"metric": {"goal": "minimize"}}, "metric.name: missing"),
        ({"metric": {**METRIC, "goal": "max"}}, "metric.goal = 'max': not one of those"),
        ({"metric": {**METRIC, "impute": "mean"}}, "metric.impute = 'mean'"),
        ({"metric": {**METRIC, "target": "x"}}, "metric.target = 'x': not a finite number"),
        ({"metrics": [METRIC, METRIC]}, "metrics: several objectives"),
        ({"method": "custom"}, "scheduler: missing: method custom needs it"),
        ({"method": "custom", "scheduler": {"engine": "ax"}}, "Ax is not to be had here"),
        ({"method": "custom", "scheduler": {"engine": "wandb"}}, "engine wandb requires another"),
        ({"scheduler": {"engine": "optuna"}}, "method = 'random': engine optuna requires another"),
        (
            {"method": "custom", "scheduler": {"engine": "optuna", "source": "a.py"}},
            "scheduler.source = 'a.py': names a function of a program of yours",
        ),
        (
            {
                "method": "custom",
                "scheduler": {"engine": "optuna"},
                "early_terminate": {"type": "hyperband", "min_iter": 1},
            },
            "cannot be used together with early_terminate",
        ),
        ({"early_terminate": {"type": "envelope", "min_iter": 1}}, "allowed: hyperband"),
        ({"early_terminate": {"type": "hyperband"}}, "needs min_iter, or max_iter with s"),
        ({"early_terminate": {"type": "hyperband", "max_iter": 9}}, "early_terminate.s: missing"),
        (
            {"early_terminate": {"type": "hyperband", "max_iter": 2, "s": 1}},
            "no band: max_iter / eta is 0.666667",
        ),
        ({"early_terminate": {"type": "hyperband", "min_iter": 0}}, "min_iter = 0: not a whole"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 1}}, "not greater than 1"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "sigma": 1}}, "sigma = 1: addi"),
        (
            {"early_terminate": {"type": "hyperband", "min_iter": 1}, "metric": None},
            "metric: missing: hyperband stopping requires it",
        ),
    ],
    ids=str,
)
def test_other_keys_that_are_refused(more, says):
    tables = sweep({"a": VALUES}) | more
    tables = {key: value for key, value in tables.items() if value is not None}
    tables.setdefault("program", "train.py")
    assert says in refused(tables)


@pytest.mark.parametrize(
    ("more", "search"),
    [
        ({"method": "grid"}, {"method": "grid"}),
        ({"method": "grid", "run_cap": 3}, {"method": "grid"}),
        ({"run_cap": 40}, {"method": "random", "trials": 40}),
        ({"method": "bayes", "run_cap": 9}, {"method": "bayes", "trials": 9}),
        (
            {"method": "custom", "scheduler": {"engine": "optuna"}, "run_cap": 9},
            {"method": "optuna", "trials": 9},
        ),
        ({"scheduler": {"engine": "wandb"}, "run_cap": 9}, {"method": "random", "trials": 9}),
        ({"parameters": {"a": {"value": 1}}}, {"method": "single"}),
        (
            {"early_terminate": {"type": "hyperband", "min_iter": 2}, "run_cap": 9},
            {
                "method": "random",
                "trials": 9,
                "scheduler": "asha",
                "grace_period": 2,
                "reduction_factor": 3,
            },
        ),
        (
            {"early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2}, "run_cap": 9},
            {
                "method": "random",
                "trials": 9,
                "scheduler": "asha",
                "grace_period": 3,
                "reduction_factor": 3,
            },
        ),
        (
            {
                "early_terminate": {"type": "hyperband", "max_iter": 20, "s": 9, "eta": 2.6},
                "run_cap": 9,
            },
            {
                "method": "random",
                "trials": 9,
                "scheduler": "asha",
                "grace_period": 1,
                "reduction_factor": 3,
            },
        ),
    ],
    ids=str,
)
def test_methods(more, search):
    found = read(sweep({"a": VALUES}) | more)
    assert found.study["search"] == {**search, "metric": "val_loss", "mode": "min"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"parameters": {"a": of("normal")}}, "a is normal, which has no bounds"),
        ({"parameters": {"a": of("q_log_normal")}}, "a is q_log_normal, which has no bounds"),
        (
            {"parameters": {"a": span("log_uniform", 0, 1)}},
            "whose min and max are exponents of e: 1 to 2.71828",
        ),
        (
            {"parameters": {"a": span("q_uniform", 0, 4)}, "method": "grid"},
            "a: the grid ends before max, 4, as W&B's does",
        ),
        ({"parameters": {"a": {"values": [1, 1, 2]}}}, "a lists a value more than once"),
        (
            {"parameters": {"a": {"values": [1, 2, 3], "probabilities": [0.5, 0.5, 0]}}},
            "a is never 3, whose probability is 0",
        ),
        ({"parameters": {"seed": VALUES}}, "--map seed=seeds trains every cell with each"),
        (
            {"parameters": {"n": {"parameters": {"seed": {"min": 0, "max": 9}}}}},
            "--map n.seed= leaves it out",
        ),
        ({"name": "my sweep"}, "its name, 'my sweep', is none that a study here can have"),
        ({"project": "p", "entity": "e"}, "concerns W&B only, and nothing here: entity, project"),
        ({"metric": {"name": "val_loss"}}, "metric.goal is left out, and minimize where it is"),
        ({"metric": {**METRIC, "target": 0.1}}, "once one reaches metric.target, 0.1"),
        ({"metric": {**METRIC, "impute": "latest"}}, "metric.impute latest: here a cell"),
        ({}, "W&B trains every setting once"),
        ({"parameters": {"a": {"value": 1}}, "run_cap": 5}, "nothing varies: seeds=5 trains"),
        (
            {"early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 2.5, "strict": True}},
            "an eta of 2.5 is a whole number here, 2; strict is true where it is left out",
        ),
        (
            {"early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2, "min_iter": 1}},
            "W&B takes max_iter",
        ),
        (
            {"early_terminate": {"type": "hyperband", "min_iter": 2}},
            "compares a run's best value so far",
        ),
    ],
    ids=str,
)
def test_what_is_noted(more, says):
    assert says in noted(read(sweep({"a": VALUES}) | more))


def test_parameters_that_hold_themselves_are_refused():
    loop = {"parameters": {}}
    loop["parameters"]["a"] = loop
    assert "without an end" in refused(sweep({"a": loop}))


def test_a_study_with_a_method_at_its_top_is_no_sweep():
    from interplay.study.adopted import sweep_of

    assert sweep_of({"method": "grid", "name": "s", "epochs": 3}, "file") is None
    assert sweep_of({"method": "grid", "metric": "accuracy", "data": {}}, "file") is None


bounds = st.tuples(st.floats(1e-6, 10), st.floats(1.01, 100)).map(lambda b: (b[0], b[0] * b[1]))
exponents = st.tuples(st.floats(-20, 10), st.floats(0.1, 5)).map(lambda b: (b[0], b[0] + b[1]))
steps = st.sampled_from([{}, {"q": 1}, {"q": 3}, {"q": 0.25}])


@given(
    st.sampled_from(["uniform", "log_uniform_values", "inv_log_uniform_values"]),
    bounds,
    st.integers(0, 1000),
)
def test_draws_lie_within_bounds(distribution, ends, seed):
    found = domain(span(distribution, *ends))
    value = found.draw(np.random.default_rng(seed))
    assert ends[0] * (1 - 1e-9) <= value <= ends[1] * (1 + 1e-9)


@given(
    st.sampled_from(["q_log_uniform", "q_uniform", "q_log_uniform_values"]),
    exponents,
    steps,
    st.integers(0, 1000),
)
def test_rounded_draws_are_multiples_no_further_off_than_half(distribution, ends, step, seed):
    if distribution == "q_log_uniform_values":
        ends = tuple(math.exp(end) for end in ends)
    raw = span(distribution, *ends, **step)
    q = step.get("q", 1)
    low, high = map(math.exp, ends) if distribution == "q_log_uniform" else ends
    if round(low / q) == round(high / q):
        return  # one value, which is refused
    found = domain(raw)
    value = found.draw(np.random.default_rng(seed))
    assert within(found, value)
    assert isinstance(value, int) == isinstance(q, int)
    assert value / q == pytest.approx(round(value / q), abs=1e-6)
    assert low - q / 2 - 1e-6 <= value <= high + q / 2 + 1e-6


any_parameter = st.one_of(
    st.builds(lambda v: {"value": v}, st.none() | st.integers(-9, 9) | st.text("ab", max_size=3)),
    st.builds(lambda v: {"values": v}, st.lists(st.integers(0, 5) | st.booleans(), min_size=1)),
    st.builds(
        lambda values, share: {"values": values, "probabilities": [share, 1 - share]},
        st.sampled_from([["a", "b"], [1, 2], [3, 3], [None, 0.5]]),
        st.floats(0, 1),
    ),
    st.builds(lambda low, width: {"min": low, "max": low + width}, *[st.integers(1, 99)] * 2),
    st.builds(
        lambda kind, ends: span(kind, *ends),
        st.sampled_from(["uniform", "log_uniform_values", "inv_log_uniform_values"]),
        bounds,
    ),
    st.builds(
        lambda kind, ends: span(kind, *ends),
        st.sampled_from(["log_uniform", "inv_log_uniform"]),
        exponents,
    ),
    st.builds(
        lambda kind, ends, step: span(kind, ends[0], ends[1] + 10, **step),
        st.sampled_from(["q_uniform", "q_log_uniform_values"]),
        bounds,
        steps,
    ),
    st.builds(
        lambda kind, mu, sigma: of(kind, mu=mu, sigma=sigma),
        st.sampled_from(["normal", "log_normal", "q_normal", "q_log_normal"]),
        st.floats(1, 5),
        st.floats(0.5, 3),
    ),
    st.builds(
        lambda kind, step: of(kind, a=2, b=5, **step),
        st.just("q_beta"),
        st.sampled_from([{"q": 0.1}, {"q": 0.25}]),
    ),
    st.builds(lambda a, b: of("beta", a=a, b=b), *[st.floats(0.1, 9)] * 2),
)


@given(st.dictionaries(st.sampled_from("abcdef"), any_parameter, min_size=1))
def test_written_as_a_study_of_ours_a_sweep_is_the_same(parameters):
    found = read(sweep(parameters))
    table = tomllib.loads(toml_of({"model": dict(found.reading.hyperparameters)}))["model"]
    for name, domain in found.space.domains.items():
        again = read_written(name, table[name], [])
        assert again is not None
        # TOML has no null: the word none is None where an option may be None.
        values = [None if value == "none" else value for value in listed_of(again.domain)]
        assert values == listed_of(domain)
        if not isinstance(domain, (Constant, Choice)):
            assert again.domain == domain


def listed_of(domain):
    return domain.grid() if isinstance(domain, (Constant, Choice)) else []


def test_500_hyperparameters_are_read_one_by_one():
    """Not each against the others: that takes no clock to see."""
    raws = [VALUES, of("normal"), span("log_uniform_values", 1e-4, 1), {"min": 0, "max": 9}]
    found = read(sweep({f"p{i}": raws[i % 4] for i in range(500)}))
    assert len(found.space.domains) == 500


def test_it_loads_as_a_study_of_ours(tmp_path):
    tables = sweep(
        {
            "model": {"parameters": {"hidden_size": {"values": [4, 8]}}},
            "learning_rate": span("log_uniform_values", 1e-3, 0.1),
        },
        run_cap=4,
    )
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump({**tables, "program": "train.py"}), encoding="utf-8")
    study = Study.load(
        file,
        ["data.name=digits", "model.name=linear", "epochs=1", "search.metric=valid_loss"],
        map={"learning_rate": "optimizer.lr"},
    )
    assert study.space.varied == ("model.hidden_size", "optimizer.lr")
    assert study.search.trials == 4


def test_the_study_in_this_form_trains(quiet_run):
    overrides = ["epochs=1", "seeds=1", "data.subset=0.1", "search.trials=4"]
    study = Study.load(FROM, overrides)
    assert study.space.domains["model.hidden_size"] == Law("loguniform", (8.0, 128.0), 8)
    assert study.space.domains["model.norm"] == Choice(("none", "batch"), (0.7, 0.3))
    outcome = quiet_run(study)
    assert outcome.failed == 0
    frame = outcome.results.table.frame
    assert len(frame) == 4
    assert (frame["model.hidden_size"] % 8 == 0).all()
    assert outcome.results.study["logs"]["optimizer.weight_decay"]
    kinds = {entry["name"]: entry["kind"] for entry in outcome.results.study["space"]}
    assert kinds["optimizer.weight_decay"] == "law"


@pytest.mark.parametrize("method", ["bayes", "hyperopt", "optuna"])
def test_and_by_every_search(method, quiet_run):
    overrides = ["epochs=1", "seeds=1", "data.subset=0.05", "search.trials=3"]
    outcome = quiet_run(Study.load(FROM, [*overrides, f"search.method={method}"]))
    assert outcome.failed == 0
    assert len(outcome.results.table.frame) == 3


def test_converted_it_is_the_same_study(tmp_path):
    study = convert_sweep(FROM, tmp_path / "ours.toml")
    assert Study.load(tmp_path / "ours.toml").cells() == study.cells()
    assert "a sweep of W&B" in (tmp_path / "ours.toml").read_text(encoding="utf-8")
