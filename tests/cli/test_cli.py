"""The verbs as a stranger meets them: answers on stdout, one message for a mistake, exit statuses."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app

ROOT = Path(__file__).parents[2]
SMALL = """
name = "tiny"
epochs = 1
seeds = 2
[data]
name = "digits"
batch_size = 256
[model]
name = "linear"
hidden_size = [4, 8]
dropout = [0.0, 0.5]
"""


@pytest.fixture
def here(tmp_path, monkeypatch, in_process):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(SMALL)
    return tmp_path


def call(*arguments):
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*arguments):
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_space_as_json():
    answer = json.loads(call("space", str(ROOT / "studies" / "digits.toml"), "--json").stdout)
    assert set(answer) == {"space", "constraint", "search", "notes"}
    space = {entry["name"]: entry for entry in answer["space"]}
    assert space["model.hidden_size"] == {
        "name": "model.hidden_size",
        "kind": "choice",
        "values": [8, 16, 32, 64, 128],
    }
    assert space["model.dropout"] == {
        "name": "model.dropout",
        "kind": "float",
        "low": 0.0,
        "high": 0.8,
        "log": False,
        "step": None,
        "count": 5,
    }
    assert space["optimizer.lr"] == {"name": "optimizer.lr", "kind": "constant", "value": 1e-3}
    assert answer["search"]["method"] == "grid"


def test_a_whole_run(here):
    plan = call("tune", "tiny.toml", "--dry-run")
    assert plan.exit_code == 0
    assert "cells    4" in plan.stdout
    assert "0 in the ledger, 8 to train" in plan.stdout
    assert not (here / "runs").exists()

    first = call("tune", "tiny.toml")
    assert first.exit_code == 0
    assert "tiny: 8 members trained" in first.stdout
    for words in (
        "best     accuracy 0.",
        "n=2",
        "reports/tiny/heatmap.png",
        "reports/tiny/table.csv",
    ):
        assert words in first.stdout
    assert "search" not in first.stdout  # a grid has no order worth a curve
    assert (here / "reports/tiny/heatmap.png").stat().st_size > 10_000
    assert "8/8 members" in first.stderr

    second = call("tune", "tiny.toml")
    assert second.exit_code == 0
    assert "nothing new to train, all 8 members were there already" in second.stdout

    table = call("table", "runs/tiny", "--csv").stdout.splitlines()
    assert len(table) == 9
    assert "model.hidden_size" in table[0]
    assert len(call("table", "runs/tiny", "--csv", "--curves").stdout.splitlines()) == 9
    assert "hidden_size" in call("table", "runs/tiny").stdout

    for suffix in ("png", "svg", "pdf"):
        drawn = call("heatmap", "runs/tiny", "--metric", "valid_loss", "-o", f"h.{suffix}")
        assert drawn.exit_code == 0, drawn.output
        assert (here / f"h.{suffix}").stat().st_size > 1000
    full = call("heatmap", "runs/tiny", "--full", "-o", "f.pdf")
    assert full.exit_code == 0, full.output
    assert full.stdout == "f.pdf\n"
    assert (here / "f.pdf").stat().st_size > (here / "h.pdf").stat().st_size
    assert "warning: 2 seeds: no verdict with fewer than 3" in full.stderr
    (here / "t.csv").write_text(call("table", "runs/tiny", "--csv").stdout)
    drawn = call(
        "heatmap",
        "t.csv",
        "--x",
        "hidden_size",
        "--y",
        "dropout",
        "--metric",
        "f1",
        "--seed",
        "seed",
        "-o",
        "c.png",
    )
    assert drawn.exit_code == 0, drawn.output

    assert "did you mean 'model.hidden_size'" in refused(
        "heatmap", "runs/tiny", "--x", "hiden_size", "--y", "dropout"
    )
    assert "ends in one of" in refused("heatmap", "runs/tiny", "-o", "h.gif")
    assert "no folder" in refused("heatmap", "runs/tiny", "-o", "no/where/h.png")
    assert "KEY=VALUE" in refused("heatmap", "runs/tiny", "--where", "norm")
    assert "did you mean runs/tiny" in refused("heatmap", "runs/tinny")


def test_a_search_and_a_scan_of_a_function(here):
    (here / "own.py").write_text(
        "def train(seed, x, y, z=0.0):\n"
        "    for epoch in range(3):\n"
        "        yield {'loss': (x - 0.3) ** 2 + (y - 0.7) ** 2 + 0.01 * z + 1 / (epoch + 1)}\n"
    )
    (here / "own.toml").write_text(
        'name = "own"\nepochs = 3\nseeds = 1\n[trial]\nfunction = "own:train"\n'
        + "".join(f"{name} = {{ low = 0.0, high = 1.0 }}\n" for name in "xyz")
        + '[search]\nmethod = "random"\ntrials = 12\nmetric = "loss"\nmode = "min"\n'
    )
    search = call("tune", "own.toml")
    assert search.exit_code == 0
    assert "search   reports/own/search.png" in search.stdout
    assert "next" not in search.stdout
    assert (here / "reports/own/search.png").stat().st_size > 10_000
    tried = call("table", "runs/own", "--progress", "--csv").stdout.splitlines()
    assert len(tried) == 13
    assert tried[0].startswith("number,trial.x,trial.y,trial.z,score,")
    assert "two tables" in refused("table", "runs/own", "--progress", "--curves")

    scan = call("tune", "own.toml", "name=scan", "search.scheduler=asha")
    assert scan.exit_code == 0
    line = next(line for line in scan.stdout.splitlines() if line.startswith("next"))
    assert line.startswith("next     scan-zoom.toml: ")
    assert line.endswith("25 cells × 5 seeds") or line.endswith("75 cells × 5 seeds")
    assert "25 cells" in line or line.count(" × ") == 3
    assert f"{here / 'scan-zoom.toml'} is the study" in refused(
        "heatmap", "runs/scan", "--x", "x", "--y", "y", "--over", "best"
    )
    zoomed = call("tune", "scan-zoom.toml", "--dry-run")
    assert zoomed.exit_code == 0


def test_a_full_picture_needs_a_grid_and_a_heatmap_does_not(here):
    rows = [f"{x / 40},{(x * 7 % 40) / 40},{x % 9}" for x in range(40)]
    (here / "r.csv").write_text("\n".join(["lr,width,score", *rows]))
    asked = ["heatmap", "r.csv", "--x", "lr", "--y", "width", "--metric", "score", "-o", "r.png"]
    assert "random samples, no grid" in refused(*asked, "--full")
    assert not (here / "r.png").exists()
    assert call(*asked).exit_code == 0
    assert (here / "r.png").stat().st_size > 10_000


def test_a_run_with_failed_members_exits_1(here):
    (here / "picky.py").write_text(
        "from torch import nn\n"
        "def make(width, input_shape, num_outputs):\n"
        "    if width == 3: raise ValueError('three is too few')\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, num_outputs))\n"
    )
    (here / "own.yaml").write_text(
        "name: own\nepochs: 1\nseeds: 1\ndata: {name: digits, batch_size: 256}\n"
        "model: {builder: 'picky:make', width: [3, 4]}\n"
    )
    result = call("tune", "own.yaml")
    assert result.exit_code == 1
    assert (
        "failed   1 member, the first with: ValueError: three is too few (picky.py, line 3)"
        in result.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tune", "tiny.tom"], "there is no study file tiny.tom; did you mean tiny.toml?"),
        (["tune", "tiny.toml", "epochs=0"], "epochs = 0"),
        (["tune", "tiny.toml", "hidden_size=[]"], "empty list"),
        (["tune", "tiny.toml", "model.dropout={low=0.5,high=0.1,count=3}"], "low is above high"),
        (["tune", "tiny.toml", "lr=nan"], "lr"),
        (["tune", "tiny.toml", "search.metric=rmse"], "classification has no such metric"),
        (["tune", "tiny.toml", "resources.device=cuda"], "not on this machine"),
        (["space", "nothing.toml"], "there is no study file"),
        (["table", "runs/none"], "there is no file or folder"),
        (["table", "."], "not a run folder"),
        (["heatmap", "none.csv"], "there is no file"),
        (["tune", "tiny.toml", "--out", "tiny.toml"], "is a file"),
        (["tune", "tiny.toml", "--out", "."], "holds other things"),
    ],
)
def test_mistakes(here, arguments, says):
    import torch

    if "resources.device=cuda" in arguments and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert says in refused(*arguments)
    assert not (here / "runs").exists() or not list((here / "runs").rglob("*.parquet"))


def test_hypertune_takes_a_study_and_overrides(monkeypatch, capsys):
    def hypertune(*arguments):
        monkeypatch.setattr(sys, "argv", ["hypertune.py", *arguments])
        with pytest.raises(SystemExit) as done:
            runpy.run_path(str(ROOT / "hypertune.py"), run_name="__main__")
        return done.value.code, capsys.readouterr()

    monkeypatch.chdir(ROOT)
    code, said = hypertune("epochs=2", "seeds=1", "--dry-run", "--out", "no-such-run")
    assert not code, said.err
    assert "digits, 2 epochs" in said.out
    assert "members  25" in said.out
    code, said = hypertune("studies/digts.toml")
    assert code == 2
    assert "digits.toml" in said.err
