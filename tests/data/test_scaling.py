"""Scaling: its numbers come from the training rows, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from interplay.data.scaling import scale
from interplay.errors import DataError

TRAIN = np.array([0, 2])


def test_standard_by_hand():
    x = np.array([[1, 10], [100, 7], [5, 10], [-3, 11]], np.float32)
    # Training rows: feature 0 is 1 and 5 (mean 3, deviation 2), feature 1 is 10 twice.
    expected = [[-1, 0], [48.5, -3], [1, 0], [-3, 1]]
    scaled = scale(x, TRAIN, "standard")
    assert scaled.tolist() == expected
    assert scaled.dtype == np.float32


def test_minmax_by_hand():
    x = np.array([[1, 10], [100, 7], [5, 20]], np.float32)
    assert scale(x, TRAIN, "minmax") == pytest.approx(np.array([[0, 0], [24.75, -0.3], [1, 1]]))


@pytest.mark.parametrize("how", ["standard", "minmax"])
@pytest.mark.parametrize("shape", [(6, 4), (6, 5, 3), (6, 2, 4, 5)])
def test_only_training_rows_are_looked_at(how, shape):
    x = np.random.default_rng(0).normal(3, 2, size=shape).astype(np.float32)
    other = x.copy()
    other[[1, 3, 4, 5]] *= 1000
    assert np.array_equal(scale(x, TRAIN, how)[TRAIN], scale(other, TRAIN, how)[TRAIN])


def test_images_by_channel():
    x = np.random.default_rng(0).uniform(size=(5, 3, 4, 4)).astype(np.float32) * 7
    x[:, 1] += 100
    scaled = scale(x, TRAIN, "standard")
    assert scaled[TRAIN].mean((0, 2, 3)) == pytest.approx(0, abs=1e-4)
    assert scaled[TRAIN].std((0, 2, 3)) == pytest.approx(1, rel=1e-4)
    one = (x[3, 1, 2, 2] - x[TRAIN][:, 1].mean()) / x[TRAIN][:, 1].std()
    assert scaled[3, 1, 2, 2] == pytest.approx(one, rel=1e-3)


def test_padded_steps_neither_count_nor_change():
    x = np.zeros((3, 4, 1), np.float32)
    x[0, :2, 0], x[1, :3, 0], x[2, :4, 0] = [2, 4], [50, 60, 70], [6, 8, 8, 8]
    lengths = np.array([2, 3, 4])
    # Training steps: 2 4 6 8 8 8, mean 6, smallest 2, largest 8.
    standard = scale(x, TRAIN, "standard", lengths)
    deviation = np.std([2, 4, 6, 8, 8, 8])
    assert standard[0, :, 0] == pytest.approx([-4 / deviation, -2 / deviation, 0, 0])
    assert standard[1, 3, 0] == 0
    small = scale(x, TRAIN, "minmax", lengths)
    assert small[:, :, 0] == pytest.approx(
        np.array([[0, 1 / 3, 0, 0], [8, 58 / 6, 68 / 6, 0], [2 / 3, 1, 1, 1]])
    )


def test_none_is_the_array_itself_and_the_input_stays():
    x = np.array([[1.0], [2.0], [4.0]], np.float32)
    assert scale(x, TRAIN, "none") is x
    scale(x, TRAIN, "standard")
    assert x.tolist() == [[1], [2], [4]]


@pytest.mark.parametrize("how", ["standard", "minmax"])
def test_a_constant_feature_of_any_size_is_zero_and_finite(how):
    for value in (0.0, 0.1, 1e6, -3e-7):
        x = np.full((50, 1), value, np.float32)
        assert scale(x, np.arange(40), how).tolist() == [[0.0]] * 50


def test_tokens_are_refused():
    with pytest.raises(DataError, match="tokens are not numbers"):
        scale(np.zeros((3, 2), np.int64), TRAIN, "minmax")
