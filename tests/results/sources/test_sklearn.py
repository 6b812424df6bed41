"""What scikit-learn's searches write: their folds are rows, and give the numbers that it gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError, as_flag
from interplay.results.question import Question
from interplay.results.results import Results

CASES = Path(__file__).parent.parent.parent / "cases"
IRIS = load_iris(return_X_y=True)
GRID = {"max_depth": [1, 2, None], "min_samples_leaf": [1, 20]}
ASKED = Question("max_depth", "min_samples_leaf")


def searched(grid, model=None, **options):
    model = model or DecisionTreeClassifier(random_state=0)
    return GridSearchCV(model, grid, **{"cv": 3, "refit": False, **options}).fit(*IRIS).cv_results_


@pytest.fixture(scope="module")
def trees():
    return searched(GRID, return_train_score=True)


def as_read(door, found, folder):
    if door == "dict":
        return Results.from_frame(found)
    if door == "frame":
        return Results.from_frame(pd.DataFrame(found))
    pd.DataFrame(found).to_csv(folder / "t.csv")
    return Results.load(folder / "t.csv")


def of_sklearn(found, key="mean_test_score", x="max_depth", y="min_samples_leaf"):
    """What it has for each setting."""
    return {(p[x], p[y]): value for p, value in zip(found["params"], found[key], strict=True)}


def by_setting(cells, numbers):
    return {
        (x, y): numbers[row, column]
        for row, y in enumerate(cells.y.values)
        for column, x in enumerate(cells.x.values)
    }


@pytest.mark.parametrize("door", ["dict", "frame", "csv"])
def test_the_cells_of_a_grid_are_its_means_over_folds(door, trees, tmp_path):
    results = as_read(door, trees, tmp_path)
    cells = results.cells(ASKED)  # one scorer: its score is what is asked for
    assert cells.x.labels == ("1", "2", "none")
    assert (cells.metric, cells.mode, cells.statistic) == (
        "test_score", "max", "mean ± sd over 3 folds",
    )  # fmt: skip
    assert by_setting(cells, cells.mean) == pytest.approx(of_sklearn(trees))
    spread = by_setting(cells, cells.sd * np.sqrt(2 / 3))  # its own is of ddof 0
    assert spread == pytest.approx(of_sklearn(trees, "std_test_score"))
    assert len(results.frame) == 3 * len(trees["params"])
    assert results.frame["test_score"][:3].tolist() == [
        trees[f"split{fold}_test_score"][0] for fold in range(3)
    ]


def test_each_column_is_what_scikit_learn_says(trees):
    columns = Results.from_frame(trees).table.columns
    roles = {name: column.role for name, column in columns.items()}
    others = {
        "param_max_depth",
        "param_min_samples_leaf",
        "test_score",
        "train_score",
        "fold",
        "status",
    }
    assert {n for n, role in roles.items() if role != "bookkeeping"} == others
    assert (roles["fold"], roles["status"], roles["train_score"]) == ("fold", "status", "metric")
    assert {"params", "mean_fit_time", "mean_test_score", "rank_test_score"} <= set(roles)
    assert {column.sure for column in columns.values()} == {"known"}


def test_who_names_the_mean_gets_the_folds_and_is_told(trees):
    found = Results.from_frame(trees).analyse(
        Question("max_depth", "min_samples_leaf", "mean_test_score")
    )
    assert found.blocks
    told = {caution.code: caution.message for caution in found.cautions}
    assert "what is compared is test_score, with fold as its blocks" in told["folds_of_mean"]
    asked = Question("max_depth", "min_samples_leaf", "test_score")
    assert "folds_of_mean" not in {
        c.code for c in Results.from_frame(trees).analyse(asked).cautions
    }
    with pytest.raises(TableError, match="mean_fit_time is bookkeeping"):
        Results.from_frame(trees).cells(Question("max_depth", "min_samples_leaf", "mean_fit_time"))


def test_a_saved_search_by_its_mean_on_the_command_line():
    asked = ("--x", "param_batch_size", "--y", "param_optimizer", "--metric", "mean_test_score")
    done = CliRunner().invoke(app, ["interaction", str(CASES / "wide_folds.csv"), *asked])
    assert done.exit_code == 0
    assert "one training a cell" not in done.output
    assert " ".join(done.output.split()).count("what is compared is test_score") == 1
    assert "12 of 12 rows, folds as blocks" in done.output
    assert "\nfold  " in done.output
    assert "p by fold strata" in done.output
    cells = Results.load(CASES / "wide_folds.csv").cells(Question("batch_size", "optimizer"))
    assert cells.statistic == "mean ± sd over 3 folds"


def test_several_scorers(tmp_path):
    scorers = ["accuracy", "neg_log_loss"]
    found = searched(GRID, scoring=scorers)
    results = as_read("csv", found, tmp_path)
    assert results.table.of("metric") == ("test_accuracy", "test_neg_log_loss")
    with pytest.raises(TableError, match="which metric"):
        results.cells(ASKED)
    for scorer in scorers:
        cells = results.cells(Question("max_depth", "min_samples_leaf", f"test_{scorer}"))
        assert cells.mode == "max"
        of_mean = of_sklearn(found, f"mean_test_{scorer}")
        assert by_setting(cells, cells.mean) == pytest.approx(of_mean)


def test_a_positive_loss_is_better_nobody_knows_which_way(trees):
    wide = pd.DataFrame(trees)
    loss = wide.rename(columns=lambda name: name.replace("_score", "_mse"))
    with pytest.raises(TableError, match="which way is test_mse better"):
        Results.from_frame(loss).cells(ASKED)
    splits = [name for name in loss if name.startswith("split")]
    negative = Results.from_frame(loss.assign(**{name: -loss[name] for name in splits}))
    column = negative.table.columns["test_mse"]
    assert (column.mode, column.bounds) == ("max", None)  # no loss of at least 0


def test_settings_of_one_kernel_only_have_none_in_the_other():
    grid = [{"max_depth": [1, 2], "min_samples_leaf": [1, 20]}, {"max_depth": [1, 2]}]
    found = searched(grid)
    cells = Results.from_frame(found).cells(ASKED)
    assert cells.y.labels == ("1", "20", "none")
    assert (cells.n == 3).all()


def test_estimators_and_sizes_are_levels_by_their_text():
    model = Pipeline([("scale", StandardScaler()), ("clf", GaussianNB())])
    trees = [DecisionTreeClassifier(max_depth=2, random_state=0) for _ in range(2)]
    grid = [
        {"scale": [StandardScaler()], "clf": [GaussianNB(), trees[0]]},
        {"scale": [MinMaxScaler()], "clf": [GaussianNB(), trees[1]]},
    ]
    results = Results.from_frame(searched(grid, model))
    assert results.frame["param_clf"].nunique() == 2  # of four objects
    cells = results.cells(Question("scale", "clf"))
    assert cells.x.labels == ("StandardScaler()", "MinMaxScaler()")
    assert cells.y.labels[1] == "DecisionTreeClassifier(max_depth=2, random_state=0)"
    assert (cells.n == 3).all()


def test_a_seed_among_the_settings_is_the_seed():
    grid = {"clf__random_state": [0, 1], "clf__max_depth": [1, 2], "clf__max_features": [1, 3]}
    found = searched(grid, Pipeline([("clf", DecisionTreeClassifier())]))
    results = Results.from_frame(found)
    cells = results.cells(Question("clf__max_depth", "clf__max_features"))
    assert cells.statistic == "mean ± sd over 2 seeds"
    assert "param_clf__random_state as the seed" in " ".join(cells.warnings)
    means = pd.DataFrame(found).groupby(["param_clf__max_features", "param_clf__max_depth"])
    np.testing.assert_allclose(cells.mean.ravel(), means["mean_test_score"].mean())
    # One seed is no repeat, and folds are.
    one = pd.DataFrame(found).query("param_clf__random_state == 0").assign(seed=3)
    asked = Question("clf__max_depth", "clf__max_features")
    assert Results.from_frame(one).cells(asked).statistic == "mean ± sd over 3 folds"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", ["dict", "csv"])
def test_what_could_not_be_fitted_is_failed(door, tmp_path):
    found = searched({"max_depth": [1, 2], "min_samples_leaf": [1, 20, -1]})
    cells = as_read(door, found, tmp_path).cells(ASKED)
    assert by_setting(cells, cells.failed) == {
        (depth, leaf): 3 * (leaf == -1) for depth in (1, 2) for leaf in (-1, 1, 20)
    }
    assert cells.diverged.sum() == 0


def test_one_failed_fold_fails_alone_and_folds_of_another_search_are_none(trees):
    wide = pd.DataFrame(trees)
    broken = wide.copy()
    broken.loc[0, ["split1_test_score", "mean_test_score"]] = np.nan
    cells = Results.from_frame(broken).cells(ASKED)
    assert sorted(cells.n.ravel()) == [2, 3, 3, 3, 3, 3]
    assert cells.failed.sum() == 1
    five = searched({"max_depth": [3], "min_samples_leaf": [1, 20]}, cv=5)
    both = Results.from_frame(pd.concat([wide, pd.DataFrame(five)])).cells(ASKED)
    assert by_setting(both, both.n) == {
        (depth, leaf): 5 if depth == 3 else 3 for depth in (1, 2, 3, None) for leaf in (1, 20)
    }
    assert both.failed.sum() == 0


@pytest.fixture(scope="module")
def halved():
    model = DecisionTreeClassifier(random_state=0)
    search = HalvingGridSearchCV(model, GRID, cv=3, refit=False, random_state=0)
    return search.fit(*IRIS).cv_results_


@pytest.mark.parametrize("door", ["dict", "csv"])
def test_halving_trained_unequally_long(door, halved, tmp_path):
    results = as_read(door, halved, tmp_path)
    first = halved["n_resources"][0]
    assert results.table.one("budget") == "n_resources"
    assert results.table.columns["iter"].role == "bookkeeping"
    with pytest.raises(BudgetError) as refused:
        results.cells(ASKED)
    assert f"`--where n_resources={first}` keeps" in refused.value.said(as_flag)
    cells = results.cells(Question("max_depth", "min_samples_leaf", where={"n_resources": first}))
    rows = pd.DataFrame(halved).query("n_resources == @first")
    assert by_setting(cells, cells.mean) == pytest.approx(of_sklearn(rows.to_dict("list")))
    assert (cells.n == 3).all()
    note = "settings with more n_resources are those that had the best scores at fewer"
    assert note in cells.warnings


def test_what_halving_gave_more_of_is_a_budget_and_no_setting():
    model = DecisionTreeClassifier(random_state=0)
    grid = {"criterion": ["gini", "entropy"], "min_samples_leaf": [1, 20]}
    options = {"resource": "max_leaf_nodes", "min_resources": 2, "max_resources": 8, "factor": 2}
    search = HalvingGridSearchCV(model, grid, cv=3, refit=False, random_state=0, **options)
    results = Results.from_frame(search.fit(*IRIS).cv_results_)
    assert set(results.varied) == {"param_criterion", "param_min_samples_leaf"}
    asked = Question("criterion", "min_samples_leaf", where={"max_leaf_nodes": 2})
    assert (results.cells(asked).n == 3).all()


def test_what_somebody_added_is_guessed(trees):
    wide = pd.DataFrame(trees)
    more = pd.concat([wide.assign(fold=outer, seed=outer) for outer in (0, 1)])
    more["holdout_accuracy"] = np.linspace(0, 1, len(more))
    table = Results.from_frame(more).table
    assert table.one("fold") == "cv_fold"
    assert "fold" in table.varied  # of an outer validation: no repeat
    assert (table.one("seed"), table.columns["seed"].sure) == ("seed", "guessed")
    with pytest.raises(TableError, match="holdout_accuracy is bookkeeping"):
        Results.from_frame(more).cells(
            Question("max_depth", "min_samples_leaf", "holdout_accuracy")
        )


def test_means_alone_are_a_table_of_one_value_a_setting(trees, halved):
    means = pd.DataFrame(trees).filter(regex="^(param_|mean_test)")
    cells = Results.from_frame(means).cells(
        Question("max_depth", "min_samples_leaf", "mean_test_score")
    )
    assert (cells.n == 1).all()
    rungs = pd.DataFrame(halved).filter(regex="^(param_|mean_test|iter|n_res)")
    assert Results.from_frame(rungs).table.one("budget") == "n_resources"
