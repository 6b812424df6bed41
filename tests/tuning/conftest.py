"""Shared by the tests of scans."""

import pytest

from interplay.study.study import Study

EPOCHS = 6
CURVES = """
import math, os, time

def train(seed, epochs, x, steps=None, wrong_at=0):
    for epoch in range(1, (steps or epochs) + 1):
        time.sleep(float(os.environ.get("SLOW", "0")))
        if epoch == wrong_at and seed == 1:
            yield {"value": math.nan}
        yield {"value": x + epoch / 100 + seed / 1000}
"""


@pytest.fixture
def make_scan(tmp_path):
    """A scan of a plain function that yields; its best cell is the one of highest x."""
    (tmp_path / "curves_of.py").write_text(CURVES)

    def make(trial=None, top=None, **search):
        search = {"metric": "value", "mode": "max", "scheduler": "asha", **search}
        trial = {"function": "curves_of:train", "x": {"low": 0.0, "high": 1.0}, **(trial or {})}
        top = {"name": "scan", "seeds": 2, "epochs": EPOCHS, **(top or {})}
        return Study(folders=[tmp_path], trial=trial, search=search, **top)

    return make
