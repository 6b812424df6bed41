"""Seeds, folds and the rest: closed forms, statsmodels' REML, simulated truth, the F's level."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from interplay.analysis import components as module
from interplay.analysis.codes import combined
from interplay.analysis.components import Components, Parts, split_spread
from interplay.analysis.interaction import InteractionTest
from tests.examples import examples

SIZES = st.tuples(st.integers(2, 5), st.integers(2, 4), st.integers(2, 4))
SDS = st.tuples(*[st.sampled_from([0.0, 0.3, 1.0, 3.0])] * 2, st.sampled_from([0.1, 1.0]))


def made(size, sds, seed, *, common=2.0, missing=0.0):
    """Values, and codes of cell, seed and fold; blocks have a level of their own."""
    g = np.random.default_rng(seed)
    cells, seeds, folds = size
    whole = (
        5 * g.normal(size=(cells, 1, 1))
        + common * g.normal(size=(1, seeds, folds))
        + sds[0] * g.normal(size=(cells, seeds, 1))
        + sds[1] * g.normal(size=(cells, 1, folds))
        + sds[2] * g.normal(size=size)
    )
    kept = g.random(whole.size) >= missing
    codes = np.indices(size).reshape(3, -1)
    return whole.ravel()[kept], *(code[kept] for code in codes)


def block_of(codes, common):
    return combined(list(codes[1:])) if common else None


def mean_squares(table, common):
    """Of cells × seeds, cells × folds and the rest, by sums over all indices."""
    c, s, f = table.shape
    if common:
        table = table - table.mean(0)
        c -= 1
    m, ms, mf = table.mean((1, 2)), table.mean(2), table.mean(1)
    a = sum(f * (ms[i, j] - m[i]) ** 2 for i in range(len(m)) for j in range(s))
    b = sum(s * (mf[i, k] - m[i]) ** 2 for i in range(len(m)) for k in range(f))
    e = sum(
        (table[i, j, k] - ms[i, j] - mf[i, k] + m[i]) ** 2
        for i in range(len(m)) for j in range(s) for k in range(f)
    )  # fmt: skip
    return a / (c * (s - 1)), b / (c * (f - 1)), e / (c * (s - 1) * (f - 1))


@examples(60)
@given(SIZES, SDS, st.integers(0, 99), st.booleans())
def test_of_a_whole_table_they_are_the_closed_form(size, sds, seed, common):
    value, *codes = made(size, sds, seed)
    a, b, e = mean_squares(value.reshape(size), common)
    assume(min(a, b) > e)
    found = split_spread(value, *codes, block_of(codes, common))
    expected = ((a - e) / size[2], (b - e) / size[1], e)
    assert (found.seed, found.fold, found.rest) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@examples(15)
@given(SIZES, SDS, st.integers(0, 99), st.booleans())
def test_none_is_below_0_and_the_rest_takes_what_that_leaves(size, sds, seed, common):
    """The likelihood, searched with no component below 0, has its top where mean squares are pooled."""
    value, *codes = made(size, sds, seed)
    block = block_of(codes, common)
    found = split_spread(value, *codes, block)
    searched = module._likeliest(value, *codes, block)
    assume(searched is not None and min(found.rest, searched.rest) > 1e-6)
    for name in ("seed", "fold", "rest"):
        assert getattr(searched, name) == pytest.approx(getattr(found, name), rel=2e-3, abs=2e-3)


@examples(8)
@given(st.integers(0, 99), st.booleans())
def test_with_holes_they_are_those_of_statsmodels(seed, common):
    value, *codes = made((4, 4, 4), (1.0, 1.5, 0.7), seed, common=2.0 * common, missing=0.2)
    block = block_of(codes, common)
    found = split_spread(value, *codes, block)
    assume(min(found.seed, found.fold) > 0.05)

    def dummies(code):
        return pd.get_dummies(code).to_numpy(float)

    fixed = dummies(codes[0])
    if common:
        fixed = np.hstack([fixed, dummies(block)[:, 1:]])
    effects = [dummies(combined([codes[0], code])) for code in codes[1:]]
    names = [[[f"{i}" for i in range(one.shape[1])]] for one in effects]
    spec = VCSpec(["seed", "fold"], names, [[one] for one in effects])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MixedLM(value, fixed, groups=np.zeros(len(value)), exog_vc=spec)
        fit = model.fit(reml=True, method=["lbfgs", "powell"])
    assert [found.seed, found.fold, found.rest] == pytest.approx([*fit.vcomp, fit.scale], rel=1e-3)


@pytest.mark.parametrize("common", [False, True])
def test_with_holes_they_are_the_truth_that_was_simulated(common):
    truth = (0.6, 1.2, 0.8)
    found = []
    for seed in range(5):
        value, *codes = made((12, 4, 5), truth, seed, common=3.0 * common, missing=0.25)
        found.append(split_spread(value, *codes, block_of(codes, common)))
    means = [np.mean([getattr(one, name) for one in found]) for name in ("seed", "fold", "rest")]
    assert means == pytest.approx(np.square(truth), rel=0.3)


def test_what_cannot_be_told_apart_is_not():
    value, *codes = made((3, 1, 4), (1, 1, 1), 0)
    assert split_spread(value, *codes) is None
    value, *codes = made((3, 3, 3), (1, 1, 1), 0)
    one = codes[1] == codes[2]  # each seed in one fold
    assert split_spread(value[one][:4], *(code[one][:4] for code in codes)) is None
    assert split_spread(value[codes[0] == 0], *(c[codes[0] == 0] for c in codes), codes[1]) is None


def test_what_to_buy():
    noisy_seeds = Components(Parts(1, 1, 1), Parts(4.0, 0.1, 0.1), 3, 5, 0.25)
    noisy_folds = Components(Parts(1, 1, 1), Parts(0.1, 4.0, 0.1), 3, 5, 0.25)
    assert (noisy_seeds.buy, noisy_folds.buy) == ("seeds", "folds")
    error = noisy_folds.error(3, 5)
    assert error**2 == pytest.approx(0.1 / 3 + 4.0 * (1 / 5 + 1 / 4) + 0.1 / 15)
    assert noisy_folds.error(1e9, 1e9) == pytest.approx(noisy_folds.floor) == pytest.approx(1.0)
    record = noisy_folds.to_json()
    assert record["own"] == {"seed": 0.1, "fold": 4.0, "rest": 0.1}
    assert record["error_twice_the_folds"] == noisy_folds.error(3, 10)


def cross_validation(g, cells, folds, repeats, rows=60, features=4):
    """Errors of ridge regressions on features of each cell's own, drawn alike; (cell, fold)."""
    target = g.normal(size=rows)
    x = 0.5 * target[:, None] + g.normal(size=(cells, rows, features))
    scores = []
    for _ in range(repeats):
        order = g.permutation(rows)
        for valid in np.array_split(order, folds):
            part = x[:, np.setdiff1d(order, valid)].transpose(0, 2, 1)
            gram = part @ part.transpose(0, 2, 1) + np.eye(features)
            weights = np.linalg.solve(gram, (part @ target[np.setdiff1d(order, valid)])[..., None])
            scores.append(np.square((x[:, valid] @ weights)[..., 0] - target[valid]).mean(1))
    return np.array(scores).T


