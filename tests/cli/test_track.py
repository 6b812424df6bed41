"""The verb `track`, and `tune` with mirrors: what is said and what is there."""

import json

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.results.results import Results

STUDY = """
name = "small"
epochs = 2
seeds = 2
data = {name = "digits", batch_size = 128}
model = {name = "linear", num_layers = 1, hidden_size = [4, 8], dropout = [0.0, 0.5]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, in_process):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def call(*words, code=0):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def test_what_trains_now_and_what_was_trained_before(folder):
    call("tune", "small.toml", "seeds=1")
    call("tune", "small.toml", "--tensorboard", "logs")
    assert len(Results.load("logs/small").frame) == 8
    kept = json.loads((folder / "runs/small/study.json").read_text(encoding="utf-8"))
    assert kept["study"]["tracking"] == {"tensorboard": "logs"}
    said = call("track", "runs/small", "--tensorboard", "logs")
    assert "tensorboard logs: 0 trainings logged, 8 were there already" in said
    said = call("track", "runs/small", "--tensorboard", "others")
    assert "tensorboard others: 8 trainings logged" in said


def test_figures_come_with_them(folder, mlflow_store):
    from mlflow import MlflowClient

    call("tune", "small.toml", "--mlflow", mlflow_store)
    client = MlflowClient(tracking_uri=mlflow_store)
    experiment = client.get_experiment_by_name("small").experiment_id
    (study,) = client.search_runs([experiment], "tags.`interplay.kind` = 'study'")
    files = {file.path for file in client.list_artifacts(study.info.run_id)}
    assert files == {"study.json", "table.csv", "heatmap.png"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["track", "runs/none", "--mlflow", "http://127.0.0.1:1"], "there is no run folder"),
        (["tune", "small.toml", "--mlflow", "mlruns"], "sqlite:///mlflow.db"),
        (["tune", "small.toml", "--mlflow", "mlruns", "--dry-run"], "tracking.mlflow = 'mlruns'"),
        (["tune", "small.toml", "tracking.mlflw=x"], "did you mean 'mlflow'"),
        (["tune", "small.toml", "--mlflow", ""], "tracking.mlflow = ''"),
    ],
)
def test_mistakes_are_said_before_anything_trains(folder, words, said):
    assert said in call(*words, code=2)
    assert not (folder / "runs").exists()


def test_where_to_is_asked_and_who_does_not_answer_is_named(folder):
    call("tune", "small.toml", "seeds=1")
    said = call("track", "runs/small", code=2)
    assert "`--mlflow http://127.0.0.1:5000` or `--tensorboard DIR`" in said
    said = call("track", "runs/small", "--mlflow", "http://127.0.0.1:1", code=2)
    assert "mlflow http://127.0.0.1:1 does not take the trainings of runs/small: Connection" in said
