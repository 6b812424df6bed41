"""One number for a cell, and what a cell without one is told to score."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interplay.analysis.score import score_of, worst

HOW = ["mean", "median", "min", "harmonic", "geometric"]
positive = st.lists(st.floats(0.01, 100), min_size=1, max_size=8)


@given(positive)
def test_scores_are_those_of_the_textbook_and_in_their_order(values):
    scores = {how: score_of(values, how, "max") for how in HOW}
    assert scores["mean"] == pytest.approx(math.fsum(values) / len(values))
    assert scores["harmonic"] == pytest.approx(len(values) / math.fsum(1 / v for v in values))
    assert scores["geometric"] == pytest.approx(
        math.exp(math.fsum(map(math.log, values)) / len(values))
    )
    ordered = [scores[how] for how in ("min", "harmonic", "geometric", "mean")]
    assert all(a <= b * (1 + 1e-9) for a, b in itertools.pairwise(ordered))
    assert scores["median"] == pytest.approx(float(stats.scoreatpercentile(values, 50)))


def test_min_is_the_worst_replicate_whichever_way_is_better():
    assert score_of([0.9, 0.5, 0.7], "min", "max") == 0.5
    assert score_of([0.9, 0.5, 0.7], "min", "min") == 0.9


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("bad", [None, float("nan"), float("inf")])
def test_a_cell_with_a_member_that_diverged_has_no_score(how, bad):
    assert score_of([0.9, bad, 0.7], how, "max") is None
    assert score_of([], how, "max") is None


def test_harmonic_and_geometric_means_of_zeros_and_negative_values():
    for how in ("harmonic", "geometric"):
        assert score_of([0.0, 0.5], how, "max") == 0.0
        assert score_of([-0.1, 0.5], how, "max") is None


def test_the_worst_known():
    assert worst([0.3, None, 0.8], "max") == 0.3
    assert worst([0.3, None, 0.8], "min") == 0.8
    assert worst([None], "min") is None
