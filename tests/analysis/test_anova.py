"""The analysis of variance against published tables and statsmodels."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import AnovaRM, anova_lm

from interplay.errors import TableError
from tests.analysis.grids import analyse, codes, grid, tooth_growth, warpbreaks
from tests.examples import examples


def five_digits(value):
    return float(f"{value:.4e}")


def test_the_published_tables():
    found = analyse(warpbreaks(), x="wool", y="tension", metric="breaks")
    xy = found.anova["xy"]
    assert (xy.df, found.anova["residual"].df) == (2, 48)
    assert five_digits(xy.F) == 4.1891
    assert five_digits(xy.p) == 0.021044
    assert [five_digits(found.anova[n].F) for n in "xy"] == [3.7653, 8.4980]

    found = analyse(tooth_growth(), x="supp", y="dose", metric="len")
    xy = found.anova["xy"]
    assert (xy.df, found.anova["residual"].df) == (2, 54)
    assert round(xy.F, 3) == 4.107
    assert five_digits(xy.p) == 0.021860
    assert five_digits(found.anova["xy"].ss) == 108.32
    assert not found.blocks
    assert found.n_seeds is None


@st.composite
def tables(draw):
    """Balanced, unbalanced or holed tables, with common seeds or without."""
    xs, ys, seeds = (draw(st.integers(2, 4)) for _ in range(3))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    mean = generator.normal(size=(ys, xs)) * draw(st.sampled_from([0.0, 1.0, 30.0]))
    frame = grid(mean + draw(st.sampled_from([0.0, 1e3])), seeds, rng=generator)
    kind = draw(st.sampled_from(["balanced", "unbalanced", "holes", "no seeds"]))
    if kind in ("unbalanced", "holes"):
        frame = frame[generator.random(len(frame)) < 0.85]
    if kind == "holes":
        frame = frame[(frame["x"] > 0) | (frame["y"] > 0)]
    if kind == "no seeds":
        frame = frame.drop(columns="seed")
        frame = pd.concat([frame, frame[generator.random(len(frame)) < 0.3]])
        frame["m"] += generator.normal(size=len(frame))
    return frame.sample(frac=1, random_state=0)


def compared(smaller, larger, frame):
    """df and sum of squares between two models, and the F test, as statsmodels has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = anova_lm(ols(smaller, frame).fit(), ols(larger, frame).fit())
    return table.iloc[1]


@given(tables())
@examples(25)
def test_every_term_agrees_with_statsmodels(frame):
    try:
        found = analyse(frame)
    except TableError:
        return  # holes that leave nothing to estimate are tested below
    assert found.blocks == ("seed" in frame)
    frame = frame.assign(m=frame["m"] - frame["m"].mean())  # for the oracle's own rounding
    seed = "C(seed) + " if found.blocks and frame["seed"].nunique() > 1 else ""
    x, y, full = f"m ~ {seed}C(x)", f"m ~ {seed}C(y)", f"m ~ {seed}C(x)*C(y)"
    both = f"m ~ {seed}C(x) + C(y)"
    pairs = {"x": (y, both), "y": (x, both), "xy": (both, full)}
    if seed:
        pairs["seed"] = ("m ~ C(x)*C(y)", full)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = ols(full, frame).fit()
    left = found.anova["residual"]
    assert left.df == fit.df_resid
    if left.df < 1 or fit.ssr < 1e-8:
        return
    assert left.ss == pytest.approx(fit.ssr, rel=1e-9)
    for name, models in pairs.items():
        term, oracle = found.anova[name], compared(*models, frame)
        assert term.df == oracle["df_diff"]
        assert term.ss == pytest.approx(oracle["ss_diff"], rel=1e-9, abs=1e-9)
        ratio = term.ss / term.df / (fit.ssr / fit.df_resid)
        assert term.F == pytest.approx(ratio, rel=1e-9)
        assert term.p == pytest.approx(stats.f.sf(ratio, term.df, left.df), rel=1e-9)
        assert term.partial_eta2 == pytest.approx(term.ss / (term.ss + left.ss), rel=1e-9)
        by_f = term.df * (term.F - 1)
        assert term.partial_omega2_raw == pytest.approx(by_f / (by_f + len(frame)), rel=1e-9)
        assert term.partial_omega2 == max(term.partial_omega2_raw, 0)
        assert term.share == pytest.approx(term.ss / (frame["m"] ** 2).sum(), rel=1e-9)


