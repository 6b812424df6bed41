"""Equal budgets, chosen rows and outcomes; numbers as one writes them."""

import itertools
import math
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.analysis.axes import bin_axis, bin_count, read_axis
from interplay.analysis.checks import check_budgets, outcomes, select_rows
from interplay.analysis.numbers import mean_sd, number_label, number_labels
from interplay.errors import BudgetError, TableError, UnknownNameError, as_flag

CELL = ("h", "d")


def table(budget, seeds=3):
    """A 2 × 3 grid; `budget` maps (h, d, seed) to the epochs."""
    rows = [
        {"h": h, "d": d, "seed": s, "status": "complete", "epochs_run": budget(h, d, s)}
        for h, d, s in itertools.product([8, 16], [0.0, 0.1, 0.2], range(seeds))
    ]
    return pd.DataFrame(rows)


def check(frame, budget="epochs_run", seed="seed"):
    return check_budgets(frame, cell=CELL, budget=budget, seed=seed)


def test_equal_budgets_pass_in_silence():
    assert check(table(lambda *_: 20)) == []
    assert check(table(lambda *_: 20), seed=None) == []


def test_a_stopped_cell_is_refused_with_counts_and_ways_out():
    frame = table(lambda h, d, _: 5 if (h, d) == (8, 0.1) else 20)
    with pytest.raises(BudgetError) as caught:
        check(frame)
    message = caught.value.said(as_flag)
    for part in (
        "epochs_run",
        "5 in 3 rows",
        "20 in 15 rows",
        "--where epochs_run=20`",
        "--budget",
    ):
        assert part in message
    # A table without curves cannot be asked for another epoch.
    assert "--at-epoch" not in message
    with pytest.raises(BudgetError) as caught:
        check_budgets(frame, cell=CELL, budget="epochs_run", seed="seed", has_curves=True)
    assert "`--at-epoch 5` compares" in caught.value.said(as_flag)
    assert "`at_epoch=5` compares" in str(caught.value)


def test_budgets_between_seeds_only_are_one_warning():
    (warning,) = check(table(lambda _h, _d, s: 10 + s))
    assert "10 in 6 rows" in warning
    assert "seeds" in warning


def test_budgets_within_one_seed_are_refused_even_if_every_cell_has_them_all():
    frame = table(lambda _h, _d, s: 10 + s % 2, seeds=4)
    assert len(check(frame)) == 1
    frame.loc[:1, "epochs_run"] = [11, 10]
    with pytest.raises(BudgetError):
        check(frame)


def test_a_failed_seed_does_not_turn_the_warning_into_an_error():
    frame = table(lambda _h, _d, s: 10 + s)
    frame.loc[4, "status"] = "failed"
    assert len(check(frame)) == 1
    with pytest.raises(BudgetError):
        check(frame.drop(index=4))


def test_without_a_seed_column_any_difference_is_refused():
    frame = table(lambda _h, _d, s: 10 + s)
    for seed, rows in ((None, frame), ("seed", frame.drop(columns="seed"))):
        with pytest.raises(BudgetError):
            check(rows, seed=seed)


def test_a_seed_of_its_own_per_trial_does_not_hide_unequal_budgets():
    frame = table(lambda *_: 20, seeds=1)
    frame["seed"] = range(len(frame))
    frame.loc[0, "epochs_run"] = 3
    with pytest.raises(BudgetError):
        check(frame)


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_rows_that_are_not_compared_do_not_count(status):
    frame = table(lambda *_: 20)
    frame["epochs_run"] = frame["epochs_run"].astype(float)
    frame.loc[[1, 4], ["status", "epochs_run"]] = [status, 2.0]
    frame.loc[5, ["status", "epochs_run"]] = [status, np.nan]
    assert check(frame) == []
    frame["status"] = "stopped"
    frame["epochs_run"] = frame["epochs_run"].fillna(2)
    with pytest.raises(BudgetError):
        check(frame)


def test_nothing_to_check_without_a_budget():
    frame = table(lambda h, *_: h)
    assert check(frame, budget=None) == []
    assert check(frame, budget="steps") == []
    assert check(frame.iloc[:0]) == []


@pytest.mark.parametrize("bad", ["many", np.nan, np.inf])
def test_a_budget_that_is_no_number_is_refused(bad):
    frame = table(lambda *_: 20).astype({"epochs_run": object})
    frame.loc[3, "epochs_run"] = bad
    with pytest.raises(TableError, match="epochs_run"):
        check(frame)


