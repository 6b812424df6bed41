"""`interplay best`: the choice in words and JSON, its study, its picture, the test, the model."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import interplay
from interplay.cli.app import app
from interplay.data.digits import digits
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.tuning.execute import execute
from interplay.tuning.plan import make_plan
from tests.tuning.fake import InProcess

TABLES = {
    "name": "wide",
    "epochs": 2,
    "seeds": 2,
    "data": {"name": "digits", "batch_size": 64, "test": 0.2},
    "model": {"name": "linear", "num_layers": 1, "hidden_size": [2, 32, 64], "dropout": [0.0, 0.1]},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("best") / "wide"
    execute(Study(**TABLES), folder, progress=False, session=InProcess())
    return folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch, in_process):
    """A run of its own, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "wide")
    return "wide"


def call(*words, status=0):
    result = CliRunner().invoke(app, ["best", *words])
    assert result.exit_code == status, result.output
    return " ".join(result.output.split())


def test_the_choice_is_told(run):
    said = call(run)
    assert "best accuracy 0." in said
    assert "of 6 cells are not clearly worse" in said
    assert "chosen" in said
    answer = json.loads(CliRunner().invoke(app, ["best", run, "--json"]).stdout)
    assert answer["chosen"] == answer["best"]
    assert answer["cells"] == 6
    cheap = json.loads(
        CliRunner().invoke(app, ["best", run, "--by", "parameters,-dropout", "--json"]).stdout
    )
    order = [(tie["parameters"], -tie["setting"]["model.dropout"]) for tie in cheap["ties"]]
    assert cheap["chosen"] == cheap["ties"][order.index(min(order))]


def test_its_study_trains_just_that_cell_and_these_very_members(run, tmp_path):
    call(run, "--by", "parameters", "--study", "alone.toml")
    study = Study.load(tmp_path / "alone.toml")
    assert study.space.varied == ()
    assert study.name == "alone"
    keys = {member.key for member in make_plan(study).members}
    assert len(keys) == 2
    assert keys < set(Ledger(run).keys())


def test_a_file_that_says_otherwise_is_not_written_over(run, tmp_path):
    (tmp_path / "mine.toml").write_text("# mine", encoding="utf-8")
    assert "says otherwise" in call(run, "--study", "mine.toml", status=2)
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == "# mine"


def test_of_another_table_the_study_is_made_anew(run, tmp_path):
    frame = interplay.Results.load(run).frame
    table = frame[["model.hidden_size", "model.dropout", "seed", "accuracy", "epochs_run"]]
    table.to_csv("theirs.csv", index=False)
    call(
        "theirs.csv", "data.name=digits", "model.name=linear", "model.num_layers=1",
        "--metric", "accuracy", "--study", "anew.toml",
    )  # fmt: skip
    study = Study.load("anew.toml")
    assert study.space.varied == ()
    (cell,) = study.cells()
    assert cell["model.hidden_size"] == 64
    assert "no run of ours" in call("theirs.csv", "--metric", "accuracy", "--retrain", status=2)


def test_the_picture_needs_weights_and_gets_them(run, tmp_path):
    said = call(run, "--picture", "there.png")
    assert "trained again" not in said
    ledger = Ledger(run)
    kept = ledger.weights.keys()
    assert kept
    for key in kept:
        ledger.weights.discard(key)
    said = call(run, "--picture", "again.png")
    assert "the weights of 2 trainings are not kept; trained again" in said
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "there.png").read_bytes()
    assert len(Ledger(run).rows(["status"])) == 12  # no row was added


def test_retrained_tested_handed_over_and_loaded(run, tmp_path):
    said = call(run, "--retrain", "--export", "model")
    assert "tested on 359 rows, trained on the other 1438, 2 seeds" in said
    assert "for the first time" in said
    assert "1 time before" in call(run, "--by", "parameters", "--retrain")
    model = interplay.load_model("model")
    data = digits()
    raw = data.inputs[:50, 0] * 16
    right = (model.predict(raw) == pd.Series(data.targets[:50]).astype(str)).mean()
    assert right > 0.6
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "accuracy, test" in card


