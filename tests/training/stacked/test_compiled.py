"""Compiled loops against numpy."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from interplay.training.stacked.loops.norm_pool import moments
from interplay.training.stacked.loops.recurrent import sigmoid


@numba.njit
def sigmoids(x, out):
    for i in range(len(x)):
        out[i] = sigmoid(x[i])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_logistic_function(kind):
    x = np.concatenate([np.linspace(-80, 80, 100_001), np.linspace(-1, 1, 10_001)]).astype(kind)
    out = np.empty_like(x)
    sigmoids(x, out)
    wanted = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    np.testing.assert_allclose(out, wanted, rtol=4 * np.finfo(kind).eps)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_logistic_function_of_what_is_no_number_or_has_no_end(kind):
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0], dtype=kind)
    out = np.empty_like(x)
    sigmoids(x, out)
    np.testing.assert_allclose(out, [np.nan, 1, 0, 1, 0, 0.5], atol=1e-37)


@given(
    rows=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 200), st.integers(1, 20)),
        elements=st.floats(-1, 1, width=32),
    ),
    far=st.sampled_from([0.0, 100.0, 10_000.0]),
)
def test_moments_keep_their_digits_far_from_zero(rows, far):
    rows = (rows + far).astype(np.float32)
    mean, variance = np.empty(rows.shape[1], np.float32), np.empty(rows.shape[1], np.float32)
    moments(rows.reshape(-1), mean, variance)
    exact = rows.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(variance, exact.var(0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("odd", [1, 63, 64, 65, 1000, 4999])
@pytest.mark.parametrize("where", ["begin", "end"])
def test_moments_of_rows_of_which_some_lie_far_off_at_the_begin_or_the_end(odd, where):
    rows = np.random.default_rng(odd).normal(0, 1e-3, (5000, 3)).astype(np.float32)
    rows[slice(0, odd) if where == "begin" else slice(-odd, None)] += 1
    mean, variance = np.empty(3, np.float32), np.empty(3, np.float32)
    moments(rows.reshape(-1), mean, variance)
    exact = rows.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(0), rtol=2e-6)
    np.testing.assert_allclose(variance, exact.var(0), rtol=1e-5)