def test_an_unknown_cell_column_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'seed'"):
        check_budgets(table(lambda *_: 1), cell=["sed"], budget="epochs_run", seed=None)


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3, st.integers(1, 2)), min_size=1, max_size=12))
def test_budgets_agree_with_loops(rows):
    frame = pd.DataFrame(rows, columns=["h", "d", "seed", "epochs_run"])
    budgets = {e for *_, e in rows}
    of_seed = {s: {e for _, _, t, e in rows if t == s} for _, _, s, _ in rows}
    of_cell = {(h, d): {e for g, c, _, e in rows if (g, c) == (h, d)} for h, d, _, _ in rows}
    if len(budgets) == 1:
        assert check(frame) == []
    elif all(len(e) == 1 for e in of_seed.values()) and all(e == budgets for e in of_cell.values()):
        assert len(check(frame)) == 1
    else:
        with pytest.raises(BudgetError):
            check(frame)


def test_no_loop_goes_over_the_rows():
    """As many calls of Python functions for a hundred times the rows."""

    def calls(rows):
        numbers = np.arange(rows)  # all pairs of values and seeds, also in the fewer rows
        frame = pd.DataFrame(
            {"h": numbers % 10, "d": numbers // 10 % 10, "seed": numbers // 100 % 30}
        )
        frame["epochs_run"] = 10 + frame["seed"] % 2
        counted = 0

        def count(frame, event, argument):
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count)
        try:
            assert len(check(frame)) == 1
        finally:
            sys.setprofile(None)
        return counted

    calls(10_000)  # what is imported and remembered at the first time
    assert calls(1_000_000) < 1.5 * calls(10_000)


def test_outcomes_from_status_and_metric():
    frame = pd.DataFrame(
        {
            "status": ["complete", "stopped", "diverged", "failed", "complete", "TERMINATED", None],
            "accuracy": [0.5, 0.6, 0.7, np.nan, np.inf, 0.8, np.nan],
        }
    )
    assert outcomes(frame, "accuracy")[1].tolist() == [0, 0, 1, 2, 1, 0, 1]
    assert outcomes(frame[["accuracy"]], "accuracy")[1].tolist() == [0, 0, 0, 1, 1, 0, 1]
    assert outcomes(frame.astype({"accuracy": str}), "accuracy")[0][0] == 0.5


def test_a_metric_must_be_there_and_numeric():
    frame = pd.DataFrame({"accuracy": ["good", "bad"]})
    with pytest.raises(TableError, match="good"):
        outcomes(frame, "accuracy")
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        outcomes(frame, "acuracy")


def test_where_compares_numbers_as_numbers_and_words_as_words():
    frame = pd.DataFrame(
        {"lr": [1e-3, 0.3, 0.1 + 0.2], "norm": ["batch", "0.30", None], "bias": [True, False, True]}
    )
    for where, kept in (
        ({"lr": "0.001"}, [0]),
        ({"lr": 0.3}, [1, 2]),
        ({"lr": "3e-1", "bias": "true"}, [2]),
        ({"norm": "batch"}, [0]),
        ({"norm": "none"}, [2]),
        ({"bias": False}, [1]),
        ({"bias": "True"}, [0, 2]),
        ({}, [0, 1, 2]),
    ):
        assert select_rows(frame, where).index.tolist() == kept
    with pytest.raises(
        TableError, match=r"norm = layer does not occur; values: batch, 0\.30, none"
    ):
        select_rows(frame, {"norm": "layer"})
    with pytest.raises(TableError, match=r"values: 1e-3, 0\.3"):
        select_rows(frame, {"lr": "fast"})
    with pytest.raises(TableError, match="no rows left"):
        select_rows(frame, {"norm": "batch", "bias": False})


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0.001, "1e-3"),
        (0.01, "0.01"),
        (1e-05, "1e-5"),
        (3.16e-3, "3.16e-3"),
        (128, "128"),
        (10000, "10000"),
        (0.8, "0.8"),
        (0.1 + 0.2, "0.3"),
        (0, "0"),
        (-2e-4, "-2e-4"),
        (1e6, "1e6"),
        (1234567, "1234567"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_labelled_as_one_writes_them(value, label):
    assert number_label(value) == label


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, unique=True))
def test_labels_stay_distinct_and_near(values):
    labels = number_labels(values)
    # 0.0 and -0.0 are one number.
    assert len(set(labels)) == len(set(values))
    for value, label in zip(values, labels, strict=True):
        assert float(label) == pytest.approx(value, rel=1e-3, abs=1e-320)


@pytest.mark.parametrize(
    ("mean", "sd", "texts"),
    [
        (0.9123, 0.0432, ("0.912", "±0.043")),
        (0.9123, 0.0043, ("0.9123", "±0.0043")),
        (0.9123, 0.43, ("0.91", "±0.43")),
        (0.9123, 2e-5, ("0.9123", "±2e-5")),
        (1234.6, 12.34, ("1235", "±12")),
        (3e-5, 2e-6, ("3e-5", "±2e-6")),
        (0.5, math.nan, ("0.500", "")),
        (0.5, 0.0, ("0.500", "±0.000")),
        (0.5, 300.0, ("0", "±300")),
    ],
)
def test_decimals_follow_the_spread(mean, sd, texts):
    if texts[0] == "0":
        texts = (mean_sd(mean, sd)[0], texts[1])
        assert float(texts[0]) == pytest.approx(0.5, abs=0.5)
    assert mean_sd(mean, sd) == texts