def test_type_two_of_an_unbalanced_table_as_statsmodels_prints_it():
    frame = grid(np.arange(12).reshape(3, 4) % 5, seeds=4).iloc[[i for i in range(48) if i % 7]]
    found = analyse(frame)
    table = anova_lm(ols("m ~ C(seed) + C(x)*C(y)", frame).fit(), typ=2)
    rows = {"seed": "C(seed)", "x": "C(x)", "y": "C(y)", "xy": "C(x):C(y)"}
    for name, row in rows.items():
        assert found.anova[name].ss == pytest.approx(table.loc[row, "sum_sq"], rel=1e-9)
        assert found.anova[name].F == pytest.approx(table.loc[row, "F"], rel=1e-9)
        assert found.anova[name].p == pytest.approx(table.loc[row, "PR(>F)"], rel=1e-9)


def test_shares_of_a_balanced_table_add_up():
    found = analyse(grid(np.eye(4), seeds=3))
    assert sum(term.share for term in found.anova.values()) == pytest.approx(1)


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(2, 4), st.integers(2, 5))
@examples(12)
def test_seed_strata_agree_with_repeated_measures(rng, xs, ys, seeds):
    frame = grid(np.random.default_rng(rng).normal(size=(ys, xs)), seeds, rng=rng)
    found = analyse(frame)
    table = AnovaRM(frame, "m", "seed", within=["x", "y"]).fit().anova_table
    for name, row in {"x": "x", "y": "y", "xy": "x:y"}.items():
        test, oracle = found.strata[name], table.loc[row]
        assert (test.df1, test.df2) == (oracle["Num DF"], oracle["Den DF"])
        assert test.F == pytest.approx(oracle["F Value"], rel=1e-9)
        assert test.p == pytest.approx(oracle["Pr > F"], rel=1e-9)


def test_strata_use_the_seeds_that_have_every_cell():
    frame = grid(np.eye(3), seeds=5)
    holed = frame.drop(index=frame.index[(frame["seed"] == 4) & (frame["x"] == 1)][0])
    expected = analyse(frame[frame["seed"] < 4]).strata
    assert analyse(holed).strata["xy"].F == pytest.approx(expected["xy"].F)


def box_by_matrices(frame, blocks):
    """Box's correction from the dense projections themselves."""
    dummies = [pd.get_dummies(frame[k]).to_numpy(float) for k in (["seed"] if blocks else [])]
    x, y = (pd.get_dummies(frame[k]).to_numpy(float) for k in "xy")
    cell = pd.get_dummies(frame["x"].astype(str) + "," + frame["y"].astype(str)).to_numpy(float)

    def hat(*parts):
        design = np.hstack([*dummies, *parts])
        return design @ np.linalg.pinv(design)

    top, bottom = hat(cell) - hat(x, y), np.eye(len(frame)) - hat(cell)
    residual = bottom @ frame["m"].to_numpy()
    count = cell.sum(axis=0)
    sigma = np.diag(cell @ ((cell.T @ residual**2) / (count - 1)))

    def df(form):
        return np.trace(form @ sigma) ** 2 / np.trace(form @ sigma @ form @ sigma)

    df1, df2 = df(top), df(bottom)
    plain = np.trace(top), np.trace(bottom)
    value = frame["m"].to_numpy()
    ratio = (value @ top @ value / plain[0]) / (value @ bottom @ value / plain[1])
    bias = (np.trace(top @ sigma) / plain[0]) / (np.trace(bottom @ sigma) / plain[1])
    return df1, df2, stats.f.sf(ratio / bias, df1, df2)


