"""What is claimed, what is refused and what is warned of: small tables made for the purpose."""

import itertools
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f

from interplay.analysis.interaction import InteractionTest
from interplay.errors import BudgetError, TableError, UnknownNameError
from tests.analysis.grids import analyse, codes, grid, warpbreaks
from tests.examples import examples

ADDITIVE = np.add.outer([0.0, 2, 1], [0.0, 1, 3, 2])
SHIFTING = -2.0 * np.abs(np.subtract.outer(np.arange(4), np.arange(4)))


def caution(found, code):
    (one,) = [c for c in found.cautions if c.code == code]
    return one


def test_no_interaction_is_not_claimed_and_one_is():
    found = analyse(grid(ADDITIVE))
    assert not found.claimed
    assert found.verdict.startswith("No interaction of x and y is shown")
    assert f"{found.effect.detectable:.2f}" in found.verdict
    assert "smallest_interaction" in codes(found)

    found = analyse(grid(SHIFTING))
    assert found.claimed
    assert found.ridge.shift.claimed
    assert "the best y shifts from 0 at x = 0 to 3 at x = 3" in found.verdict
    assert [row.best_y for row in found.ridge.rows] == [0, 1, 2, 3]
    assert found.ridge.shift.slope == pytest.approx(1)
    assert "smallest_interaction" not in codes(found)


def test_strength_that_differs_without_a_shift_is_told_as_such():
    found = analyse(grid(np.outer([0.0, 3, 0], [1.0, 2, 4, 8])))
    assert found.claimed
    assert not found.ridge.shift.claimed
    assert "not shown to shift" in found.verdict


def test_numbers_of_the_record_and_its_shape():
    frame = grid(SHIFTING)
    record = analyse(frame).to_json()
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["n_rows"] == again["n_used"] == 80
    assert (again["n_seeds"], again["blocks"]) == (5, True)
    assert list(again["anova"]) == ["seed", "x", "y", "xy", "residual"]
    assert set(again["anova"]["xy"]) == {
        "df", "ss", "F", "p", "partial_eta2", "partial_omega2", "partial_omega2_raw", "share",
    }  # fmt: skip
    assert {"epsilon", "p"} <= set(again["box"])
    assert set(again["strata"]["xy"]) == {"df1", "df2", "F", "p"}
    assert set(again["tukey"]) == {"F", "df1", "df2", "p"}
    assert again["tukey"]["F"] is None
    assert again["transformed"] is None
    assert {"x", "best_y", "keep"} <= set(again["ridge"][0])
    assert set(again["shift"]) == {"slope", "low", "high", "claimed"}
    assert again["interaction"] == {"claimed": True, "removable": False}
    assert all(set(w) == {"code", "message", "cells"} for w in again["warnings"])


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_give_tables_and_no_verdict(seeds):
    found = analyse(grid(50 * SHIFTING, seeds=seeds))
    assert not found.claimed
    assert not found.ridge.shift.claimed
    assert found.ridge.shift.low is None
    assert found.verdict.startswith("No verdict")
    assert "few_seeds" in codes(found)
    assert found.anova["xy"].ss > 0
    assert (found.anova["xy"].F is None) == (seeds == 1)


def test_three_seeds_give_a_verdict_but_no_interval_of_a_position():
    found = analyse(grid(SHIFTING, seeds=3))
    assert found.claimed
    assert found.ridge.shift.low is None
    assert found.ridge.rows[0].support is None
    assert "few_seeds_for_positions" in codes(found)
    assert "few_seeds_for_positions" not in codes(analyse(grid(SHIFTING, seeds=5)))


def test_at_two_by_two_the_seeds_as_strata_decide():
    frame = grid([[0, 1], [1, 0]], seeds=5, noise=0.1)
    found = analyse(frame)
    assert found.claimed
    assert "seeds as strata" in found.verdict
    # One seed does the opposite: F and Box still shout, the strata do not.
    odd = frame["seed"] == 0
    frame.loc[odd, "m"] += 6 * ((frame["x"] == frame["y"]) - 0.5)
    found = analyse(frame)
    assert found.tests.by_strata
    assert not found.claimed
    assert found.strata["xy"].p > 0.05


