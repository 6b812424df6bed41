"""Experiment folders of Ray Tune: what stands in them is what Ray itself says of them."""

import csv
import json
import os
import pickle
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, TableError, as_flag
from interplay.results.question import Question
from interplay.results.results import Results

LONGEST = 4


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def real(ray_running, tmp_path_factory):
    """The folder and the results of an experiment with a halving scheduler: some trials are
    stopped, one ends by itself, one fails, one diverges."""
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    def train(config):
        setting = (config["lr"], config["model"]["width"], config["seed"])
        level = 0.5 if setting[:2] == (0.01, 8) else 0.2
        for epoch in range(1, LONGEST + 1):
            if setting == (0.1, 16, 1) and epoch == 2:
                return
            if setting == (0.1, 16, 2) and epoch == 2:
                raise RuntimeError("no luck\nat all")
            loss = level / epoch
            if setting == (0.1, 8, 2) and epoch == LONGEST:
                loss = float("nan")
            accuracy = 1 - loss / 2 - setting[1] / 1000 - setting[2] / 100
            tune.report({"loss": loss, "eval": {"accuracy": accuracy}, "epoch": epoch})

    space = {
        "lr": tune.grid_search([0.1, 0.01]),
        "model": {"width": tune.grid_search([16, 8]), "layers": [8, 4], "norm": None},
        "seed": tune.grid_search([1, 2]),
        "call": max,
    }
    halving = ASHAScheduler(max_t=LONGEST, grace_period=2, reduction_factor=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "0")
        # A state that Ray writes between a trial's last report and its end keeps the report as it
        # was; on a slow machine that would be now and then.
        patch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "10000")
        return tune.Tuner(
            train,
            param_space=space,
            tune_config=tune.TuneConfig(
                metric="loss",
                mode="min",
                scheduler=halving,
                max_concurrent_trials=1,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="sweep", storage_path=str(tmp_path_factory.mktemp("ray")), verbose=0
            ),
        ).fit()


@pytest.fixture
def folder(real, tmp_path):
    """A copy of that experiment, elsewhere."""
    return shutil.copytree(real.experiment_path, tmp_path / "moved")


def by_trial(frame):
    return frame.set_index("trial_id").sort_index()


def trial_folders(folder):
    return [path.parent for path in sorted(folder.glob("*/result.json"))]


def test_rows_are_those_of_rays_own_table(real):
    own, ours = by_trial(real.get_dataframe()), by_trial(Results.load(real.experiment_path).frame)
    assert list(own.index) == list(ours.index)
    same = ["config/lr", "config/model/width", "config/seed", "training_iteration", "loss"]
    for name in [*same, "eval/accuracy", "epoch", "time_total_s", "pid", "config/model/norm"]:
        pd.testing.assert_series_equal(own[name], ours[name], check_dtype=False, obj=name)
    assert set(ours["config/model/layers"]) == {"[8, 4]"}
    assert len(set(ours["config/call"])) == 1


def test_roles(real):
    table = Results.load(real.experiment_path).table
    assert (table.one("seed"), table.one("budget")) == ("config/seed", "training_iteration")
    assert table.columns["config/seed"].sure == "guessed"
    assert table.of("metric") == ("loss", "eval/accuracy")
    assert table.varied == ("config/lr", "config/model/width")
    assert table.default.metric == "loss"
    assert {table.find(name, "hyperparameter") for name in ("width", "model/width")} == {
        "config/model/width"
    }
    assert table.name == "sweep"


def test_how_trials_ended(real):
    frame = Results.load(real.experiment_path).frame
    errors = {r.metrics["trial_id"]: str(r.error).split("\n")[-1] for r in real if r.error}
    assert len(errors) == 1
    said = frame.dropna(subset="error").set_index("trial_id")["error"].to_dict()
    assert said == {trial: words.strip() for trial, words in errors.items()}
    setting = frame.set_index(["config/lr", "config/model/width", "config/seed"]).sort_index()
    assert setting.loc[(0.1, 16, 1)]["status"] == "complete"
    assert "it ended by itself" in setting.loc[(0.1, 16, 1)]["note"]
    assert setting.loc[(0.1, 16, 2)]["status"] == "failed"
    bad = setting.loc[(0.01, 8)]
    assert (bad["status"] == "stopped").all()
    assert bad["note"].str.contains("ended at iteration 2, the longest at 4: taken for st").all()
    rest = pd.concat([setting.loc[(0.1, 8)], setting.loc[(0.01, 16)]])
    assert (rest["status"] == "complete").all()
    assert (rest["training_iteration"] == LONGEST).all()
    cells = Results.load(real.experiment_path).cells(
        Question("lr", "width", "loss", where={"training_iteration": LONGEST})
    )
    assert cells.diverged.sum() == 1