@pytest.mark.parametrize("blocks", [True, False])
def test_box_is_what_the_projections_give(blocks):
    frame = grid(np.eye(4), seeds=5)
    frame["m"] += frame["x"] ** 2 * np.random.default_rng(3).normal(size=len(frame))
    if not blocks:
        keep = np.random.default_rng(4).random(len(frame)) < 0.9
        frame = frame[keep].drop(columns="seed")
    box = analyse(frame).box
    df1, df2, p = box_by_matrices(frame, blocks)
    assert box.df1 == pytest.approx(df1, rel=1e-8)
    assert box.df2 == pytest.approx(df2, rel=1e-8)
    assert box.p == pytest.approx(p, rel=1e-8)
    assert box.epsilon == pytest.approx(df1 / 9, rel=1e-8)
    assert box.epsilon < 0.7


def test_box_leaves_equal_variances_alone():
    """Residuals of the same size in every cell: nothing to adjust but the estimate's own excess."""
    frame = grid(np.zeros((4, 4)), seeds=2, noise=0, seed_sd=0)
    sign = np.where((frame["x"] + frame["y"]) % 2, 1.0, -1.0)
    frame["m"] = sign * np.where(frame["seed"] == 0, 1.0, -1.0) + (frame["x"] == frame["y"])
    box = analyse(frame).box
    assert box.epsilon == pytest.approx(1)
    assert box.df1 == pytest.approx(9)


def test_the_effect_interval_inverts_the_noncentral_f():
    found = analyse(grid(2 * np.eye(4), seeds=5))
    xy, left = found.anova["xy"], found.anova["residual"]
    n = found.n_used
    for bound, tail in ((found.effect.low, 0.975), (found.effect.high, 0.025)):
        noncentrality = n * bound / (1 - bound)
        below = stats.ncf.cdf(xy.F, xy.df, left.df, noncentrality)
        assert below == pytest.approx(tail, abs=1e-6)
    assert found.effect.low < xy.partial_omega2 < found.effect.high
    noncentrality = n * found.effect.detectable / (1 - found.effect.detectable)
    critical = stats.f.isf(0.05, xy.df, left.df)
    assert stats.ncf.sf(critical, xy.df, left.df, noncentrality) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e3])
def test_effects_of_any_size_have_an_interval(size):
    found = analyse(grid(size * np.eye(6), seeds=5))
    assert 0 <= found.effect.low <= found.effect.high <= 1


def test_tukey_by_its_textbook_formula():
    frame = grid(np.add.outer([0.0, 1, 4], [0.0, 2, 3, 5]), seeds=1, noise=0.3)
    frame["m"] += 0.3 * frame["x"] * frame["y"]
    found = analyse(frame)
    table = frame.pivot(index="y", columns="x", values="m").to_numpy()
    of_y = table.mean(1) - table.mean()
    of_x = table.mean(0) - table.mean()
    ss = (of_y @ table @ of_x) ** 2 / ((of_y**2).sum() * (of_x**2).sum())
    left = ((table - table.mean() - of_y[:, None] - of_x) ** 2).sum() - ss
    assert (found.tukey.df1, found.tukey.df2) == (1, 5)
    assert found.tukey.F == pytest.approx(ss / (left / 5), rel=1e-9)
    assert found.tukey.p == pytest.approx(stats.f.sf(ss / (left / 5), 1, 5), rel=1e-9)
    assert all(found.anova[name].F is None for name in ("seed", "x", "y", "xy"))
    assert found.box.p is None
    assert {"one_row_a_cell", "few_seeds"} <= codes(found)
    assert found.verdict.startswith("No verdict")


