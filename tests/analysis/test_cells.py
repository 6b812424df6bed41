"""CellMeans against plain loops over the rows, with holes, divergences and folds."""

import itertools
import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.analysis import CellMeans
from interplay.errors import BudgetError, TableError, UnknownNameError, as_flag
from tests.examples import examples

X, Y, NORM = "model.hidden_size", "model.schedule", "model.norm"
COLUMNS = [X, Y, NORM, "seed", "fold", "status", "accuracy"]


def means(**options):
    return CellMeans(**{"x": X, "y": Y, "metric": "accuracy", **options})


def grid(value=lambda h, d, s: h + d + s, seeds=3, **more):
    rows = [
        {X: h, Y: d, "seed": s, "status": "complete", "epochs_run": 20, "accuracy": value(h, d, s)}
        for h, d, s in itertools.product([8, 16, 32], [0.0, 0.5], range(seeds))
    ]
    return pd.DataFrame(rows).assign(**more)


@st.composite
def tables(draw):
    """Rows without repeats: two words × three sizes × two norms × seeds × folds, with holes."""
    keys = list(itertools.product([8, 16, 128], ["b", "a"], ["batch", "none"], range(3), range(2)))
    rows = []
    for key in draw(st.lists(st.sampled_from(keys), min_size=2, max_size=40, unique=True)):
        status = draw(st.sampled_from(["complete"] * 4 + ["stopped", "diverged", "failed"]))
        number = draw(st.floats(-10, 10, allow_nan=False))
        if status in ("diverged", "failed") or draw(st.integers(0, 9)) == 0:
            number = draw(st.sampled_from([math.nan, math.inf, -math.inf, 0.5]))
        rows.append((*key, status, number))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if frame[X].nunique() < 2 or frame[Y].nunique() < 2:
        extra = [(8, "a", "batch", 0, 0), (16, "b", "batch", 0, 0)]
        add = [(*k, "complete", 1.0) for k in extra if not (frame[COLUMNS[:5]] == k).all(1).any()]
        frame = pd.concat([frame, pd.DataFrame(add, columns=COLUMNS)], ignore_index=True)
    return frame


def outcome(row):
    if row["status"] == "failed":
        return "failed"
    fine = row["status"] in ("complete", "stopped") and math.isfinite(row["accuracy"])
    return "complete" if fine else "diverged"


def by(rows, *names):
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def seed_means(rows):
    """Per (norm, seed): the mean over folds (or rows); {norm: {seed: mean}}."""
    found = {}
    for (norm, seed), members in by(rows, NORM, "seed").items():
        good = [row["accuracy"] for row in members if outcome(row) == "complete"]
        if good:
            found.setdefault(norm, {})[seed] = statistics.fmean(good)
    return found


def brute(rows, over, mode):
    """(values per unit, outcomes) of one cell's rows."""
    per_norm = seed_means(rows)
    if over == "best":

        def rank(norm):
            ends = [outcome(row) for row in rows if row[NORM] == norm]
            score = statistics.fmean(per_norm[norm].values()) if norm in per_norm else 0.0
            return norm not in per_norm, "diverged" in ends, -score if mode == "max" else score

        best = min({row[NORM] for row in rows}, key=rank)
        rows = [row for row in rows if row[NORM] == best]
        per_norm = {best: per_norm.get(best, {})}
    units = {}
    for seeds in per_norm.values():
        for seed, value in seeds.items():
            units.setdefault(seed, []).append(value)
    return [statistics.fmean(v) for v in units.values()], [outcome(row) for row in rows]


def best_is_unclear(rows):
    """Whether two settings of a cell are too close to rank, by floats or by rule."""
    scores = [statistics.fmean(v.values()) for v in seed_means(rows).values()]
    return len(scores) != len({row[NORM] for row in rows}) or (
        len(scores) == 2 and math.isclose(*scores, abs_tol=1e-9)
    )


