"""Every picture from the façade: defaults, levels, curves; nothing is saved."""

from dataclasses import replace

import numpy as np
import pytest

from interplay.errors import TableError, UnknownNameError
from interplay.results.results import Results
from interplay.table.table import Column
from tests.results.test_results import X, Y, make_run


def test_every_picture_is_one_call_away_and_none_is_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = make_run(tmp_path / "run", varied=(X, Y, "model.norm"), norms=("none", "batch"))
    before = sorted(tmp_path.rglob("*"))
    asked = {"where": {"norm": "batch"}}
    assert results.heatmap("hidden_size", "dropout", **asked).get_xlabel() == "hidden_size"
    assert "off the sum" in results.residuals(**asked).get_title()
    assert results.ridge(x="dropout", y="hidden_size", **asked).get_xlabel() == "dropout"
    ax = results.heatmap(**asked)
    assert results.ridge(on=ax, **asked) is ax
    assert any(line.get_gid() == "ridge" for line in ax.lines)
    assert "± sd" in results.lines(band="sd", **asked).texts[0].get_text()
    assert len(results.lines(metric="valid_loss", **asked).lines) == 2
    assert len(results.full(**asked).axes) >= 3
    assert sorted(tmp_path.rglob("*")) == before


def test_multiples_have_a_heatmap_a_level(tmp_path):
    results = make_run(tmp_path / "run", varied=(X, Y, "model.norm"), norms=("none", "batch"))
    figure = results.multiples("norm")
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:2] == ["model.norm = none", "model.norm = batch"]
    notes = [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "notes"]
    assert not any("model.norm" in note for note in notes)  # the title says it
    with pytest.raises(UnknownNameError, match="norm"):
        results.multiples("nrom")


def test_learning_curves_are_means_over_seeds_at_each_epoch(tmp_path):
    results = make_run(tmp_path / "run")
    ax = results.learning_curves({"hidden_size": 8, "dropout": 0.5}, metric="valid_loss")
    (line,) = ax.lines
    expected = [1 - (0.08 + 0.05 + 0.001 + e) for e in range(4)]
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert "lower is better" in ax.get_ylabel()
    names = [t.get_text() for t in results.learning_curves().get_legend().get_texts()]
    assert names[0] == "hidden_size = 16, dropout = 0.5"
    assert len(names) == 4
    with pytest.raises(TableError, match="does not occur"):
        results.learning_curves({"dropout": 0.3})
    with pytest.raises(UnknownNameError, match="accuracy"):
        results.learning_curves(metric="acuracy")
    # What a message names as a way out is an argument of what was called.
    columns = {**results.table.columns, "valid_loss": Column("valid_loss", "metric")}
    unsaid = Results(replace(results.table, columns=columns))
    with pytest.raises(TableError, match="give `mode='max'`"):
        unsaid.learning_curves(metric="valid_loss")
    assert "lower" in unsaid.learning_curves(metric="valid_loss", mode="min").get_ylabel()


def test_learning_curves_do_not_average_a_diverged_training_away(tmp_path):
    results = make_run(tmp_path / "run")
    member = results.frame.index[(results.frame[X] == 8) & (results.frame[Y] == 0.5)][0]
    curves = results.curves
    curves.loc[(curves["member"] == member) & (curves["epoch"] >= 3), "accuracy"] = np.inf
    ax = results.learning_curves({"hidden_size": 8, "dropout": 0.5})
    assert len(ax.lines[0].get_xdata()) == 2
    name = ax.get_legend().get_texts()[0].get_text()
    assert "1 of 3 lost" in name.replace("\n", " ")