@pytest.mark.filterwarnings("ignore:The design matrix")
def test_tukey_with_a_hole_is_a_comparison_of_models():
    frame = grid(np.random.default_rng(5).normal(size=(4, 4)), seeds=1).drop(index=5)
    found = analyse(frame)
    design = pd.get_dummies(frame[["x", "y"]].astype(str)).to_numpy(float)
    additive = sm.OLS(frame["m"].to_numpy(), design).fit()
    square = additive.fittedvalues**2
    more = sm.OLS(frame["m"].to_numpy(), np.column_stack([design, square])).fit()
    oracle = (additive.ssr - more.ssr) / (more.ssr / more.df_resid)
    assert found.tukey.df2 == more.df_resid
    assert found.tukey.F == pytest.approx(oracle, rel=1e-6)


def test_tukeys_component_is_the_whole_of_a_product():
    frame = grid(np.outer([1.0, 2, 4], [1.0, 2, 3]), seeds=4, noise=1e-3)
    assert analyse(frame).tukey_share > 0.999
    assert analyse(grid(np.eye(4), seeds=4, noise=1e-3)).tukey_share < 0.5
    # One degree of freedom is all Tukey's, whatever it looks like.
    assert analyse(grid(np.eye(2), seeds=4)).tukey_share is None


def test_another_scale_is_the_same_analysis_of_other_values():
    frame = grid(np.add.outer([0.0, 1, 2], [0.0, 1, 2]), seeds=4, noise=0.2, rng=1)
    frame = frame.assign(m=1 / (1 + np.exp(-frame["m"])))
    found = analyse(frame, bounds=(0, 1))
    logit = frame.assign(m=np.log(frame["m"] / (1 - frame["m"])))
    table = anova_lm(ols("m ~ C(seed) + C(x)*C(y)", logit).fit(), typ=2)
    assert found.transformed.scale == "logit"
    xy = found.transformed.tests.anova.terms["xy"]
    assert xy.F == pytest.approx(table.loc["C(x):C(y)", "F"], rel=1e-9)
    assert found.claimed
    assert found.removable
    assert "ceiling" in found.verdict

    loss = frame.assign(m=np.exp(frame["m"] * 3))
    found = analyse(loss, mode="min")
    assert found.transformed.scale == "log"
    table = anova_lm(ols("m ~ C(seed) + C(x)*C(y)", loss.assign(m=np.log(loss["m"]))).fit(), typ=2)
    xy = found.transformed.tests.anova.terms["xy"]
    assert xy.F == pytest.approx(table.loc["C(x):C(y)", "F"], rel=1e-9)
    assert analyse(grid(np.zeros((3, 3)))).transformed is None


@given(st.integers(0, 10**6), st.floats(0.1, 100), st.floats(-1e3, 1e3))
@examples(20)
def test_units_and_order_of_rows_change_nothing(rng, scale, offset):
    frame = grid(np.random.default_rng(rng).normal(size=(3, 3)), 4, rng=rng)
    found = analyse(frame)
    other = analyse(frame.assign(m=frame["m"] * scale + offset).sample(frac=1, random_state=1))
    assert other.anova["xy"].F == pytest.approx(found.anova["xy"].F, rel=1e-6)
    assert other.box.p == pytest.approx(found.box.p, rel=1e-6)
    assert [row.best_y for row in other.ridge.rows] == [row.best_y for row in found.ridge.rows]
    assert other.claimed == found.claimed
    upside_down = analyse(frame.assign(m=-frame["m"]), mode="min")
    assert [row.keep for row in upside_down.ridge.rows] == [row.keep for row in found.ridge.rows]
    assert upside_down.ridge.shift == found.ridge.shift


def test_the_limit_for_huge_effects_meets_the_exact_one(monkeypatch):
    from interplay.analysis import tails

    for df1, df2, below in ((4, 24, 0.025), (16, 96, 0.975), (1, 8, 0.2)):
        ratio = 9e5 / df1
        exact = tails.noncentrality(ratio, df1, df2, below)
        with monkeypatch.context() as patch:
            patch.setattr(tails, "LARGE", 1e5)
            assert tails.noncentrality(ratio, df1, df2, below) == pytest.approx(exact, rel=2e-3)
    assert tails.noncentrality(1e20, 4, 24, 0.5) > 1e20