@examples(60)
@given(tables(), st.sampled_from(["mean", "best"]), st.sampled_from(["max", "min"]), st.booleans())
def test_cells_agree_with_loops(frame, over, mode, fold):
    cells = means(over=over, mode=mode, others=(NORM,), fold="fold" if fold else None, budget=None)(
        frame
    )
    assert list(cells.x.values) == sorted(set(frame[X]))
    assert list(cells.y.values) == list(dict.fromkeys(frame[Y]))
    groups = by(frame.to_dict("records"), Y, X)
    scores = {}
    for (i, word), (j, size) in itertools.product(
        enumerate(cells.y.values), enumerate(cells.x.values)
    ):
        rows = groups.get((word, size), [])
        if not rows:
            assert math.isnan(cells.mean[i, j])
            assert cells.n[i, j] == cells.complete[i, j] == cells.diverged[i, j] == 0
            continue
        if over == "best" and best_is_unclear(rows):
            return
        values, ends = brute(rows, over, mode)
        for kind in ("complete", "diverged", "failed"):
            assert getattr(cells, kind)[i, j] == ends.count(kind)
        assert cells.n[i, j] == len(values)
        mean = statistics.fmean(values) if values else math.nan
        sd = statistics.stdev(values) if len(values) > 1 else math.nan
        assert cells.mean[i, j] == pytest.approx(mean, rel=1e-9, abs=1e-9, nan_ok=True)
        assert cells.sd[i, j] == pytest.approx(sd, rel=1e-6, abs=1e-7, nan_ok=True)
        if values and "diverged" not in ends:
            scores[i, j] = mean if mode == "max" else -mean
    same = len(scores) > 1 and math.isclose(
        min(scores.values()), max(scores.values()), rel_tol=1e-13
    )
    assert (cells.best is None) == (not scores or same)
    if scores and not same:
        assert scores[cells.best] == pytest.approx(max(scores.values()), abs=1e-9)


@examples(60)
@given(tables(), st.booleans())
def test_without_seeds_rows_are_the_units(frame, with_status):
    frame = frame.drop(columns=["seed", "fold"] + ([] if with_status else ["status"]))
    cells = means(budget=None)(frame)
    for (word, size), rows in by(frame.to_dict("records"), Y, X).items():
        i, j = cells.y.values.index(word), cells.x.values.index(size)
        good = [r["accuracy"] for r in rows if outcome({"status": "complete", **r}) == "complete"]
        assert cells.n[i, j] == cells.complete[i, j] == len(good)
        if good:
            assert cells.mean[i, j] == pytest.approx(statistics.fmean(good), abs=1e-9)


@examples(40)
@given(tables(), st.randoms())
def test_the_order_of_rows_does_not_matter(frame, random):
    def run(table):
        order = {Y: ["a", "b"]}
        return means(over="best", others=(NORM,), budget=None, orders=order)(table).frame()

    shuffled = frame.sample(frac=1, random_state=random.randint(0, 99))
    pd.testing.assert_frame_equal(run(frame), run(shuffled))


def test_shapes_order_and_words_of_a_plain_grid():
    cells = means()(grid())
    assert cells.mean.tolist() == [[9, 17, 33], [9.5, 17.5, 33.5]]
    assert (cells.sd == 1).all()
    assert cells.best == (1, 2)
    assert means(mode="min")(grid()).best == (0, 0)
    assert cells.statistic == "mean ± sd over 3 seeds"
    assert cells.title_notes == ("n = 3 per cell",)
    assert cells.warnings == ()
    table = cells.frame()
    assert table.columns.tolist() == [
        X, Y, "mean", "sd", "n", "complete", "diverged", "failed", "stopped", "unfinished",
    ]  # fmt: skip
    assert table.loc[(table[X] == 16) & (table[Y] == 0.5), "mean"].tolist() == [17.5]


def test_spread_needs_two_different_values_and_no_seed_column_means_rows():
    assert (means()(grid(lambda *_: 0.1, seeds=7)).sd == 0).all()
    cells = means()(grid(seeds=1))
    assert cells.statistic == "one seed per cell"
    assert np.isnan(cells.sd).all()
    assert means()(grid().drop(columns="seed")).statistic == "mean ± sd over 3 rows"


def test_a_partly_diverged_cell_shows_its_rest_and_is_never_best():
    frame = grid()
    frame.loc[(frame[X] == 32) & (frame[Y] == 0.5) & (frame["seed"] == 0), "accuracy"] = np.nan
    cells = means()(frame)
    assert cells.mean[1, 2] == 34
    assert (cells.n[1, 2], cells.diverged[1, 2]) == (2, 1)
    assert cells.best == (0, 2)
    assert cells.title_notes == ("n = 2 to 3 per cell",)
    frame["accuracy"] = np.inf
    empty = means()(frame)
    assert empty.best is None
    assert (empty.diverged == 3).all()
    assert np.isnan(empty.mean).all()


def test_a_diverging_setting_does_not_win_silently():
    frame = pd.concat([grid(**{NORM: "a"}), grid(lambda *_: 100, **{NORM: "b"})])
    frame.loc[(frame[NORM] == "b") & (frame["seed"] == 1), "status"] = "diverged"
    cells = means(over="best", others=(NORM,))(frame)
    assert cells.mean.tolist() == means()(grid()).mean.tolist()
    assert any("6 settings" in warning for warning in cells.warnings)