@pytest.mark.parametrize("seeds", [1, 3])
def test_folds_that_share_rows_claim_nothing_more_often_than_they_may(seeds):
    """As in benchmarks/honesty_folds.py, in short: no cell is better, by chance these rows say so."""
    claims = {"independent": 0, "folds": 0}
    cell, seed, fold = np.indices((16, seeds, 15)).reshape(3, -1)
    frame = pd.DataFrame({"x": cell % 4, "y": cell // 4, "seed": seed, "fold": fold})
    frame["block"] = seed * 15 + fold
    for table in range(12):
        g = np.random.default_rng(table)
        scores = cross_validation(g, 16, 5, 3)
        of_seeds = scores.std() * g.normal(size=(16, seeds, 1)) * (seeds > 1)
        noise = 0.3 * scores.std() * g.normal(size=(16, seeds, 15))
        frame["m"] = (scores[:, None] + of_seeds + noise).ravel()
        asked = {"fold": "fold", "parts": 5, "seed": "seed" if seeds > 1 else None}
        claims["independent"] += InteractionTest("x", "y", "m", seed="block")(frame).claimed
        claims["folds"] += InteractionTest("x", "y", "m", **asked)(frame).claimed
    assert claims["independent"] >= 6
    assert claims["folds"] <= 2
