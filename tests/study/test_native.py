"""The study file's notation: what each form means, and what each mistake says."""

import tomllib

import pytest
from hypothesis import given

from interplay.errors import StudyError
from interplay.space.domains import Choice, Constant, Float, Int, Law
from interplay.space.laws import LAWS
from interplay.study.readers.native import read_written
from interplay.study.study import Study
from interplay.study.writing import toml_of
from tests.space.test_laws import any_law


def read(raw):
    mistakes = []
    written = read_written("model.k", raw, mistakes)
    return written and written.domain, mistakes


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        (3, Constant(3)),
        ("batch", Constant("batch")),
        (True, Constant(True)),
        ([1, 2], Choice((1, 2))),
        ([[64, 32], [32]], Choice(([64, 32], [32]))),
        ({"value": [64, 32]}, Constant([64, 32])),
        ({"distribution": "value", "value": 3}, Constant(3)),
        ({"values": ["a", "b"]}, Choice(("a", "b"))),
        ({"distribution": "choice", "values": [1, 2]}, Choice((1, 2))),
        ({"low": 1, "high": 4}, Int(1, 4)),
        ({"low": 1, "high": 4.0}, Float(1.0, 4.0)),
        ({"low": 0, "high": 1, "step": 0.25}, Float(0.0, 1.0, step=0.25)),
        ({"low": 1, "high": 9, "step": 2}, Int(1, 9, step=2)),
        ({"low": 0.0, "high": 0.8, "count": 5}, Float(0.0, 0.8, count=5)),
        ({"low": 1, "high": 4, "distribution": "uniform"}, Float(1.0, 4.0)),
        ({"low": 1e-4, "high": 1, "distribution": "loguniform"}, Float(1e-4, 1.0, log=True)),
        ({"low": 1, "high": 4, "distribution": "intuniform"}, Int(1, 4)),
        (
            {"low": 1, "high": 64, "distribution": "logintuniform", "count": 7},
            Int(1, 64, True, None, 7),
        ),
        ({"low": 1e-4, "high": 1.0, "log": True}, Float(1e-4, 1.0, log=True)),
        ({"distribution": "normal", "mu": 0, "sigma": 0.5}, Law("normal", (0.0, 0.5))),
        ({"distribution": "normal", "mu": 0, "sigma": 9, "q": 2}, Law("normal", (0.0, 9.0), 2)),
        ({"distribution": "lognormal", "mu": -3, "sigma": 1}, Law("lognormal", (-3.0, 1.0))),
        ({"distribution": "beta", "a": 2, "b": 5}, Law("beta", (2.0, 5.0))),
        ({"distribution": "beta", "a": 2, "b": 5, "q": 0.1}, Law("beta", (2.0, 5.0), 0.1)),
        (
            {"distribution": "reversed_loguniform", "low": 1e-3, "high": 0.1},
            Law("reversed_loguniform", (1e-3, 0.1, 1.0)),
        ),
        (
            {"distribution": "reversed_loguniform", "low": 1, "high": 9, "n": 10, "q": 1},
            Law("reversed_loguniform", (1.0, 9.0, 10.0), 1),
        ),
        (
            {"low": 0, "high": 1, "distribution": "uniform", "q": 0.1},
            Law("uniform", (0.0, 1.0), 0.1),
        ),
        (
            {"low": 1, "high": 512, "distribution": "loguniform", "q": 8},
            Law("loguniform", (1.0, 512.0), 8),
        ),
        ({"values": ["a", "b"], "probabilities": [0.9, 0.1]}, Choice(("a", "b"), (0.9, 0.1))),
        (
            {"values": [1, 2, 3], "probabilities": [0.333333, 0.333333, 0.333334]},
            Choice((1, 2, 3), (0.333333, 0.333333, 0.333334)),
        ),
    ],
)
def test_forms(raw, domain):
    assert read(raw) == (domain, [])


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "empty list"),
        ([1, 1.0], "twice"),
        (float("nan"), "finite"),
        ([1.0, float("inf")], "finite"),
        ({"low": 2, "high": 1}, "above high"),
        ({"low": 1, "high": 1}, "equals high"),
        ({"low": 1}, "needs high"),
        ({}, "needs low and high"),
        ({"low": "a", "high": 2}, "number"),
        ({"low": True, "high": 2}, "number"),
        ({"low": float("nan"), "high": 2}, "finite"),
        ({"low": 0, "high": 8, "count": 0}, "too few"),
        ({"low": 0, "high": 8, "count": -3}, "too few"),
        ({"low": 0, "high": 8, "count": 2.5}, "whole"),
        ({"low": 0, "high": 3, "count": 9}, "more values than"),
        ({"low": 0, "high": 8, "step": 0}, "not positive"),
        ({"low": 0, "high": 8, "step": 9}, "whole range"),
        ({"low": 0, "high": 8, "step": 2, "count": 2}, "together"),
        ({"low": 0.0, "high": 1, "distribution": "loguniform"}, "positive low"),
        ({"low": 0.5, "high": 4, "distribution": "intuniform"}, "fractions"),
        ({"low": 0.5, "high": 4, "distribution": "uniform", "log": True}, "contradicts"),
        ({"min": 0, "max": 1}, "did you mean 'low'"),
        ({"low": 0, "high": 1, "cuont": 3}, "did you mean 'count'"),
        ({"low": 0, "high": 1, "distribution": "loguniforn"}, "did you mean 'loguniform'"),
        ({"values": 3}, "not a list"),
        ({"values": [1], "low": 3}, "not a choice and not a range"),
        ({"distribution": "choice", "value": 3}, "not a choice"),
        ({"distribution": "normal", "mu": 0}, "normal needs sigma"),
        ({"distribution": "normal", "mu": 0, "sigma": 0}, "not positive"),
        ({"distribution": "normal", "mu": "a", "sigma": 1}, "not a finite number"),
        ({"distribution": "normal", "mu": 0, "sigma": 1, "low": 3}, "no key of normal"),
        ({"distribution": "normal", "mu": 0, "sigma": 1, "log": True}, "no key of normal"),
        ({"distribution": "normal", "mu": 0, "sigma": 1, "q": 20}, "every draw is 0"),
        ({"distribution": "normal", "mu": 0, "sigma": 1, "q": -1}, "not positive"),
        ({"distribution": "lognormal", "mu": 800, "sigma": 1}, "larger than a number"),
        ({"distribution": "normal", "mu": 1e19, "sigma": 1, "q": 1}, "larger than a number"),
        ({"distribution": "normal", "mu": 1e300, "sigma": 1, "q": 1e-300}, "larger than a number"),
        ({"distribution": "beta", "a": 0, "b": 1}, "not positive"),
        ({"distribution": "beta", "a": 1, "b": 1, "n": 2}, "no key of beta"),
        ({"distribution": "reversed_loguniform", "low": 0, "high": 0.1}, "positive low"),
        ({"distribution": "reversed_loguniform", "low": 0.1, "high": 2}, "above n, which is 1"),
        ({"low": 4, "high": 1, "distribution": "uniform", "q": 1}, "low is above high"),
        ({"low": 0, "high": 1, "distribution": "loguniform", "q": 1}, "positive low"),
        ({"low": 0, "high": 8, "distribution": "uniform", "q": 1, "count": 3}, "no key of uniform"),
        ({"low": 0, "high": 8, "q": 1}, "belongs to a law"),
        ({"low": 0, "high": 8, "distribution": "intuniform", "q": 1}, "belongs to a law"),
        ({"low": 0, "high": 8, "mu": 1}, "one of normal, lognormal"),
        ({"values": [1, 2], "probabilities": [1.0]}, "1 for 2 values"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "add up to 1.1"),
        ({"values": [1, 2], "probabilities": [1.0, 0.0]}, "would never come"),
        ({"values": [1, 2], "probabilities": "even"}, "not a list"),
        ({"values": [1, 2], "probabilities": [0.5, "x"]}, "not a finite number"),
        ({"value": 1, "probabilities": [1.0]}, "not a choice"),
    ],
)
def test_mistakes(raw, says):
    domain, mistakes = read(raw)
    assert domain is None
    text = "\n".join(map(str, mistakes))
    assert says in text
    assert "model.k" in text


