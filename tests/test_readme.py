"""The README and docs/ do what they say: commands run, examples work, verbs and files exist."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interplay.cli import read
from interplay.cli.app import app, hypertune
from interplay.data.dataset import DataSpec
from interplay.tuning import execute
from tests.tuning.fake import in_ones_own

ROOT = Path(__file__).parent.parent
PAGES = {
    page: page.read_text(encoding="utf-8")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
WORDS = "\n".join(PAGES.values())
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", WORDS, re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
TOML = [code for language, code in BLOCKS if language == "toml"]
SHELL = [
    line.partition("#")[0].strip()
    for kind, code in BLOCKS
    if not kind
    for line in code.splitlines()
]
VERBS = set(re.findall(r"`interplay (\w+)", WORDS))


SMALL = ["epochs=1", "seeds=3", "hidden_size=[4,8,16]", "dropout=[0,0.5]"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the ready studies and a small finished run, as after `make run`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "studies").symlink_to(ROOT / "studies")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["hypertune.py", *SMALL])
        patch.setattr(execute, "RaySession", in_ones_own)
        with pytest.raises(SystemExit) as done:
            hypertune()
    assert done.value.code in (0, None)
    assert (folder / "runs/digits").is_dir()
    return folder


@pytest.fixture
def project(trained, monkeypatch):
    monkeypatch.chdir(trained)
    return trained


def call(line):
    program, *arguments = shlex.split(line)
    assert program == "interplay"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"{line}: {result.output}"
    return result


@pytest.mark.slow
def test_every_verb_of_the_readme_runs(project):
    """Each row of the table of verbs, with its options, on the run that `make run` leaves."""
    call("interplay table runs/digits --csv")
    csv = call("interplay table runs/digits --csv").stdout
    (project / "digits.csv").write_text(csv)
    lines = {
        "tune": "interplay tune studies/digits.toml --dry-run",
        "space": "interplay space studies/digits.toml --json",
        "models": "interplay models",
        "data": "interplay data",
        "table": "interplay table runs/digits --curves",
        "heatmap": "interplay heatmap runs/digits --x hidden_size --y dropout --full -o digits.png",
        "columns": "interplay columns digits.csv --json",
        "interaction": "interplay interaction digits.csv --x hidden_size --y dropout --metric accuracy --seed seed --json",
        "report": "interplay report runs/digits -o page.pdf",
        "best": "interplay best runs/digits --by parameters --study alone.toml",
        "import": "interplay import digits.csv --out imported --map hidden_size=width",
        "convert": "interplay convert imported --map width=model.hidden_size -o anew.toml",
        "track": "interplay track runs/digits --tensorboard logs",
        "new": "interplay new mine --data gestures --model recurrent",
    }
    assert set(lines) == VERBS, "a verb of the README is not run here, or the other way round"
    for line in lines.values():
        call(line)
    call("interplay table runs/digits --progress")
    call("interplay table digits.csv --ranked --metric accuracy")
    call(
        "interplay heatmap digits.csv --x hidden_size --y dropout --metric accuracy --mode max "
        "--seed seed --budget epochs_run --status status "
        "--params model.hidden_size,model.dropout -o csv.png"
    )
    for name in ("digits.png", "page.pdf", "mine.toml", "csv.png"):
        assert (project / name).stat().st_size > 300


@pytest.mark.slow
def test_the_python_of_the_readme_runs(project, in_process, capsys):
    (code,) = [code for code in PYTHON if "interplay.run" in code]
    # A small budget in place of the file's; all else as it stands there.
    small = code.replace('digits.toml")', f'digits.toml", {SMALL})')
    assert small != code
    code = small
    exec(compile(code, "README", "exec"), {})
    assert "hidden_size" in capsys.readouterr().out


def test_the_commands_behind_the_targets_are_the_makefiles():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    made = {line.split()[1] for line in SHELL if line.startswith("make ")}
    assert {"run", "test"} <= made <= targets
    assert ".venv/bin/python hypertune.py" in SHELL
    assert ".venv/bin/python -m pytest" in SHELL
    install = next(line for line in SHELL if "pip install" in line)
    assert '-e ".[dev,optuna]"' in install
    assert '".[dev,optuna]"' in makefile


@pytest.mark.parametrize("code", TOML)
def test_every_piece_of_a_study_loads(tmp_path, code):
    from interplay.study.study import Study

    text = code if "name   =" in code else 'name = "s"\nepochs = 1\nseeds = 2\n' + code
    (tmp_path / "my_module.py").write_text(
        "import numpy as np\nfrom torch import nn\n"
        "def make(width=32, depth=2, *, input_shape, num_outputs): return nn.Linear(4, num_outputs)\n"
        "def load(): return np.zeros((9, 4), np.float32), np.arange(9) % 3\n"
        "def train(seed, x, y=1.0): return {'value': x * y}\n"
    )
    if "[trial]" in text:
        text = text.replace("epochs = 1\n", "")
    (tmp_path / "study.toml").write_text(text)
    study = Study.load(tmp_path / "study.toml")
    assert study.name in ("s", "digits")


def test_the_example_of_pictures(tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    rows = [
        {"hidden_size": x, "dropout": y, "seed": s, "accuracy": 0.8 + x / 100 - y / 9 + s / 99}
        for x in (4, 8)
        for y in (0.0, 0.5)
        for s in range(3)
    ]
    pd.DataFrame(rows).to_csv("digits.csv", index=False)
    example("from_frame")
    assert (tmp_path / "both.png").stat().st_size > 10_000


def test_what_is_said_of_tables_names_every_option_of_the_verbs():
    told = set(re.findall(r"`--([\w-]+)", PAGES[ROOT / "docs/the-sweep-you-already-have.md"]))
    options = inspect.signature(read.heatmap).parameters
    ours = {"source", "x", "y", "output", "full"}
    assert {name.replace("_", "-") for name in options if name not in ours} <= told


def test_the_way_of_a_sweep_that_one_has(tmp_path, monkeypatch):
    """The commands of the page, on a table as it has: each is answered or refused as it says."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    rows = [
        {"learning_rate": rate, "units": units, "seed": seed, "accuracy": 0.8 + units / 100 - rate,
         "training_iteration": 20 if units > 4 else 3}
        for rate in (0.001, 0.01)
        for units in (4, 8, 16)
        for seed in range(3)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv("sweep.csv", index=False)
    page = PAGES[ROOT / "docs/the-sweep-you-already-have.md"]
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if "logs/ray" not in line]
    assert [line.split()[1] for line in lines] == [
        "columns", "heatmap", "import", "convert", "tune"
    ]  # fmt: skip
    looked, drawn, *rest = lines
    call(looked)
    refused = CliRunner().invoke(app, shlex.split(drawn)[1:])
    assert refused.exit_code == 2
    assert "--where training_iteration=20" in " ".join(refused.output.split())
    call(f"{drawn} --where training_iteration=20 -o finished.png")
    for line in rest:
        call(line)
    assert "epochs = 20" in (tmp_path / "anew.toml").read_text(encoding="utf-8")


