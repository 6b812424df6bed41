"""W&B: folders of runs as it leaves them on disk, those of old versions by hand, and its exports."""

import json

import numpy as np
import pandas as pd
import pytest

from interplay.errors import BudgetError, TableError
from interplay.results.question import Question
from interplay.results.results import Results


@pytest.fixture(scope="module")
def real(start, tmp_path_factory):
    """What the installed W&B itself leaves: `tests/results/sources/wandb_runs.py`."""
    folder = tmp_path_factory.mktemp("wandb")
    told = {"HOME": str(folder), "WANDB_API_KEY": "0" * 40, "WANDB_SILENT": "true"}
    told |= {
        "WANDB_CONSOLE": "off",
        "WANDB_X_DISABLE_STATS": "true",
        "WANDB_ERROR_REPORTING": "false",
    }
    run = start("tests.results.sources.wandb_runs", str(folder), cwd=folder, **told)
    _, error = run.communicate(timeout=120)
    assert run.returncode == 0, error
    lines = (folder / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    return folder, [json.loads(line) for line in lines]


def row_of(run):
    """A row of a table, by what W&B's API says."""
    config, summary = run["config"], run["summary"]
    return {
        "config.optimizer.lr": config["optimizer"]["lr"],
        "config.optimizer.name": "adam",
        "config.optimizer.betas": "[0.9, 0.999]",
        "config.width": config["width"],
        "config.seed": 0,
        "val.acc": summary["val"]["acc"],
        "loss": summary["loss"],
        "epoch": summary["epoch"],
        "_step": summary["_step"],
        "words": summary["words"],
    }


def same(frame, rows):
    expected = pd.DataFrame(rows, index=frame.index)
    pd.testing.assert_frame_equal(frame[expected.columns], expected, check_dtype=False)


def test_runs_that_were_online_are_what_its_api_says(real):
    folder, runs = real
    online = [run for run in runs if not run["name"].startswith("offline")]
    assert [run["summary"]["epoch"] for run in online] == [2, 2, 2, 2, 0]
    results = Results.load(folder / "online")
    frame = results.frame.set_index("run_id").loc[[run["name"] for run in online]]
    same(frame, [row_of(run) for run in online])
    table = results.table
    assert set(results.varied) == {"config.optimizer.lr", "config.width"}
    assert set(table.of("metric")) == {"val.acc", "loss"}
    assert [table.one(role) for role in ("seed", "budget", "status")] == [
        "config.seed",
        "epoch",
        None,
    ]
    # The run that failed has all its files, and none of them says so.
    assert "how runs ended is not on record here" in table.notes[0]
    with pytest.raises(BudgetError):
        results.cells(Question("lr", "width", "acc"))
    cells = results.cells(Question("lr", "width", "acc", where={"epoch": 2}))
    assert cells.mean.ravel().tolist() == pytest.approx([0.78001, 0.79, 0.86001, 0.87])


def test_runs_that_are_offline_are_read_once_they_are_synced(real, tmp_path):
    folder, runs = real
    wandb = folder / "offline" / "wandb"
    binary = next(wandb.glob("offline-run-*/*.wandb"))
    sources = {
        folder / "offline": wandb,
        wandb: wandb,
        binary.parent: binary.parent,
        binary: binary.parent,
    }
    for source, synced in sources.items():
        with pytest.raises(TableError) as refused:
            Results.load(source)
        assert f"`wandb sync {synced}` writes files/config.yaml" in str(refused.value)
    offline = [run for run in runs if run["name"].startswith("offline")]
    for source in (folder / "synced", folder / "synced" / "wandb"):
        frame = Results.load(source).frame.set_index("run_id").loc[[run["name"] for run in offline]]
        same(frame, [row_of(run) for run in offline])


@pytest.mark.parametrize("state", [False, True])
def test_what_its_documentation_saves_of_the_api(real, tmp_path, state):
    """`run.config` and `run.summary` in a cell each; as a CSV these are texts."""
    _, runs = real
    columns = ("summary", "config", "name", *(["state"] if state else []))
    frame = pd.DataFrame({column: [run[column] for run in runs] for column in columns})
    frame.to_csv(tmp_path / "project.csv")
    frame.to_parquet(tmp_path / "project.parquet")
    files = [tmp_path / "project.csv", tmp_path / "project.parquet"]
    for results in (*map(Results.load, files), Results.from_frame(frame)):
        same(results.frame, [row_of(run) for run in runs])
        table = results.table
        assert set(results.varied) == {"config.optimizer.lr", "config.width"}
        assert [table.one(role) for role in ("seed", "budget")] == ["config.seed", "epoch"]
        assert (table.one("status"), bool(table.notes)) == (
            ("state", False) if state else (None, True)
        )
    if state:
        found = results.cells(Question("lr", "width", "acc"))
        assert (found.n.tolist(), found.failed.sum()) == ([[1, 1], [1, 1]], 1)


def test_rows_that_a_script_keeps_itself(real):
    folder, _ = real
    results = Results.load(folder / "runs.jsonl")
    assert set(results.varied) == {"config/optimizer/lr", "config/width"}
    roles = [results.table.one(role) for role in ("seed", "budget", "status")]
    assert roles == ["config/seed", "summary/epoch", "state"]
    found = results.cells(Question("lr", "width", "acc"))
    assert (found.n.tolist(), found.failed.sum()) == ([[1, 1], [1, 1]], 1)


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
    files = root / f"run-20260101_12000{seed}-{name}" / "files"
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
    one = next((project / "wandb").glob("run-*"))
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
    run = tmp_path / "a b" / "offline-run-20200101_120000-abc"
    (run / "files").mkdir(parents=True)
    (run / "run-abc.wandb").write_bytes(b":W&B\xbe\xf6\x00")
    # So versions up to 0.17 left runs that were offline.
    (run / "files" / "wandb-summary.json").write_text('{"_wandb": {"runtime": 0}}')
    for source in (run, run / "run-abc.wandb", run.parent):
        with pytest.raises(TableError, match=rf"wandb sync '{run}'.*Download > CSV"):
            Results.load(source)
    with pytest.raises(TableError, match="Download > CSV"):
        Results.load("https://wandb.ai/me/project")


@pytest.mark.parametrize(
    "text",
    [
        "{'lr': ",
        "{'lr': <Table>}",
        "{'lr': print(1)}",
        "{" * 9999,
        "{1}",
        "{**{}}",
        "{'a': 1}['a']",
    ],
)
def test_a_cell_that_is_no_table_is_one_message(tmp_path, text):
    frame = pd.DataFrame({"config": ["{}", text], "summary": ["{'acc': nan}", "{'acc': -inf}"]})
    with pytest.raises(TableError, match="config of row 2 cannot be read"):
        Results.from_frame(frame)


def test_a_number_too_large_for_a_table_is_one_message(tmp_path):
    text = f'{{"lr": {"9" * 400}}}'
    with pytest.raises(TableError, match="too large for a table"):
        Results.from_frame(pd.DataFrame({"config": [text, "{}"], "summary": ["{}", "{}"]}))
    files = write(tmp_path, "a", 0.1, 8, 0, 0.5)
    (files / "wandb-summary.json").write_text(text)
    write(tmp_path, "b", 0.1, 8, 1, 0.5)
    with pytest.raises(TableError, match="too large for a table"):
        Results.load(tmp_path)


def test_two_values_of_one_name_are_one_message(tmp_path):
    files = write(tmp_path, "a", 0.1, 8, 0, 0.5)
    (files / "wandb-summary.json").write_text('{"val.acc": 0.1, "val": {"acc": 0.5}}')
    with pytest.raises(TableError, match=r"more than one value is called val\.acc"):
        Results.load(tmp_path)


def test_names_that_a_run_and_its_metrics_share():
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "state": ["finished", None],
            "config": ["{'lr': 0.1, '_wandb': {'t': 1}}", "{'lr': 0.2}"],
            "summary": [
                "{'state': 3, 'acc': nan, 'image': {'_type': 'image'}, '_runtime': 3}",
                None,
            ],
        }
    )
    results = Results.from_frame(frame)
    assert list(results.frame) == ["name", "run.state", "config.lr", "state", "acc"]
    assert results.frame["state"].tolist()[0] == 3
    assert np.isnan(results.frame["acc"]).all()