def test_unequal_spread_takes_a_claim_away():
    """F below 5%, the Box-corrected test above: nothing is claimed, and the sentence says why."""
    for rng in range(200):
        frame = grid(np.zeros((4, 4)), seeds=4, rng=rng)
        frame.loc[frame["x"] == 0, "m"] *= 6
        found = analyse(frame)
        if found.anova["xy"].p < 0.05 <= found.box.p:
            break
    assert not found.claimed
    assert "F alone would claim one" in found.verdict
    assert "unequal_spread" in codes(found)


def test_without_seeds_rows_are_replicates():
    found = analyse(warpbreaks(), x="wool", y="tension", metric="breaks")
    assert found.claimed
    assert found.anova["seed"].df is None
    assert found.strata["xy"].p is None
    assert found.replicates == 9


def test_seeds_of_one_cell_only_are_replicates():
    frame = grid(SHIFTING)
    expected = analyse(frame.drop(columns="seed"))
    frame["seed"] = range(len(frame))
    found = analyse(frame)
    assert not found.blocks
    assert "seeds_not_shared" in codes(found)
    assert found.anova["xy"].F == pytest.approx(expected.anova["xy"].F)
    assert found.n_seeds == 80


def test_folds_are_blocks_crossed_with_seeds():
    one = grid(ADDITIVE, seeds=6)
    frame = one.assign(fold=one["seed"] % 2, seed=one["seed"] // 2)
    found = analyse(frame, fold="fold")
    for name in ("x", "y", "xy", "residual"):
        assert found.anova[name].ss == pytest.approx(analyse(one).anova[name].ss)
    assert (found.n_seeds, found.replicates, found.anova["seed"].df) == (3, 3, 5)
    # Held against what a seed and a fold do to a cell's mean, folds sharing half of their rows each.
    own, error = found.components.own, found.tests.anova.error
    assert error.ms == pytest.approx(2 * own.seed + 3 * (1 + 2 * 1.0) * own.fold + own.rest)
    ratio = found.anova["xy"].ss / found.anova["xy"].df / error.ms
    assert found.anova["xy"].F == pytest.approx(ratio)
    assert found.anova["xy"].p == pytest.approx(f.sf(ratio, found.anova["xy"].df, error.df))
    assert error.df <= found.anova["residual"].df


def test_folds_alone_are_held_against_what_they_share():
    """The factor 1/k + n_test/n_train in place of 1/k (Nadeau & Bengio 2003), everywhere."""
    one = grid(SHIFTING, seeds=5)
    apart = analyse(one)
    for parts, overlap in ((None, 1 / 4), (3, 1 / 2)):
        found = analyse(one.rename(columns={"seed": "fold"}), fold="fold", parts=parts)
        times = 1 + 5 * overlap
        for name in ("x", "y", "xy"):
            assert found.anova[name].F == pytest.approx(apart.anova[name].F / times)
            assert found.strata[name].F == pytest.approx(apart.strata[name].F / times)
        assert found.anova["seed"].F == pytest.approx(apart.anova["seed"].F)
        np.testing.assert_allclose(found.residuals.error, apart.residuals.error * times**0.5)
        assert (
            f"against {times:.2f} times the residual" in caution(found, "folds_share_rows").message
        )
        assert found.components is None
        kept = [len(row.keep) for row in found.ridge.rows]
        assert sum(kept) >= sum(len(row.keep) for row in apart.ridge.rows)
        low, high = ((r.ridge.shift.low, r.ridge.shift.high) for r in (apart, found))
        assert high[0] <= low[0]
        assert high[1] >= low[1]


def test_repeated_rows_are_used_but_copies_claim_nothing():
    frame = grid(0.2 * SHIFTING, seeds=3, rng=4)
    single = analyse(frame)
    assert not single.claimed
    copied = analyse(pd.concat([frame] * 8))
    assert copied.n_used == 8 * len(frame)
    assert copied.anova["xy"].p < 0.05  # as if there were 24 seeds
    assert not copied.claimed
    assert "repeated_rows" in codes(copied)
    assert copied.strata["xy"].F is None


def test_an_inert_axis_is_reported_and_claims_nothing():
    frame = grid(np.tile([0.0, 1, 2], (4, 1)))
    frame["m"] = frame.groupby(["x", "seed"])["m"].transform("first")
    frame["m"] *= 1 + 1e-8 * np.random.default_rng(0).normal(size=len(frame))
    found = analyse(frame)
    for name in ("y", "xy"):
        assert (found.anova[name].F, found.anova[name].p) == (0, 1)
        assert found.anova[name].ss == 0
        assert found.strata[name].F is None
    assert found.strata["x"].F > 0
    assert found.anova["x"].F > 0
    assert "y changes nothing" in caution(found, "inert_axis").message
    assert not found.claimed
    assert "identical along it" in found.verdict
    assert found.ridge.shift.slope == 0


def test_a_seed_that_is_ignored_leaves_nothing_to_test_against():
    frame = grid(SHIFTING, noise=0, seed_sd=0)
    frame["m"] += 1e-9 * np.random.default_rng(0).normal(size=len(frame))
    found = analyse(frame)
    assert "seed_ignored" in codes(found)
    for name in ("seed", "x", "y", "xy"):
        term = found.anova[name]
        assert [term.F, term.p, term.partial_eta2, term.partial_omega2] == [None] * 4
    assert all(test.F is None for test in found.strata.values())
    assert found.anova["xy"].ss > 0
    assert (found.box.p, found.effect.low) == (None, None)
    assert not found.claimed
    assert all(row.keep is None for row in found.ridge.rows)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_value_everywhere_is_both():
    found = analyse(grid(np.zeros((3, 3)), noise=0, seed_sd=0))
    assert {"inert_axis", "seed_ignored"} <= codes(found)
    assert all(term.F is None for term in found.anova.values())
    json.dumps(found.to_json(), allow_nan=False)


def test_non_finite_rows_and_empty_cells_are_named_by_cell():
    frame = grid(SHIFTING).assign(status="complete")
    at = (frame["x"] == 1) & (frame["y"] == 2)
    frame.loc[at, "m"] = [math.nan, math.inf, -math.inf, math.nan, math.nan]
    failed = frame.index[(frame["x"] == 0) & (frame["y"] == 0)][0]
    frame.loc[failed, "status"] = "failed"
    found = analyse(frame)
    assert (found.n_rows, found.n_used) == (80, 74)
    told = caution(found, "non_finite")
    assert "6 rows" in told.message
    assert set(told.cells) == {(1, 2), (0, 0)}
    assert caution(found, "empty_cells").cells == ((1, 2),)
    assert found.anova["xy"].df == 8
    assert math.isnan(found.residuals.residual[2, 1])


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (lambda x, y, s: (x < 2) == (y < 2), "disconnected"),
        (lambda x, y, s: x == y, "disconnected"),
        (lambda x, y, s: y == 0 or x == 0, "no 2 × 2"),
        (lambda x, y, s: (x < 2) == (s < 3), "confounded"),
        (lambda x, y, s: x == s % 4, "each x has seeds of its own"),
        (lambda x, y, s: x == 0, "two or more"),
    ],
)
def test_designs_that_cannot_tell_are_refused_with_the_reason(kept, reason):
    frame = grid(SHIFTING, seeds=8)
    keep = [kept(*row) for row in frame[["x", "y", "seed"]].itertuples(index=False)]
    with pytest.raises(TableError, match=reason):
        analyse(frame[keep])


