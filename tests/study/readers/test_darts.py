"""darts' hyperparameters: every form of its guide, what tune-smp is asked besides, and what is refused."""

import math
import random

import numpy as np
import pytest
from scipy import stats

from interplay.space.domains import Choice, Constant, Float, Int, Law
from tests.study.readers.sweeps import cells, noted, read, refused

LISTED = {"batch_size": [4, 8], "gamma": [0.8, 0.9, 0.99]}


def by(distribution, low, high, **more):
    return {"distribution": distribution, "low": low, "high": high, **more}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([32, 64, 128], Choice((32, 64, 128))),
        (["Unet", "MAnet"], Choice(("Unet", "MAnet"))),
        ([None, "imagenet"], Choice((None, "imagenet"))),
        ([[1, 2], [3]], Choice(([1, 2], [3]))),
        ([7], Choice((7,))),
        ([True, False], Choice((True, False))),
        ("resnet", Constant("resnet")),
        (3, Constant(3)),
        (0.25, Constant(0.25)),
        (False, Constant(False)),
        (None, Constant(None)),
        ("none", Constant("none")),
        ({"low": 1, "high": 10}, Int(1, 10)),
        ({"low": -3, "high": 3}, Int(-3, 3)),
        ({"low": 0.9, "high": 2.5}, Float(0.9, 2.5)),
        ({"low": 1.0, "high": 2.0}, Float(1, 2)),
        (by("uniform", 0.0, 0.5), Float(0, 0.5)),
        (by("uniform", 1, 10), Float(1, 10)),
        (by("loguniform", 1.0e-5, 1.0e-2), Float(1e-5, 1e-2, log=True)),
        (by("loguniform", 1, 100), Float(1, 100, log=True)),
        (by("intuniform", 1, 10), Int(1, 10)),
        (by("intuniform", 0, 1), Int(0, 1)),
        ({"distribution": "choice", "choices": [32, 64]}, Choice((32, 64))),
        ({"distribution": "choice", "choices": ["a"]}, Choice(("a",))),
        ({"distribution": "choice", "choices": [[1], [2, 3]]}, Choice(([1], [2, 3]))),
        ({"distribution": "constant", "value": "resnet"}, Constant("resnet")),
        ({"distribution": "value", "value": 3}, Constant(3)),
        ({"distribution": "constant", "value": None}, Constant(None)),
        (
            {"distribution": "constant", "value": ["HorizontalFlip", "RandomRotate90"]},
            Constant(["HorizontalFlip", "RandomRotate90"]),
        ),
        ({"distribution": "value", "value": [1, [2]]}, Constant([1, [2]])),
    ],
    ids=str,
)
def test_every_form(raw, expected):
    assert read({"hyperparameters": {"a": raw}}).space.domains["a"] == expected


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        (
            by("loguniform", 1.0e-5, 1.0e-2),
            "loguniform, as documented; darts' code draws it as unif",
        ),
        (
            by("loguniform", 1, 9),
            "loguniform, as documented; darts' code draws it as whole numbers",
        ),
        (by("uniform", 1, 9), "uniform, as documented; darts' code draws it as whole numbers"),
        (by("uniform", 1.0, 9.0), ""),
        (by("intuniform", 1, 9), ""),
        ({"low": 1.0, "high": 9.0}, ""),
    ],
    ids=str,
)
def test_where_its_code_draws_otherwise_than_documented(raw, drawn):
    told = noted(read({"hyperparameters": {"gamma": raw}}))
    assert drawn in told
    assert ("as documented" in told) == bool(drawn)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"low": 1, "high": 2.5}, "= '1 to 2.5': low and high of two types"),
        (by("uniform", 1, 2.5), "low and high of two types"),
        (by("loguniform", 1.0e-5, 1), "both whole numbers, or both with a point"),
        (by("intuniform", 1.0, 2.0), "intuniform of fractions"),
        (by("intuniform", "1", 2), "a.low = '1': not a finite number"),
        (by("loguniform", "1e-5", 1.0), "a.low = '1e-5': not a finite number"),
        (by("loguniform", 0.0, 1.0), "loguniform needs a positive low"),
        (by("uniform", 3, 3), "= '3 to 3': low is not below high"),
        ({"low": 5, "high": 1}, "low is not below high"),
        ({"low": True, "high": 3}, "a.low = True: not a finite number"),
        ({"low": 3}, "neither low and high nor a distribution; allowed: uniform, loguniform"),
        ({}, "neither low and high nor a distribution"),
        ({"distribution": "uniform", "low": 3}, "a.high: missing: uniform needs it"),
        (by("normal", 0.0, 1.0), "a.distribution = 'normal': not one of those"),
        (by("logunifrm", 0.1, 1.0), "did you mean 'loguniform'"),
        ({"distribution": "choice"}, "a.choices: missing"),
        ({"distribution": "choice", "choices": 3}, "a.choices = 3: not a list"),
        ({"distribution": "choice", "choices": [1], "low": 0, "high": 1}, "a.low = 0: no such key"),
        ({"distribution": "constant"}, "a.value: missing"),
        (by("uniform", 0.0, 1.0, n=2), "a.n = 2: no such key"),
        ([], "an empty list leaves nothing to try"),
        ([1, 1], "the same value twice"),
        (float("nan"), "not a finite number"),
    ],
    ids=str,
)
def test_what_is_refused(raw, says):
    assert says in refused({"hyperparameters": {"a": raw}})


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"n_trials": "all"}, "n_trials = 'all': not a number and not grid"),
        ({"n_trials": 0}, "n_trials = 0"),
        ({"n_trials": 2.5}, "n_trials = 2.5"),
        ({"n_randoms": 0}, "n_randoms = 0"),
        ({"n_randoms": 10**6}, "more than there are seeds"),
        ({"n_folds": 6}, "n_folds = 6: more than there are; allowed: up to total_folds, 5"),
        ({"fold_method": "loo"}, "fold_method = 'loo': not one of those; allowed: kfold, shuffle"),
        ({"data_split_method": "loo"}, "data_split_method = 'loo'"),
        ({"scoring_metric": []}, "no names of metrics"),
        ({"scoring_metric": "val/loss:low"}, "':low': not one of those; allowed: :higher, :lower"),
        ({"multi_score_strategy": "max"}, "harmonic, arithmetic, geometric, min"),
        ({"retrain_and_test": "yes"}, "= 'yes': not true or false"),
        ({"n_trails": 3}, "n_trails = 3: no such key; allowed: n_trials"),
        ({"hyperparameters": {"a-b": 1, "a_b": 2}}, "a_b twice, as - is _"),
        ({"hyperparameters": {}}, "hyperparameters: empty"),
    ],
)
def test_what_tune_is_asked_wrongly(tables, says):
    assert says in refused({"hyperparameters": LISTED, **tables})


