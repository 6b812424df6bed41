"""The package as one installs it: a wheel that runs far from the repository."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

import interplay
from interplay.cli.app import app

ROOT = Path(__file__).parents[1]


def run(*command, cwd, **extra):
    """Run it without what makes the repository importable; its stdout."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | extra
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy: the source tree stays as it is."""
    import shutil

    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(
        ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist"),
        cwd=copy,
    )
    (built,) = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_all_that_the_source_does(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        told = archive.read(metadata).decode("utf-8")
    source = ROOT / "src" / "interplay"
    files = [p for p in source.rglob("*") if p.is_file() and p.parent.name != "__pycache__"]
    assert {f"interplay/{p.relative_to(source).as_posix()}" for p in files} <= names
    assert "interplay/py.typed" in names
    assert any(name.endswith("/LICENSE") for name in names)
    assert f"\nVersion: {interplay.__version__}\n" in told
    assert "\nLicense-Expression: MIT\n" in told


def test_the_version_stands_in_one_place():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"interplay {interplay.__version__}\n"
    number = re.escape(f'"{interplay.__version__}"')
    written = [p for p in [*ROOT.glob("*.toml"), *ROOT.glob("src/**/*.py")]
               if re.search(f"version.*{number}", p.read_text(encoding="utf-8"))]  # fmt: skip
    assert written == [ROOT / "src" / "interplay" / "__init__.py"]


@pytest.mark.slow
def test_a_run_elsewhere(wheel, tmp_path):
    """A fresh environment, whose other packages are those of this one, and an empty folder."""
    place = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", place, cwd=tmp_path)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    run(*pip, wheel, cwd=tmp_path)
    purelib = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
    )
    others = sysconfig.get_path("purelib")  # added as a path: what .pth files it has are not read
    Path(purelib.strip(), "others.pth").write_text(others + "\n", encoding="utf-8")

    empty = tmp_path / "empty"
    empty.mkdir()
    where = run(python, "-c", "import interplay; print(interplay.__file__)", cwd=empty)
    assert Path(where.strip()).is_relative_to(place)
    command = scripts / "interplay"
    assert run(command, "--version", cwd=empty) == f"interplay {interplay.__version__}\n"
    assert "mine.toml" in run(command, "new", "mine", cwd=empty)
    small = ("epochs=1", "seeds=2", "hidden_size=[4,8]", "dropout=[0.0,0.5]", "batch_size=256")
    small = (*small, "resources.workers=1")
    assert "8 members trained" in run(command, "tune", "mine.toml", *small, cwd=empty)
    assert (empty / "reports" / "mine" / "heatmap.png").stat().st_size > 10_000
    run(command, "report", "runs/mine", "-o", "page.pdf", cwd=empty)
    assert (empty / "page.pdf").read_bytes().startswith(b"%PDF")


def test_all_that_is_needed_is_pinned():
    """Also what others need: a torchvision of another torch does not load."""
    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    left, seen = ["interplay"], {"interplay", "setuptools"}  # the second is Python's, as pip is
    while left:
        for text in metadata.requires(left.pop()) or []:
            needed = Requirement(text)
            name = canonicalize_name(needed.name)
            wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if wanted and name not in seen:
                seen.add(name)
                left.append(name)
    assert seen - pinned == {"interplay", "setuptools"}
