"""A table of somebody else's as a study that trains the same cells, all equally long."""

import itertools
import tomllib

import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.identity import same_as
from interplay.study.study import Study


def convert(*arguments):
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def said(result):
    return " ".join(result.output.split())


@pytest.fixture
def csv(tmp_path, monkeypatch):
    """A table of stopped and finished trainings: learning rate × width, three seeds."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"learning_rate": r, "units": u, "seed": s, "training_iteration": 4 if u > 8 else 20,
         "accuracy": 0.9, "my_own": 3}
        for r, u, s in itertools.product((1e-3, 1e-2), (8, 16, 32), range(3))
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv("sweep.csv", index=False)
    return tmp_path / "sweep.csv"


OURS = ("data.name=iris", "model.name=linear")
MAPS = ("--map", "learning_rate=optimizer.lr", "--map", "units=hidden_size")


def test_the_same_cells_train_equally_long(csv):
    result = convert(csv, *OURS, *MAPS, "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    study = Study.load("anew.toml")
    assert (study.epochs, study.seeds, study.search.method) == (20, [0, 1, 2], "grid")
    cells = {(c["optimizer.lr"], c["model.hidden_size"]) for c in study.cells()}
    assert cells == set(itertools.product((1e-3, 1e-2), (8, 16, 32)))
    assert "sweep" in csv.with_name("anew.toml").read_text(encoding="utf-8").splitlines()[0]


def test_cells_that_are_no_grid_are_each_there(csv):
    frame = pd.read_csv(csv)
    frame["learning_rate"] = [0.001 * (1 + i // 3) for i in range(len(frame))]
    frame.to_csv(csv, index=False)
    result = convert(csv, *OURS, *MAPS, "--where", "units=8", "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    frame.to_csv(csv, index=False)
    result = convert(csv, *OURS, *MAPS, "-o", "all.toml")
    assert result.exit_code == 0, result.output
    study = Study.load("all.toml")
    cells = [(c["optimizer.lr"], c["model.hidden_size"]) for c in study.cells()]
    there = frame[["learning_rate", "units"]].drop_duplicates().itertuples(index=False)
    assert sorted(map(same_as, cells)) == sorted(same_as([r, int(u)]) for r, u in there)


def test_what_varies_and_is_not_ours_is_asked_for(csv):
    result = convert(csv, *OURS, "-o", "anew.toml")
    assert result.exit_code == 2
    assert "no setting of this data and model: learning_rate, units" in said(result)
    assert "`--map learning_rate=optimizer.lr`" in said(result)
    result = convert(csv, *MAPS, "-o", "anew.toml")
    assert "data.name=NAME, one of digits" in said(result)
    result = convert(csv, "data.name=iris", "model.name=linaer", *MAPS, "-o", "anew.toml")
    assert "did you mean" in said(result)
    assert not csv.with_name("anew.toml").exists()


def test_nothing_is_invented(csv):
    frame = pd.read_csv(csv).drop(columns=["training_iteration", "seed"])
    frame["my_own"] = range(len(frame))
    frame.to_csv(csv, index=False)
    params = ("--params", "learning_rate,units")
    result = convert(csv, *OURS, *MAPS, *params, "-o", "anew.toml")
    assert result.exit_code == 2
    assert "does not say how long its rows trained: give epochs=N" in said(result)
    result = convert(csv, *OURS, *MAPS, *params, "epochs=7", "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    tables = tomllib.loads(csv.with_name("anew.toml").read_text(encoding="utf-8"))
    assert (tables["epochs"], tables["seeds"]) == (7, 5)
    again = convert(csv, *OURS, *MAPS, *params, "epochs=7", "-o", "anew.toml")
    assert again.exit_code == 0, "it says the same already"
    result = convert(csv, *OURS, *MAPS, *params, "epochs=8", "-o", "anew.toml")
    assert result.exit_code == 2
    assert "is there already and says otherwise" in said(result)
    assert tomllib.loads(csv.with_name("anew.toml").read_text(encoding="utf-8")) == tables


def test_a_level_that_is_none_cannot_be_trained_again(csv):
    frame = pd.read_csv(csv)
    frame.loc[frame["units"] == 8, "units"] = None
    frame.to_csv(csv, index=False)
    result = convert(csv, *OURS, *MAPS, "-o", "anew.toml")
    assert result.exit_code == 2
    assert "has no value in 2 of 6 cells" in said(result)


def test_a_setting_that_is_not_ours_and_does_not_vary_is_told(csv):
    params = ("--params", "learning_rate,units,my_own")
    result = convert(csv, *OURS, *MAPS, *params, "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    assert "not in the study, as no setting of ours: my_own" in said(result)


@pytest.mark.parametrize("key", ["lr", "optimizer.lr"])
def test_a_value_that_would_make_other_cells_is_refused(csv, key):
    result = convert(csv, *OURS, *MAPS, f"{key}=0.1", "-o", "anew.toml")
    assert result.exit_code == 2
    assert "optimizer.lr varies in the table" in said(result)
    assert "`--where learning_rate=1e-3`" in said(result)
    result = convert(csv, *OURS, *MAPS, "--where", "learning_rate=1e-3", "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    assert {c["optimizer.lr"] for c in Study.load("anew.toml").cells()} == {1e-3}


def test_a_name_that_is_told_wrong_is_said_as_it_was_typed(csv):
    wrong = ("--map", "learning_rate=nonsense.lr", "--map", "units=hiden_size")
    result = convert(csv, *OURS, *wrong, "-o", "anew.toml")
    assert result.exit_code == 2
    assert "nonsense.lr, hiden_size" in said(result)
    assert "`--map learning_rate=SECTION.KEY`" in said(result), "no name that is as wrong"


def test_what_was_measured_under_a_name_that_says_nothing_has_a_way_out(csv):
    frame = pd.read_csv(csv).rename(columns={"accuracy": "quality"})
    frame["quality"] = [i % 5 / 10 for i in range(len(frame))]
    frame.to_csv(csv, index=False)
    result = convert(csv, *OURS, *MAPS, "-o", "anew.toml")
    assert "`--params learning_rate,units`" in said(result)
    result = convert(csv, *OURS, *MAPS, "--params", "learning_rate,units", "-o", "anew.toml")
    assert result.exit_code == 0, result.output


def test_a_metric_of_the_table_that_is_none_of_ours_has_ways_out_that_work(csv):
    frame = pd.read_csv(csv).rename(columns={"accuracy": "AUC"})
    frame["quality"] = [i % 5 / 10 for i in range(len(frame))]
    frame.to_csv(csv, index=False)
    asked = (csv, *OURS, *MAPS, "-o", "anew.toml", "--metric", "quality")
    result = convert(*asked)
    assert result.exit_code == 2
    text = said(result)
    assert "`--metric quality` is a column of sweep" in text
    assert "allowed: accuracy, f1, train_loss, valid_loss" in text
    assert "leave it out, or give search.metric=accuracy" in text
    assert "`--params learning_rate,units`" in text
    for ways in (
        ("search.metric=accuracy",),
        ("--params", "learning_rate,units", "search.metric=accuracy"),
    ):
        csv.with_name("anew.toml").unlink(missing_ok=True)
        result = convert(*asked, *ways)
        assert result.exit_code == 0, result.output
        assert Study.load("anew.toml").search.metric == "accuracy"
    # What a study of ours measures need not stand in the table.
    result = convert(*asked[:-1], "f1", "--params", "learning_rate,units", "-o", "f1.toml")
    assert result.exit_code == 0, result.output
    assert Study.load("f1.toml").search.metric == "f1"
    result = convert(*asked[:-1], "nonsense")
    assert "'nonsense' is not known" in said(result)
    result = convert(*asked, "epohcs=4")
    assert "did you mean 'epochs'" in said(result)
    assert "search.metric=accuracy" in said(result), "all mistakes at once"


def test_a_path_with_spaces_is_a_path_and_no_name(csv):
    csv.with_name("my runs").mkdir()
    result = convert(csv, *OURS, *MAPS, "-o", "my runs/anew.toml")
    assert "interplay tune 'my runs/anew.toml'" in said(result)
    assert Study.load("my runs/anew.toml").name == "anew"
    result = convert(csv, *OURS, *MAPS, "-o", "my anew.toml")
    assert "letters, digits, dots, dashes and underscores" in said(result)


def test_lists_stand_for_themselves_and_what_a_run_says_need_not_be_said(csv):
    frame = pd.read_csv(csv).rename(
        columns={"learning_rate": "optimizer.lr", "units": "model.hidden_size"}
    )
    frame = frame.assign(**{"data.name": "iris", "model.name": "linear"})
    frame = frame.assign(**{"optimizer.betas": "[0.8, 0.99]"})
    frame.to_csv(csv, index=False)
    names = ("optimizer.lr", "model.hidden_size", "data.name", "model.name", "optimizer.betas")
    result = convert(csv, "--params", ",".join(names), "-o", "anew.toml")
    assert result.exit_code == 0, result.output
    cell = Study.load("anew.toml").cells()[0]
    assert (cell["data.name"], cell["optimizer.betas"]) == ("iris", [0.8, 0.99])
