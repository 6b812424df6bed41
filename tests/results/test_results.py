"""The façade: defaults from the study, short names, epochs compared, foreign tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from interplay.errors import BudgetError, InterplayError, TableError, UnknownNameError
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.training.members import Member, Row

X, Y = "model.hidden_size", "model.dropout"


def make_run(
    folder, epochs_run=lambda config, seed: 4, schedule="none", varied=(X, Y), norms=("none",)
):
    members, rows = [], []
    for hidden in (8, 16):
        for dropout in (0.0, 0.5):
            for norm in norms:
                for seed in range(3):
                    config = {X: hidden, Y: dropout, "model.norm": norm, "schedule.name": schedule}
                    key = f"{hidden}-{dropout}-{norm}-{seed}"
                    n = epochs_run(config, seed)
                    curve = [hidden / 100 + dropout / 10 + seed / 1000 + e for e in range(n)]
                    members.append(Member(key, config, seed, 4))
                    rows.append(
                        Row(
                            key,
                            config,
                            seed,
                            None,
                            "complete" if n == 4 else "stopped",
                            4,
                            "reference",
                            "cpu",
                            epochs_run=n,
                            curves={"accuracy": curve, "valid_loss": [1 - c for c in curve]},
                        )
                    )
    ledger = Ledger(folder).create()
    ledger.append(rows)
    study = {
        "name": "s",
        "varied": list(varied),
        "metric": "accuracy",
        "mode": "max",
        "heatmap": {"x": X, "y": Y, "over": None},
        "levels": {X: [8, 16], Y: [0.0, 0.5]},
        "logs": {},
    }
    ledger.write_study(study, members)
    return Results.load(folder)


def test_pivot_is_the_mean_over_seeds(tmp_path):
    results = make_run(tmp_path / "run")
    pivot = results.pivot(x="hidden_size", y="dropout")
    oracle = results.frame.groupby([Y, X])["accuracy"].mean().unstack()
    np.testing.assert_allclose(pivot.to_numpy(), oracle.to_numpy())
    assert list(pivot.columns) == [8, 16]
    assert pivot.index.name == Y
    assert results.pivot().equals(pivot)
    # Another metric brings its own direction.
    assert results.cells(Question(metric="valid_loss")).mode == "min"


def test_heatmap_returns_axes_and_saves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = make_run(tmp_path / "run")
    before = sorted(tmp_path.rglob("*"))
    ax = results.heatmap(x="hidden_size", y="dropout")
    assert "s: accuracy" in ax.get_title()
    assert sorted(tmp_path.rglob("*")) == before


def test_unequal_budgets_are_refused_and_at_epoch_is_the_way_out(tmp_path):
    results = make_run(
        tmp_path / "run", lambda config, seed: 2 if config[X] * config[Y] == 8 else 4
    )
    with pytest.raises(BudgetError) as caught:
        results.heatmap()
    for words in ("epochs_run", "4", "2", "at_epoch=2"):
        assert words in str(caught.value)
    cells = results.cells(Question(at_epoch=2))
    assert cells.mean[0, 0] == pytest.approx(0.08 + 0.001 + 1)
    assert "at epoch 2" in cells.title_notes
    late = results.cells(Question(at_epoch=4))
    assert "3 of 12 rows did not reach epoch 4" in late.warnings
    # Its square is no hole: a scheduler stopped what was there.
    for cells in (late, results.cells(Question(where={"epochs_run": 4}))):
        assert cells.n.tolist() == [[3, 3], [3, 0]]
        assert cells.stopped.tolist() == [[0, 0], [0, 3]]
        assert any("3 rows were stopped before the end" in warning for warning in cells.warnings)
    # Who was stopped just there has a value there.
    assert results.cells(Question(where={"epochs_run": 4}, at_epoch=2)).n.sum() == 9
    with pytest.raises(TableError, match="no row reached epoch 9"):
        results.cells(Question(at_epoch=9))


def test_budgets_that_differ_between_seeds_alone_are_a_warning(tmp_path):
    results = make_run(tmp_path / "run", lambda config, seed: 4 - (seed == 2))
    assert any("epochs_run" in warning for warning in results.cells(Question()).warnings)


def test_at_epoch_refuses_schedules_with_another_horizon(tmp_path):
    results = make_run(tmp_path / "run", schedule="cosine")
    results.cells(Question(at_epoch=2))
    results.frame.loc[0, "epochs_asked"] = 8
    with pytest.raises(TableError, match="learning rates differ"):
        results.cells(Question(at_epoch=2))


def test_other_hyperparameters_are_dealt_with_openly(tmp_path):
    results = make_run(tmp_path / "run", varied=(X, Y, "model.norm"), norms=("none", "batch"))
    with pytest.raises(TableError, match=r"model\.norm"):
        results.heatmap()
    cells = results.cells(Question(where={"norm": "batch"}))
    assert "model.norm = batch" in " ".join(cells.title_notes)
    assert "model.norm" in " ".join(results.cells(Question(over="mean")).title_notes)


def test_names_that_are_not_there(tmp_path):
    results = make_run(tmp_path / "run")
    with pytest.raises(UnknownNameError, match="hidden_size"):
        results.pivot(x="hiden_size", y="dropout")
    with pytest.raises(UnknownNameError, match=r"did you mean 'model\.dropout'"):
        results.heatmap(x="dropot")  # before the other axis is asked for
    with pytest.raises(UnknownNameError, match="accuracy"):
        results.pivot(metric="acuracy")
    with pytest.raises(InterplayError):
        results.pivot(x="hidden_size", y="hidden_size")
    with pytest.raises(TableError, match=r"model\.norm does not vary"):
        results.pivot(x="norm", y="dropout")


def test_a_foreign_csv(tmp_path):
    rows = [
        {"lr": lr, "width": w, "run": s, "score": lr + w + s, "epochs_run": 5, "host": f"h{s}"}
        for lr in (0.1, 0.2)
        for w in (1, 2)
        for s in range(3)
    ]
    file = tmp_path / "t.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    results = Results.from_csv(file)
    cells = results.cells(Question("lr", "width", "score", seed="run"))
    assert cells.mean[1, 0] == pytest.approx(0.1 + 2 + 1)
    assert (cells.n == 3).all()
    assert cells.mode == "max"
    assert not any("host" in w for w in cells.warnings)  # a place is no setting
    frame = pd.DataFrame(rows)
    frame.loc[0, "epochs_run"] = 9
    frame.to_csv(file, index=False)
    with pytest.raises(BudgetError):
        Results.from_csv(file).cells(Question("lr", "width", "score", seed="run"))
    with pytest.raises(TableError, match="which two"):
        results.cells(Question(metric="score"))
    with pytest.raises(TableError, match="which metric"):
        results.cells(Question("lr", "width"))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(TableError, match="no CSV"):
        Results.from_csv(tmp_path / "empty.csv")


def test_ranking_puts_unstable_settings_last(tmp_path):
    results = make_run(tmp_path / "run")
    ranked = results.ranked()
    assert ranked.iloc[0][[X, Y]].tolist() == [16, 0.5]
    assert ranked["n"].tolist() == [3] * 4
    frame = results.frame
    frame.loc[(frame[X] == 16) & (frame[Y] == 0.5) & (frame["seed"] == 0), "status"] = "diverged"
    assert results.ranked().iloc[-1][[X, Y]].tolist() == [16, 0.5]


def test_what_is_bookkeeping_is_no_metric_of_an_interaction(tmp_path):
    results = make_run(tmp_path / "run")
    for name in ("seconds", "parameters", "epochs_asked"):
        with pytest.raises(TableError, match=f"{name} is bookkeeping"):
            results.cells(Question(metric=name))
    # A table that a run saved knows its columns as well as the run does.
    results.frame.to_csv(tmp_path / "t.csv", index=False)
    saved = Results.load(tmp_path / "t.csv")
    assert saved.table.columns["seconds"].sure == "known"
    with pytest.raises(TableError, match="seconds is bookkeeping"):
        saved.cells(Question("hidden_size", "dropout", "seconds"))
    same = saved.cells(Question("hidden_size", "dropout", "accuracy"))
    np.testing.assert_allclose(same.mean, results.cells(Question()).mean, rtol=1e-12)
    assert same.warnings == ()


def test_where_all_members_failed_that_is_said_and_why(tmp_path):
    results = make_run(tmp_path / "run")
    # As a ledger gives them: the metric has a column, whether or not a row has a value.
    none = results.frame.drop(columns="valid_loss").assign(accuracy=np.nan)
    for frame in (none, none.drop(columns="accuracy")):
        frame = frame.assign(status="failed", error="out of memory")
        failed = Results(replace(results.table, frame=frame))
        for ask in (failed.cells, failed.analyse):
            with pytest.raises(
                TableError, match="12 rows 12 failed; the first with: out of memory"
            ):
                ask(Question())
        assert failed.ranked()["n"].tolist() == [0] * 4
    diverged = Results(replace(results.table, frame=none.assign(status="diverged")))
    with pytest.raises(TableError, match=r"no row of s has a result: of 12 rows 12 diverged$"):
        diverged.cells(Question(at_epoch=2))


def test_roles_that_a_run_knows_cannot_be_told_otherwise(tmp_path):
    results = make_run(tmp_path / "run")
    with pytest.raises(TableError, match=r"model\.norm is a hyperparameter of s, and not the seed"):
        results.cells(Question(seed="norm"))
    with pytest.raises(TableError, match="seed is the seed of s, and not a hyperparameter"):
        results.cells(Question("seed", "dropout"))


def test_a_run_in_a_line(tmp_path):
    results = make_run(tmp_path / "run")
    assert repr(results) == (
        "<Results s: 12 rows (12 complete); model.hidden_size × model.dropout vary; "
        "metrics accuracy, valid_loss>"
    )


def test_curves_are_told_apart_by_what_makes_a_member(tmp_path):
    table = make_run(tmp_path / "run").curve_table()
    assert list(table.columns) == [X, Y, "seed", "epoch", "accuracy", "valid_loss"]
    assert len(table) == 12 * 4
    row = table[(table[X] == 16) & (table[Y] == 0.5) & (table["seed"] == 2)].iloc[3]
    assert row["accuracy"] == pytest.approx(0.16 + 0.05 + 0.002 + 3)


def test_schedules_with_a_horizon_are_what_the_run_says(tmp_path):
    results = make_run(tmp_path / "run", schedule="warm")
    results.frame.loc[0, "epochs_asked"] = 8
    results.cells(Question(at_epoch=2))
    told = Results(replace(results.table, horizons=("warm",)))
    with pytest.raises(TableError, match="learning rates differ"):
        told.cells(Question(at_epoch=2))
