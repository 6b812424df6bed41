"""Tables of other tools: what columns are taken for, and every guard of a run for them as well."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, InterplayError, TableError, as_flag
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.results.roles import described
from tests.results.test_results import make_run

CASES = Path(__file__).parent.parent / "cases"


def cells(file, *names, **options):
    return Results.load(CASES / file).cells(Question(*names, **options))


def best(found):
    row, column = found.best
    return found.x.values[column], found.y.values[row], found.mean[row, column]


def test_unequal_budgets_are_refused_with_a_way_out_that_works():
    asked = ("lr", "hidden_size", "accuracy")
    for ask in (Results.cells, Results.analyse):
        with pytest.raises(BudgetError) as caught:
            ask(Results.load(CASES / "ray_stopped.csv"), Question(*asked))
        message = caught.value.said(as_flag)
        assert "training_iteration = 1 in" in message
        assert "`--where training_iteration=20` keeps" in message
        assert "at-epoch" not in message
    found = cells("ray_stopped.csv", *asked, where={"training_iteration": 20})
    assert found.x.name == "config/lr"
    # Who knows better says so: then it is a setting that varies, and no budget.
    told = {"params": ("lr", "hidden_size", "training_iteration")}
    with pytest.raises(TableError, match=r"besides .* training_iteration has 1, 2, 20"):
        cells("ray_stopped.csv", *asked, **told)
    assert cells("ray_stopped.csv", *asked, over="mean", **told).n.sum() > 0


def test_pruned_and_failed_trials_are_neither_diverged_nor_compared():
    asked = Question("act", "bn", "value", "max")
    results = Results.load(CASES / "optuna_states.csv")
    frame = results.frame
    found = results.cells(asked)
    assert best(found)[:2] == ("tanh", True)
    assert found.diverged.sum() == 0
    assert found.stopped.sum() == (frame["state"] == "PRUNED").sum()
    assert found.failed.sum() == (frame["state"] == "FAIL").sum() > 0
    complete = frame[frame["state"] == "COMPLETE"]
    assert found.n.sum() == len(complete)
    assert any("stopped before the end" in w for w in found.warnings)
    ridge = {row.x: row.best_y for row in results.analyse(asked).ridge.rows}
    assert ridge["tanh"] is True


def test_a_metric_has_the_direction_of_its_name_or_is_asked_for_one():
    found = cells("losses.csv", "lr", "model", "val_loss")
    assert (found.mode, best(found)[2]) == ("min", 0.28)
    assert cells("losses.csv", "lr", "model", "val_loss", mode="max").mode == "max"
    with pytest.raises(TableError, match="which way is value better") as caught:
        cells("optuna_states.csv", "act", "bn", "value")
    assert "`--mode max` or `--mode min`" in caught.value.said(as_flag)


def test_no_depth_is_a_level():
    found = cells("none.csv", "max_depth", "n_estimators", "mean_test_score")
    assert found.x.labels == ("5", "10", "none")
    assert best(found) == (None, 50, 0.95)


def test_rates_are_binned_on_their_scale():
    found = cells("tpe.csv", "lr", "units", "value", mode="max")
    assert found.x.binned
    assert found.x.log


def test_lists_stand_in_natural_order():
    found = cells("lists.csv", "hidden_dims", "dropout", "val_mse")
    assert found.x.labels == ("[64, 32]", "[128, 64, 32]", "[256, 128, 64]")


def test_nothing_is_best_where_all_are_the_same():
    assert cells("constant.csv", "lr", "wd", "f1").best is None
    asked = ["--x", "lr", "--y", "wd", "--metric", "f1"]
    said = CliRunner().invoke(app, ["interaction", str(CASES / "constant.csv"), *asked])
    assert "wd changes nothing: none of its values is better" in said.output
    assert "best wd" not in said.output


def test_decimal_commas_are_read():
    found = cells("nl.csv", "lr", "dropout", "acc")
    assert found.x.values == (0.001, 0.01)
    assert best(found) == (0.01, 0.5, 0.95)


def frame(**more):
    rows = [
        {"lr": lr, "width": w, "seed": s, "accuracy": lr + w / 10 + s / 100}
        for lr in (0.1, 0.2)
        for w in (1, 2)
        for s in range(3)
    ]
    return pd.DataFrame(rows).assign(**more)


ASKED = Question("lr", "width", "accuracy")


def test_a_frame_with_lists_in_it():
    sizes = [[8], [16, 8]] * 6
    results = Results.from_frame(frame(layers=sizes))
    found = results.cells(Question("lr", "layers", "accuracy", over="mean"))
    assert found.y.labels == ("[8]", "[16, 8]")
    with pytest.raises(TableError, match="more than one column is called lr"):
        Results.from_frame(pd.concat([frame(), frame()[["lr"]]], axis=1))
    with pytest.raises(TableError, match="no rows"):
        Results.from_frame(frame().iloc[:0])


def test_a_dict_of_columns_and_a_list_of_rows_are_frames_too():
    wanted = Results.from_frame(frame()).cells(ASKED)
    for given in (
        frame().to_dict("list"),
        frame().to_dict("records"),
        iter(frame().to_dict("records")),
    ):
        np.testing.assert_array_equal(Results.from_frame(given).cells(ASKED).mean, wanted.mean)
    for given, says in (
        (3, "int is no table; what is: a pandas frame, a dict of columns, a list of dicts"),
        ("lr", "str is no table"),
        ([], "no rows"),
        ({}, "no rows"),
        ([{"lr": 1}, 2], "record 2 is int, and no dict"),
        ({"lr": 1}, "'lr' has int"),
        ({"lr": [1, 2], "width": [1]}, "makes no table: All arrays must be of the same length"),
        ({"lr": {1, 2}}, "makes no table: .* type is unordered"),
        ({"lr": [10**400, 0.5]}, "too large for a table"),
        ([{"lr": 10**400}, {"lr": 0.5}], "too large for a table"),
        ([{1: 1, "1": 2}], "record 1: more than one value is called 1"),
    ):
        with pytest.raises(TableError, match=says):
            Results.from_frame(given)
    deep = {}
    deep["a"] = deep
    with pytest.raises(TableError, match="record 1 is nested too deeply"):
        Results.from_frame([deep])


def test_an_index_with_a_name_is_columns():
    indexed = frame().set_index(["lr", "seed"])
    assert (Results.from_frame(indexed).cells(ASKED).n == 3).all()
    with pytest.raises(TableError, match="more than one column is called lr"):
        Results.from_frame(indexed.assign(lr=1))


def test_what_is_told_with_a_frame_is_no_guess():
    given = frame(epochs=[5] * 6 + [9] * 6, split=[0, 1] * 6, loss=range(12), ending="done")
    told = Results.from_frame(
        given.rename(columns={"seed": "trial"}),
        params=["lr", "width"], metrics=["loss"], seed="trial", fold="split", status="ending",
    )  # fmt: skip
    table = told.table
    assert table.of("hyperparameter") == table.varied == ("lr", "width")
    assert [table.one(role) for role in ("seed", "fold", "status")] == ["trial", "split", "ending"]
    assert {table.columns[n].sure for n in ("lr", "loss", "trial", "split", "ending")} == {"told"}
    with pytest.raises(BudgetError, match="epochs = 5 in 6 rows"):
        told.cells(Question("lr", "width"))  # the one metric is asked for
    assert told.ranked(where={"epochs": 9})["n"].tolist() == [3, 3]
    both = Results.from_frame(given, metrics=["loss", "accuracy"])
    with pytest.raises(TableError, match="which metric"):
        both.ranked()
    by_time = Results.from_frame(frame(epochs=[5] * 6 + [9] * 6, passes=1), budget="passes")
    assert by_time.cells(ASKED).n.sum() == 12


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"params": ["lr", "depth"]}, "hyperparameter 'depth' is not known; .*width"),
        ({"metrics": ["acuracy"]}, "did you mean 'accuracy'"),
        ({"seed": "seeds"}, "did you mean 'seed'"),
        ({"metrics": ["lr"], "params": ["lr"]}, "`params`: lr is a metric already"),
        ({"seed": "seed", "fold": "seed"}, "`fold='seed'`: that is the seed already"),
        ({"seed": "seed", "params": ["lr", "seed"]}, "`params`: seed is the seed already"),
        ({"metrics": ["seed"], "seed": "seed"}, "`seed='seed'`: that is a metric already"),
    ],
)
def test_a_column_has_one_role(told, says):
    with pytest.raises(InterplayError, match=says):
        Results.from_frame(frame(), **told)


def test_a_frame_with_anything_in_it():
    values = {
        "arrays": [np.array([1, 2]), np.array([3])] * 6,
        "sets": [{1, "a"}, frozenset({2})] * 6,
        "keys": [{(1, 2): 3}, {None: 4}] * 6,
        "large": [10**400, 10**5000] * 6,
    }
    for name, given in values.items():
        column = pd.Series(given, dtype=object)
        cells = Results.from_frame(frame(**{name: column})).cells(
            Question("lr", name, "accuracy", over="mean")
        )
        assert len(set(cells.y.labels)) == 2, name
    large = Results.from_frame(frame(width=pd.Series([10**400, 1] * 6, dtype=object)))
    with pytest.raises(TableError, match="width = 9 does not occur"):
        large.cells(Question("lr", "width", "accuracy", where={"width": 9}))
    with pytest.raises(TableError, match="a number of thousands of digits does not occur"):
        large.cells(Question("lr", "width", "accuracy", where={"lr": 10**5000}))
    with pytest.raises(TableError, match="metric 'accuracy' is not numeric"):
        Results.from_frame(frame(accuracy=[1j, 2.0] * 6)).cells(replace(ASKED, mode="max"))
    levels = frame()
    levels.columns = pd.MultiIndex.from_tuples([("run", n) for n in levels.columns])
    assert Results.from_frame(levels).cells(ASKED).n.shape == (2, 2)


def test_other_settings_do_not_pass_for_repeats():
    results = Results.from_frame(frame(norm=["a", "b"] * 6))
    with pytest.raises(TableError, match="norm has a, b") as caught:
        results.cells(ASKED)
    assert "`--params lr,width` says so" in caught.value.said(as_flag)
    assert "`params=['lr', 'width']` says so" in str(caught.value)
    told = results.cells(Question("lr", "width", "accuracy", params=("lr", "width")))
    assert any("norm" in warning for warning in told.warnings)
    assert (told.n == 3).all()


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("random_state", range(12), "seed"),
        ("config/seed", [1, 2] * 6, "seed"),
        ("fold", [0, 1] * 6, "fold"),
        ("epoch", [5] * 12, "budget"),
        ("State", ["finished", "crashed"] * 6, "status"),
        ("state", ["CA", "NY"] * 6, "hyperparameter"),
        ("val_loss", np.linspace(0, 1, 12), "metric"),
        ("eval/F1", [1] * 12, "metric"),
        ("other", np.random.default_rng(0).random(12), "metric"),
        ("learning_rate", np.random.default_rng(0).random(12), "hyperparameter"),
        ("depth", [1, 2, 3] * 4, "hyperparameter"),
        ("opt", ["adam", "sgd"] * 6, "hyperparameter"),
        ("tag", [f"t{i}" for i in range(12)], "bookkeeping"),
        ("time_total_s", np.linspace(1, 2, 12), "bookkeeping"),
        ("trial_id", range(12), "bookkeeping"),
        ("started_at", [f"2024-01-0{i % 3}" for i in range(12)], "bookkeeping"),
        ("std_test_score", [0.1] * 12, "bookkeeping"),
    ],
)
def test_what_columns_are_taken_for(name, values, role):
    table = Results.from_frame(frame().drop(columns="seed").assign(**{name: list(values)})).table
    assert table.columns[name].role == role
    assert table.columns[name].sure == "guessed"
    assert table.columns["accuracy"].role == "metric"


def test_only_marked_columns_are_settings_where_a_tool_marks_them():
    given = frame().rename(columns={"lr": "params_lr", "width": "params_width"})
    table = Results.from_frame(given.assign(loss2=[1, 2] * 6, note=["a", "b"] * 6)).table
    assert table.varied == ("params_lr", "params_width")
    assert (table.columns["loss2"].role, table.columns["note"].role) == ("metric", "bookkeeping")


def test_of_thousands_of_settings_some_are_named():
    wide = {f"c{i}": [i, i + 1] * 6 for i in range(2000)}
    with pytest.raises(TableError, match=r"c0 has 0, 1;.* … and 1980 more") as refused:
        Results.from_frame(pd.concat([frame(), pd.DataFrame(wide)], axis=1)).cells(ASKED)
    assert len(str(refused.value)) < 2000


def test_guessed_seeds_are_used_and_told_ones_go_before():
    results = Results.from_frame(frame())
    found = results.analyse(ASKED)
    assert found.blocks
    assert "seed as the seed" in {c.code: c.message for c in found.cautions}["guessed_columns"]
    told = Question("lr", "width", "accuracy", seed="split_seed", over="mean")
    both = Results.from_frame(frame(split_seed=[0, 1] * 6)).analyse(told)
    assert "guessed_columns" not in {c.code for c in both.cautions}
    with pytest.raises(TableError, match="besides lr and width, these vary: seed has 0, 1, 2"):
        Results.from_frame(frame(split_seed=[0, 1] * 6)).cells(
            Question("lr", "width", "accuracy", seed="split_seed")
        )


def test_words_of_a_status_that_nobody_writes_are_refused():
    given = frame(status=["complete"] * 11 + ["weird"])
    with pytest.raises(TableError, match="'status' holds weird"):
        Results.from_frame(given).cells(ASKED)
    told = frame(ending=["done"] * 11 + ["error"])
    found = Results.from_frame(told).cells(Question("lr", "width", "accuracy", status="ending"))
    assert found.failed.sum() == 1


def test_ranking_somebody_elses_table():
    ranked = Results.from_frame(frame()).ranked("accuracy")
    assert ranked.iloc[0][["lr", "width"]].tolist() == [0.2, 2]
    with pytest.raises(TableError, match="which metric"):
        Results.from_frame(frame()).ranked()
    with pytest.raises(TableError, match="in which order"):
        Results.from_frame(frame()).progress()


def test_what_trained_unequally_long_is_not_ranked_either():
    short = frame(epochs=[5] * 3 + [20] * 9)
    with pytest.raises(BudgetError, match=r"unequally long .* epochs = 5 in 3 rows, 20 in 9 rows"):
        Results.from_frame(short).ranked("accuracy")
    # What did not come to its end has no part in it.
    state = ["pruned"] * 3 + ["done"] * 9
    ranked = Results.from_frame(short.assign(state=state)).ranked("accuracy")
    assert sorted(ranked["n"]) == [0, 3, 3, 3]


def test_what_is_not_ranked_has_ways_out_where_its_reader_is(tmp_path):
    short = frame(epochs=[5] * 3 + [20] * 9, passes=3)
    with pytest.raises(BudgetError) as refused:
        Results.from_frame(short).ranked("accuracy")
    assert "`where={'epochs': '20'}` keeps" in str(refused.value)
    assert "`budget` names another column" in str(refused.value)
    kept = Results.from_frame(short).ranked("accuracy", where={"epochs": "20"})
    assert sorted(kept["n"]) == [3, 3, 3]
    assert len(Results.from_frame(short).ranked("accuracy", budget="passes")) == 4
    short.to_csv(tmp_path / "t.csv", index=False)
    ranked = ("table", tmp_path / "t.csv", "--ranked", "--metric", "accuracy")
    assert "`--where epochs=20` keeps" in call(*ranked).stderr
    assert len(call(*ranked, "--where", "epochs=20").stdout.splitlines()) == 1 + 3
    assert len(call(*ranked, "--budget", "passes").stdout.splitlines()) == 1 + 4


def test_bins_are_a_way_out_on_the_command_line_too(tmp_path):
    many = pd.DataFrame({"a": range(600), "b": [1, 2] * 300, "accuracy": 0.5, "w": "x"})
    many["w"] += many["a"].astype(str)
    many.to_csv(tmp_path / "t.csv", index=False)
    picture = ("heatmap", tmp_path / "t.csv", "-o", tmp_path / "h.png")
    drawn = (*picture, "--y", "b", "--metric", "accuracy", "--params")
    told = call(*drawn, "a,b", "--x", "a", "--bins", "600").stderr
    assert "bins = 600; allowed: 2 to 500" in told
    assert call(*drawn, "a,b", "--x", "a", "--bins", "4").exit_code == 0
    told = call(*drawn, "w,b", "--x", "w").stderr
    assert "w has 600 values" in told
    assert "`--where` keeps some rows" in told
    assert "--bins" not in told  # of words there are none
    grid = pd.DataFrame({"a": sorted([*range(600)] * 2), "b": [1, 2] * 600, "accuracy": 0.5})
    asked = Question("a", "b", "accuracy")
    with pytest.raises(TableError, match=r"`bins=8` pools those that are near") as refused:
        Results.from_frame(grid).cells(asked)
    assert "`--bins 8` pools" in refused.value.said(as_flag)
    assert len(Results.from_frame(grid).cells(replace(asked, bins=8)).x) == 8


def test_a_row_has_one_value_of_a_column():
    results = Results.from_frame(frame().rename(columns={"lr": "config/lr"}))
    with pytest.raises(TableError, match="lr has a value already"):
        results.cells(Question("lr", "width", "accuracy", where={"lr": 0.1, "config/lr": 0.2}))


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_columns_verb():
    told = " ".join(call("columns", CASES / "ray_stopped.csv").stdout.split())
    assert "training_iteration budget guessed: its name 1, 2, 20 must be equal" in told
    assert "config/lr hyperparameter guessed: marked as a setting 1e-4, 1e-3, 0.01 an axis" in told
    answer = json.loads(call("columns", CASES / "losses.csv", "--json").stdout)
    by_name = {column["name"]: column for column in answer}
    assert by_name["val_loss"] == {
        "name": "val_loss",
        "absent": False,
        "role": "metric",
        "sure": "guessed",
        "order": [],
        "log": None,
        "mode": "min",
        "bounds": [0.0, None],
        "why": "guessed: its name",
        "varies": False,
        "values": "6 from 0.28 to 7.25",
        "use": "compared, lower is better",
    }
    told = ("--params", "lr,trial_id", "--metric", "hidden_size", "--budget", "accuracy")
    answer = json.loads(call("columns", CASES / "ray_stopped.csv", *told, "--json").stdout)
    found = {column["name"]: (column["role"], column["why"]) for column in answer}
    assert found == {
        "accuracy": ("budget", "told"),
        "training_iteration": ("bookkeeping", "guessed: the budget is another"),
        "trial_id": ("hyperparameter", "told"),
        "config/lr": ("hyperparameter", "told"),
        "config/hidden_size": ("metric", "told"),
    }


def test_a_metric_that_was_taken_for_something_else_has_its_direction(tmp_path):
    given = Results.from_frame(frame(loss=["a"] * 12, train_loss=range(12)))
    with pytest.raises(TableError, match="metric 'loss' is not numeric: it holds a"):
        given.cells(Question("lr", "width", "loss"))
    assert given.cells(Question("lr", "width", "train_loss")).mode == "min"


def test_columns_of_any_values(tmp_path):
    given = frame(
        none=[None] * 12, long=["a" * 99] * 12, some=[None, 1.5] * 6, infinite=[np.inf, 1] * 6
    )
    given.to_csv(tmp_path / "t.csv", index=False)
    answer = json.loads(call("columns", tmp_path / "t.csv", "--json").stdout)
    values = {column["name"]: column["values"] for column in answer}
    assert values["none"] == "all empty"
    assert values["long"] == f"{'a' * 23}…"
    assert values["some"] == "1.5, 6 empty"
    assert values["infinite"] == "1, inf"


def test_each_verb_says_in_a_line_what_it_took_for_what(tmp_path):
    given = frame(epochs=5, state="done", norm="a")
    given.to_csv(tmp_path / "t.csv", index=False)
    asked = ("--x", "lr", "--y", "width", "--metric", "accuracy")
    for verb in (
        ("heatmap", *asked, "-o", tmp_path / "h.png"),
        ("interaction", *asked, "--json"),
        ("interaction", "--x", "lr"),  # refused
        ("table",),
        ("table", "--ranked", "--metric", "accuracy"),
    ):
        done = call(verb[0], tmp_path / "t.csv", *verb[1:])
        notes = [line for line in done.stderr.splitlines() if line.startswith("note: taken for ")]
        settings = "lr, width" if "--y" in verb else "lr, width (guessed)"  # an axis is no guess
        assert notes == [
            f"note: taken for hyperparameters: {settings}; seed: seed (guessed); fold: none; "
            "budget: epochs (guessed); status: state (guessed)"
        ]
        assert "taken for" not in done.stdout
    told = ("--params", "lr,width", "--seed", "seed", "--fold", "norm", "--status", "state")
    line = call("interaction", tmp_path / "t.csv", *asked, *told, "--budget", "epochs").stderr
    assert "lr, width; seed: seed; fold: norm; budget: epochs; status: state\n" in line
    assert "(guessed)" not in line
    make_run(tmp_path / "run")
    for verb in (("table",), ("interaction",), ("heatmap", "-o", tmp_path / "h.png")):
        assert "taken for" not in call(verb[0], tmp_path / "run", *verb[1:]).stderr


def test_roles_are_told_to_every_verb(tmp_path):
    frame(split_seed=[7, 8] * 6).to_csv(tmp_path / "t.csv", index=False)
    ranked = ("table", tmp_path / "t.csv", "--ranked", "--metric", "accuracy")
    assert len(call(*ranked).stdout.splitlines()) == 1 + 8
    by_seed = call(*ranked, "--params", "lr,width").stdout.splitlines()
    assert by_seed[0].split() == ["lr", "width", "mean", "sd", "n", "unstable"]
    assert len(by_seed) == 1 + 4
    told = call(*ranked, "--seed", "sead")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "did you mean 'seed'" in told.stderr


@pytest.mark.parametrize(
    ("columns", "name", "found"),
    [
        (["config/opt.lr", "x"], "lr", "config/opt.lr"),
        (["config/opt/lr", "lr_decay"], "lr", "config/opt/lr"),
        (["params_opt.lr", "x"], "opt.lr", "params_opt.lr"),
        (["params.model/lr", "x"], "model/lr", "params.model/lr"),
        (["param_clf__C", "x"], "C", "param_clf__C"),
        (["param_svm__C", "param_clf__C"], "clf__C", "param_clf__C"),
        (["hyperparameters.lr", "x"], "lr", "hyperparameters.lr"),
        (["config/lr", "metrics/lr"], "lr", "config/lr"),
        (["a.lr", "lr"], "lr", "lr"),
    ],
)
def test_short_names(columns, name, found):
    given = frame().rename(columns=dict(zip(("lr", "width"), columns, strict=True)))
    assert Results.from_frame(given).table.find(name, "hyperparameter") == found


def test_a_short_name_of_several_columns_is_asked_for(tmp_path):
    given = frame().rename(columns={"lr": "enc.lr", "width": "dec.lr"})
    with pytest.raises(TableError, match=r"lr may mean enc\.lr, dec\.lr: give more of its name"):
        Results.from_frame(given).cells(Question("lr", "seed", "accuracy"))


def test_scales_and_orders_are_told():
    sizes = ["small", "large", "medium"] * 4
    given = Results.from_frame(frame(size=sizes).drop(columns=["width", "seed"]))
    asked = Question("lr", "size", "accuracy")
    assert given.cells(asked).y.labels == ("small", "large", "medium")
    told = replace(asked, order={"size": ["medium", "small"]}, log={"lr": True})
    cells = given.cells(told)
    assert cells.y.labels == ("medium", "small", "large")
    assert (cells.x.log, given.cells(asked).x.log) == (True, False)
    assert given.analyse(told).y.labels == cells.y.labels
    many = pd.DataFrame({"u": range(1, 601), "b": [1, 2] * 300, "loss": range(600)})
    spread = Question("u", "b", "loss", bins=3)
    edges = {
        yes: Results.from_frame(many).cells(replace(spread, log={"u": yes})).x.edges
        for yes in (False, True)
    }
    assert edges == {False: (1, 201, 401, 600), True: (1, 9, 72, 600)}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (["--log", "size"], "`--log` size: its values are no numbers"),
        (["--log", "lr=perhaps"], "--log 'lr=perhaps': yes or no"),
        (["--log", "lr", "--log", "lr=no"], "lr has a value already"),
        (["--log", "seed"], "`--log` seed: the axes are lr and size"),
        (["--log", "zero", "--y", "zero"], "`--log` zero: 0 occurs, and has no logarithm"),
        (["--order", "size=small,huge"], "huge does not occur; values: small, large, [1, 2]"),
        (["--order", "size=small,small"], "small comes twice"),
        (["--order", "lr=0.1,0.2"], "`--order` lr: numbers stand by their size"),
        (["--order", "size"], "--order 'size' is not KEY=VALUE"),
    ],
)
def test_scales_and_orders_that_cannot_be(told, says, tmp_path):
    given = frame(size=["small", "large", [1, 2]] * 4, zero=[0, 1] * 6).drop(columns="width")
    given.to_csv(tmp_path / "t.csv", index=False)
    asked = ("--x", "lr", "--y", "size", "--metric", "accuracy", "--over", "mean")
    done = call("interaction", tmp_path / "t.csv", *asked, *told)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_orders_are_read_as_values(tmp_path):
    size = [s for s in ("a b", "[1, 2]") for _ in range(3)] * 2
    frame(size=size).drop(columns="width").to_csv(tmp_path / "t.csv", index=False)
    asked = ("--x", "size", "--y", "lr", "--metric", "accuracy", "--json")
    for order in ("[1, 2],'a b'", "a b,[1 , 2]", "a b"):
        done = call("interaction", tmp_path / "t.csv", *asked, "--order", f"size={order}")
        if " ," in order:
            assert "[1 does not occur; values: a b, [1, 2]" in done.stderr
            continue
        first = "a b" if order == "a b" else "[1, 2]"
        assert json.loads(done.stdout)["ridge"][0]["x"] == first


def test_bins_that_begin_below_nothing_are_readable():
    given = pd.DataFrame({"u": np.linspace(-4, 4, 40), "b": [1, 2] * 20, "loss": range(40)})
    labels = Results.from_frame(given).cells(Question("u", "b", "loss", bins=4)).x.labels
    assert labels == ("-4 to -2", "-2 to 0", "0 to 2", "2 to 4")


def test_what_is_no_source_says_what_is(tmp_path):
    (tmp_path / "t.pickle").write_text("")
    with pytest.raises(TableError, match=r"a run folder; .*a table as \.csv"):
        Results.load(tmp_path / "t.pickle")
    assert call("heatmap", tmp_path / "none.csv").exit_code == 2


def test_flags_that_a_verb_has_are_the_ways_out_it_names():
    told = call("interaction", CASES / "losses.csv", "--metric", "val_loss").stderr
    assert "give `--x` and `--y`" in told
    ranked = ("table", CASES / "losses.csv", "--ranked")
    assert "give `--metric`; there are val_loss" in call(*ranked).stderr
    assert "0.28" in call(*ranked, "--metric", "val_loss").stdout.splitlines()[1]


@pytest.mark.parametrize("sign", ["\0", "\ud800"])
@pytest.mark.parametrize("kind", [object, "string"])
def test_values_that_no_table_tells_apart_are_refused(sign, kind):
    """pandas takes all of them for the first."""
    words = pd.Series([f"a{sign}b", f"a{sign}c"] * 2, dtype=object)
    frame = pd.DataFrame({"norm": words, "lr": [1, 1, 2, 2], "loss": [0.1, 0.2, 0.3, 0.4]})
    if kind == "string":
        frame["norm"] = frame["norm"].astype(pd.StringDtype("python"))
    with pytest.raises(TableError, match=r"column 'norm' holds 'a\\.*b'"):
        Results.from_frame(frame)


def test_a_budget_that_no_row_has_is_refused_and_no_map_of_stopped_rows():
    with pytest.raises(TableError, match="training_iteration = 9 does not occur; values: 1, 2, 20"):
        cells("ray_stopped.csv", "lr", "hidden_size", "accuracy", where={"training_iteration": 9})


def test_what_is_not_there_is_near_to_what_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("sweep.db", "table.csv"):
        (tmp_path / name).touch()
        told = call("columns", f"{name.replace('.', 's.')}")
        assert f"did you mean {name}?" in " ".join(told.stderr.split())


def test_values_of_columns_leave_room_in_a_terminal():
    long = pd.DataFrame({"lr": [1, 2] * 4, "note": ["a long text of a run " * 3] * 7 + ["b"]})
    long["note"] += long.index.astype(str)
    (told,) = (c for c in described(Results.from_frame(long).table) if c["name"] == "note")
    assert told["values"] == f"{'a long text of a run a l'[:23]}… … and 7 more"


def test_no_option_goes_unheard():
    only_ranked = {"--metric": "val_loss", "--mode": "max", "--where": "lr=1", "--budget": "lr"}
    for flag, value in only_ranked.items():
        progress = () if flag in ("--metric", "--mode") else (("--progress",),)
        for table in ((), ("--csv",), *progress):
            told = call("table", CASES / "losses.csv", *table, flag, value)
            assert (told.exit_code, told.stdout) == (2, "")
            assert f"{flag} says what --ranked ranks" in told.stderr
    twice = ("--where", "seed=1", "--where", "seed=2")
    told = call("interaction", CASES / "losses.csv", "--metric", "val_loss", *twice)
    assert told.exit_code == 2
    assert "--where 'seed=2': seed has a value already" in told.stderr


@pytest.mark.parametrize("kind", ["float16", "category", "Float64", "string"])
@pytest.mark.filterwarnings("error")
def test_any_kind_of_column_can_be_an_axis(kind):
    plain = frame().astype({"lr": str}) if kind == "string" else frame()
    given = Results.from_frame(frame().astype({"lr": kind}))
    assert given.ranked("accuracy")["mean"].tolist() == (
        Results.from_frame(plain).ranked("accuracy")["mean"].tolist()
    )
    assert given.cells(ASKED).n.sum() == len(plain)


def test_a_ranking_of_hyperparameters_that_are_called_as_what_is_counted():
    rows = pd.DataFrame({"n": [1, 1, 2], "value": [5, 5, 6], "accuracy": [0.1, 0.3, 0.9]})
    ranked = Results.from_frame(rows, params=["n", "value"]).ranked("accuracy")
    assert ranked[["n", "value", "mean", "n_"]].values.tolist() == [[2, 6, 0.9, 1], [1, 5, 0.2, 2]]