def test_curves_are_those_of_rays_own(real):
    results = Results.load(real.experiment_path)
    for result in real:
        member = results.frame["trial_id"].eq(result.metrics["trial_id"]).idxmax()
        curve = results.curves[results.curves["member"] == member]
        own = result.metrics_dataframe
        assert curve["epoch"].tolist() == own["training_iteration"].tolist()
        for metric in ("loss", "eval/accuracy"):
            np.testing.assert_array_equal(curve[metric], own[metric])


def test_unequal_budgets_are_refused_and_each_way_out_works(real, tmp_path):
    asked = (real.experiment_path, "--x", "lr", "--y", "width", "--metric", "accuracy")
    picture = ("heatmap", *asked, "-o", tmp_path / "h.png")
    told = call(*picture)
    assert told.exit_code == 2
    assert "training_iteration = 1 in 1 row, 2 in 2 rows, 4 in 3 rows" in told.stderr
    assert "`--at-epoch 1`" in told.stderr
    for way in (("--at-epoch", 1), ("--where", f"training_iteration={LONGEST}")):
        done = call(*picture, *way)
        assert done.exit_code == 0, done.stderr
    assert call("interaction", *asked).exit_code == 2
    assert call("interaction", *asked, "--at-epoch", 1).exit_code == 0
    results = Results.load(real.experiment_path)
    rows = [(r.config["lr"], r.config["model"]["width"], r.metrics_dataframe) for r in real]
    for epoch in (1, 2):
        cells = results.cells(Question("lr", "width", "accuracy", at_epoch=epoch))
        for x, lr in enumerate(cells.x.values):
            for y, width in enumerate(cells.y.values):
                cell = [own for *setting, own in rows if setting == [lr, width]]
                then = [own["eval/accuracy"][epoch - 1] for own in cell if len(own) >= epoch]
                assert cells.n[y, x] == len(then)
                if then:
                    assert cells.mean[y, x] == pytest.approx(np.mean(then))


def test_verbs_that_show_the_table(real):
    told = call("columns", real.experiment_path, "--json")
    roles = {column["name"]: column["role"] for column in json.loads(told.stdout)}
    assert roles["config/model/width"] == "hyperparameter"
    assert (roles["time_total_s"], roles["epoch"], roles["note"]) == ("bookkeeping",) * 3
    rows = list(csv.DictReader(call("table", real.experiment_path, "--csv").stdout.splitlines()))
    assert len(rows) == len(real)


def test_rays_own_frame_is_guessed_alike(real, tmp_path):
    real.get_dataframe().to_csv(tmp_path / "t.csv", index=False)
    for results in (
        Results.load(tmp_path / "t.csv"),
        Results.from_frame(real.get_dataframe()),
    ):
        table = results.table
        assert (table.one("seed"), table.one("budget")) == ("config/seed", "training_iteration")
        assert table.varied == ("config/lr", "config/model/width")
        assert set(table.of("metric")) == {"loss", "eval/accuracy"}
        with pytest.raises(BudgetError) as refused:
            results.cells(Question("lr", "width", "accuracy"))
        assert f"`--where training_iteration={LONGEST}`" in refused.value.said(as_flag)
        where = {"training_iteration": LONGEST}
        kept = results.cells(Question("lr", "width", "accuracy", where=where))
        folder = Results.load(real.experiment_path)
        same = folder.cells(Question("lr", "width", "accuracy", where=where))
        np.testing.assert_array_equal(kept.mean, same.mean)


def test_progress_as_csv_and_settings_of_the_state_do_as_well(real, folder):
    whole = Results.load(real.experiment_path)
    for trial in trial_folders(folder):
        (trial / "result.json").unlink()
        (trial / "params.json").unlink()
    found = Results.load(folder)
    # Ray has no JSON for a function: its state keeps a pickle of it, which stays closed.
    assert found.frame["config/call"].str.fullmatch("pickled [0-9a-f]{8}").all()
    one, two = (results.frame.drop(columns="config/call") for results in (found, whole))
    pd.testing.assert_frame_equal(one, two, check_like=True)
    pd.testing.assert_frame_equal(found.curves, whole.curves)