def test_a_grid_has_lists_and_constants_only():
    ranges = {"a": {"low": 0.0, "high": 1.0}, "b": [1, 2]}
    told = refused({"hyperparameters": ranges, "n_trials": "grid"})
    assert "hyperparameters.a: a range, and n_trials is grid" in told
    sweep = read({"hyperparameters": {**LISTED, "bands": None}, "n_trials": "grid"})
    assert sweep.study["search"] == {"method": "grid"}
    both = [(size, gamma) for size in (4, 8) for gamma in (0.8, 0.9, 0.99)]
    assert cells(sweep, "batch_size", "gamma") == both


def test_names_and_the_guide_s_three_ways_to_say_the_same():
    explicit = {
        "learning-rate": by("loguniform", 1.0e-5, 1.0e-2),
        "batch-size": {"distribution": "choice", "choices": [32, 64, 128]},
        "gamma": by("uniform", 0.9, 2.5),
        "dropout": by("uniform", 0.0, 0.5),
        "layers": by("intuniform", 1, 10),
        "architecture": {"distribution": "constant", "value": "resnet"},
    }
    implicit = {
        "learning_rate": by("loguniform", 1.0e-5, 1.0e-2),
        "batch_size": [32, 64, 128],
        "gamma": {"low": 0.9, "high": 2.5},
        "dropout": {"low": 0.0, "high": 0.5},
        "layers": {"low": 1, "high": 10},
        "architecture": "resnet",
    }
    sweep = read({"hyperparameters": explicit})
    assert sweep.space == read({"hyperparameters": implicit}).space
    assert list(sweep.space.domains) == list(implicit)
    assert "darts itself has no dropout, layers, architecture" in noted(sweep)


