"""Shared by all tests: one Ray, processes that import nothing anew, small studies, no figure windows."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

# As in a worker mltrainer draws no bars, a quarter of the time of a small training; the variable is
# read when tqdm is first imported, which torch does.
os.environ |= {"TQDM_DISABLE": "1", "MPLBACKEND": "agg"}

import pytest
import torch
import typer.testing
from _pytest.nodeid import coerce_node_id
from hypothesis import settings

# As in a worker: more threads than members would fight over the cores.
torch.set_num_threads(1)
# Processes that tests start would compile the package again and again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Each call would make all verbs anew, which takes longer than most of what tests ask of them.
typer.testing._get_command = functools.cache(typer.testing._get_command)
SOAK = "INTERPLAY_SOAK" in os.environ
# A busy machine makes no test fail. `make test` has the same examples each time, so that what it
# says is about the change at hand; `make soak` has new ones, and twenty times as many.
settings.register_profile("test", deadline=None, derandomize=True)
settings.register_profile("soak", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("soak" if SOAK else "test")

from interplay.study.study import Study

# What Ray's daemons take while it stands idle is time of the tests as well: those that need it are
# the first, and it ends with the last of them.
RAY = ExitStack()


def _group(item: pytest.Item) -> str:
    """Tests that share something costly stay in one process of pytest-xdist; else, a file does."""
    names = getattr(item, "fixturenames", ())
    return next((name for name in ("ray_running", "start") if name in names), item.path.as_posix())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not SOAK:
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
        if hasattr(item.config, "workerinput"):
            # What pytest-xdist 3.8 does to `_nodeid`, which pytest 9.2 no longer reads: without it
            # every test is a group of its own, and Ray starts in each process.
            item._id = coerce_node_id(f"{item.nodeid}@{_group(item)}")
    items.sort(key=lambda item: _group(item) != "start")
    items.sort(key=lambda item: _group(item) != "ray_running")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or _group(nextitem) != "ray_running":
        RAY.close()


@pytest.fixture(scope="session")
def ray_running() -> None:
    """One Ray for all tests that train on it; `run` uses the one that is there."""
    from interplay.tuning.session import RaySession

    RAY.enter_context(RaySession(workers=2, cpus_per_worker=1)).ready()


@pytest.fixture(autouse=True)
def _no_ray_by_accident(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes half a minute of processor time to start."""
    from interplay.tuning.session import RaySession

    def begin(session: RaySession) -> None:
        pytest.fail("this starts Ray; ask for `in_process`, or `ray_running` where Ray is tested")

    if "ray_running" not in request.fixturenames:
        monkeypatch.setattr(RaySession, "begin", begin)


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Any]]:
    """Starts processes that import nothing anew: `tests.processes.start`."""
    from tests import processes

    yield processes.start
    processes.end()


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What trains from now on trains in this process, where that it is Ray's is not what is tested."""
    from interplay.tuning import execute
    from tests.tuning.fake import in_ones_own

    monkeypatch.setattr(execute, "RaySession", in_ones_own)


@pytest.fixture
def quiet_run(tmp_path: Path) -> Callable[..., Any]:
    """Run a study without Ray: its workers are in this process, in a session that keywords make."""
    from interplay.tuning.execute import execute
    from tests.tuning.fake import InProcess

    def run(study: Study, out: str = "run", listeners: Any = (), **session: Any) -> Any:
        workers = InProcess(**session)
        return execute(study, tmp_path / out, progress=False, session=workers, listeners=listeners)

    return run


@pytest.fixture
def ray_run(ray_running: None, tmp_path: Path) -> Callable[..., Any]:
    """Run a study on Ray, as a user does."""
    from interplay.tuning.execute import execute

    def run(study: Study, out: str = "run") -> Any:
        return execute(study, tmp_path / out, progress=False)

    return run


@pytest.fixture
def make_study() -> Callable[..., Study]:
    """A small digits study; sections given as keywords are merged into it."""

    def make(**changes: Any) -> Study:
        tables: dict[str, Any] = {
            "name": "small",
            "epochs": 1,
            "seeds": 2,
            "data": {"name": "digits", "batch_size": 128},
            "model": {
                "name": "linear",
                "num_layers": 1,
                "hidden_size": [4, 8],
                "dropout": [0.0, 0.5],
            },
        }
        folders = changes.pop("folders", None)
        for key, value in changes.items():
            if isinstance(value, dict) and isinstance(tables.get(key), dict):
                tables[key] = {**tables[key], **value}
            else:
                tables[key] = value
        return Study(folders=folders, **tables)

    return make


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of MLflow's without experiments, to copy: its tables take seconds to make."""
    from mlflow import MlflowClient

    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(tracking_uri=f"sqlite:///{file.as_posix()}").search_experiments()
    return file


@pytest.fixture
def mlflow_store(empty_store: Path, tmp_path: Path) -> str:
    """The address of such a database of this test's own."""
    return f"sqlite:///{Path(shutil.copy(empty_store, tmp_path / 'mlflow.db')).as_posix()}"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """A Redis server of this test's own."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [server, "--port", str(port), "--dir", str(tmp_path), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.wait()