def test_last_values_are_known_without_the_trials_folders(real, folder):
    for trial in trial_folders(folder):
        shutil.rmtree(trial)
    whole, found = Results.load(real.experiment_path).frame, Results.load(folder).frame
    for name in ("loss", "eval/accuracy", "training_iteration", "config/model/layers"):
        pd.testing.assert_series_equal(found[name], whole[name])
    ours = found.set_index(["config/lr", "config/model/width", "config/seed"])
    assert ours.loc[(0.1, 16, 2)]["error"] == "no error.txt says why"


def test_pickles_are_not_opened(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "opened"),)

    trap = pickle.dumps(Trap())
    for path in folder.rglob("*.pkl"):
        path.write_bytes(trap)
    [state] = folder.glob("experiment_state-*.json")
    state.write_text(re.sub(r"8005[0-9a-f]{20,}", trap.hex(), state.read_text()))
    assert trap.hex() in state.read_text()
    results = Results.load(folder)
    assert len(results.curves) > len(results.frame)
    assert not (tmp_path / "opened").exists()


@pytest.fixture(scope="module")
def course(ray_running, tmp_path_factory):
    """A sweep as the course writes it: a trial is a training, which mltrainer reports to Ray by
    epoch, and a hyperband stops what is behind."""
    from ray import tune
    from ray.tune.schedulers import AsyncHyperBandScheduler

    def trial(c):
        c, folder = c["c"], c["folder"]
        import torch
        from loguru import logger
        from mltrainer import ReportTypes, Trainer, TrainerSettings, metrics

        logger.remove()
        torch.manual_seed(c["seed"])
        x = torch.randn(64, 8)
        data = x, (x[:, 0] > 0).long()
        settings = TrainerSettings(
            epochs=LONGEST, metrics=[metrics.Accuracy()], logdir=folder, train_steps=2, valid_steps=1,
            reporttypes=[ReportTypes.RAY], earlystop_kwargs=None,
        )  # fmt: skip
        Trainer(
            model=torch.nn.Sequential(
                torch.nn.Linear(8, c["hidden"]), torch.nn.Dropout(c["dropout"]), torch.nn.Linear(c["hidden"], 2)
            ),
            settings=settings, loss_fn=torch.nn.CrossEntropyLoss(), optimizer=torch.optim.Adam,
            traindataloader=iter([data] * 2 * LONGEST), validdataloader=[data],
            scheduler=torch.optim.lr_scheduler.ReduceLROnPlateau, device="cpu",
        ).loop()  # fmt: skip

    cells = [(hidden, dropout) for hidden in (4, 8) for dropout in (0.0, 0.5)]
    configs = [{"hidden": h, "dropout": d, "seed": seed} for h, d in cells for seed in (0, 1)]
    folder = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "0")
        patch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "10000")
        return tune.Tuner(
            trial,
            param_space={"c": tune.grid_search(configs), "folder": folder},
            tune_config=tune.TuneConfig(
                metric="test_loss",
                mode="min",
                scheduler=AsyncHyperBandScheduler(
                    max_t=LONGEST, grace_period=1, reduction_factor=3
                ),
                max_concurrent_trials=1,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=str(folder / "ray"), verbose=0),
        ).fit()


def test_a_sweep_of_the_courses(course):
    results, own = Results.load(course.experiment_path), by_trial(course.get_dataframe())
    table, frame = results.table, by_trial(results.frame)
    for name in ("training_iteration", "train_loss", "test_loss", "Accuracy", "config/c/hidden"):
        pd.testing.assert_series_equal(own[name], frame[name], check_dtype=False)
    assert set(results.varied) == {"config/c/hidden", "config/c/dropout"}
    assert (table.one("seed"), table.default.metric) == ("config/c/seed", "test_loss")
    assert set(table.of("metric")) == {"train_loss", "test_loss", "Accuracy"}
    short = own["training_iteration"] < LONGEST
    assert 0 < short.sum() < len(own)
    assert frame["status"].tolist() == np.where(short, "stopped", "complete").tolist()
    with pytest.raises(BudgetError):
        results.cells(Question("hidden", "dropout"))
    cells = results.cells(Question("hidden", "dropout", at_epoch=1))
    assert cells.n.tolist() == [[2, 2], [2, 2]]
    for place, dropout in enumerate((0.0, 0.5)):
        first = [
            result.metrics_dataframe["test_loss"][0]
            for result in course
            if (result.config["c"]["hidden"], result.config["c"]["dropout"]) == (8, dropout)
        ]
        assert cells.mean[place, 1] == pytest.approx(np.mean(first))