@pytest.mark.parametrize(
    ("trials", "hyperparameters", "expected", "says"),
    [
        (None, {"a": {"low": 0, "high": 9}}, ("random", 100), "the 100 trials are drawn"),
        (7, {"a": {"low": 0.0, "high": 9.0}, **LISTED}, ("random", 7), "drawn with seed 42"),
        (5, LISTED, ("random", 5), "5 of 6 combinations are drawn"),
        (6, LISTED, ("grid", None), "6 combinations: each of them is trained once"),
        (None, LISTED, ("grid", None), "n_trials of 100 and 6 combinations"),
        ("grid", LISTED, ("grid", None), ""),
        ("grid", {"a": 3}, ("single", None), ""),
        (40, {"a": [3]}, ("single", None), ""),
    ],
)
def test_trials(trials, hyperparameters, expected, says):
    sweep = read(
        {"hyperparameters": hyperparameters, "n_trials": trials}
        if trials
        else {"hyperparameters": hyperparameters}
    )
    search = sweep.study["search"]
    assert (search["method"], search.get("trials")) == expected
    assert search.get("seed") == (42 if expected[0] == "random" else None)
    assert says in noted(sweep)


@pytest.mark.parametrize(
    ("number", "seeds"),
    [
        (None, [42, 21, 69]),
        (1, [42]),
        (2, [42, 21]),
        (3, [42, 21, 69]),
        (5, [42, 21, 69, *random.Random(42).sample(range(9999), 2)]),
    ],
)
def test_seeds(number, seeds):
    assert read({"hyperparameters": LISTED, "n_randoms": number}).study["seeds"] == seeds


def test_a_seed_that_it_draws_again_is_trained_once():
    sweep = read({"hyperparameters": LISTED, "n_randoms": 10_002})
    assert len(sweep.study["seeds"]) == len(set(sweep.study["seeds"])) == 9999
    assert "trains 3 of its 10002 seeds twice" in noted(sweep)


@pytest.mark.parametrize(
    ("options", "folds", "says"),
    [
        ({}, 5, "n_folds is left out: total_folds, 5"),
        ({"total_folds": 3}, 3, "total_folds, 3"),
        ({"n_folds": 5}, 5, ""),
        ({"n_folds": 2}, 2, "darts trains 2 of 5 folds"),
        ({"n_folds": 1}, None, "here one validation part"),
        (
            {"n_folds": 5, "fold_method": "region-stratified"},
            5,
            "fold_method region-stratified: regions are the groups of the data",
        ),
        ({"n_folds": 5, "fold_method": "none"}, None, "validates on the rows that it trains on"),
        ({"n_folds": 5, "data_split_method": "region"}, 5, "has a test part of its own"),
    ],
)
def test_folds(options, folds, says):
    sweep = read({"hyperparameters": LISTED, **options})
    assert sweep.study.get("folds") == folds
    assert says in noted(sweep)


@pytest.mark.parametrize(
    ("method", "by", "noted_of_it"),
    [
        ("kfold", "kfold", False),
        ("shuffle", "stratified", True),
        ("stratified", "stratified", False),
        ("region", "grouped", True),
        ("region-stratified", "stratified-grouped", True),
    ],
)
def test_its_ways_to_cut_folds_are_ours(method, by, noted_of_it):
    sweep = read({"hyperparameters": LISTED, "n_folds": 5, "fold_method": method})
    assert sweep.study["data"] == {"folds_by": by, "split_seed": 42}
    assert ("fold_method" in noted(sweep)) == noted_of_it
    one = read({"hyperparameters": LISTED, "n_folds": 1, "fold_method": method})
    assert not {"data", "folds"} & one.study.keys()


