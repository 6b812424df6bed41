"""Processes as `python -m MODULE …` starts them, at a tenth of the processor time.

Each would import torch, ray and pandas anew, for seconds. So one process imports them, once, and others
are forked from it: each a process of its own, with its own folder, environment, output and end. Where
forking such a process is not safe (all but Linux) they are started as ever. A test of what is
imported, or of an interpreter's options, starts its own.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LARGE = [
    "interplay.tuning.before_ray",
    "torch",
    "interplay.tuning.run",
    "interplay.tuning.execute",
    "interplay.cli.app",
    "interplay.training.stacked.engine",
    "interplay.training.reference",
    "interplay.plots.heatmap",
    "matplotlib.backends.backend_agg",
    "seaborn",
    "interplay.data.digits",
    "interplay.models.linear",
    "optuna.storages.journal",
    "sqlalchemy",
    "pytest",
    "ipykernel.kernelapp",
]
FORKS = sys.platform == "linux"


class Started:
    """A process, with the methods and names of `subprocess.Popen` that tests and Jupyter use.

    Args:
        command: `python -m MODULE ARGUMENT …`.
        env: its environment.
        stdout: a file for its output, where `communicate` is not to give it.
    """

    stdin = stdout = stderr = None

    def __init__(
        self,
        command: Iterable[str | bytes],
        cwd: str | Path,
        env: Mapping[str, str],
        stdout: str | None = None,
    ) -> None:
        words = [os.fsdecode(word) for word in command]
        module, *arguments = words[words.index("-m") + 1 :]
        self.folder = tempfile.TemporaryDirectory()
        own = [Path(self.folder.name, name) for name in ("stdout", "stderr")]
        self.files = [Path(stdout) if stdout else own[0], own[1]]
        self.process = _server().Process(
            target=_be,
            args=(module, arguments, str(cwd), dict(env), [*map(str, self.files)]),
            daemon=True,
        )
        self.process.start()
        # Who ends its group must not meet the one that it was forked in.
        while self.poll() is None and os.getpgid(self.pid) != self.pid:
            time.sleep(0.001)

    @property
    def pid(self) -> int:
        pid = self.process.pid
        assert pid is not None
        return pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.process), timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote on stdout and stderr, after its end."""
        self.wait(timeout)
        out, err = (f.read_text(encoding="utf-8") if f.is_file() else "" for f in self.files)
        return out, err

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def start(*arguments: str | bytes, cwd: Path, stdout: str | None = None, **environment: str) -> Any:
    """`python -m` with these arguments, which finds the tests too; in a process group of its own.

    Args:
        stdout: a file for its output, where `communicate` is not to give it.
        environment: variables of its own.
    """
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": paths, **environment}
    return popen([sys.executable, "-m", *arguments], cwd, env, stdout)


def popen(
    command: Iterable[str | bytes],
    cwd: Path,
    env: Mapping[str, str],
    stdout: str | None = None,
    **_: Any,
) -> Any:
    """As `subprocess.Popen` with pipes that are text, or `stdout` a file."""
    if FORKS:
        return Started(command, cwd, env, stdout)
    with Path(stdout or os.devnull).open("wb") as file:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=env,
            stdout=file if stdout else subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )


def _server() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LARGE)
    return context


def end() -> None:
    """End the process that others were forked from, and wait for it: its time is the tests'."""
    forkserver._forkserver._stop()


def _be(module: str, arguments: list[str], cwd: str, env: dict[str, str], files: list[str]) -> None:
    """Be the process that this environment and these arguments would have made."""
    assert "torch" in sys.modules, "what is forked has nothing to import"
    os.setsid()
    for number, file in enumerate(files, 1):
        there = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(there, number)
        os.close(there)
    coding = env.get("PYTHONIOENCODING", "utf-8")
    sys.stdout = open(1, "w", encoding=coding)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=coding, errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:0] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = [module, *arguments]
    import matplotlib

    if "MPLBACKEND" in env:  # read when it is imported
        matplotlib.rcParams["backend"] = env["MPLBACKEND"]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
