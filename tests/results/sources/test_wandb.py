"""W&B: folders of runs as it leaves them on disk (by hand: it is not installed), and its exports."""

import json

import pandas as pd
import pytest

from interplay.errors import TableError
from interplay.results.question import Question
from interplay.results.results import Results

CONFIG = """\
wandb_version: 1

_wandb:
  desc: null
  value:
    python_version: 3.11.4
    t:
      1:
      - 1
lr:
  desc: null
  value: {lr}
optimizer:
  value:
    name: adam
    betas:
    - 0.9
    - 0.999
width:
  value: {width}
seed:
  value: {seed}
"""


def write(root, name, lr, width, seed, acc, step=10):
    files = root / f"offline-run-20260101_12000{seed}-{name}" / "files"
    files.mkdir(parents=True)
    (files / "config.yaml").write_text(CONFIG.format(lr=lr, width=width, seed=seed))
    summary = {
        "val": {"acc": acc}, "loss": "NaN" if acc < 0 else 1 - acc, "_step": step, "_runtime": 3.5,
        "_timestamp": 1.7e9, "_wandb": {"runtime": 3},
        "examples": {"_type": "images/separated", "count": 2},
    }  # fmt: skip
    (files / "wandb-summary.json").write_text(json.dumps(summary))
    return files


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "wandb"
    for lr in ("1.0e-05", "0.01"):
        for width in (8, 16):
            for seed in (0, 1):
                write(
                    folder, f"{lr}{width}{seed}", lr, width, seed, 0.5 + width / 100 + seed / 1000
                )
    (folder / "latest-run").mkdir()
    (folder / "debug.log").write_text("")
    return tmp_path


def test_a_folder_of_runs(project):
    for source in (project, project / "wandb"):
        results = Results.load(source)
        table = results.table
        assert table.varied == ("config.lr", "config.width")
        assert (table.one("seed"), table.one("budget")) == ("config.seed", "_step")
        assert table.of("metric") == ("val.acc", "loss")
        assert set(results.frame["config.optimizer.name"]) == {"adam"}
        found = results.cells(Question("lr", "width", "acc"))
        assert found.n.tolist() == [[2, 2], [2, 2]]
        assert found.x.values == (1e-5, 0.01)
        assert found.mean[1, 0] == pytest.approx(0.5 + 0.16 + 0.0005)
    one = next((project / "wandb").glob("offline-run-*"))
    assert len(Results.load(one).frame) == 1


def test_runs_that_are_not_whole(project):
    write(project / "wandb", "nan", "0.01", 8, 2, -1.0)
    begun = write(project / "wandb", "begun", "0.01", 8, 3, 0.5)
    (begun / "wandb-summary.json").unlink()
    results = Results.load(project)
    assert len(results.frame) == 9
    assert results.frame["loss"].isna().sum() == 1
    assert results.table.notes[0].endswith("left out: 1 of 10")
    for text, message in (("{", "cannot be read"), ("[1]", "no table of names")):
        (begun / "wandb-summary.json").write_text(text)
        with pytest.raises(TableError, match=message):
            Results.load(project)
    (begun / "wandb-summary.json").write_text("{}")
    (begun / "config.yaml").write_text("lr: [")
    with pytest.raises(TableError, match=r"config\.yaml cannot be read"):
        Results.load(project)


def test_what_only_wandb_reads_is_refused_with_a_way_out(tmp_path):
    run = tmp_path / "run-20260101_120000-abc"
    run.mkdir()
    (run / "run-abc.wandb").write_bytes(b":W&B\xbe\xf6\x00")
    for source in (run, run / "run-abc.wandb", "https://wandb.ai/me/project"):
        with pytest.raises(TableError, match=r"Download > CSV.*wandb sync"):
            Results.load(source)


def test_an_exported_table(tmp_path):
    rows = [
        {
            "Name": f"run-{i}", "State": state, "Notes": "-", "User": "me", "Tags": "", "Created": i,
            "Runtime": 60 + i, "Sweep": "s1", "optimizer.lr": lr, "model.width": width, "seed": seed,
            "epochs": 5, "epoch": 4 if state == "finished" else 1, "_step": 100, "val.acc": lr + width,
        }
        for i, (lr, width, seed, state) in enumerate(
            [(lr, w, s, "finished") for lr in (0.1, 0.01) for w in (8, 16) for s in (0, 1)]
            + [(0.1, 8, 2, "crashed"), (0.1, 8, 3, "killed"), (0.1, 8, 4, "running")]
        )
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "export.csv", index=False)
    results = Results.load(tmp_path / "export.csv")
    table = results.table
    assert table.varied == ("optimizer.lr", "model.width")
    assert [table.one(role) for role in ("seed", "budget", "status")] == ["seed", "epoch", "State"]
    found = results.cells(Question("lr", "width", "acc"))
    assert found.n.tolist() == [[2, 2], [2, 2]]
    assert found.failed.sum() == 2


def test_an_exported_chart_is_no_table_of_trainings(tmp_path):
    chart = {"Step": [0, 1], "a - loss": [1, 2], "a - loss__MIN": [1, 2], "a - loss__MAX": [1, 2]}
    pd.DataFrame(chart).to_csv(tmp_path / "chart.csv", index=False)
    with pytest.raises(TableError, match="export of a chart of W&B's"):
        Results.load(tmp_path / "chart.csv")
