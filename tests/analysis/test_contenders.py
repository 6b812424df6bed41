"""Which cell is best and what ties with it: beside the heatmap's rings, of any number of axes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.analysis.contenders import contenders
from interplay.errors import BudgetError, TableError
from tests.analysis.grids import analyse, grid
from tests.examples import examples


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(2, 4), st.integers(2, 5))
@examples(20)
def test_on_a_grid_of_two_it_is_the_ring_of_the_heatmap(rng, xs, ys, seeds):
    generator = np.random.default_rng(rng)
    frame = grid(2 * generator.normal(size=(ys, xs)), seeds, rng=rng)
    frame = frame.drop(index=generator.choice(len(frame), rng % 3, replace=False))
    try:
        ridge = analyse(frame).ridge
    except TableError:
        return  # holes that leave no interaction to be tested
    table, rows = contenders(frame, ["x", "y"], "m", "max", seed="seed")
    found = {(int(r.y), int(r.x)) for r in table[table["tied"]].itertuples()}
    assert found == {(int(y), int(x)) for y, x in np.argwhere(ridge.tied)}
    assert table["mean"].is_monotonic_decreasing
    for cell, labels in zip(table.itertuples(), rows, strict=True):
        own = frame.loc[labels]
        assert (own["x"] == cell.x).all()
        assert (own["y"] == cell.y).all()
        assert len(own) == cell.n


def three(seeds=4, rng=0, better=1.0):
    """2 × 2 × 3 cells, of which (1, 1, 2) is better."""
    generator = np.random.default_rng(rng)
    rows = [
        (a, b, c, s, better * (a == b == 1 and c == 2) + 0.05 * generator.normal())
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1, 2)
        for s in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["a", "b", "c", "seed", "m"])


def test_three_hyperparameters_have_one_best_where_it_stands_out():
    table, _ = contenders(three(), ["a", "b", "c"], "m", "max", seed="seed")
    assert table.loc[0, ["a", "b", "c"]].tolist() == [1, 1, 2]
    assert table["tied"].tolist() == [True] + [False] * 11


def test_the_best_is_held_by_95_of_100():
    held = 0
    for rng in range(200):
        table, _ = contenders(three(rng=rng, better=0.02), ["a", "b", "c"], "m", "max", seed="seed")
        tied = table[table["tied"]]
        held += bool(((tied["a"] == 1) & (tied["b"] == 1) & (tied["c"] == 2)).any())
    assert held >= 186  # of 200, the lower 1% of 95%


def test_one_standard_error_is_that_of_the_best():
    frame = pd.DataFrame(
        {"a": [0] * 4 + [1] * 4 + [2] * 4, "m": [1.0, 1.2, 1.4, 1.6, *[1.2] * 4, *[1.1] * 4]}
    )
    error = np.std([1.0, 1.2, 1.4, 1.6], ddof=1) / 2
    assert 0.1 < error < 0.2
    table, _ = contenders(frame, ["a"], "m", "max", within="1se", status=None)
    assert table["tied"].tolist() == [True, True, False]


def test_what_diverged_or_was_stopped_is_not_chosen():
    frame = three().assign(status="complete")
    frame.loc[(frame[["a", "b", "c", "seed"]] == [1, 1, 2, 0]).all(axis=1), "status"] = "diverged"
    frame.loc[frame["c"] == 0, "status"] = "stopped"
    table, _ = contenders(frame, ["a", "b", "c"], "m", "max", seed="seed")
    last = table[table["c"] != 0].iloc[-1]
    assert last[["a", "b", "c", "unstable", "tied"]].tolist() == [1, 1, 2, 1, False]
    assert (table.loc[table["c"] == 0, "n"] == 0).all()
    assert not table.loc[table["c"] == 0, "tied"].any()


def test_seeds_of_their_own_in_each_cell_are_no_blocks():
    frame = three()
    frame["seed"] = range(len(frame))
    table, _ = contenders(frame, ["a", "b", "c"], "m", "max", seed="seed")
    assert table["mean"].to_numpy() == pytest.approx(
        np.sort(frame.groupby(["a", "b", "c"])["m"].mean())[::-1]
    )
    assert table["tied"].sum() == 1


def test_unequal_budgets_are_refused():
    frame = three().assign(epochs=5)
    frame.loc[frame["c"] == 1, "epochs"] = 9
    with pytest.raises(BudgetError, match="unequally long"):
        contenders(frame, ["a", "b", "c"], "m", "max", seed="seed", budget="epochs")


@pytest.mark.parametrize("seeds", [1, 3])
def test_folds_that_share_rows_leave_more_ties_and_the_same_as_the_heatmap(seeds):
    """Folds are no independent trainings: what they tell apart is less than so many seeds would."""
    ties = fewer = 0
    for rng in range(8):
        generator = np.random.default_rng(rng)
        mean = 0.4 * generator.normal(size=(3, 4))
        rows = [
            (x, y, s, f, mean[y, x] + 0.3 * generator.normal())
            for x in range(4)
            for y in range(3)
            for s in range(seeds)
            for f in range(5)
        ]
        frame = pd.DataFrame(rows, columns=["x", "y", "seed", "fold", "m"])
        table, _ = contenders(frame, ["x", "y"], "m", "max", seed="seed", fold="fold", parts=5)
        found = {(int(r.y), int(r.x)) for r in table[table["tied"]].itertuples()}
        ridge = analyse(frame, fold="fold", parts=5).ridge
        assert found == {(int(y), int(x)) for y, x in np.argwhere(ridge.tied)}
        apart = frame.assign(seed=frame["seed"] * 5 + frame["fold"]).drop(columns="fold")
        ties += table["tied"].sum()
        fewer += contenders(apart, ["x", "y"], "m", "max", seed="seed")[0]["tied"].sum()
    assert ties > fewer
