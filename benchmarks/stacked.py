"""The stacked engine against training one by one, side by side in one run.

    python benchmarks/stacked.py command [ROUNDS]   whole commands: interplay against the peers
    python benchmarks/stacked.py course [ROUNDS]    the same against the course's own pattern
    python benchmarks/stacked.py engines [ROUNDS]   member-epochs: stacked against the reference

Every figure is a ratio of times taken in the same round, turn about; the CSVs hold all rounds.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import write

HERE = Path(__file__).parent
ROOT = HERE.parent
# As in the workers: glibc would give back and fetch again the memory of every step.
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "2147483647",
    "MALLOC_TOP_PAD_": "67108864",
}


def run(command: list[str], folder: Path, **environment: str) -> tuple[float, str]:
    """Seconds and output of a whole command."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - started, done.stdout


def peers_accuracy(output: str) -> float:
    found = re.search(r"mean accuracy ([0-9.]+)", output)
    assert found, output
    return float(found.group(1))


def ours(seeds: int, epochs: int) -> tuple[float, float]:
    """`python hypertune.py` on the peers' work: seconds, and the mean accuracy."""
    import pandas as pd

    out = tempfile.mkdtemp()
    command = [sys.executable, "hypertune.py", f"seeds={seeds}", f"epochs={epochs}", "--out", out]
    seconds, _ = run([*command, "optimizer.weight_decay=1e-5"], ROOT)
    return seconds, float(pd.read_csv(Path(out) / "table.csv")["accuracy"].mean())


def commands(rounds: int) -> None:
    """250 trainings of 30 epochs, whole command against whole command; and the course's own."""
    rows = []
    for number in range(rounds):
        seconds, accuracy = ours(10, 30)
        for peer in ("optuna_procs", "bare"):
            took, output = run(
                [sys.executable, f"{peer}.py"], HERE / "peers", SEEDS="10", EPOCHS="30"
            )
            rows.append(command_row(number, peer, 250, 30, seconds, took, accuracy, output))
    write(HERE / "stacked_command.csv", rows)
    for peer in ("optuna_procs", "bare"):
        ratios = [row["ratio"] for row in rows if row["peer"] == peer]
        print(f"{peer}: median ratio {statistics.median(ratios):.2f}")


def course(rounds: int) -> None:
    """The course's own pattern, 75 trainings of 10 epochs, which takes it minutes.

    Beyond Ray's start: what a run of one epoch costs is taken off both.
    """
    rows = []
    for number in range(rounds):
        rows += course_rows(number)
    write(HERE / "stacked_course.csv", rows)


def course_rows(number: int) -> list[dict[str, Any]]:
    empty, _ = ours(3, 1)
    seconds, accuracy = ours(3, 10)
    took, output = run([sys.executable, "course.py"], HERE / "peers", SEEDS="3", EPOCHS="10")
    beyond = command_row(number, "course", 75, 10, seconds - empty, took - empty, accuracy, output)
    return [
        command_row(number, "course", 75, 10, seconds, took, accuracy, output),
        {**beyond, "work": "75 x 10, beyond a run of 1 epoch"},
    ]


def command_row(
    number: int,
    peer: str,
    members: int,
    epochs: int,
    seconds: float,
    took: float,
    accuracy: float,
    output: str,
) -> dict[str, Any]:
    row = {
        "round": number,
        "work": f"{members} x {epochs}",
        "peer": peer,
        "interplay_s": round(seconds, 2),
        "peer_s": round(took, 2),
        "ratio": round(took / seconds, 2),
        "interplay_accuracy": round(accuracy, 4),
        "peer_accuracy": peers_accuracy(output),
    }
    print(row, flush=True)
    return row


# name, study, overrides, members of the stack
ENGINES: list[tuple[str, str, list[str], int]] = [
    *(
        (f"digits linear {h}", "digits", [f"model.hidden_size={h}", "model.dropout=0.2"], m)
        for h in (8, 32, 128)
        for m in (1, 5, 50)
    ),
    *(
        (f"digits conv {c} at 8x8", "digits-conv", [f"model.channels={c}", "model.dropout=0.2"], m)
        for c in (8, 16, 32)
        for m in (1, 5, 20)
    ),
    *(
        (
            f"conv {c} at 28x28",
            "digits-conv",
            [f"model.channels={c}", "model.dropout=0.2", "data.name=synthetic"],
            m,
        )
        for c in (8, 16)
        for m in (1, 5)
    ),
    *(
        (f"gestures gru {h}", "gestures", [f"model.hidden_size={h}", "model.dropout=0.2", *b], m)
        for h in (32, 64)
        for m in (1, 5)
        for b in ([], ["data.bucket=true"])
    ),
]


def parts_for(study: Any, synthetic: bool, device: str = "cpu") -> tuple[Any, Any]:
    """The one cell's configuration, and its rows."""
    import numpy as np

    from interplay.data.dataset import Dataset
    from interplay.data.load import load_dataset
    from interplay.models.factory import input_kind
    from interplay.training.members import section
    from interplay.training.tensors import make_parts

    config = study.cells()[0]
    data = section(config, "data")
    if synthetic:  # as large as Fashion-MNIST's images, which need a download
        g = np.random.default_rng(0)
        images = g.random((1280, 1, 28, 28), dtype=np.float32)
        dataset = Dataset.from_arrays(images, g.integers(0, 10, 1280), name="synthetic")
    else:
        dataset = load_dataset(data)
    kind = input_kind(section(config, "model"), data["view"], dataset)
    return config, make_parts(dataset, kind, data, fold=None, folds=None, device=device)