STATES = ("crashed", "failed", "killed", "preempted", "running", "pending", "preempting")
"""Of `wandb.sdk.sweeps.run_state`, beside finished."""


def test_an_exported_table(tmp_path):
    rows = [
        {
            "Name": f"run-{i}", "State": state, "Notes": "-", "User": "me", "Tags": "", "Created": i,
            "Runtime": 60 + i, "Sweep": "s1", "optimizer.lr": lr, "model.width": width, "seed": seed,
            "epochs": 5, "epoch": 4 if state == "finished" else 1, "_step": 100, "val.acc": lr + width,
        }
        for i, (lr, width, seed, state) in enumerate(
            [(lr, w, s, "finished") for lr in (0.1, 0.01) for w in (8, 16) for s in (0, 1)]
            + [(0.1, 8, 2 + i, state) for i, state in enumerate(STATES)]
        )
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "export.csv", index=False)
    results = Results.load(tmp_path / "export.csv")
    table = results.table
    assert table.varied == ("optimizer.lr", "model.width")
    assert [table.one(role) for role in ("seed", "budget", "status")] == ["seed", "epoch", "State"]
    found = results.cells(Question("lr", "width", "acc"))
    assert found.n.tolist() == [[2, 2], [2, 2]]
    assert (found.failed.sum(), found.unfinished.sum()) == (4, 3)


def test_an_exported_chart_is_no_table_of_trainings(tmp_path):
    chart = {"Step": [0, 1], "a - loss": [1, 2], "a - loss__MIN": [1, 2], "a - loss__MAX": [1, 2]}
    pd.DataFrame(chart).to_csv(tmp_path / "chart.csv", index=False)
    with pytest.raises(TableError, match="export of a chart of W&B's"):
        Results.load(tmp_path / "chart.csv")
