"""This tree against another commit, side by side in one run: what became faster, what slower.

    python benchmarks/against.py COMMIT [SECONDS [PIECES]]

Both trees train the same stacks, use the same dropouts and answer the same tables, turn about, each in
a process of its own that lives on from round to round: about SECONDS (15) of each tree for each piece,
but 9 rounds at least. A ratio is the other commit's seconds by this tree's, of the same round; the CSV
has its median with an interval that holds it in 95 of 100 cases (by the order of the rounds' ratios,
whatever their distribution), and the ratio of each tree's quickest round, which a busy machine disturbs
least. Above 1 this tree is faster. With PIECES only what has this in its name is done, and replaces its
rows of the CSV, each of which has its date.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from machine import write
from scipy.stats import binom

HERE = Path(__file__).parent
ROOT = HERE.parent
STACKS = (
    ("digits linear 8", 1), ("digits linear 32", 1), ("digits linear 32", 5),
    ("digits linear 32", 50), ("digits linear 128", 50),
    ("digits conv 8 at 8x8", 5), ("digits conv 16 at 8x8", 20), ("digits conv 32 at 8x8", 5),
    ("conv 16 at 28x28", 5),
    ("gestures gru 32", 5), ("gestures gru 64", 1), ("gestures gru 64", 5),
)  # fmt: skip
DROPOUTS = (
    ("32x32", 1), ("32x32", 8), ("32x32", 50),
    ("32x128", 1), ("32x128", 8), ("32x128", 16), ("32x128", 64),
    ("32x16x14x14", 1), ("32x16x14x14", 8),
    ("32x20x32", 1), ("32x20x32", 8),
)  # fmt: skip
FORWARDS = 200
LEAST, MOST = 9, 150  # rounds
WORK = [
    *(f"{name} x {members}" for name, members in STACKS),
    *(f"dropout {shape} x {members}" for shape, members in DROPOUTS),
    *(f"dropout {shape} alone" for shape, members in DROPOUTS if members == 1),
    "heatmap and interaction of 10^6 rows",
]


def stack_job(case: str) -> Callable[[], object]:
    """Train a stack of `stacked.ENGINES`, of the tree that is imported, for two epochs."""
    import torch
    from stacked import ENGINES, load_study, parts_for

    from interplay.training.members import Member
    from interplay.training.stacked.engine import train_stack

    torch.set_num_threads(1)
    name, _, members = case.rpartition(" x ")
    _, study_name, overrides, _ = next(
        e
        for e in ENGINES
        if e[0] == name and e[3] == int(members) and "data.bucket=true" not in e[2]
    )
    study = load_study(study_name, 2, overrides)
    config, parts = parts_for(study, "data.name=synthetic" in overrides)
    stack = [Member(str(seed), config, seed, 2) for seed in range(int(members))]
    return lambda: train_stack(stack, [parts] * len(stack))


def dropout_job(case: str) -> Callable[[], object]:
    """A dropout layer's way forward in training, of the reference engine where it is `alone`."""
    import torch
    from torch import nn

    from interplay.training.dropout import seed_dropout
    from interplay.training.stacked import engine

    torch.set_num_threads(1)
    _, shape, *stacked = case.replace(" x ", " ").replace(" alone", "").split()
    members = int(stacked[0]) if stacked else 1
    layers = [seed_dropout(nn.Sequential(nn.Dropout(0.3)), seed) for seed in range(members)]
    layer = (engine.stack(layers) if stacked else layers[0]).train()
    batch, *rest = map(int, shape.split("x"))
    x = torch.randn(members * batch, *rest, requires_grad=True)
    if len(rest) == 3:
        x = x.detach().to(memory_format=torch.channels_last).requires_grad_()

    def forwards() -> None:
        for _ in range(FORWARDS):
            layer(x)

    return forwards