def experiment(folder, *trials, stamp="2024-05-01_10-00-00", **content):
    """An experiment by hand: each trial's `config`, its reports as `rows`, and what else its state
    has."""
    states = []
    for number, trial in enumerate(trials):
        config, rows, state = trial["config"], trial.get("rows", []), dict(trial)
        name = f"train_{number}"
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "params.json").write_text(json.dumps(config))
        lines = [
            json.dumps({"done": False, "training_iteration": i, "config": config, **row}) + "\n"
            for i, row in enumerate(rows, 1)
        ]
        (folder / name / "result.json").write_text("".join(lines))
        del state["config"]
        state.pop("rows", None)
        of_trial = {"config": config, "trial_id": f"t{number}", "relative_logdir": name}
        of_trial |= {"status": "TERMINATED", **state}
        states.append([json.dumps(of_trial), json.dumps({"last_result": {}, **state})])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"experiment_state-{stamp}.json").write_text(
        json.dumps({"trial_data": states, "runner_data": {}, "stats": {}, **content})
    )
    return folder


def losses(*values, **last):
    return [{"loss": value} for value in values[:-1]] + [{"loss": values[-1], **last}]


def grid(**more):
    """Four trials that ended at the same iteration."""
    return [
        {"config": {"lr": lr, "width": w, **more}, "rows": losses(0.5, lr + w, done=True)}
        for lr in (0.1, 0.2)
        for w in (1, 2)
    ]


def statuses(folder):
    return Results.load(folder).frame["status"].tolist()


@pytest.mark.parametrize("form", ["text", "table"])
def test_states_of_older_versions(tmp_path, form):
    """One part a trial, as text or not, whose folder is named as it was on that machine."""
    new = experiment(tmp_path / "new", *grid(), {"config": {"lr": 1, "width": 1}})
    [state] = new.glob("experiment_state-*")
    trials = []
    for first, second in json.loads(state.read_text())["trial_data"]:
        trial = json.loads(first) | json.loads(second)
        trial["logdir"] = f"/home/me/ray_results/new/{trial.pop('relative_logdir')}/"
        trials.append(json.dumps(trial) if form == "text" else trial)
    old = shutil.copytree(new, tmp_path / "old")
    (old / state.name).write_text(json.dumps({"checkpoints": trials, "stats": {}}))
    pd.testing.assert_frame_equal(Results.load(old).frame, Results.load(new).frame)
    pd.testing.assert_frame_equal(Results.load(old).curves, Results.load(new).curves)


def test_what_tells_how_a_trial_ended(tmp_path):
    config, short = {"lr": 1}, losses(0.5, 0.4)
    ends = [
        ({"rows": losses(0.5, 0.4, 0.3)}, "complete", None),
        ({"rows": losses(0.5, 0.4, done=True)}, "stopped", "by its scheduler"),
        ({"rows": short, "last_result": {"done": True}}, "complete", "ended by itself"),
        ({"rows": short}, "stopped", "while it was paused"),
        (
            {"rows": losses(0.5, 0.4, done=True), "stopping_criterion": {"training_iteration": 2}},
            "complete",
            "its stop rule, training_iteration of 2",
        ),
        ({"rows": short, "status": "RUNNING"}, "unfinished", None),
        ({"rows": short, "status": "PAUSED"}, "unfinished", None),
        ({"status": "PENDING", "relative_logdir": None}, "unfinished", None),
        ({"rows": short, "status": "ERROR"}, "failed", None),
        ({"rows": []}, "failed", None),
    ]
    folder = experiment(tmp_path / "e", *({"config": config, **trial} for trial, *_ in ends))
    frame = Results.load(folder).frame
    assert frame["status"].tolist() == [status for _, status, _ in ends]
    for (_, _, why), note in zip(ends, frame["note"], strict=True):
        assert why in note if why else pd.isna(note)
    assert frame["training_iteration"].tolist() == [3, 2, 2, 2, 2, 2, 2, 0, 2, 0]
    assert frame["error"].tolist()[-2:] == ["no error.txt says why", "it reported nothing"]


