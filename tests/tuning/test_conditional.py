"""Studies with conditions, products and constraints, from the file to the picture, by every method."""

from dataclasses import replace

import numpy as np
import pytest

from interplay.results.question import Question
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.tuning.search.zoom import propose_zoom

FUNCTION = """
def train(seed, epochs, kind, lr=0.5, width=1, heads=1):
    for epoch in range(1, epochs + 1):
        yield {"value": (kind == "deep") + width / 100 + lr + epoch / 1000 + seed / 10**5}
"""
TRIAL = {
    "function": "kinds:train",
    "kind": ["flat", "deep"],
    "lr": [0.1, 0.2],
    "heads": {"values": [1, 2], "when": {"kind": "deep"}},
    "width": {"values": [8, 16], "times": "heads"},
}


@pytest.fixture
def make(tmp_path):
    (tmp_path / "kinds.py").write_text(FUNCTION, encoding="utf-8")

    def make(trial=None, **tables):
        search = {"metric": "value", "mode": "max", **tables.pop("search", {})}
        tables = {"name": "kinds", "epochs": 3, "seeds": 2, **tables}
        return Study(folders=[tmp_path], trial=TRIAL | (trial or {}), search=search, **tables)

    return make


def test_what_is_not_there_is_drawn_as_such(make, quiet_run):
    rule = "lr < 0.2 or width < 32"
    results = quiet_run(make(constraint=[{"rule": rule}])).results
    frame = results.frame
    # One of deep's, with what width is times of, is not there in flat cells; nor then is width.
    assert len(frame) == 2 * (2 + 4 + 3)
    flat = frame["trial.kind"] == "flat"
    assert frame.loc[flat, ["trial.heads", "trial.width"]].isna().all(axis=None)
    assert frame.loc[~flat, "trial.width"].dropna().unique().tolist() == [8, 16, 32]

    cells = results.cells(Question("lr", "width", over="mean"))
    assert cells.y.labels == ("8", "16", "32", "not there")
    assert cells.there.tolist() == [[True, True], [True, True], [True, False], [True, True]]
    ax = results.heatmap("kind", "width", where={"lr": 0.1}, over="best")
    words = {text.get_text() for text in ax.texts}
    assert "not there" in words
    assert "no run" not in words


def test_a_square_with_a_cell_that_is_not_trained_yet_is_no_run(make, quiet_run):
    study = make(constraint=[{"rule": "lr < 0.2 or width < 32"}])
    results = quiet_run(study).results
    few = results.table.frame[
        (results.frame["trial.lr"] < 0.15) | (results.frame["trial.width"] != 16)
    ]
    table = replace(results.table, frame=few.reset_index(drop=True), read_curves=None)
    cells = Results(table).cells(Question("lr", "width", where={"kind": "deep"}, over="best"))
    assert cells.n[:3, 1].tolist() == [2, 0, 0]
    assert cells.there[:3, 1].tolist() == [True, True, False]


@pytest.mark.parametrize(
    "search",
    [
        {"method": "random", "trials": 9},
        {"method": "bayes", "trials": 9},
        {"method": "hyperopt", "trials": 9},
        {"method": "optuna", "trials": 9},
        {"method": "random", "trials": 12, "scheduler": "asha"},
    ],
    ids=lambda search: search["method"] + search.get("scheduler", ""),
)
def test_every_method_keeps_what_is_tied(make, quiet_run, search):
    study = make(
        {"lr": {"low": 0.0, "high": 0.3}}, search=search, constraint=[{"rule": "lr * width < 6"}]
    )
    frame = quiet_run(study).results.frame
    deep = frame["trial.kind"] == "deep"
    assert deep.any()
    assert frame.loc[~deep, "trial.width"].isna().all()
    assert frame.loc[deep, "trial.width"].isin([8, 16, 32]).all()
    assert (frame.loc[deep, "trial.lr"] * frame.loc[deep, "trial.width"] < 6).all()
    assert np.isfinite(frame["value"]).all()
    again = quiet_run(study)
    assert not again.tried


def test_what_follows_a_scan_keeps_what_is_tied(make, quiet_run, tmp_path):
    study = make(
        {"lr": {"low": 0.0, "high": 0.3}},
        search={"method": "random", "trials": 24, "scheduler": "asha"},
        constraint=[{"rule": "lr < 10"}],
    )
    file = propose_zoom(quiet_run(study).results, study, tmp_path)
    zoom = Study.load(file)
    assert [rule.text for rule in zoom.space.rules] == ["lr < 10"]
    for name, asked in zoom.space.when.items():
        assert asked == study.space.when[name]
    assert {tuple(sorted(zoom.space.active(cell))) for cell in zoom.space.grid()} <= {
        tuple(sorted(study.space.active({"trial.kind": kind}))) for kind in ("flat", "deep")
    }
