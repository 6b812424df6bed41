"""Any text as an override: read or refused, and no file, module or command is touched."""

import contextlib
import functools
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.study.study import Study
from tests.examples import examples

FILE = 'name = "s"\nepochs = 2\n[data]\nname = "digits"\n[model]\nname = "linear"\ndropout = 0.1\n'
SEARCH = ("search.method=optuna", "search.trials=3")
KEYS = (
    *("dropout", "model.dropout", "model", "data", "schedule", "epochs", "seeds", "name", "lr"),
    *("search.method", "search.trials", "search.storage", "model.name", "data.name", "heatmap.x"),
    *("model.builder", "data.builder", "data.path", "trial.function", "hydra.sweeper.n_trials"),
    *("hydra/sweeper", "hydra/sweeper/sampler", "hydra.sweeper.params.dropout", "hydra.run.dir"),
    *("hparams_search", "trainer.max_epochs", "model.architecture", "model.last_activation"),
    *("model.optimizer.log10_lr", "a.b.c", "x@y", "constraint", "resources.device", ""),
)
SWEEPS = (
    *("glob(*)", "glob([l*,c*],exclude=x)", "range(1,4)", "range(0.1,0.5,0.1)", "interval(0,0.5)"),
    *(
        "int(interval(1,8))",
        "tag(log,interval(0.1,0.5))",
        "choice(1,2)",
        "shuffle(range(3))",
        "1,2",
    ),
    *("sort(2,1)", "str(1,2)", "choice(True,False)", "linear,conv", "[1],[2,3]", "null,1"),
)
WORDS = (
    *("linear", "conv", "mlp", "regression", "optuna", "grid", "digits", "null", "True", "1", "-3"),
    *("0.5", "1e999", "nan", "inf", "{_target_: os.system}", "{_target_: torch.nn.Tanh}", "${x}"),
    *(
        "[1, 2]",
        "{low = 1, high = 2}",
        "{a: 1}",
        "'a'",
        '"b',
        "\\",
        ",",
        "(",
        ")",
        "os:system",
        "../x",
    ),
)
VALUES = st.recursive(
    st.sampled_from(WORDS) | st.text(max_size=8) | st.floats().map(str) | st.integers().map(str),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(
                [
                    "choice",
                    "interval",
                    "range",
                    "int",
                    "float",
                    "bool",
                    "str",
                    "tag",
                    "shuffle",
                    "sort",
                    "glob",
                    "exec",
                ]
            ),
            st.lists(inner, max_size=3),
        ).map(lambda call: f"{call[0]}({','.join(call[1])})"),
        st.lists(inner, min_size=2, max_size=3).map(",".join),
        st.lists(inner, max_size=2).map(lambda items: f"[{','.join(items)}]"),
    ),
    max_leaves=6,
)
OVERRIDES = st.text(max_size=20) | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(("", "", "+", "++", "~")),
    st.sampled_from(KEYS) | st.text(max_size=6),
    st.sampled_from(("=", "=", "=", "")),
    st.sampled_from(SWEEPS) | VALUES,
)
TOUCHES = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "socket.",
)
ALLOWED = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2] / "src"), os.devnull)


@functools.cache
def _watched() -> list[list[str]]:
    """What the process does while a list is on the top, which an audit hook is told; it stays."""
    stack: list[list[str]] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if not stack:
            return
        if event.startswith(TOUCHES):
            stack[-1].append(f"{event} {arguments}")
        if event == "open" and not str(arguments[0]).startswith((*ALLOWED, "/usr", "/proc")):
            stack[-1].append(f"open {arguments[0]}")

    sys.addaudithook(hook)
    return stack


@contextlib.contextmanager
def touched():
    """What is opened, begun or changed meanwhile."""
    stack, found = _watched(), []
    stack.append(found)
    try:
        yield found
    finally:
        stack.pop()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    file = folder / "s.toml"
    file.write_text(FILE, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    Study.load(file, ["dropout=0.1,0.2", "seeds=range(3)", "model=mlp", *SEARCH])  # all imported
    yield file
    os.chdir(before)


@pytest.mark.parametrize("key", KEYS)
def test_any_sweep_of_any_key_is_read_or_refused(study, key):
    for sweep in SWEEPS:
        with touched() as found, contextlib.suppress(InterplayError):
            Study.load(study, [f"{key}={sweep}", *SEARCH])
        assert [one for one in found if str(study) not in one] == []


@examples(1000)
@given(st.lists(OVERRIDES, min_size=1, max_size=3))
def test_any_override_is_read_or_refused(study, overrides):
    before = set(sys.modules)
    # The command line's door makes exit 2 of this error; any other would be a traceback.
    with touched() as found, contextlib.suppress(InterplayError):
        Study.load(study, overrides)
    assert [one for one in found if str(study) not in one] == []
    assert list(study.parent.iterdir()) == [study]
    new = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert not new & {"os_system", "antigravity", "this"}
