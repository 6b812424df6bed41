"""The notebooks run top to bottom with small budgets, offline, say little, and draw; git has no outputs."""

from __future__ import annotations

import ast
import asyncio
import base64
import os
import shutil
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import interplay
from tests.processes import popen

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ALLOWED = {
    *("interplay", "matplotlib", "numpy", "os", "pandas", "pathlib", "torch"),
    *("ray", "sklearn"),  # what the sweep of somebody else is made with
}
MOST_LINES = 150
# Half a minute of processor time less than with workers of Ray's. The first notebook has these, as
# its reader does.
WITHOUT_RAY = """
from tests.tuning.driver import without_ray

without_ray()
"""


def read(path):
    return nbformat.read(path, as_version=4)


def sources(path, kind):
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def test_there_are_six():
    names = [path.stem for path in NOTEBOOKS]
    assert names == [
        "01_first_study",
        "02_reading_a_heatmap",
        "03_gestures",
        "04_design_your_own",
        "05_the_sweep_you_already_have",
        "06_from_the_heatmap_to_the_model",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestAsKeptInGit:
    def test_it_has_no_outputs(self, path):
        notebook = read(path)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert not cell.outputs
                assert cell.execution_count is None
            assert not cell.metadata, "the machine of whoever ran it last is nobody's business"

    def test_it_opens_with_a_question_and_ends_with_exercises(self, path):
        cells = read(path).cells
        assert cells[0].cell_type == cells[-1].cell_type == "markdown"
        assert cells[0].source.splitlines()[0].startswith("# ")
        assert cells[0].source.splitlines()[0].endswith("?")
        assert "## Exercises" in cells[-1].source
        assert cells[-1].source.count("\n1. ") == 1

    def test_its_budget_stands_in_the_first_code_cell(self, path):
        first, *others = sources(path, "code")
        assert "EPOCHS, SEEDS = " in first
        assert not [source for source in others if "QUICK" in source]

    def test_it_uses_public_names_only(self, path):
        for source in sources(path, "code"):
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                    assert "interplay" in names or not any("interplay" in n for n in names)
                elif isinstance(node, ast.ImportFrom):
                    names = [str(node.module)]
                    if "interplay" in names[0]:
                        assert names == ["interplay"]
                        assert {alias.name for alias in node.names} <= set(interplay.__all__)
                elif isinstance(node, ast.Attribute):
                    assert not node.attr.startswith("_") or node.attr == "__name__"
                    if isinstance(node.value, ast.Name) and node.value.id == "interplay":
                        assert node.attr in interplay.__all__
                    continue
                else:
                    continue
                assert {name.partition(".")[0] for name in names} <= ALLOWED


def gestures():
    """Recordings of the real shape: each gesture its own direction, under noise."""
    random = np.random.default_rng(0)
    n, steps, classes = 60, 12, 4
    targets = np.arange(n) % classes
    lengths = random.integers(5, steps + 1, n)
    slope = random.normal(0, 1, (classes, 3))[targets, None, :]
    inputs = slope * np.linspace(0, 1, steps)[:, None] + random.normal(0, 0.3, (n, steps, 3))
    inputs[np.arange(steps) >= lengths[:, None]] = 0
    return {
        "inputs": inputs.astype(np.float32),
        "targets": targets,
        "lengths": lengths,
        "classes": np.array([f"{i:02}" for i in range(1, classes + 1)]),
    }


@pytest.fixture
def folder(start, tmp_path, monkeypatch):
    """A copy of the notebooks, the studies beside it, and gestures already parsed: no network."""
    from interplay.data.download import expected_md5
    from interplay.data.folder import cached, key_of
    from interplay.data.gestures import PARSER

    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    own = tmp_path / "notebooks"
    own.mkdir()
    for file in (*NOTEBOOKS, *(ROOT / "notebooks").glob("*.py")):
        shutil.copy(file, own)
    monkeypatch.setenv("INTERPLAY_DATA", str(tmp_path / "data"))
    cached("gestures", key_of(expected_md5("gestures"), PARSER), gestures)
    monkeypatch.setenv("INTERPLAY_QUICK", "1")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    # A kernel's own: figures are outputs.
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setattr("jupyter_client.provisioning.local_provisioner.launch_kernel", popen)
    # Any download would go through here, and fail.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return own


def execute(notebook, folder):
    """Run it with this interpreter, whatever kernels are installed; its outputs are in it then."""
    if sys.platform == "win32":  # zmq needs a loop with add_reader
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    client = NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def text_of(output):
    return output.text if output.output_type == "stream" else output.data.get("text/plain", "")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_top_to_bottom(path, folder):
    notebook = read(folder / path.name)
    runs = sum(source.count("interplay.run(") for source in sources(path, "code"))
    if path != NOTEBOOKS[0]:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(WITHOUT_RAY))
    outputs = execute(notebook, folder)

    figures = [
        output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    assert figures
    for figure in figures:
        assert base64.b64decode(figure).startswith(b"\x89PNG")
    # Somebody else's sweep shows what it likes.
    ours = [cell for cell in notebook.cells if "tune.Tuner(" not in cell.source]
    displays = [
        o for cell in ours for o in cell.get("outputs", []) if o.output_type == "display_data"
    ]
    assert "text/html" not in {kind for display in displays for kind in display.data}, (
        "a display that is no figure of ours"
    )
    lines = [line for output in outputs for line in text_of(output).splitlines()]
    assert len(lines) <= MOST_LINES
    noise = [line for line in lines if "Warning" in line or "INFO" in line or "Traceback" in line]
    assert not noise
    said = [text_of(output) for output in outputs if output.get("name") == "stderr"]
    trained = [line for text in said for line in text.splitlines()]
    assert len(trained) <= 8 * runs, "a run says how many there are, and now and then how far it is"
    assert {path.name for path in folder.parent.iterdir()} == {"data", "notebooks", "studies"}
