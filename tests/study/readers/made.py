"""Sweeps made by hypothesis, in each tool's notation, with what they come to by the tool's own rules."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

NAMES = ("lr", "width", "depth", "drop", "act")
WORDS = st.lists(
    st.sampled_from(["relu", "tanh", "gelu", 1, 2.5, True, None]),
    min_size=1,
    max_size=4,
    unique_by=repr,
)
INTS = st.tuples(st.integers(-20, 20), st.integers(1, 30)).map(lambda t: (t[0], t[0] + t[1]))
FLOATS = st.tuples(st.integers(-20, 20), st.integers(1, 30)).map(
    lambda t: (t[0] / 8, (t[0] + t[1]) / 8)
)
POSITIVE = st.tuples(st.integers(1, 40), st.integers(1, 80)).map(
    lambda t: (t[0] / 64, (t[0] + t[1]) / 64)
)


def _named(of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(NAMES), of, min_size=1)


def _bounds(kind: str, bounds: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return bounds.map(lambda b: {"distribution": kind, "low": b[0], "high": b[1]})


DARTS = st.builds(
    lambda hyperparameters, trials: {"hyperparameters": hyperparameters, "n_trials": trials},
    _named(
        st.one_of(
            WORDS,
            st.sampled_from(["word", 3, 0.5, None, True]),
            WORDS.map(lambda words: {"distribution": "constant", "value": [w for w in words if w]}),
            WORDS.map(lambda words: {"distribution": "choice", "choices": words}),
            st.one_of(INTS, FLOATS).map(lambda b: {"low": b[0], "high": b[1]}),
            _bounds("intuniform", INTS),
            _bounds("uniform", FLOATS),
            _bounds("loguniform", POSITIVE),
            POSITIVE.map(
                lambda b: {"distribution": "reversed-loguniform", "low": b[0], "high": b[1], "n": 2}
            ),
        )
    ),
    st.integers(1, 20),
)

COUNT = st.integers(1, 7)
_DETERMINED = st.one_of(
    st.sampled_from(["word", 3, 0.5, None, True, [1, 2]]),
    WORDS.map(lambda words: {"type": "categorical", "vals": words}),
    st.builds(
        lambda b, n: {"type": "int", "minval": b[0], "maxval": b[1], "count": n}, INTS, COUNT
    ),
    st.builds(
        lambda b, n: {"type": "double", "minval": b[0], "maxval": b[1], "count": n}, FLOATS, COUNT
    ),
    st.builds(
        lambda b, n, base: {
            "type": "log",
            "base": base,
            "minval": b[0],
            "maxval": b[1],
            "count": n,
        },
        *(FLOATS, COUNT, st.sampled_from([2, 10, 0.5])),
    ),
)
DETERMINED = st.builds(
    lambda hyperparameters, name: {
        "hyperparameters": hyperparameters,
        "searcher": {"name": name, "metric": "score", "max_length": {"epochs": 2}}
        | ({} if name == "grid" else {"max_trials": 9}),
    },
    _named(_DETERMINED),
    st.sampled_from(["grid", "random"]),
)


def determined_cells(tables: dict[str, Any]) -> set[str]:
    """The grid by grid.go's own rules, in exact arithmetic where values are whole numbers."""
    axes = []
    for name, raw in tables["hyperparameters"].items():
        if not isinstance(raw, dict):
            axes.append([(name, raw)])
        elif raw["type"] == "categorical":
            axes.append([(name, value) for value in raw["vals"]])
        else:
            axes.append([(name, value) for value in _spaced(raw)])
    return {repr(sorted(cell, key=str)) for cell in itertools.product(*axes)}


def _spaced(raw: dict[str, Any]) -> list[Any]:
    low, high, count = raw["minval"], raw["maxval"], raw["count"]
    if raw["type"] == "int":
        count = min(count, high - low + 1)
    at = (
        [(low + high) / 2]
        if count == 1
        else [low + i * (high - low) / (count - 1) for i in range(count)]
    )
    if raw["type"] == "int":
        return [int(abs(value) + 0.5) * (1 if value >= 0 else -1) for value in at]
    if raw["type"] == "log":
        return [float(f"{raw['base'] ** value:.9g}") for value in at]
    return [float(f"{value:.9g}") for value in at]


def _suggest(suggest: str, **params: Any) -> dict[str, Any]:
    return {"suggest": suggest, "params": params}


