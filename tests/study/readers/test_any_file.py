"""Sweep files broken in any way: an answer or a message, and nothing else is touched or run."""

import random
import re
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from interplay.cli.app import app
from tests.examples import examples
from tests.study.readers.test_conformance import ROWS

TOKEN = re.compile(r"[\w.+-]+|\s+|.")
OTHERS = (
    "null", "~", "[]", "{}", "-1", "0", "1e308", "1e-308", "nan", ".inf", "true", "''", "9" * 30, "1_0", "0x1f",
    "!!python/object/apply:os.system [touch ran]", "${oc.env:HOME}", "&a", "*a", "<<", "[[[[", "}}", ":", "\t", "é",
    "__import__('os')", "{_target_: os.system}", "x: &x [*x]", "1 + 1", "a,b", "choice()", "interval(2,1)", "\\", "\u202e",
    "import 'x'", "local x = 1;", "2020-01-01", "1:30", "=", "%", "{hyper_opt: {}}", "parameters", "distribution", "when",
)  # fmt: skip
TOUCHING = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "socket.",
    "shutil.",
    "os.remove",
)
"""Of Python's audit events: what nothing that reads a file does."""
watched: list[str] | None = None


def _watch(event, arguments):
    if watched is None:
        return
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event.startswith(TOUCHING) or writes:
        watched.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_watch)  # stays until the process ends, and is asleep but here


def broken(seed):
    """A file of ours or of another tool's with a few of its pieces gone, doubled or replaced."""
    chance = random.Random(seed)
    _, _, suffix, text, _ = chance.choice(ROWS)
    pieces = TOKEN.findall(text)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(pieces)) if pieces else 0
        kind = chance.randrange(4)
        if kind == 0 and pieces:
            del pieces[at]
        elif kind == 1 and pieces:
            pieces.insert(at, pieces[at])
        elif kind == 2 and pieces:
            pieces[at] = chance.choice(OTHERS)
        else:
            pieces.insert(at, chance.choice([*OTHERS, *chance.choice(ROWS)[3].split()]))
    suffix = (
        chance.choice((".yaml", ".toml", ".json", ".json5")) if chance.random() < 0.1 else suffix
    )
    return suffix, "".join(pieces)


@examples(1000)
@given(st.integers(0, 10**9))
def test_a_broken_file_is_answered_or_told(tmp_path_factory, seed):
    global watched
    folder = tmp_path_factory.mktemp("broken")
    suffix, text = broken(seed)
    file = folder / f"sweep{suffix}"
    file.write_text(text, encoding="utf-8")
    verb = (
        ("space", str(file)),
        ("tune", str(file), "data.name=digits", "model.name=linear", "--dry-run"),
    )
    watched = []
    try:
        done = CliRunner().invoke(app, list(verb[seed % 2]))
        touched = watched
    finally:
        watched = None
    assert done.exception is None or isinstance(done.exception, SystemExit), text
    assert done.exit_code in (0, 2), (text, done.output)
    assert [name for name in touched if "numba" not in name] == [], text
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert not Path("ran").exists()