def test_other_refusals():
    frame = grid(SHIFTING)
    unequal = frame.assign(epochs_run=np.where(frame["x"] == 0, 5, 20))
    with pytest.raises(BudgetError, match="epochs_run = 5 in 20 rows, 20 in 60 rows"):
        analyse(unequal)
    with pytest.raises(UnknownNameError, match="did you mean 'x'"):
        analyse(frame, x="xx")
    with pytest.raises(TableError, match="nothing to compare"):
        analyse(frame.assign(m=math.nan))
    spread = frame.assign(x=np.random.default_rng(0).random(len(frame)))
    with pytest.raises(TableError, match="no grid"):
        analyse(spread)
    with pytest.raises(TableError, match="not numeric"):
        analyse(frame.assign(m="high"))


def test_budgets_that_differ_by_seed_alone_are_a_warning():
    frame = grid(SHIFTING)
    found = analyse(frame.assign(epochs_run=10 + frame["seed"]))
    assert "budgets_differ_by_seed" in codes(found)
    assert found.claimed


def test_the_best_on_the_edge_says_which_way_to_go():
    found = analyse(grid(np.add.outer([0.0, 2, 1], [0.0, 1, 9]), noise=0.1))
    told = caution(found, "best_on_edge")
    assert "highest x (2)" in told.message
    assert "above" in told.message
    assert told.cells == ((2, 1),)
    lower = caution(
        analyse(grid(np.add.outer([0.0, 2, 1], [9.0, 1, 0]), noise=0.1)), "best_on_edge"
    )
    assert "lowest x (0)" in lower.message
    inside = analyse(grid(np.add.outer([0.0, 2, 1], [0.0, 3, 1]), noise=0.1))
    assert "best_on_edge" not in codes(inside)
    words = grid(np.add.outer([0.0, 2, 1], [0.0, 1, 9]), noise=0.1)
    words["x"] = words["x"].map({0: "a", 1: "b", 2: "c"})
    assert "best_on_edge" not in codes(analyse(words))


