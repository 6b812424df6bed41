"""Several metrics of one training in one: the arithmetic, its names, and a study that compares it."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.combination import RULES, Combination, combination_of, curve_of
from interplay.errors import StudyError
from interplay.metrics import SHARE, meaning_of
from interplay.results.question import Question
from interplay.study.study import Study

MEANS = {
    "harmonic": statistics.harmonic_mean,
    "arithmetic": statistics.fmean,
    "geometric": statistics.geometric_mean,
    "min": min,
}
VALUES = st.floats(1e-3, 1e3) | st.sampled_from([0.0, math.nan, math.inf, -math.inf])


@given(st.sampled_from(RULES), st.lists(st.tuples(VALUES, st.booleans()), min_size=2, max_size=4))
def test_it_is_the_mean_of_its_name(rule, parts):
    combined = Combination(rule, tuple((f"m{i}", lower) for i, (_, lower) in enumerate(parts)))
    [found] = combined.value([[value] for value, _ in parts])
    if any(not math.isfinite(value) or value == 0 for value, _ in parts):
        assert math.isnan(found)
    else:
        assert found == pytest.approx(MEANS[rule]([1 / v if lower else v for v, lower in parts]))
    assert combination_of(combined.name) == combined


def test_negative_values_have_no_such_mean():
    values = [[-0.5], [0.5]]
    for rule in RULES:
        [found] = Combination(rule, (("a", False), ("b", False))).value(values)
        assert math.isnan(found) is (rule in ("harmonic", "geometric"))


def test_names():
    assert combination_of("accuracy") is None
    assert combination_of("harmonic(accuracy)") is None
    assert meaning_of("min(accuracy, f1)").bounds == SHARE
    assert meaning_of("min(accuracy, 1/valid_loss)").bounds is None
    assert meaning_of("min(accuracy, 1/valid_loss)").mode == "max"
    curves = {"a": [1.0, 2.0], "b": [1.0, 4.0, 9.0]}
    assert curve_of(curves, "min(a, 1/b)") == [1.0, 0.25]
    assert curve_of(curves, "a") == [1.0, 2.0]
    assert curve_of(curves, "min(a, c)") is None


def search(**table):
    tables = {"name": "s", "epochs": 2, "seeds": 3, "data": {"name": "digits", "batch_size": 256}}
    model = {"name": "linear", "num_layers": 1, "hidden_size": [4, 8], "dropout": [0.0, 0.5]}
    return Study(**tables, model=model, search=table)


@pytest.mark.parametrize(
    ("table", "metric", "mode"),
    [
        ({"metric": ["accuracy", "valid_loss"]}, "harmonic(accuracy, 1/valid_loss)", "max"),
        ({"metric": ["accuracy", "f1:higher"], "multi_score": "min"}, "min(accuracy, f1)", "max"),
        ({"metric": ["valid_loss:higher"]}, "valid_loss", "max"),
        ({"metric": "valid_loss:lower"}, "valid_loss", "min"),
        ({"metric": "f1", "multi_score": "min"}, "f1", "max"),
        ({"metric": "geometric(accuracy, f1)"}, "geometric(accuracy, f1)", "max"),
    ],
)
def test_what_a_study_says(table, metric, mode):
    assert search(**table).target("classification") == (metric, mode)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"metric": ["accuracy", "acc"]}, "classification has no such metric"),
        ({"metric": ["accuracy", "accuracy"]}, "the same metric twice"),
        ({"metric": ["accuracy", "thing"]}, "which way is it better?"),
        ({"metric": []}, "no list of names"),
        ({"metric": [1]}, "no list of names"),
        ({"metric": ["accuracy", "f1"], "mode": "min"}, "contradicts search.metric"),
        ({"metric": ["accuracy", "f1"], "multi_score": "mean"}, "no such rule; allowed: harmonic"),
        ({"metric": "accuracy", "multi_score": ["min"]}, "no such rule"),
    ],
)
def test_mistakes(table, says):
    with pytest.raises(StudyError, match="search") as caught:
        search(**table)
    assert says in " ".join(str(caught.value).split())


def test_a_run_is_compared_by_it(quiet_run):
    metric = "harmonic(accuracy, 1/valid_loss)"
    results = quiet_run(search(metric=["accuracy", "valid_loss"])).results
    frame = results.frame
    wanted = 2 / (1 / frame["accuracy"] + frame["valid_loss"])
    np.testing.assert_allclose(frame[metric], wanted)
    cells = results.cells(Question("hidden_size", "dropout"))
    assert (cells.metric, cells.mode, cells.n.tolist()) == (metric, "max", [[3, 3], [3, 3]])
    assert metric in results.curves
    assert results.cells(Question("hidden_size", "dropout", "f1")).metric == "f1"
    # A run made before it was asked so has it too.
    old = quiet_run(search(metric="accuracy"), out="old").results
    assert metric not in old.frame
    again = quiet_run(search(metric=["accuracy", "valid_loss"]), out="old")
    assert not again.tried
    np.testing.assert_allclose(again.results.frame[metric], wanted)


@pytest.mark.parametrize("more", [{}, {"scheduler": "asha"}])
def test_a_search_is_told_it(quiet_run, more):
    study = search(method="random", trials=4, metric=["accuracy", "f1"], multi_score="min", **more)
    outcome = quiet_run(study)
    frame = outcome.results.frame
    np.testing.assert_allclose(frame["min(accuracy, f1)"], frame[["accuracy", "f1"]].min(axis=1))
    assert not quiet_run(study).tried