def test_the_last_line_of_an_error(tmp_path):
    failed = {"config": {"lr": 1}, "rows": losses(0.5), "status": "ERROR"}
    folder = experiment(tmp_path / "e", failed, failed)
    text = "Failure # 1 (occurred at …)\nray::train()\nValueError: no such file\n\n"
    (folder / "train_0" / "error.txt").write_text(text, encoding="utf-8")
    (folder / "train_1" / "error_2019-01-01_00-00-00.txt").write_text("KeyError: 'lr'")
    assert Results.load(folder).frame["error"].tolist() == [
        "ValueError: no such file",
        "KeyError: 'lr'",
    ]


def test_lines_that_were_not_written_whole_are_left_out_and_counted(tmp_path):
    for number, half in enumerate(('{"loss": 0.1, "train', '"word"\n', "[1]\n", "{\n{}}\n")):
        folder = experiment(tmp_path / str(number), *grid())
        with (folder / "train_1" / "result.json").open("a") as file:
            file.write(half)
        results = Results.load(folder)
        notes = results.frame["note"]
        count = len(half.strip().split("\n"))
        assert notes[1] == f"{count} line(s) of its reports cannot be read"
        assert notes.isna().sum() == 3
        assert results.frame["loss"].tolist() == [1.1, 2.1, 1.2, 2.2]
    progress = folder / "train_1" / "progress.csv"
    (folder / "train_1" / "result.json").unlink()
    progress.write_text("loss,training_iteration,done\n0.5,1,False\n0.25,2,False\n0.1")
    results = Results.load(folder)
    assert results.frame["loss"][1] == 0.25
    assert results.frame["note"][1].endswith("1 line(s) of its reports cannot be read")
    for text in ("", "loss", "loss,done\n", "loss\n1\n1,2,3\n\n"):
        progress.write_text(text)
        assert len(Results.load(folder).frame) == 4


def test_a_trial_that_went_on_from_a_checkpoint(tmp_path):
    rows = [
        {"loss": loss, "training_iteration": at}
        for at, loss in [(1, 0.9), (2, 0.8), (3, 0.7), (2, 0.6), (3, 0.5)]
    ]
    folder = experiment(tmp_path / "e", {"config": {"lr": 1}, "rows": rows})
    curves = Results.load(folder).curves
    assert curves["epoch"].tolist() == [1, 2, 3]
    assert curves["loss"].tolist() == [0.9, 0.6, 0.5]
    begun_anew = [*rows[:3], {"loss": 0.4, "training_iteration": 1}]
    folder = experiment(tmp_path / "f", {"config": {"lr": 1}, "rows": begun_anew})
    results = Results.load(folder)
    assert results.curves["loss"].tolist() == [0.4]
    assert results.frame["training_iteration"].tolist() == [1]


def test_values_are_the_newest_of_each_metric(tmp_path):
    rows = [{"loss": 0.5, "nan": float("nan")}, {"loss": 0.4, "top": 1}, {"acc": 0.9}]
    rows += [{"loss": "null", "acc": float("inf"), "word": "a"}]
    folder = experiment(tmp_path / "e", {"config": {"lr": 1}, "rows": rows})
    results = Results.load(folder)
    assert results.table.of("metric") == ("loss", "nan", "top", "acc")
    np.testing.assert_array_equal(results.curves["loss"], [0.5, 0.4, 0.4, np.nan])
    np.testing.assert_array_equal(results.curves["acc"], [np.nan, np.nan, 0.9, np.inf])
    assert results.frame["word"].tolist() == ["a"]