def test_other_settings_must_be_answered_for():
    frame = pd.concat([grid(**{NORM: "batch"}), grid(lambda *_: 0, **{NORM: "layer"})])
    with pytest.raises(TableError) as caught:
        means(others=(NORM,))(frame)
    for part in (NORM, "batch, layer", f"--where {NORM}=batch", "--over mean", "--over best"):
        assert part in caught.value.said(as_flag)
    assert f"`where={{'{NORM}': 'batch'}}` keeps" in str(caught.value)
    fixed = means(others=(NORM,), where={NORM: "batch"})(frame)
    assert fixed.mean.tolist() == means()(grid()).mean.tolist()
    assert f"{NORM} = batch" in fixed.title_notes
    mean = means(others=(NORM,), over="mean")(frame)
    assert (mean.n == 3).all()
    assert mean.mean[0, 0] == 4.5
    assert f"over mean of {NORM}" in mean.title_notes
    best = means(others=(NORM,), over="best", mode="min")(frame)
    assert (best.mean == 0).all()


def test_averages_over_different_settings_are_a_warning():
    frame = pd.concat([grid(**{NORM: "batch"}), grid(**{NORM: "layer"})])
    even = means(others=(NORM,), over="mean")
    assert even(frame).warnings == ()
    (warning,) = even(frame[(frame[NORM] == "batch") | (frame[X] > 8)]).warnings
    assert "1 to 2 of 2 settings" in warning


def test_folds_are_averaged_before_seeds():
    frame = pd.concat([grid(fold=f, accuracy=lambda t, f=f: t["seed"] + 10 * f) for f in range(2)])
    cells = means(fold="fold")(frame)
    assert (cells.n == 3).all()
    assert np.allclose(cells.mean, 6)
    assert np.allclose(cells.sd, 1)
    assert cells.warnings == ()
    (warning,) = means()(frame.drop(columns="fold")).warnings
    assert "18 rows repeat" in warning
    assert means(fold="fold", seed=None)(frame).statistic == "mean ± sd over 2 folds"


def test_grid_values_without_rows_are_empty_cells():
    cells = means(orders={X: [8, 16, 32, 64], Y: [0.0, 0.25, 0.5]})(grid())
    assert cells.mean.shape == (3, 4)
    assert cells.n[1].tolist() == [0] * 4
    assert cells.n[:, 3].tolist() == [0] * 3


def test_budgets_are_checked_first():
    frame = grid()
    frame.loc[frame[X] == 8, "epochs_run"] = 5
    with pytest.raises(BudgetError):
        means()(frame)
    assert means(where={"epochs_run": 20})(frame).n.shape == (2, 2)
    frame["accuracy"] = frame["accuracy"].where(frame[X] != 8)
    assert (means()(frame).diverged[:, 0] == 3).all()
    (warning,) = means()(grid(epochs_run=lambda t: 10 + t["seed"])).warnings
    assert "between seeds" in warning


@pytest.mark.parametrize(
    ("options", "error", "part"),
    [
        ({"x": Y}, TableError, "both"),
        ({"x": "model.hiden_size"}, UnknownNameError, "did you mean 'model.hidden_size'"),
        ({"metric": "acuracy"}, UnknownNameError, "did you mean 'accuracy'"),
        ({"seed": "sed"}, UnknownNameError, "did you mean 'seed'"),
        ({"budget": "epochs"}, UnknownNameError, "epochs_run"),
        ({"metric": "status"}, TableError, "not numeric"),
        ({"metric": X}, TableError, "metric"),
        ({"where": {X: 8}}, TableError, "one value only"),
        ({"where": {"seed": 9}}, TableError, "values: 0, 1, 2"),
        ({"mode": "most"}, TableError, "max, min"),
        ({"over": "all"}, TableError, "mean, best"),
        ({"bins": 1}, TableError, "2 to 500"),
        ({"bins": 10**9}, TableError, "2 to 500"),
    ],
)
def test_questions_that_cannot_be_answered(options, error, part):
    with pytest.raises(error, match=part):
        means(**options)(grid())
    with pytest.raises((TableError, UnknownNameError)):
        means(**options)(grid().iloc[:0])


def samples(n=60):
    rng = np.random.default_rng(1)
    lr, dropout = 10 ** rng.uniform(-5, -1, n), rng.uniform(0, 0.8, n)
    return pd.DataFrame({"lr": lr, "dropout": dropout, "seed": 0, "accuracy": rng.random(n)})


