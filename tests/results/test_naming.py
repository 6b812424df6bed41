"""Columns under names that a reader tells: one option of every verb, and of Python's questions."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from interplay.errors import InterplayError, TableError, UnknownNameError
from interplay.results.importing import import_source
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.tuning.anew import convert
from tests.results.test_importing import bring, frame, run
from tests.results.test_results import X, Y, make_run

NAMES = {"lr": "optimizer.lr", "units": "model.hidden_size", "acc": "accuracy"}
FLAGS = [part for old, new in NAMES.items() for part in ("--map", f"{old}={new}")]


def said(result):
    return " ".join(result.output.split())


@pytest.fixture
def csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame(epochs=3).to_csv("t.csv", index=False)
    return tmp_path / "t.csv"


@pytest.mark.parametrize("names", [("lr", "units", "acc"), ("lr", "hidden_size", "accuracy")])
def test_every_verb_says_the_new_name_and_hears_both(csv, names):
    x, y, metric = names
    asked = ("--x", x, "--y", y, "--metric", metric)
    printed = run("interaction", csv, *asked, *FLAGS, "--json")
    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.stdout)
    axes = (found["x"], found["y"], found["metric"])
    assert axes == ("optimizer.lr", "model.hidden_size", "accuracy")
    plain = run("interaction", csv, "--x", "lr", "--y", "units", "--metric", "acc", "--json")
    assert json.loads(plain.stdout)["anova"] == found["anova"]
    assert run("heatmap", csv, *asked, *FLAGS, "-o", "a.png").exit_code == 0
    told = json.loads(run("columns", csv, *FLAGS, "--json").stdout)
    assert {c["name"] for c in told} >= {"optimizer.lr", "model.hidden_size", "accuracy", "seed"}
    where = ("--where", f"{x}=0.1", "--metric", metric)
    ranked = run("table", csv, *where, *FLAGS, "--ranked", "--csv")
    assert "optimizer.lr,model.hidden_size" in ranked.stdout
    assert len(ranked.stdout.splitlines()) == 3, "two settings have that rate"


def test_a_picture_and_an_answer_of_python_take_it_as_the_verbs_do(csv):
    results = Results.load(csv)
    ax = results.heatmap("lr", "units", "acc", map=NAMES)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lr", "hidden_size"), "as pictures shorten names"
    cells = results.cells(Question("lr", "units", "acc"))
    for asked in (("lr", "units", "acc"), ("optimizer.lr", "hidden_size", "accuracy")):
        assert results.pivot(*asked, map=NAMES).to_numpy() == pytest.approx(cells.mean)
    told = results.told(Question(map=NAMES, seed="seed"))
    assert told.varied == ("optimizer.lr", "model.hidden_size")
    third = Results.from_frame(
        pd.concat([frame(depth=n) for n in (1, 2)]), params=["lr", "units", "depth"]
    )
    figure = third.multiples(
        "model.layers", "lr", "units", "acc", map={**NAMES, "depth": "model.layers"}
    )
    assert [ax.get_title() for ax in figure.axes][:2] == ["model.layers = 1", "model.layers = 2"]


def test_roles_values_and_scales_are_told_under_either_name(csv):
    pd.read_csv(csv).rename(columns={"seed": "k", "acc": "quantity"}).to_csv(csv, index=False)
    results = Results.load(csv)
    for seed, rate, quantity in (("k", "lr", "quantity"), ("seed", "rate", "accuracy")):
        cells = results.cells(
            Question(
                "lr", "units", quantity, seed=seed, params=(rate, "units"), log={rate: True},
                where={seed: 1},
                map={"k": "seed", "lr": "rate", "quantity": "accuracy"},
            )
        )  # fmt: skip
        assert (cells.x.name, cells.x.labels, cells.n.tolist()) == (
            "rate",
            ("0.01", "0.1"),
            [[1, 1], [1, 1]],
        )
        assert (cells.metric, cells.mode) == ("accuracy", "max"), "the new name says which way"
    with pytest.raises(TableError, match=r"where=\{'rate': 2\}`: rate has a value already"):
        results.cells(Question("rate", "units", where={"lr": 1, "rate": 2}, map={"lr": "rate"}))


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"lrr": "rate"}, "'lrr' is not known; allowed: config/lr"),
        ({"lr": "a", "units": "a"}, "units=a`: there is a column a already"),
        ({"lr": "units"}, "lr=units`: there is a column config/units already"),
        ({"lr": "acc"}, "lr=acc`: there is a column acc already"),
        ({"lr": "a", "config/lr": "b"}, "config/lr=b`: config/lr is called a already"),
        ({"lr": ""}, "lr=.*what is the new name"),
        ({"lr": " "}, "lr= .*what is the new name"),
    ],
    ids=str,
)
def test_a_name_that_cannot_be_is_refused_by_all_alike(csv, names, says):
    flags = [part for old, new in names.items() for part in ("--map", f"{old}={new}")]
    for verb in (
        ("heatmap", csv, "-o", "a.png"),
        ("interaction", csv),
        ("table", csv),
        ("columns", csv),
        ("import", csv, "--out", "runs/t"),
        ("convert", csv, "data.name=iris", "model.name=linear", "-o", "a.toml"),
    ):
        refused = run(*verb, *flags)
        assert refused.exit_code == 2, refused.output
        assert re.search(says, said(refused)), refused.output
    for ask in (Results.load(csv).heatmap, Results.load(csv).pivot):
        with pytest.raises(InterplayError):
            ask("lr", "units", "acc", map=names)
    assert not list(csv.parent.glob("a.*"))


@pytest.mark.parametrize("given", ["lr", "=rate", "lr=a lr=b"])
def test_what_is_no_pair_of_names_is_said(csv, given):
    flags = [part for text in given.split() for part in ("--map", text)]
    refused = run("columns", csv, *flags)
    assert refused.exit_code == 2
    assert "--map" in refused.output


def test_a_run_keeps_its_names_and_may_be_imported_under_others(tmp_path):
    results = make_run(tmp_path / "own")
    with pytest.raises(TableError, match=r"map=.*is a run, whose columns .* `labels`"):
        results.heatmap(map={X: "width"})
    refused = run("heatmap", tmp_path / "own", "--map", f"{X}=width")
    assert refused.exit_code == 2
    assert f"`--map {X}=width`" in said(refused)
    bring(tmp_path / "own", tmp_path / "theirs", {X: "width", "accuracy": "score"})
    theirs = Results.load(tmp_path / "theirs")
    cells = theirs.cells(
        Question("size", Y, "share", at_epoch=2, map={"width": "size", "score": "share"})
    )
    expected = results.cells(Question(at_epoch=2))
    np.testing.assert_array_equal(cells.mean, expected.mean)
    for name in ("origin", "epochs_asked"):
        with pytest.raises(TableError, match=f"{name} is ours, and known by that name"):
            theirs.told(Question(map={name: "mine"}))
    with pytest.raises(TableError, match="a column epoch already"):
        theirs.told(Question(map={"score": "epoch"}))


def test_what_an_import_or_a_study_cannot_hear_is_no_option_of_theirs(csv):
    with pytest.raises(UnknownNameError, match="'where'"):
        import_source(csv, csv.parent / "runs", where={"lr": 0.1})
    with pytest.raises(UnknownNameError, match="'at_epoch'"):
        convert(Results.load(csv), csv.parent / "a.toml", at_epoch=3)


def test_rows_keep_the_origins_that_they_have(tmp_path):
    frame(origin=["a", "b"] * 6).to_csv(tmp_path / "o.csv", index=False)
    with pytest.raises(TableError, match=r"column origin.*map=\{'origin': 'NEW'\}"):
        bring(tmp_path / "o.csv", tmp_path / "runs")
    bring(tmp_path / "o.csv", tmp_path / "runs", {"origin": "batch"})
    assert set(Results.load(tmp_path / "runs").frame["batch"]) == {"a", "b"}
    frame().to_csv(tmp_path / "p.csv", index=False)
    bring(tmp_path / "p.csv", tmp_path / "runs")
    with pytest.raises(TableError, match="2 origins, o, p, which would be one"):
        bring(tmp_path / "runs", tmp_path / "again")
    taken = run("columns", tmp_path / "runs")
    assert taken.exit_code == 0
    noted = run("table", tmp_path / "runs")
    assert "note: taken for hyperparameters" in noted.output, "it is no run of ours"