def example(word):
    (code,) = [code for code in PYTHON if word in code]
    names = {}
    exec(compile(code, "README", "exec"), names)
    return names


def test_the_example_of_a_dataset():
    wine = example("def wine")["wine"]()
    assert wine.inputs.shape == (178, 13)
    assert (wine.task, wine.num_outputs) == ("classification", 3)


def test_the_example_of_a_loader_with_groups():
    data = example("def by_person")["by_person"]()
    split = data.split()
    assert not set(data.groups[split.train]) & set(data.groups[split.valid])


def test_the_example_of_a_family_stacks():
    import torch

    from interplay.training.stacked.stack import stack

    build = example("def bottleneck")["bottleneck"]
    spec = DataSpec(kind="flat", shape=(13,), num_outputs=3, task="classification")
    models = [build(spec, width=4) for _ in range(3)]
    # Members lie one after the other along the batch.
    assert stack(models)(torch.zeros(3 * 5, 13)).shape == (3 * 5, 3)


def test_the_example_of_a_search_method():
    from interplay.search.guide import Task
    from interplay.space.domains import Choice
    from interplay.space.space import Space

    space = Space({"model.a": Choice((1, 2)), "model.b": Choice((3, 4))})
    guide = example("class Backwards")["backwards"](Task(space))
    cells = [guide.suggest(number) for number in range(5)]
    assert cells[0] == {"model.a": 2, "model.b": 4}
    assert cells[4] is None


def test_files_and_folders_that_it_names_are_there():
    named = set(
        re.findall(r"`((?:src|benchmarks|notebooks|studies|reports|tests|docs)/[\w./-]*)`", WORDS)
    )
    examples = {
        "src/interplay/data/wine.py",
        "src/interplay/models/bottleneck.py",
        "src/interplay/search/backwards.py",
    }
    missing = [name for name in named - examples if not (ROOT / name).exists()]
    assert not missing
    for page, words in PAGES.items():
        for link in re.findall(r"\]\(([\w./-]+)\)", words):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
        if page.parent != ROOT:
            assert f"(docs/{page.name})" in PAGES[ROOT / "README.md"], "nothing leads there"
    layout = WORDS[WORDS.index("## The layout") :].split("```")[1]
    for line in layout.splitlines():
        for name in re.findall(r"[\w.]+(?:/|\.py)(?=[ ,]|$)", line.partition("  ")[0] + " ") or []:
            assert list(ROOT.rglob(name.rstrip("/"))), name


def test_the_readme_is_short_enough_to_read():
    assert len(PAGES[ROOT / "README.md"].splitlines()) < 200


def test_the_layout_names_every_folder_and_file_of_the_package():
    layout = WORDS[WORDS.index("## The layout") :].split("```")[1]
    package = list((ROOT / "src/interplay").iterdir())
    folders = {path.name for path in package if (path / "__init__.py").exists()}
    assert folders == set(re.findall(r"^  (\w+)/", layout, re.MULTILINE))
    files = {path.name for path in package if path.suffix == ".py" and path.name[0] != "_"}
    ground = "\n".join(re.findall(r"^  \w+\.py.*$", layout, re.MULTILINE))
    assert files == set(re.findall(r"\w+\.py", ground))


def test_help_answers_at_once_and_shows_an_example_for_every_verb():
    for verb in sorted(VERBS):
        done = CliRunner().invoke(app, [verb, "--help"])
        assert done.exit_code == 0
        assert f"Example: interplay {verb}" in " ".join(done.stdout.split())
    script = "import sys; from interplay.cli.app import app\ntry: app(['report', '--help'])\nexcept SystemExit: pass\nassert not {'torch', 'ray', 'pandas', 'matplotlib', 'typst'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