class PaddedBatches:
    """Random batches without end, as the course's streamers give them: padded with zeros to the
    longest of each, which nobody tells the model."""

    def __init__(self, part: Any, batch_size: int, seed: int) -> None:
        import torch

        self.part, self.batch_size = part, batch_size
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return len(self.part) // self.batch_size

    def __iter__(self) -> Any:
        import torch

        while True:
            order = torch.randperm(len(self.part), generator=self.generator)
            for rows in order[: len(self) * self.batch_size].view(len(self), -1):
                (inputs, lengths), targets = self.part.rows(rows)
                yield inputs[:, : int(lengths.max())], targets


def train_plainly(member: Any, parts: Any) -> None:
    """A recurrent net as the course trains one: mltrainer's own loop on plain padded batches."""
    import torch
    from mltrainer import Trainer, TrainerSettings
    from mltrainer.metrics import Accuracy

    from interplay.models.factory import build_model
    from interplay.training.members import section

    torch.manual_seed(member.seed)
    size = member.config["data.batch_size"]
    train, valid = (PaddedBatches(p, size, member.seed) for p in (parts.train, parts.valid))
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainerSettings(
            epochs=member.epochs,
            metrics=[Accuracy()],
            logdir=Path(folder),
            train_steps=len(train),
            valid_steps=len(valid),
            reporttypes=[],
            optimizer_kwargs={"lr": member.config["optimizer.lr"]},
            scheduler_kwargs=None,
            earlystop_kwargs=None,
        )
        Trainer(
            model=build_model(section(member.config, "model"), parts.spec),
            settings=settings,
            loss_fn=torch.nn.CrossEntropyLoss(),
            optimizer=torch.optim.Adam,
            traindataloader=train,
            validdataloader=valid,
            scheduler=None,
        ).loop()


def engines(rounds: int) -> None:
    """Seconds a member-epoch: stacked, the reference engine, and for recurrent nets mltrainer
    alone, at batches as large but random and padded, bucketed or not."""
    if not all(os.environ.get(k) == v for k, v in MALLOC.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})
    import torch

    torch.set_num_threads(1)
    from interplay.training.members import Member
    from interplay.training.reference import quieten, train_member
    from interplay.training.stacked.engine import train_stack

    quieten()
    rows = []
    for name, study_name, overrides, members in ENGINES:
        synthetic = "data.name=synthetic" in overrides
        epochs = 2
        study = load_study(study_name, epochs, overrides)
        config, parts = parts_for(study, synthetic)
        stack_of = [Member(str(s), config, s, epochs) for s in range(members)]
        few = stack_of[: min(members, 2)]
        ways: dict[str, tuple[int, Callable[[], Any]]] = {
            "stacked": (members, lambda s=stack_of, p=parts: train_stack(s, [p] * len(s))),
            "reference": (len(few), lambda s=few, p=parts: [train_member(m, p) for m in s]),
        }
        if parts.train.lengths is not None:
            one = stack_of[0]
            ways["mltrainer"] = (1, lambda m=one, p=parts: train_plainly(m, p))
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(-1, rounds):  # the first warms up
            for way, (count, train) in ways.items():
                started = time.perf_counter()
                train()
                if number >= 0:
                    times[way].append((time.perf_counter() - started) / count / epochs)
        row = {
            "case": name + (" buckets" if "data.bucket=true" in overrides else ""),
            "members": members,
            "rounds": rounds,
            **{f"{way}_ms": milliseconds(times.get(way)) for way in (*ways, "mltrainer")},
            "ratio": ratio(times, "reference"),
            "ratio_mltrainer": ratio(times, "mltrainer"),
        }
        print(row, flush=True)
        rows.append(row)
    write(HERE / "stacked_engines.csv", rows)


def milliseconds(seconds: list[float] | None) -> float | None:
    return None if seconds is None else round(1000 * statistics.median(seconds), 2)


def ratio(times: dict[str, list[float]], way: str) -> float | None:
    """How many times as long it takes as stacked, by the median over the rounds."""
    if way not in times:
        return None
    each = [other / own for other, own in zip(times[way], times["stacked"], strict=True)]
    return round(statistics.median(each), 2)


def load_study(name: str, epochs: int, overrides: list[str]) -> Any:
    """The study with one cell, and without the heatmap that one cell cannot have."""
    from interplay.study.files import apply_overrides, read_file
    from interplay.study.study import Study

    tables = read_file(ROOT / "studies" / f"{name}.toml")
    tables.pop("heatmap")
    kept = [o for o in overrides if o != "data.name=synthetic"]
    # Their keys are written whole, or in the file: no others need to be known.
    return Study(**apply_overrides(tables, [f"epochs={epochs}", *kept], lambda _: {"": ()}))


def main() -> None:
    what, *rest = sys.argv[1:] or ["engines"]
    rounds = int(rest[0]) if rest else 3
    {"command": commands, "course": course, "engines": engines}[what](rounds)


if __name__ == "__main__":
    main()