def test_effects_that_differ_by_seed_are_reported():
    frame = grid(ADDITIVE, seeds=6, noise=0.3)
    assert "seed_axis" not in codes(analyse(frame))
    slope = np.random.default_rng(1).normal(size=6)
    frame["m"] += slope[frame["seed"]] * frame["x"]
    found = analyse(frame)
    assert caution(found, "seed_axis").message.startswith("x acts differently")


def test_one_cell_that_makes_most_of_it_is_named():
    frame = grid(np.zeros((4, 4)), seeds=5)
    frame.loc[(frame["x"] == 3) & (frame["y"] == 1), "m"] *= 12
    assert caution(analyse(frame), "one_cell_residual").cells == ((3, 1),)
    frame = grid(ADDITIVE * 0, seeds=5)
    frame.loc[(frame["x"] == 2) & (frame["y"] == 1), "m"] -= 40
    assert caution(analyse(frame), "one_cell_total").cells == ((2, 1),)
    assert not {"one_cell_residual", "one_cell_total"} & codes(analyse(grid(SHIFTING)))


def test_values_at_the_bounds_have_a_logit_all_the_same():
    frame = grid(SHIFTING)
    frame["m"] = np.clip(1 + 0.1 * frame["m"], 0, 1)
    found = analyse(frame, bounds=(0, 1))
    assert found.transformed.scale == "logit"
    count = ((frame["m"] == 0) | (frame["m"] == 1)).sum()
    assert found.transformed.moved_in == count
    assert str(count) in caution(found, "at_bounds").message


def test_a_shift_is_never_removable():
    frame = grid(SHIFTING, noise=0.3)
    found = analyse(frame.assign(m=1 / (1 + np.exp(-frame["m"]))))
    assert found.ridge.shift.claimed
    assert not found.removable


def test_what_stands_out_is_where_it_was_put():
    frame = grid(np.zeros((4, 5)), seeds=6)
    frame.loc[(frame["x"] == 3) & (frame["y"] == 2), "m"] += 8
    found = analyse(frame)
    table = frame.pivot_table(index="y", columns="x", values="m").to_numpy()
    centred = table - table.mean(0) - table.mean(1)[:, None] + table.mean()
    assert found.residuals.residual == pytest.approx(centred)
    error = np.sqrt(found.tests.anova.mse / 6 * (1 - 1 / 4) * (1 - 1 / 5))
    assert found.residuals.error == pytest.approx(np.full((4, 5), error))
    assert found.residuals.stands_out[2, 3]
    assert found.to_json()["shape"]["stands_out"][0] == {
        "x": 3, "y": 2, "residual": pytest.approx(centred[2, 3]),
    } or len(found.to_json()["shape"]["stands_out"]) > 1  # fmt: skip


def test_the_bootstrap_draws_whole_seeds():
    """Two seeds in five say otherwise: their share of the resamples is what they get."""
    frame = grid([[0.0, 0.0], [0.0, 0.0]], seeds=5, noise=1e-3, seed_sd=0)
    frame.loc[(frame["y"] == 1) & (frame["seed"] < 2), "m"] += 4
    frame.loc[(frame["y"] == 1) & (frame["seed"] >= 2), "m"] -= 1
    row = analyse(frame).ridge.rows[0]
    # y = 1 wins where 4 k > 1 (5 − k) for k of 5 draws among the two, of chance 0.4 each.
    chance = sum(math.comb(5, k) * 0.4**k * 0.6 ** (5 - k) for k in range(6) if 4 * k > 5 - k)
    support = dict(zip(row.keep, row.support, strict=True))
    assert support[1] == pytest.approx(chance, abs=0.05)
    assert sum(support.values()) == pytest.approx(1)