def test_random_samples_are_binned_and_every_row_is_in_one_bin():
    frame = samples()
    cells = CellMeans(x="lr", y="dropout", metric="accuracy")(frame)
    assert (cells.x.binned, cells.y.binned, cells.x.log, cells.y.log) == (True, True, True, False)
    assert cells.n.sum() == len(frame)
    assert cells.n.shape == (4, 4)
    assert "rows" in cells.statistic
    assert any("binned lr and dropout" in note for note in cells.title_notes)
    for i, j in np.ndindex(4, 4):
        low, high = cells.x.edges[j : j + 2]
        inside = frame["lr"].between(low, high)
        low, high = cells.y.edges[i : i + 2]
        inside &= frame["dropout"].between(low, high)
        assert cells.n[i, j] == inside.sum()
        if inside.any():
            assert cells.mean[i, j] == pytest.approx(frame.loc[inside, "accuracy"].mean())


def test_folds_are_one_row_of_a_bin():
    frame = pd.concat([samples().assign(fold=fold) for fold in range(3)])
    ask = CellMeans(x="lr", y="dropout", metric="accuracy", fold="fold")
    assert ask(frame).n.sum() == len(samples())


def test_bins_logs_and_orders_are_obeyed():
    frame = samples()
    ask = {"x": "lr", "y": "dropout", "metric": "accuracy"}
    assert CellMeans(**ask, bins=3)(frame).n.shape == (3, 3)
    assert not CellMeans(**ask, logs={"lr": False})(frame).x.log
    assert not CellMeans(**ask, orders={"lr": list(frame["lr"])})(frame).x.binned


def test_a_large_grid_is_not_binned():
    pairs = itertools.product(range(15), range(14))
    frame = pd.DataFrame(pairs, columns=["a", "b"]).assign(accuracy=1.0)
    cells = CellMeans(x="a", y="b", metric="accuracy")(frame)
    assert cells.n.shape == (14, 15)
    assert not cells.x.binned


def test_no_value_is_a_level_where_such_a_row_has_a_result():
    frame = grid()
    frame.loc[frame[X] == 16, X] = np.nan
    cells = means()(frame)
    assert cells.x.values == (8, 32, None)
    assert cells.x.labels == ("8", "32", "none")
    assert cells.mean[:, 2].tolist() == [17, 17.5]
    assert (
        means(where={X: "none"}, x=NORM, others=())(
            frame.assign(**{NORM: ["a", "b"] * 9})
        ).complete.sum()
        == 6
    )
    asked = means(orders={X: [None, 8, 32]})(frame)
    assert asked.x.values == (8, 32, None)


def test_rows_without_an_axis_value_that_have_no_result_either_are_left_out_aloud():
    frame = grid()
    frame.loc[0, [X, "accuracy"]] = np.nan
    frame.loc[0, "status"] = "failed"
    cells = means()(frame)
    assert cells.n.sum() == len(frame) - 1
    assert None not in cells.x.values
    assert any("left out: 1 row" in warning for warning in cells.warnings)


def test_where_all_squares_are_the_same_none_is_best():
    assert means()(grid(lambda *_: 0.96)).best is None
    frame = grid(lambda *_: 0.96)
    assert means()(frame[(frame[X] == 8) | (frame[Y] > 0)]).best is None
    lonely = frame.assign(accuracy=frame["accuracy"].where((frame[X] == 8) & (frame[Y] == 0)))
    assert means()(lonely).best == (0, 0)


def test_stopped_and_unfinished_rows_are_neither_failed_nor_diverged():
    frame = grid(status="COMPLETE")
    first = (frame[X] == 8) & (frame[Y] == 0)
    frame.loc[first, "status"] = "PRUNED"
    frame.loc[frame[X] == 32, ["status", "accuracy"]] = ["RUNNING", np.nan]
    frame.loc[frame.index[-1], "status"] = "FAIL"
    compared = means()(frame)
    assert compared.mean[0, 0] == 9
    cells = means(with_stopped=False)(frame)
    assert np.isnan(cells.mean[0, 0])
    assert cells.stopped.tolist() == [[3, 0, 0], [0, 0, 0]]
    assert cells.unfinished.tolist() == [[0, 0, 3], [0, 0, 2]]
    assert cells.failed.sum() == 1
    assert cells.diverged.sum() == 0
    stopped, unfinished = cells.warnings
    assert stopped.startswith("3 rows were stopped before the end, chosen by their results")
    assert stopped.endswith("leaves 1 cell empty: (8, 0)")
    assert unfinished.startswith("5 rows have no result yet")


def test_a_million_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 20, (1_000_000, 4)), columns=[X, Y, NORM, "seed"])
    frame["accuracy"] = rng.random(len(frame))
    cells = means(over="mean", others=(NORM,))(frame)
    assert cells.complete.sum() == len(frame)
