"""The study file's notation: what each form means, and what each mistake says."""

import pytest

from interplay.space.domains import Choice, Constant, Float, Int
from interplay.study.readers.native import read_written


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
    ],
)
def test_mistakes(raw, says):
    domain, mistakes = read(raw)
    assert domain is None
    text = "\n".join(map(str, mistakes))
    assert says in text
    assert "model.k" in text
