"""Small searches over a plain function, quick to evaluate and at times slow to answer."""

import pytest

from interplay.study.study import Study

FUNCTION = """
import os, random, time

def train(seed, x, y, kind="a", width=8):
    time.sleep(random.SystemRandom().random() * float(os.environ.get("SLOW", "0")))
    if kind == "bad":
        return {"value": float("nan")}
    away = (x - 0.3) ** 2 + (y - 0.7) ** 2 + 0.001 * abs(width - 16) + 0.01 * random.random()
    return {"value": away + {"a": 0.0, "b": 0.1, "c": 0.2}[kind]}
"""

SPACE = {
    "function": "quick:train",
    "x": {"low": 0.0, "high": 1.0},
    "y": {"low": 0.01, "high": 1.0, "log": True},
    "kind": ["a", "b", "c"],
    "width": {"low": 4, "high": 64, "log": True},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "quick.py").write_text(FUNCTION)
    return tmp_path


@pytest.fixture
def make_search(folder):
    """A study of the quick function; keywords go into [search], `trial` and `top` elsewhere."""

    def make(trial=None, top=None, **search):
        search = {"metric": "value", "mode": "min", "trials": 8, **search}
        top = {"name": "quick", "seeds": 2, **(top or {})}
        return Study(folders=[folder], trial={**SPACE, **(trial or {})}, search=search, **top)

    return make