_LISTED = st.one_of(
    WORDS.map(lambda words: _suggest("categorical", choices=words)),
    st.builds(
        lambda low, more, step: _suggest("int", low=low, high=low + more, step=step),
        *(st.integers(1, 9),) * 3,
    ),
    st.builds(
        lambda low, more: _suggest("discrete_uniform", low=low / 4, high=(low + more) / 4, q=0.25),
        *(st.integers(1, 9), st.integers(1, 4)),
    ),
)
_NUMBERS = st.builds(
    lambda low, more, step: _suggest("int", low=low, high=low + more * step, step=step),
    *(st.integers(1, 5), st.integers(0, 3), st.integers(1, 3)),
)
_DRAWN = st.one_of(
    st.builds(lambda b: _suggest("float", low=b[0], high=b[1]), FLOATS),
    st.builds(lambda b: _suggest("loguniform", low=b[0], high=b[1]), POSITIVE),
    st.builds(
        lambda low, more: _suggest("int", low=low, high=low + more, log=True),
        st.integers(1, 9),
        st.integers(1, 9),
    ),
)


@st.composite
def hyper_opt(draw: st.DrawFn, drawn: bool = True) -> dict[str, Any]:
    """A run configuration whose later values depend on earlier ones."""
    model: dict[str, Any] = {"heads": {"hyper_opt": draw(_NUMBERS)}}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4)):
        kind = draw(st.sampled_from(["plain", "multiply", "optimize_iff"]))
        if kind == "multiply":
            times = draw(st.sampled_from([n for n, one in model.items() if _is_factor(one)]))
            asked = {**draw(_NUMBERS), "dependency": {"type": kind, "on": f"model.{times}"}}
        else:
            asked = draw(st.one_of(_LISTED, _DRAWN) if drawn else _LISTED)
        if kind == "optimize_iff":
            value = draw(st.integers(1, 8))
            condition = {"type": "equal", "compare_value": value}
            asked = {
                **asked,
                "dependency": {"type": kind, "on": "heads", "conditions": [condition]},
            }
        model[name] = {"hyper_opt": asked}
    return {"model": {**model, "bias": draw(st.sampled_from([True, None, [1, 2], "x"]))}}


def _is_factor(one: dict[str, Any]) -> bool:
    asked = one["hyper_opt"]
    there = asked.get("dependency", {}).get("type") != "optimize_iff"
    return there and asked["suggest"] == "int" and "log" not in asked["params"]


def hyper_opt_cells(tables: dict[str, Any]) -> set[str]:
    """What Optuna may suggest, one after the other, what is null left out."""
    found: list[dict[str, Any]] = [{}]
    for name, one in tables["model"].items():
        if name == "bias":
            found = [{**cell, name: one} for cell in found]
            continue
        asked = one["hyper_opt"]
        dependency = asked.get("dependency", {})
        more = []
        for cell in found:
            if dependency.get("type") == "optimize_iff":
                wanted = dependency["conditions"][0]["compare_value"]
                if cell["heads"] != wanted:
                    more.append(cell)
                    continue
            factor = (
                cell[dependency["on"].removeprefix("model.")]
                if dependency.get("type") == "multiply"
                else 1
            )
            more += [
                {**cell, name: value * factor if factor != 1 else value}
                for value in _suggested(asked)
            ]
        found = more
    return {repr(sorted(cell.items(), key=str)) for cell in found}


def _suggested(asked: dict[str, Any]) -> list[Any]:
    params = asked["params"]
    if asked["suggest"] == "categorical":
        return list(params["choices"])
    step = params.get("q", params.get("step", 1))
    number = int((params["high"] - params["low"]) / step) + 1
    return [params["low"] + i * step for i in range(number)]


def _swept():
    """What one hyperparameter is in Hydra's grammar."""
    whole, part = st.integers(-5, 20), st.floats(0.01, 5).map(lambda value: round(value, 3))
    words = st.sampled_from(["relu", "tanh", "gelu", "true", "1e-3", "7", "0.5"])
    listed = st.lists(words, min_size=2, max_size=4, unique=True)
    return st.one_of(
        listed.map(",".join),
        listed.map(lambda values: f"choice({','.join(values)})"),
        st.tuples(whole, st.integers(1, 9)).map(lambda t: f"int(interval({t[0]},{t[0] + t[1]}))"),
        st.tuples(part, part).map(lambda t: f"interval({t[0]},{t[0] + t[1]})"),
        st.tuples(part, part).map(lambda t: f"tag(log,interval({t[0]},{t[0] + t[1]}))"),
        st.tuples(whole, st.integers(2, 9), st.integers(1, 2)).map(
            lambda t: f"range({t[0]},{t[0] + t[1] * t[2]},step={t[2]})"
        ),
        st.tuples(whole, st.integers(2, 5)).map(lambda t: f"shuffle(range({t[0]},{t[0] + t[1]}))"),
        words,
    )


HYDRA = st.dictionaries(st.sampled_from(NAMES), _swept(), min_size=1, max_size=4).map(
    lambda params: {
        "defaults": [{"override hydra/sweeper": "optuna"}],
        "hydra": {"sweeper": {"n_trials": 3, "params": params}},
    }
)
