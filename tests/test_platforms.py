"""What this machine can show of macOS and Windows: nothing of one system alone, files that others hold."""

import ast
import io
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from interplay.data import download, folder
from interplay.errors import DataError, InterplayError
from interplay.study.study import Study
from tests.results.test_results import make_run

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "interplay"
FILES = sorted(SRC.rglob("*.py"))
# Modules and functions that Windows lacks, or that mean fork.
ABSENT = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios"}
UNIX = {"fork", "forkpty", "getuid", "geteuid", "getpgid", "killpg", "setsid", "mkfifo", "chown"}


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_nothing_of_one_system_alone(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & ABSENT, file
            assert "os.path" not in names, "pathlib knows the system's separators"
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            assert owner != "os.path", "pathlib knows the system's separators"
            assert owner != "os" or node.attr not in UNIX, node.attr
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not node.value.startswith("/tmp"), "tempfile knows where"
            assert node.value not in ("fork", "forkserver"), "workers are started anew everywhere"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_every_text_file_names_its_encoding(file):
    """The system's own is an old code page on Windows."""
    for call in calls(ast.parse(file.read_text(encoding="utf-8"))):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        given = {keyword.arg for keyword in call.keywords}
        if name in ("read_text", "write_text"):
            assert "encoding" in given, ast.unparse(call)
        if name in ("open", "fdopen", "NamedTemporaryFile"):
            modes = [a.value for a in call.args if isinstance(a, ast.Constant)]
            written = [m for m in modes if isinstance(m, str) and set(m) <= set("rwaxbt+") and m]
            if written and "b" not in written[0]:
                assert "encoding" in given, ast.unparse(call)


def test_no_verb_meets_the_systems_own_encoding(tmp_path):
    """As the linter of Python itself sees it, in libraries called by us too."""
    make_run(tmp_path / "run")
    script = (
        "import sys, warnings\n"
        "from interplay.cli.app import app\n"
        "warnings.simplefilter('always', EncodingWarning)\n"
        "for line in (['new', 'mine'], ['space', 'mine.toml'], ['table', 'run', '--csv'],\n"
        "             ['heatmap', 'run'], ['interaction', 'run'], ['models'], ['data']):\n"
        "    try: app(line)\n"
        "    except SystemExit as done: assert not done.code, line\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = [line for line in done.stderr.splitlines() if "EncodingWarning" in line]
    assert not [line for line in ours if str(SRC) in line]


def test_a_csv_on_a_redirected_stdout_has_single_line_ends(tmp_path, monkeypatch):
    """Windows makes each line feed two characters; a table that does so itself gets three."""
    from interplay.cli import read

    make_run(tmp_path / "run")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "utf-8", newline="\r\n"))
    monkeypatch.setattr(os, "linesep", "\r\n")
    read.table(str(tmp_path / "run"), csv=True, curves=False, progress=False)
    sys.stdout.flush()
    assert b"\r\r\n" not in written.getvalue()
    assert written.getvalue().count(b"\r\n") == written.getvalue().count(b"\n") > 1


def held_by_another(*_, **__):
    """What Windows says of a file that another process has open."""
    raise PermissionError(13, "The process cannot access the file", "held")


def test_a_cache_that_another_process_holds_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERPLAY_DATA", str(tmp_path))
    monkeypatch.setattr(Path, "replace", held_by_another)
    monkeypatch.setattr(Path, "unlink", held_by_another)
    arrays = folder.cached("mine", "0", lambda: {"x": np.arange(3)})
    assert arrays["x"].tolist() == [0, 1, 2]


def test_a_download_whose_folder_another_process_holds_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERPLAY_DATA", str(tmp_path))

    def downloaded(name, factory, where):
        file = where / factory.settings.name / factory.settings.filename
        file.parent.mkdir()
        file.write_bytes(b"rows")
        return file

    monkeypatch.setattr(download, "_download", downloaded)
    monkeypatch.setattr(Path, "rename", held_by_another)
    with pytest.raises(DataError, match=r"cannot be written to \(The process cannot access"):
        download.fetch("iris")
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".lock"] == []


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "aux", "a.", "a b", "a:b", "a\\b", "LPT9"])
def test_names_that_are_no_files_of_windows_are_no_studies(name):
    with pytest.raises(InterplayError):
        Study(
            name=name, epochs=1, seeds=1, data={"name": "digits"}, model={"name": "linear"}
        )  # fmt: skip


def test_a_started_process_reads_the_script_and_does_not_run_it():
    """As `spawn` does on macOS and Windows, in every worker."""
    names = runpy.run_path(str(ROOT / "hypertune.py"), run_name="__mp_main__")
    assert callable(names["hypertune"])