def test_metrics_that_are_called_as_columns_of_ours(tmp_path):
    names = ("status", "error", "note", "member", "epoch")
    trials = grid()
    for trial in trials:
        trial["rows"][-1] |= {"status": 1, "error": 0.2, "note": 3.0, "member": 7, "epoch": 2}
    trials[0]["status"] = "ERROR"
    results = Results.load(experiment(tmp_path / "e", *trials))
    assert results.table.of("metric") == ("loss", *names[:3])
    assert results.frame["error"].tolist() == [0.2] * 4
    assert results.table.one("status") == "trial_status"
    assert results.frame["trial_error"][0] == "no error.txt says why"
    cells = results.cells(Question("lr", "width", "error"))
    assert cells.failed.sum() == 1


def test_hyperparameters_of_any_kind(tmp_path):
    values = [None, [1, 2], {"a": {"b": 1}}, "relu", True, 1e400, "<function f at 0x7f12>"]
    trials = [{"config": {"v": value}, "rows": losses(0.5)} for value in values]
    trials += [{"config": {"v": "<function f at 0x9999>"}, "rows": losses(0.5)}]
    frame = Results.load(experiment(tmp_path / "e", *trials)).frame
    assert frame["config/v"][1] == "[1, 2]"
    assert frame["config/v/a/b"].tolist()[2] == 1
    assert frame["config/v"][6] == frame["config/v"][7] == "<function f>"


def test_no_cell_for_what_changed_while_it_trained(tmp_path):
    rows = [{"loss": 0.5}, {"loss": 0.4, "config": {"lr": 0.2, "width": 1}}]
    folder = experiment(tmp_path / "e", {"config": {"lr": 0.1, "width": 1}, "rows": rows})
    with pytest.raises(TableError, match="trial t0 changed config/lr while it trained"):
        Results.load(folder)
    # What a trainable adds for itself is none of its hyperparameters.
    rows = [{"loss": 0.5}, {"loss": 0.4, "config": {"lr": 0.1, "inputs": 3}}]
    folder = experiment(tmp_path / "f", {"config": {"lr": 0.1}, "rows": rows})
    assert statuses(folder) == ["complete"]


def test_a_folder_of_experiments_names_them_the_newest_first(tmp_path):
    only = experiment(tmp_path / "old", *grid(), stamp="2023-01-01_00-00-00")
    assert Results.load(tmp_path).name == "old"
    new = experiment(tmp_path / "another", *grid(), stamp="2024-01-01_00-00-00")
    with pytest.raises(TableError, match=f"2 experiments of Ray, .* {new}, {only}$"):
        Results.load(tmp_path)
    told = call("columns", tmp_path)
    assert (told.exit_code, "2 experiments" in told.stderr) == (2, True)


def test_the_newest_state_is_read_or_the_one_that_is_given(tmp_path):
    folder = experiment(tmp_path / "e", *grid(), stamp="2024-01-01_00-00-00")
    experiment(folder, {"config": {"lr": 0.1}, "rows": losses(1)}, stamp="2024-02-01_00-00-00")
    assert len(Results.load(folder).frame) == 1
    results = Results.load(folder / "experiment_state-2024-01-01_00-00-00.json")
    assert (results.name, len(results.frame)) == ("e", 4)


def test_what_is_no_experiment_says_why(tmp_path):
    folder = experiment(tmp_path / "e", *grid())
    [state] = folder.glob("experiment_state-*")
    with pytest.raises(TableError, match=f"one trial of Ray; .* {folder}$"):
        Results.load(folder / "train_0")
    content = state.read_text()
    for text, message in {
        content[:200]: "cannot be read: ",
        "": "cannot be read: ",
        "[]": "cannot be read: ",
        "{}": "names no trials",
        '{"trial_data": null}': "cannot be read: ",
        '{"trial_data": ["{"]}': "cannot be read: ",
        '{"trial_data": [3]}': "cannot be read: ",
        '{"checkpoints": []}': "holds no trials",
    }.items():
        state.write_text(text)
        with pytest.raises(TableError, match=message):
            Results.load(folder)
        assert call("heatmap", folder).exit_code == 2
    state.unlink()
    with pytest.raises(TableError, match=r"holds trials of Ray and no experiment_state-\*\.json"):
        Results.load(folder)


def test_trials_of_which_ray_says_next_to_nothing(tmp_path):
    (tmp_path / "experiment_state-1.json").write_text('{"trial_data": [{}, ["{}", "{}"], "{}"]}')
    results = Results.load(tmp_path)
    assert len(results.frame) == 3
    with pytest.raises(TableError, match="which two"):
        results.cells(Question())