def test_an_axis_stands_in_its_true_order():
    def axis(values, order=()):
        codes, axis = read_axis(pd.Series(values, name="a"), order)
        return [axis.values[c] if c >= 0 else None for c in codes], axis

    for values in ([128, 8, 16], ["128", "8", "16"], [128.0, 8.0, 16.0]):
        assert axis(values)[0] == [128, 8, 16]
        assert axis(values)[1].labels == ("8", "16", "128")
    assert axis([8, 32], [32, 16, 8])[1].values == (8, 16, 32)
    assert axis([0.1 + 0.2, 0.3, np.nan])[0] == [0.3, 0.3, None]
    assert axis([True, False])[1].values == (False, True)
    assert axis(["true", "false"])[1].values == (False, True)
    assert axis(["b", "a", None])[1].labels == ("b", "a", "none")
    assert axis(["c", "a"], ["a", "b"])[1].labels == ("a", "b", "c")
    lists = ["[128, 64, 32]", "[64, 32]", "[256, 128, 64]", "[64]"]
    assert axis(lists)[1].labels == ("[64]", "[64, 32]", "[128, 64, 32]", "[256, 128, 64]")
    assert axis(["net101", None, "net18"])[1].labels == ("net18", "net101", "none")
    assert axis(["b2", "a"])[1].labels == ("b2", "a")
    assert axis([1e-5, 1e-3, 1e-1])[1].log
    assert not axis([1, 2, 3])[1].log
    assert not axis([0, 1, 1000])[1].log


@given(
    st.lists(st.floats(1e-6, 1e3), min_size=2, unique=True),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, 2, 5]),
)
def test_every_value_lies_in_its_bin(values, log, bins):
    codes, axis = bin_axis(pd.Series(values, name="a"), bins, log)
    assert axis.binned
    assert len(axis) == len(axis.edges) - 1 == len(set(axis.labels)) == len(axis.values)
    for value, code in zip(values, codes, strict=True):
        low, high = axis.edges[code], axis.edges[code + 1]
        assert low <= value < high or (value == high and code == len(axis) - 1)


def test_bins_are_of_equal_width_on_their_scale():
    log = bin_axis(pd.Series(np.geomspace(1e-5, 1e-1, 50), name="lr"), 4)[1]
    assert log.log
    assert log.labels == ("1e-5–1e-4", "1e-4–0.001", "0.001–0.01", "0.01–0.1")
    line = bin_axis(pd.Series(np.linspace(0, 1, 50), name="d"), 4)[1]
    assert line.labels == ("0–0.25", "0.25–0.5", "0.5–0.75", "0.75–1")
    codes, whole = bin_axis(pd.Series(np.arange(8, 128), name="h"), 3)
    assert whole.labels == ("8–48", "48–88", "88–127")
    assert np.bincount(codes).tolist() == [40, 40, 40]
    assert [bin_count(n) for n in (5, 13, 50, 100, 10**6)] == [3, 3, 4, 6, 8]


def test_a_uniform_sample_is_not_taken_for_a_logarithmic_one():
    rng = np.random.default_rng(0)
    assert not bin_axis(pd.Series(rng.uniform(0.001, 1, 100), name="d"))[1].log
    assert bin_axis(pd.Series(10 ** rng.uniform(-5, 0, 100), name="lr"))[1].log


def test_numbers_stand_upwards_with_what_has_none_above_them():
    def of(*values, **options):
        _, axis = read_axis(pd.Series(values, dtype=object, name="h"), **options)
        return axis.labels, axis.upwards

    assert of(16, None, 8, none=True) == (("8", "16", "none"), True)
    assert of("1e-5", "none", "0.001") == (("1e-5", "0.001", "none"), True)
    assert of(8, "none", None, 16, none=True, empty="not there", order=(None, 16, 8)) == (
        ("8", "16", "none", "not there"),
        True,
    )
    assert of("b", "a", "none") == (("b", "a", "none"), False)
    assert of("none") == (("none",), False)


def test_none_as_a_value_is_not_what_is_not_there():
    frame = pd.DataFrame({"h": [8, "none", None, "none"]})
    assert select_rows(frame, {"h": "none"}).index.tolist() == [1, 3]
    assert select_rows(frame, {"h": None}).index.tolist() == [1, 3]
    assert select_rows(frame, {"h": "not there"}).index.tolist() == [2]
    assert select_rows(frame.iloc[[0, 2]], {"h": "none"}).index.tolist() == [2]
