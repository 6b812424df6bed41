"""Run folders as earlier versions wrote them still open, and what they hold is not done again.

`old_runs` holds a small grid of networks and a guided search of a function, each with the table
that its own version gave of it.
"""

import json
import shutil
from io import StringIO
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from interplay.results.results import Results
from interplay.study.study import Study
from interplay.table.search_record import read
from interplay.tuning.execute import execute

OLD = Path(__file__).parent / "old_runs"
NAMES = ["digits_old", "quick_old"]


@pytest.mark.parametrize("name", NAMES)
def test_an_old_run_gives_the_table_that_its_own_version_gave(name):
    text = Results.load(OLD / name).frame.to_csv(index=False)
    expected = pd.read_csv(OLD / name / "table.csv")
    found = pd.read_csv(StringIO(text))[expected.columns]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "epochs"), [("digits_old", 2), ("quick_old", 3)])
def test_an_old_run_has_its_curves(name, epochs):
    results = Results.load(OLD / name)
    curves, metric = results.curves, results.study["metric"]
    assert curves["member"].tolist() == [m for m in results.frame.index for _ in range(epochs)]
    assert curves["epoch"].tolist() == [*range(1, epochs + 1)] * len(results.frame)
    last = curves[curves["epoch"] == epochs][metric]
    assert last.tolist() == results.frame[metric].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_run_is_drawn(name, tmp_path):
    ax = Results.load(OLD / name).heatmap()
    ax.figure.savefig(tmp_path / "map.png")
    plt.close(ax.figure)


def test_an_old_search_is_neither_trained_nor_searched_again(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(OLD / "quick_old", run)
    before = json.loads((run / "search.json").read_text())["rounds"]
    outcome = execute(Study.load(OLD / "quick_old.toml"), run, progress=False)
    assert (outcome.tried, outcome.kept) == (0, 12)
    assert read(run).rounds == before
    assert outcome.results.frame.equals(Results.load(OLD / "quick_old").frame)