def test_what_is_handed_over_lies_in_mlflow_too(run, tmp_path, mlflow_store):
    from mlflow import MlflowClient

    said = call(run, "--export", "model", "--mlflow", mlflow_store)
    assert f"mlflow {mlflow_store}" in said
    client = MlflowClient(tracking_uri=mlflow_store)
    experiment = client.get_experiment_by_name("wide").experiment_id
    (kept,) = client.search_runs([experiment], "tags.`interplay.kind` = 'study'")
    files = {file.path for file in client.list_artifacts(kept.info.run_id, "model")}
    assert files == {f"model/{file.name}" for file in (tmp_path / "model").iterdir()}


def test_where_the_study_is_tracked_its_model_goes(run, mlflow_store):
    """And where nobody answers, the folder stands and it is said."""
    record = json.loads(Path(run, "study.json").read_text(encoding="utf-8"))
    record["study"]["tracking"] = {"mlflow": mlflow_store}
    Path(run, "study.json").write_text(json.dumps(record), encoding="utf-8")
    answer = json.loads(
        CliRunner().invoke(app, ["best", run, "--export", "model", "--json"]).stdout
    )
    assert answer["mlflow"] == mlflow_store
    away = "http://127.0.0.1:1"
    said = call(run, "--export", "other", "--mlflow", away, status=2)
    assert f"other is written, and mlflow {away} does not take it" in said
    assert Path("other", "model.json").is_file()
    said = call(run, "--retrain", "--export", "third", "--mlflow", "mlruns", status=2)
    assert "tracking.mlflow = 'mlruns'" in said
    assert not Path("third").exists()
    assert not Path(run, "tested.json").exists()
    assert "give both" in call(run, "--mlflow", away, status=2)


def test_mistakes_are_one_sentence(run, tmp_path):
    assert "allowed: ties, 1se" in call(run, "--within", "2se", status=2)
    assert "--picture one.gif: a figure ends in" in call(run, "--picture", "one.gif", status=2)
    assert "'depth' is not known" in call(run, "--by", "depth", status=2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    assert "holds what no export wrote" in call(run, "--export", "mine", status=2)


def test_without_a_test_part_it_is_said_what_to_do(tmp_path, in_process):
    tables = {**TABLES, "data": {"name": "digits", "batch_size": 64}, "seeds": 1}
    execute(Study(**tables), tmp_path / "run", progress=False, session=InProcess())
    assert "data.test = 0.2 before anything trains" in call(
        str(tmp_path / "run"), "--retrain", status=2
    )


def test_the_choice_of_a_function_of_ones_own_is_told(tmp_path, monkeypatch, in_process):
    (tmp_path / "tried.py").write_text(
        "def f(seed, x=1.0):\n    return {'value': x + seed / 100}\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    study = Study(
        name="fn", seeds=2, trial={"function": "tried:f", "x": [1.0, 2.0]},
        search={"metric": "value", "mode": "max"}, folders=[tmp_path],
    )  # fmt: skip
    execute(study, tmp_path / "fn", progress=False, session=InProcess())
    said = call("fn", "--by", "seconds")
    assert "best value 2.0050" in said
    assert "its models stay with it" in call("fn", "--retrain", status=2)


def test_a_study_that_left_its_module_behind_says_so(tmp_path, monkeypatch):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "nets.py").write_text(
        "from torch import nn\ndef make(spec, width: int = 4):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 10))\n",
        encoding="utf-8",
    )
    model = {"builder": "nets:make", "width": [2, 8]}
    study = Study(**{**TABLES, "epochs": 1, "model": model}, folders=[tmp_path / "code"])
    execute(study, tmp_path / "run", progress=False, session=InProcess())
    monkeypatch.chdir(tmp_path)
    assert "nets:make is looked for beside a study" in call("run", "--study", "one.toml")
    assert "is looked for" not in call("run", "--study", "code/one.toml")


def test_what_was_not_compared_is_not_said_to_be_worse(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame(
        [
            (w, seed, w / 100 + (seed * w) % 3 / 1000, "complete")
            for w in (2, 64)
            for seed in range(4)
        ],
        columns=["width", "seed", "accuracy", "status"],
    )
    table.to_csv("two.csv", index=False)
    one = "ties none: the other cell that was compared is"
    asked = ("--metric", "accuracy", "--params", "width")
    assert f"{one} clearly worse" in call("two.csv", *asked)
    assert f"{one} further off than one standard error" in call("two.csv", *asked, "--within=1se")
    table.loc[table["width"] == 2, "status"] = "stopped"
    table.to_csv("one.csv", index=False)
    assert "ties" not in call("one.csv", *asked)