@pytest.mark.parametrize(
    ("options", "metric", "mode", "says"),
    [
        ({}, None, None, "darts compares val/JaccardIndex and val/Recall; here search.metric=…"),
        ({"scoring_metric": "f1"}, "f1", "max", ""),
        ({"scoring_metric": ["f1:higher"]}, "f1", "max", "darts' code looks for a metric of the"),
        ({"scoring_metric": ["valid_loss:lower"]}, "valid_loss", "min", "lower is better here"),
        ({"scoring_metric": ["f1", "mae"]}, ["f1:higher", "mae:higher"], None, ""),
        ({"scoring_metric": ["mae:lower", "f1"]}, ["mae:lower", "f1:higher"], None, ""),
    ],
)
def test_scores(options, metric, mode, says):
    sweep = read({"hyperparameters": LISTED, **options})
    search = sweep.study["search"]
    assert (search.get("metric"), search.get("mode")) == (metric, mode)
    assert search.get("multi_score") == ("harmonic" if isinstance(metric, list) else None)
    assert says in noted(sweep)


def test_the_file_of_its_config_file_option():
    own = {"training": {"max-epochs": 30, "n_randoms": 1, "num_workers": 4}, "n-trials": 3}
    sweep = read({"hyperparameters": LISTED, "darts": {**own, "retrain_and_test": False}})
    assert sweep.study["epochs"] == 30
    assert sweep.study["seeds"] == [42]
    assert sweep.study["search"]["trials"] == 3
    assert "concerns darts only, and nothing here: num_workers" in noted(sweep)
    assert "retrain" not in noted(sweep)


def test_its_defaults_are_its_own_and_said():
    sweep = read({"hyperparameters": LISTED})
    assert sweep.study["epochs"] == 100
    assert "stops a training early, after 100 epochs at the latest" in noted(sweep)
    assert "`interplay best RUN --retrain` trains the best again" in noted(sweep)


def test_hyperparameters_below_darts_are_not_found_by_darts():
    told = refused({"darts": {"hyperparameters": LISTED}})
    assert "darts.hyperparameters: below darts, where darts itself looks for none" in told


def test_a_table_that_holds_itself_ends():
    own = {"n_trials": 3}
    own["again"] = own
    assert read({"hyperparameters": LISTED, "darts": own}).study["search"]["trials"] == 3


@pytest.mark.parametrize("name", ["reversed_loguniform", "reversed-loguniform"])
@pytest.mark.parametrize(
    ("more", "low", "high", "n"),
    [({}, 0.9, 0.9999, 1.0), ({"n": 2}, 0.9, 1.99, 2.0), ({"n": 1}, 0.0, 0.5, 1.0)],
)
def test_reversed_loguniform_has_bounds_of_its_values(name, more, low, high, n):
    sweep = read({"hyperparameters": {"gamma": by(name, low, high, **more)}})
    law = sweep.space.domains["gamma"]
    assert isinstance(law, Law)
    assert law.parameters == pytest.approx((n - high, n - low, n))
    drawn = [law.draw(np.random.default_rng(i)) for i in range(200)]
    assert low <= min(drawn) < max(drawn) <= high
    # Its own distribution: the logarithm of what is missing to n is uniform.
    even = [math.log(n - value) for value in drawn]
    ends = math.log(n - high), math.log(n - low) - math.log(n - high)
    assert stats.kstest(even, stats.uniform(*ends).cdf).pvalue > 0.01
    assert "reversed_loguniform, as documented; darts' code draws it as uniform" in noted(sweep)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (by("reversed_loguniform", 0.5, 1.0), "not 0 ≤ low < high < n"),
        (by("reversed_loguniform", -0.5, 0.5), "= '-0.5 to 0.5, n 1': not 0 ≤ low < high < n"),
        (by("reversed_loguniform", 0.5, 3.0, n=2), "not 0 ≤ low < high < n"),
        (by("reversed_loguniform", 0.5, 0.9, n="1"), "a.n = '1': not a finite number"),
        (by("loguniform", 0.5, 0.9, n=1), "a.n = 1: no such key"),
    ],
)
def test_reversed_loguniform_that_is_refused(raw, says):
    assert says in refused({"hyperparameters": {"a": raw}})
