"""What the system refuses is a sentence with the path and exit status 2, in every verb."""

import errno
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interplay.cli import app as door
from interplay.results.results import Results
from tests.results.test_results import make_run

LONG = "a" * 300
TABLE = "x,y,m\n1,1,.5\n1,2,.6\n2,1,.7\n2,2,.8\n"
DRAW = ["heatmap", "t.csv", "--x", "x", "--y", "y", "--metric", "m", "--mode", "max"]


@pytest.fixture
def here(tmp_path, monkeypatch, in_process):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "t.toml").write_text(
        'name = "t"\nepochs = 1\nseeds = 1\n[data]\nname = "digits"\n'
        '[model]\nname = "linear"\nhidden_size = [4, 8]\n'
    )
    return tmp_path


def told(*arguments):
    """The message of a call that must end with 2: a line, after the notes on its study."""
    result = CliRunner().invoke(door.app, list(arguments))
    assert result.exit_code == 2, (result.exception, result.output)
    assert isinstance(result.exception, SystemExit)
    assert not result.stdout
    *notes, line = result.stderr.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    "arguments",
    [
        ["table", LONG],
        ["report", LONG],
        ["interaction", f"{LONG}.csv", "--x", "x", "--y", "y", "--metric", "m", "--mode", "max"],
        ["heatmap", LONG],
        ["space", f"{LONG}.toml"],
        ["tune", f"{LONG}.toml"],
        ["tune", "t.toml", "--out", LONG, "--dry-run"],
        ["tune", "t.toml", "--out", LONG],
        ["new", LONG],
        [*DRAW, "-o", f"{LONG}.png"],
        [*DRAW, "-o", f"{LONG}/h.png"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_a_name_of_300_characters(here, arguments):
    assert LONG in told(*arguments)


def test_a_folder_that_is_a_file(here):
    make_run(here / "run")
    assert "t.csv" in told("report", "run", "--folder", "t.csv")
    assert "t.csv" in told("tune", "t.toml", "--out", str(Path("t.csv") / "run"))
    assert "t.csv" in told(*DRAW, "-o", str(Path("t.csv") / "h.png"))


@pytest.mark.parametrize(
    ("code", "verb"),
    [
        (errno.ENOSPC, "heatmap"),
        (errno.EACCES, "heatmap"),
        (errno.EROFS, "heatmap"),
        (errno.EROFS, "tune"),
        (errno.EACCES, "report"),
    ],
)
def test_a_full_or_read_only_disk(here, monkeypatch, code, verb):
    from matplotlib.figure import Figure

    error = OSError(code, os.strerror(code), str(here / "out"))

    def refuse(*_, **__):
        raise error

    make_run(here / "run")
    monkeypatch.setattr(Figure, "savefig", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    arguments = {"heatmap": DRAW, "tune": ["tune", "t.toml"], "report": ["report", "run"]}[verb]
    where = f"{Path('runs', 't')} cannot be written" if verb == "tune" else here / "out"
    assert told(*arguments).startswith(f"error: {where}: {os.strerror(code)}")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("a library's own words"), "a library's own words"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError(errno.EXDEV, "Cross-device link", "a", None, "b"), "a -> b: Cross-device link"),
        (OSError(), "OSError"),
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_the_system_says_is_a_sentence(here, monkeypatch, error, words):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(Results, "load", refuse)
    assert words in told(*DRAW)


def test_what_does_not_fit_into_memory_is_a_sentence(here, monkeypatch):
    def refuse(*_, **__):
        raise MemoryError("Unable to allocate 8 TiB")

    monkeypatch.setattr(Results, "load", refuse)
    assert told(*DRAW) == "error: this does not fit into memory: Unable to allocate 8 TiB"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full")
@pytest.mark.parametrize("verb", [["columns", "t.csv"], ["table", "t.csv", "--csv"]])
def test_an_answer_that_cannot_be_written_is_said_once(start, here, verb):
    done = start("interplay", *verb, cwd=here, stdout="/dev/full")
    told = [line for line in done.communicate(100)[1].splitlines() if not line.startswith("note: ")]
    assert (done.returncode, told) == (2, ["error: No space left on device"])


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes")
def test_a_name_that_is_no_text_is_written_as_its_code(start, here):
    done = start("interplay", "heatmap", b"no\xff.csv", cwd=here)
    assert done.communicate(100)[1].startswith("error: there is no file no\\udcff.csv")
    assert done.returncode == 2


def test_nested_too_deeply_is_no_traceback(here):
    (here / "deep.toml").write_text("x = " + "[" * 5000 + "]" * 5000 + "\n")
    (here / "deep.yaml").write_text("x: " + "[" * 5000 + "]" * 5000 + "\n")
    for file in ("deep.toml", "deep.yaml"):
        assert "nested too deeply" in told("space", file)


def test_ctrl_c_is_130(here, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Results, "load", interrupt)
    result = CliRunner().invoke(door.app, DRAW)
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_redirected_answer_is_utf8(start, here):
    """As on Windows, where a file that takes stdout is opened in an old code page."""
    done = start("interplay", "interaction", *DRAW[1:], cwd=here, PYTHONIOENCODING="cp1252")
    out, err = done.communicate(100)
    assert done.returncode == 0, err
    assert "partial ω²" in out