def test_other_settings_are_averaged_over_or_their_best_is_taken():
    frame = pd.concat([grid(SHIFTING).assign(z=z) for z in (0, 1)])
    frame.loc[frame["z"] == 1, "m"] += 5
    averaged = analyse(frame, others=("z",), over="mean")
    mean = frame.groupby(["x", "y", "seed"], as_index=False)["m"].mean()
    assert averaged.anova["xy"].F == pytest.approx(analyse(mean).anova["xy"].F)
    best = analyse(frame, others=("z",), over="best")
    assert best.anova["xy"].F == pytest.approx(analyse(frame[frame["z"] == 1]).anova["xy"].F)
    assert "best_of_settings" in codes(best)
    with pytest.raises(TableError, match="besides x and y"):
        analyse(frame, others=("z",))


def test_many_blocks_and_cells_with_holes_are_refused_in_words_not_memory():
    rows = np.random.default_rng(0).integers(0, [120, 120, 6000], size=(60_000, 3))
    frame = pd.DataFrame(rows, columns=["x", "y", "seed"]).drop_duplicates()
    frame["m"] = np.random.default_rng(1).normal(size=len(frame))
    with pytest.raises(TableError, match="too many levels"):
        InteractionTest("x", "y", "m", orders={"x": [0], "y": [0]})(frame)


def test_axes_of_words_and_truths():
    frame = grid(SHIFTING[:, :2])
    frame["x"] = frame["x"].map({0: False, 1: True})
    frame["y"] = frame["y"].map(dict(enumerate("abcd")))
    found = analyse(frame)
    assert found.ridge.shift.slope is None
    assert [row.x for row in found.ridge.rows] == [False, True]
    assert json.loads(json.dumps(found.to_json()))["ridge"][0]["best_y"] == "a"


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=4, max_size=27, unique=True),
    st.sampled_from([0.0, 1.0, math.nan, math.inf, 1e300]),
)
@examples(80)
def test_any_table_is_analysed_or_refused_in_words(keys, odd):
    frame = pd.DataFrame(keys, columns=["x", "y", "seed"])
    frame["m"] = [odd if i % 4 == 0 else math.sin(i) for i in range(len(frame))]
    try:
        found = analyse(frame)
    except TableError:
        return
    record = json.dumps(found.to_json(), allow_nan=False)
    assert all(word not in record for word in ("NaN", "Infinity"))
    assert not found.claimed or found.replicates >= 3


@pytest.mark.parametrize("shape", list(itertools.product([2, 3], [2, 3])))
def test_verdicts_are_one_sentence(shape):
    for seeds, scale in itertools.product([1, 2, 3, 5], [0.0, 5.0]):
        found = analyse(grid(scale * np.eye(*shape), seeds=seeds))
        assert found.verdict.endswith(".")
        assert ". " not in found.verdict.replace("0. ", "")


def test_seeds_in_a_few_cells_only_make_no_verdict():
    """One seed everywhere and two more in two cells: most cells have one training."""
    frame = grid(5 * SHIFTING, seeds=3)
    thin = frame[(frame["seed"] == 0) | ((frame["y"] == 0) & (frame["x"] < 2))]
    found = analyse(thin)
    assert (found.n_seeds, found.replicates) == (3, 1)
    assert not found.claimed
    assert found.verdict.startswith("No verdict")
    assert {"few_seeds", "thin_cells"} <= codes(found)


def test_folds_are_no_seeds_and_must_agree_with_them():
    """What a seed does to a cell is common to its folds: five folds are not five times the seeds."""
    claims = 0
    for rng in range(40):
        generator = np.random.default_rng(rng)
        parts = []
        shared = grid(np.zeros((3, 3)), seeds=3, rng=rng)
        for fold in range(5):
            part = shared.assign(fold=fold)
            part["m"] += 0.3 * generator.normal(size=len(part))
            parts.append(part)
        found = analyse(pd.concat(parts), fold="fold")
        claims += found.claimed
        assert found.replicates == 3
    assert claims <= 6  # F alone would claim it in four of five
    one = pd.concat([grid(5 * SHIFTING, seeds=1, rng=f).assign(fold=f) for f in range(5)])
    found = analyse(one, fold="fold")
    assert "few_seeds" in codes(found)
    assert not found.claimed