def table_job() -> Callable[[], object]:
    """The numbers of a 20 × 20 heatmap and its analysis, of a million rows."""
    import numpy as np
    import pandas as pd

    from interplay.analysis.cells import CellMeans
    from interplay.analysis.interaction import InteractionTest

    g = np.random.default_rng(0)
    x, y = g.integers(0, 20, (2, 1_000_000))
    frame = pd.DataFrame({"x": x, "y": y, "seed": np.arange(1_000_000) // 400 % 2500})
    frame["metric"] = 0.01 * x + 0.02 * y + g.normal(0, 0.1, len(frame))

    def answer() -> object:
        asked: dict[str, Any] = {"x": "x", "y": "y", "metric": "metric", "seed": "seed"}
        return CellMeans(**asked)(frame), InteractionTest(**asked)(frame)

    return answer


def job_of(work: str) -> Callable[[], object]:
    """A piece of `WORK`, prepared."""
    if work.startswith("dropout "):
        return dropout_job(work)
    return stack_job(work) if " x " in work else table_job()


def serve() -> None:
    """Read a line: the name of a piece of work prepares it, an empty one does it and says how long."""
    out, sys.stdout = sys.stdout, sys.stderr  # what the work prints is no answer
    job: Callable[[], object] = lambda: None  # noqa: E731
    for line in sys.stdin:
        if line.strip():
            job = job_of(line.strip())
        started = time.perf_counter()
        job()
        print(time.perf_counter() - started, file=out, flush=True)


class Tree:
    """A checkout whose code answers."""

    def __init__(self, folder: Path) -> None:
        paths = os.pathsep.join([str(folder / "src"), str(folder / "benchmarks")])
        # As in the workers: glibc would give back and fetch again the memory of every step.
        memory = {
            "MALLOC_MMAP_MAX_": "0",
            "MALLOC_TRIM_THRESHOLD_": "2147483647",
            "MALLOC_TOP_PAD_": "67108864",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).resolve()), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **memory, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        )

    def ask(self, line: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """The files of `commit` in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def before(commit: str) -> dict[str, dict[str, Any]]:
    """By piece of work the row that there is of it against this commit, in the order of `WORK`."""
    file = HERE / "against.csv"
    rows = list(csv.DictReader(file.open())) if file.is_file() else []
    there = {row["work"]: row for row in rows if row["against"] == commit}
    return {work: there.get(work, {}) for work in WORK}


def main() -> None:
    commit, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 15.0
    pieces = sys.argv[3] if len(sys.argv) > 3 else ""
    rows = []
    with checkout(commit) as folder:
        for work in (work for work in WORK if pieces in work):
            # Processes of their own for each piece, so that no work inherits another's memory.
            trees = {"other": Tree(folder), "this": Tree(ROOT)}
            times: dict[str, list[float]] = {name: [] for name in trees}
            for tree in trees.values():
                tree.ask(work)  # prepared, and warm
            rounds = int(min(max(LEAST, seconds / max(t.ask("") for t in trees.values())), MOST))
            for number in range(rounds):
                order = list(trees) if number % 2 else list(trees)[::-1]
                for name in order:
                    times[name].append(trees[name].ask(""))
            for tree in trees.values():
                tree.close()
            ratios = sorted(a / b for a, b in zip(times["other"], times["this"], strict=True))
            least, most = (int(i) for i in binom.interval(0.95, rounds, 0.5))
            row = {
                "work": work,
                "against": commit,
                "rounds": rounds,
                **{f"{name}_s": round(statistics.median(t), 4) for name, t in times.items()},
                "ratio": round(statistics.median(ratios), 3),
                "ratio_low": round(ratios[least - 1], 3),
                "ratio_high": round(ratios[min(most, rounds - 1)], 3),
                "ratio_of_quickest": round(min(times["other"]) / min(times["this"]), 3),
            }
            print(row, flush=True)
            rows.append(row)
    done = {row["work"]: row for row in rows}
    each = [done.get(work, old) for work, old in before(commit).items()]
    write(HERE / "against.csv", [row for row in each if row])


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else main()
