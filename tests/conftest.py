"""Shared by all tests: a Ray session per test run, small studies, no figure windows."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

# As in a worker: more threads than members would fight over the cores.
torch.set_num_threads(1)
os.environ["MPLBACKEND"] = "agg"
SOAK = "INTERPLAY_SOAK" in os.environ
# A busy machine makes no test fail. `make test` has the same examples each time, so that what it
# says is about the change at hand; `make soak` has new ones, and twenty times as many.
settings.register_profile("test", deadline=None, derandomize=True)
settings.register_profile("soak", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("soak" if SOAK else "test")

from interplay.study.study import Study

# Folders and files whose tests start Ray, in two halves that take about as long.
STARTS_RAY = (
    {"search", "test_ray.py", "test_readme.py", "test_package.py"},
    {"tuning", "test_cli.py", "test_notebooks.py"},
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under pytest-xdist a file stays together, and so does each half of what starts Ray, which
    begins first: each start waits for seconds, and a process of its own then works."""
    here = Path(__file__).parent
    order = {}
    if not SOAK:
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    for item in items:
        file = item.path.relative_to(here)
        names = {file.parts[0], file.name}
        half = next((i for i, half in enumerate(STARTS_RAY) if names & half), len(STARTS_RAY))
        ray = half < len(STARTS_RAY)
        item.add_marker(pytest.mark.xdist_group(f"ray {half}" if ray else file.as_posix()))
        order[item] = half
    items.sort(key=order.__getitem__)


@pytest.fixture(scope="session")
def ray_running() -> Iterator[str]:
    """One Ray for all tests that train in this process; `run` uses the one that is there. Its
    address, for other processes."""
    from interplay.tuning.session import RaySession

    with RaySession(workers=2, cpus_per_worker=1) as session:
        session.ready()
        import ray

        yield ray.get_runtime_context().gcs_address


@pytest.fixture
def quiet_run(tmp_path: Path) -> Callable[..., Any]:
    """Run a study without Ray: its workers are in this process, in a session that keywords make."""
    from interplay.tuning.execute import execute
    from tests.tuning.fake import InProcess

    def run(study: Study, out: str = "run", **session: Any) -> Any:
        return execute(study, tmp_path / out, progress=False, session=InProcess(**session))

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