def test_missing_seeds_move_no_ridge():
    """Bad seeds are missing where y is worst: their absence must not look like a better y."""
    frame = grid(np.outer([3.0, 2, 0], [1.0, 2, 3]), seeds=6, noise=0.05, seed_sd=0)
    frame["m"] -= 4.0 * frame["seed"].isin([0, 1])
    holed = frame[~((frame["y"] == 2) & (frame["x"] == 2) & frame["seed"].isin([0, 1]))]
    found = analyse(holed)
    assert [row.best_y for row in found.ridge.rows] == [0, 0, 0]
    assert (found.ridge.shift.low, found.ridge.shift.high) == (0, 0)
    assert found.ridge.rows[2].support == (1.0,)


def test_an_x_without_a_row_in_a_resample_keeps_its_best():
    frame = grid(np.add.outer([0.0, 1, 5], [0.0, 1, 2]), seeds=6, noise=0.05)
    few = frame[(frame["x"] > 0) | (frame["seed"] < 2)]
    assert (analyse(few).ridge.shift.low, analyse(few).ridge.shift.high) == (0, 0)


def test_a_cell_that_mostly_diverged_is_no_best():
    frame = grid(np.add.outer([0.0, 1, 3], [0.0, 1, 2]), seeds=5, noise=0.1)
    spoiled = (frame["x"] == 2) & (frame["y"] == 1)
    frame.loc[spoiled, "m"] = [99.0, math.nan, math.nan, math.nan, math.nan]
    found = analyse(frame)
    assert [row.best_y for row in found.ridge.rows] == [2, 2, 2]
    assert not found.ridge.kept[1, 2]
    assert not found.ridge.tied[1, 2]
    assert (2, 1) in caution(found, "non_finite").cells


def test_a_sentinel_makes_nothing_identical():
    frame = grid(np.add.outer([0.1, 0.5, 0.3], [0.1, 0.3, 0.2]), noise=0.05)
    frame.loc[(frame["x"] == 1) & (frame["y"] == 1), "m"] = 1e7
    assert not {"inert_axis", "seed_ignored"} & codes(analyse(frame))


def test_where_nothing_can_be_tested_there_is_no_negative_verdict():
    frame = grid([[0, 5], [5, 0]], seeds=6, noise=0.1)
    # At 2 × 2 the seeds decide, and only one of six has every cell.
    holed = frame[(frame["seed"] == 0) | (2 * frame["y"] + frame["x"] != frame["seed"] % 4)]
    found = analyse(holed)
    assert found.replicates >= 3
    assert found.tests.p is None
    assert found.verdict.startswith("No verdict on x and y: at 2 × 2")
    assert "smallest_interaction" not in codes(found)
    exact = grid(np.eye(3), seeds=3, noise=0)  # seeds differ, by a constant: no residual
    found = analyse(exact)
    assert found.tests.p is None
    assert found.verdict.startswith("No verdict on x and y: nothing is left over")


def test_random_pairs_are_called_what_they_are():
    rows = np.random.default_rng(0).random((10, 3))
    with pytest.raises(TableError, match=r"no grid.*as random samples do"):
        analyse(pd.DataFrame(rows, columns=["x", "y", "m"]))


def test_an_infinite_level_is_text_in_json():
    frame = grid(SHIFTING)
    frame["x"] = frame["x"].replace(3, math.inf).astype(float)
    record = json.loads(json.dumps(analyse(frame).to_json(), allow_nan=False))
    assert record["ridge"][-1]["x"] == "inf"


def test_seeds_that_are_empty_are_told():
    frame = grid(SHIFTING)
    frame["seed"] = frame["seed"].replace(4, np.nan)
    assert "16 rows have no seed" in caution(analyse(frame), "no_seed").message


def test_folds_of_each_cells_best_setting_agree_with_that_setting_alone():
    parts = [grid(SHIFTING, seeds=4, rng=fold).assign(fold=fold, z=0) for fold in range(3)]
    good = pd.concat(parts)
    bad = good.assign(z=1, m=np.random.default_rng(0).normal(-900.0, 50.0, len(good)))
    both = analyse(pd.concat([good, bad]), fold="fold", others=("z",), over="best")
    alone = analyse(good, fold="fold")
    assert [row.keep for row in both.ridge.rows] == [row.keep for row in alone.ridge.rows]
    assert both.claimed == alone.claimed


