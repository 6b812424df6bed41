"""Domains: grids and draws stay inside, ends are reached, logs are logs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.identity import canonical, same_as
from interplay.space.domains import Choice, Float, Int
from interplay.space.space import Space, resolve_name

bounds = st.tuples(
    st.floats(1e-6, 1e3, allow_nan=False), st.floats(1.01, 1e3, allow_nan=False)
).map(lambda pair: (pair[0], pair[0] * pair[1]))


@given(bounds, st.booleans(), st.integers(2, 30))
def test_a_counted_float_grid_has_its_count_its_ends_and_even_steps(b, log, count):
    low, high = b
    grid = Float(low, high, log=log, count=count).grid()
    assert len(grid) == count
    assert grid == sorted(grid)
    assert grid[0] == pytest.approx(low, rel=1e-9)
    assert grid[-1] == pytest.approx(high, rel=1e-9)
    assert all(low <= v <= high for v in grid)
    steps = np.diff(np.log(grid) if log else grid)
    assert np.allclose(steps, steps[0], rtol=1e-4, atol=1e-9)


@given(st.integers(-50, 50), st.integers(1, 60), st.data())
def test_a_counted_int_grid_has_distinct_values_and_its_ends(low, width, data):
    count = data.draw(st.integers(2, width + 1))
    grid = Int(low, low + width, count=count).grid()
    assert len(grid) == count == len(set(grid))
    assert (grid[0], grid[-1]) == (low, low + width)


def test_values_come_out_as_one_writes_them():
    assert Float(1e-4, 1e-1, log=True, count=4).grid() == [1e-4, 1e-3, 1e-2, 1e-1]
    assert Float(0.0, 0.8, count=5).grid() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert Float(0.0, 0.5, step=0.1).grid() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert Int(8, 128, log=True, count=5).grid() == [8, 16, 32, 64, 128]


@given(bounds, st.booleans(), st.integers(0, 2**32 - 1))
def test_draws_stay_inside(b, log, seed):
    low, high = b
    value = Float(low, high, log=log).draw(np.random.default_rng(seed))
    assert low <= value <= high


def test_int_draws_reach_both_ends_and_are_even():
    generator = np.random.default_rng(0)
    drawn = [Int(1, 4).draw(generator) for _ in range(4000)]
    counts = [drawn.count(v) for v in (1, 2, 3, 4)]
    assert sum(counts) == 4000
    assert min(counts) > 900
    logs = [Int(1, 1000, log=True).draw(generator) for _ in range(4000)]
    assert min(logs) == 1
    assert 19 < np.median(logs) < 26  # sqrt(0.5 * 1000.5) = 22.4: integer k owns k ± 1/2
    assert sum(v <= 10 for v in logs) > 1200


def test_log_draws_are_uniform_in_the_logarithm():
    generator = np.random.default_rng(0)
    drawn = np.log10([Float(1e-4, 1.0, log=True).draw(generator) for _ in range(4000)])
    counts, _ = np.histogram(drawn, bins=4, range=(-4, 0))
    assert counts.min() > 850


def test_draws_are_a_prefix_and_independent_of_other_hyperparameters():
    one = Space({"model.a": Float(0, 1), "model.b": Choice((1, 2, 3))})
    more = Space({"model.c": Int(0, 9), **one.domains})
    for i in range(20):
        draw = one.draw(7, i)
        assert draw == one.draw(7, i)
        assert {k: more.draw(7, i)[k] for k in draw} == draw
    assert one.draw(7, 0) != one.draw(8, 0)


def test_the_same_value_is_the_same_however_it_is_written():
    assert same_as(1) == same_as(1.0)
    assert same_as(0.1 + 0.2) == same_as(0.3)
    assert same_as(True) != same_as(1)
    assert same_as("1") != same_as(1)
    assert canonical([0.1 + 0.2, {"b": 1, "a": 2}]) == [0.3, {"a": 2, "b": 1}]
    assert same_as({1: "x", None: "y", "a": 0}) == same_as({"a": 0, None: "y", 1: "x"})
    assert math.isclose(canonical(math.pi), math.pi, rel_tol=1e-11)


def test_short_names():
    names = ("model.hidden_size", "optimizer.lr", "model.name", "data.name")
    assert resolve_name("lr", names) == ("optimizer.lr", None)
    assert resolve_name("model.name", names) == ("model.name", None)
    assert resolve_name("name", names)[0] is None
    assert resolve_name("hidden_sise", names) == (None, "hidden_size")
