"""Where there is one of a thing, messages and pictures say so: 1 row, not 1 rows."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from interplay.errors import InterplayError, how_many
from interplay.plots.canvas import root_of
from interplay.results.results import Results
from tests.results.test_importing import run

ONES = re.compile(
    r"(?<![\d.,])1 (more )?(rows|cells|squares|values|settings|members|seeds|folds|epochs|trials|columns"
    r"|groups|classes|inputs)\b|(?<![\d.,])1 \w+ (are|were|have|lie|leave|repeat|make)\b"
)


def table(**changes):
    """A grid of settings and seeds, in which some rows are changed."""
    frame = pd.DataFrame(
        [
            {"lr": r, "units": u, "seed": float(s), "accuracy": 0.5 + r + u / 100 + s / 1000}
            for r, u, s in itertools.product((0.1, 0.2, 0.3), (1, 2, 3), range(4))
        ]
    ).assign(status="complete")
    for name, value in changes.items():
        frame.loc[5, name] = value
    return frame


ODD = {
    "at a bound": table(accuracy=1.0),
    "lost": table(accuracy=np.nan, status="diverged"),
    "stopped": table(status="stopped"),
    "unfinished": table(status="running", accuracy=np.nan),
    "failed": table(status="failed", accuracy=np.nan),
    "without a seed": table(seed=np.nan),
    "repeated": pd.concat([table(), table().iloc[[0]]], ignore_index=True),
    "without an axis": table(lr=np.nan, status="failed"),
    "an empty cell": table().iloc[4:],
    "a thin cell": table().iloc[2:],
    "one seed": table()[table()["seed"] == 0],
    "far out": table(accuracy=-1e6),
    "one row": table().iloc[[0]],
}


@pytest.mark.parametrize("name", ODD)
def test_a_single_one_is_never_several(name):
    results = Results.from_frame(ODD[name], metrics=["accuracy"], params=["lr", "units"])
    said = [repr(results)]
    try:
        said += [caution.message for caution in results.interaction("lr", "units").cautions]
    except InterplayError as error:
        said.append(str(error))
    try:
        figure = root_of(results.heatmap("lr", "units"))
        said += [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]
    except InterplayError as error:
        said.append(str(error))
    wrong = [text for text in said if ONES.search(" ".join(text.split()))]
    assert not wrong


def test_the_count_agrees_with_its_noun_and_verb():
    assert [how_many(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert how_many(1, "study", "studies") == "1 study"
    assert how_many(3, "study", "studies") == "3 studies"


def test_verbs_speak_of_one_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table().iloc[[0]].to_csv("one.csv", index=False)
    said = run("import", "one.csv", "--out", "runs/one")
    assert "1 row of one" in said.output
    study = (
        'name = "one"\nepochs = 1\nseeds = 1\n[data]\nname = "digits"\n[model]\nname = "linear"\n'
        "hidden_size = 4\n"
    )
    (tmp_path / "one.toml").write_text(study, encoding="utf-8")
    said = run("tune", "one.toml", "--dry-run")
    assert "1 epoch, run folder" in said.output
    assert "members  1 (1 cell × 1 seed and fold)" in said.output
    assert "of 1 member\n" in said.output