def test_the_scale_follows_from_what_a_metric_can_take_not_from_what_it_took():
    low = grid(np.add.outer([0.0, 1, 2], [0.0, 1, 2]), seeds=4, noise=0.1)
    low["m"] = 0.1 + (low["m"] - low["m"].min()) / (1.2 * np.ptp(low["m"]))
    # An error in metres or centimetres, a loss below 1 and above: the same scale.
    for metric, scale in (
        ("rmse", "log"),
        ("val_loss", "log"),
        ("accuracy", "logit"),
        ("r2", None),
    ):
        for unit in (1, 100):
            frame = low.rename(columns={"m": metric}).assign(**{metric: low["m"] * unit})
            found = analyse(frame, metric=metric, mode="min").transformed
            told = None if found is None else found.scale
            assert told == (scale if unit == 1 or scale != "logit" else None), (metric, unit)
    assert analyse(low).transformed is None
    assert analyse(low, mode="min").transformed.scale == "log"
    assert analyse(low, bounds=(0, 1)).transformed.scale == "logit"


@pytest.mark.parametrize("factor", [1e-90, 1e-71, 1e71, 1e80, 1e300])
def test_values_whose_squares_are_no_numbers_are_refused(factor):
    frame = grid(SHIFTING).assign(m=lambda t: t["m"] * factor)
    with pytest.raises(TableError, match=r"too (large|small) to analyse"):
        analyse(frame)


@pytest.mark.parametrize("factor", [1e-60, 1e-30, 1e30, 1e60])
def test_the_unit_changes_no_test(factor):
    frame = grid(SHIFTING)
    here, there = analyse(frame), analyse(frame.assign(m=frame["m"] * factor))
    assert there.verdict.partition("(")[0] == here.verdict.partition("(")[0]
    assert there.anova["xy"].F == pytest.approx(here.anova["xy"].F, rel=1e-9)
    assert there.box.p == pytest.approx(here.box.p, rel=1e-6)


def test_a_failed_row_takes_no_cell_out_of_the_contest():
    frame = grid(SHIFTING).assign(status="complete")
    best = (frame["x"] == 1) & (frame["y"] == 1) & (frame["seed"] == 0)
    failed = frame.copy()
    failed.loc[best, ["status", "m"]] = ["failed", np.nan]
    assert analyse(failed).ridge.rows[1].best_y == analyse(frame).ridge.rows[1].best_y


@pytest.mark.parametrize(
    "frame",
    [
        grid(SHIFTING),
        grid(SHIFTING, seeds=2),
        grid([[0, 5], [5, 0]]),
        grid(np.zeros((3, 3)), seeds=4),
        grid(SHIFTING, noise=0, seed_sd=0),
        grid(SHIFTING).assign(seed=range(80)),
        grid(SHIFTING).assign(m=lambda t: t["m"] + 3 * t["seed"] * t["x"]),
    ],
    ids=["shift", "two", "two by two", "nothing", "ignored", "unshared", "by axis"],
)
def test_where_folds_alone_are_the_blocks_no_word_is_of_seeds(frame):
    found = analyse(frame.rename(columns={"seed": "fold"}), fold="fold")
    said = [found.verdict, *(one.message for one in found.cautions)]
    assert not [text for text in said if "seed" in text]
    # What the same rows of seeds would call for is said of folds, but for the numbers.
    bare = [re.sub(r"[\d.]+", "#", one.message) for one in analyse(frame).cautions]
    codes_of_seeds = codes(analyse(frame))
    for one in found.cautions:
        if one.code in codes_of_seeds:
            assert re.sub(r"[\d.]+", "#", one.message).replace("fold", "seed") in bare


def test_a_cell_that_diverged_is_no_best_on_an_edge():
    frame = grid([[1.0, 1, 1], [1, 3, 1], [1, 1, 1]], noise=0.1)
    corner = (frame["x"] == 2) & (frame["y"] == 2)
    assert "best_on_edge" not in codes(analyse(frame))
    frame.loc[corner, "m"] = [99.0, math.nan, math.nan, math.nan, math.nan]
    assert "best_on_edge" not in codes(analyse(frame))
    frame.loc[corner, "m"] = 99.0
    edges = [c for c in analyse(frame).cautions if c.code == "best_on_edge"]
    assert [c.cells for c in edges] == [((2, 2),), ((2, 2),)]
