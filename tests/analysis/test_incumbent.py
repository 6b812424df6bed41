"""Best so far: the order of trying, bands, what never becomes the best, time spent."""

import numpy as np
import pandas as pd
import pytest

from interplay.analysis.incumbent import best_so_far
from interplay.errors import TableError
from interplay.results.results import Results


def table(*cells, seconds=2.0):
    """A cell is (values of its seeds, status of its first seed)."""
    rows = []
    for number, (values, status) in enumerate(cells):
        for seed, value in enumerate(values):
            rows.append(
                {
                    # Not in the order of values: trying is what counts.
                    "model.x": [5, 1, 4, 2, 3][number],
                    "seed": seed,
                    "status": status if seed == 0 else "complete",
                    "seconds": seconds,
                    "accuracy": value,
                }
            )
    return pd.DataFrame(rows)


FINE = "complete"
CELLS = (
    ((0.5, 0.7), FINE),
    ((np.nan, 0.9), "diverged"),
    ((0.8, 0.9), "stopped"),
    ((0.6, 0.6), FINE),
    ((0.7, 0.9), FINE),
)


def test_the_best_so_far_and_its_band():
    found = best_so_far(table(*CELLS), ["model.x"], "accuracy", "max")
    assert list(found["number"]) == [1, 2, 3, 4, 5]
    assert list(found["model.x"]) == [5, 1, 4, 2, 3]
    assert list(found["score"].round(9).fillna(-1)) == [0.6, -1, 0.85, 0.6, 0.8]
    assert list(found["best"].round(9)) == [0.6, 0.6, 0.6, 0.6, 0.8]
    assert list(found["best_low"]) == [0.5, 0.5, 0.5, 0.5, 0.7]
    assert list(found["best_high"]) == [0.7, 0.7, 0.7, 0.7, 0.9]
    assert list(found["n"]) == [2, 1, 2, 2, 2]


@pytest.mark.filterwarnings("error")
def test_what_is_no_fair_comparison_never_becomes_the_best():
    found = best_so_far(table(*CELLS), ["model.x"], "accuracy", "max")
    assert list(found["unstable"]) == [False, True, False, False, False]
    assert list(found["stopped"]) == [False, False, True, False, False]
    only = best_so_far(table(CELLS[1], CELLS[2]), ["model.x"], "accuracy", "max")
    assert only["best"].isna().all()


def test_seconds_are_what_all_members_took():
    found = best_so_far(table(*CELLS, seconds=1.5), ["model.x"], "accuracy", "max")
    assert list(found["seconds"]) == [3.0, 6.0, 9.0, 12.0, 15.0]


def test_lower_may_be_better_and_ties_stay_with_the_first():
    cells = [((0.5, 0.7), FINE), ((0.6, 0.6), FINE), ((0.1, 0.2), FINE)]
    found = best_so_far(table(*cells), ["model.x"], "accuracy", "min")
    assert list(found["best_low"]) == [0.5, 0.5, 0.1]


@pytest.mark.parametrize("score", ["mean", "median", "min", "harmonic", "geometric"])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_band_holds_every_kind_of_score(score, mode):
    values = np.random.default_rng(0).random((5, 7))
    found = best_so_far(
        table(*((row, FINE) for row in values)), ["model.x"], "accuracy", mode, score
    )
    assert (found["low"] <= found["score"] + 1e-12).all()
    assert (found["score"] <= found["high"] + 1e-12).all()
    worst = values.min(axis=1) if mode == "max" else values.max(axis=1)
    if score == "min":
        assert list(found["score"]) == list(worst)


def test_nothing_yet_is_an_empty_table():
    assert best_so_far(pd.DataFrame(), ["model.x"], "accuracy", "max").empty


def test_one_cell_where_nothing_varies():
    found = best_so_far(table(CELLS[0]), [], "accuracy", "max")
    assert len(found) == 1
    assert found["best"][0] == pytest.approx(0.6)


def test_a_csv_has_no_order():
    with pytest.raises(TableError, match="order"):
        Results.from_frame(table(CELLS[0])).progress()


def test_ten_thousand_cells_agree_with_a_loop_over_them():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"model.x": np.repeat(rng.permutation(10_000), 2), "seed": 0})
    frame = frame.assign(seconds=1.0, status="complete", accuracy=rng.random(len(frame)).round(3))
    frame.loc[rng.integers(0, len(frame), 500), "status"] = "stopped"
    found = best_so_far(frame, ["model.x"], "accuracy", "min")
    best, held = np.inf, []
    for score, stopped in zip(found["score"], found["stopped"], strict=True):
        best = min(best, np.inf if stopped else score)
        held.append(best)
    assert list(found["best"]) == held
    assert found["seconds"].iloc[-1] == len(frame)