@given(any_law)
def test_a_law_written_down_and_read_again_is_the_same(law):
    named = dict(zip(LAWS[law.name].parameters, law.parameters, strict=True))
    rounding = {} if law.q is None else {"q": law.q}
    raw = {"distribution": law.name, **named, **rounding}
    if law.name in ("uniform", "loguniform") and law.q is None:
        assert read(raw)[0] == Float(*law.parameters, log=law.log)
    elif law.low == law.high:
        assert "nothing varies" in str(read(raw)[1][0])
    else:
        assert read(raw) == (law, [])
        table = tomllib.loads(toml_of({"model": {"k": raw}}))
        assert read(table["model"]["k"]) == (law, [])
        assert law.to_json() == {"kind": "law", **raw, "q": law.q}


def test_what_a_law_may_draw_is_checked_against_what_the_option_allows(make_study):
    search = {"method": "random", "trials": 4}
    dropout = {"distribution": "normal", "mu": 0.4, "sigma": 0.05}
    study = make_study(model={"dropout": dropout}, search=search)
    assert study.space.domains["model.dropout"] == Law("normal", (0.4, 0.05))
    assert study.space.told("model.dropout") == "normal, mu 0.4, sigma 0.05"
    with pytest.raises(StudyError, match=r"model\.dropout.*-0\.07.*0"):
        make_study(model={"dropout": {**dropout, "sigma": 0.1}}, search=search)
    units = {"low": 4, "high": 64, "distribution": "uniform", "q": 0.5}
    with pytest.raises(StudyError, match=r"model\.hidden_size"):
        make_study(model={"hidden_size": units}, search=search)
    units = {"low": 4, "high": 64, "distribution": "uniform", "q": 4}
    sizes = {
        cell["model.hidden_size"]
        for cell in make_study(
            model={"hidden_size": units, "dropout": dropout}, search={**search, "trials": 30}
        ).cells()
    }
    assert len(sizes) > 8
    assert all(type(size) is int and size % 4 == 0 for size in sizes)


def test_a_grid_has_no_laws_and_no_probabilities(make_study):
    with pytest.raises(StudyError, match="a range on a grid needs count or step"):
        make_study(model={"dropout": {"distribution": "beta", "a": 1, "b": 9}})
    chances = {"values": [0.0, 0.5], "probabilities": [0.9, 0.1]}
    with pytest.raises(StudyError, match=r"dropout\.probabilities: a grid has every value"):
        make_study(model={"dropout": chances})


def test_none_keeps_its_probability(tmp_path):
    (tmp_path / "own.py").write_text(
        "def train(seed, clip: float | None = None): return {'value': 1.0}", encoding="utf-8"
    )
    study = Study(
        folders=[tmp_path],
        name="own",
        trial={
            "function": "own:train",
            "clip": {"values": ["none", 1.0], "probabilities": [0.2, 0.8]},
        },
        search={"method": "random", "trials": 2, "metric": "value", "mode": "max"},
    )
    assert study.space.domains["trial.clip"] == Choice((None, 1.0), (0.2, 0.8))
