"""How a large run reads, and what a long search costs its driver.

    python benchmarks/scale.py            100,000 members of 20 epochs, and 10,000; some minutes
    python benchmarks/scale.py search     2,000 trials by TPE, trained by nobody; some minutes

The first makes the rows of a grid without training it and takes each step of a run in a process of
its own, after the same step on a tiny run (so that imports count to neither time nor growth):
`scale.csv` has the seconds on the clock and of the processor, the process's largest memory so far
(`getrusage`) and what it was before the step.

The second runs a study with workers that give made-up rows at once. Of the time on the clock what
the search's own guide takes is the sampler's, what the stand-in takes is nobody's, and the rest the
driver's: rounds, packs, preflight, ledger, book, record and a terminal's progress bar.
`scale_search.csv` has it beside the time that two workers would train, at 0.1 s a trial.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

# Nothing of interplay up here: a process begins with the memory that its parent had.
if TYPE_CHECKING:
    from interplay.study.study import Study
    from interplay.training.members import Member, Row

HERE = Path(__file__).parent
EPOCHS, SEEDS, ACROSS = 20, 10, 100
HEIGHTS = (10, 100)  # 1,000 and 10,000 cells
TINY = 3
BATCH = 500  # rows that come in at once
TRIALS, SECONDS, WORKERS = 2000, 0.1, 2


@dataclass(frozen=True)
class Run:
    """Where it lies, and how many levels its second axis has."""

    folder: Path
    height: int


def grid(height: int) -> Study:
    """`ACROSS` widths × `height` rates of dropout; a tiny one is 3 × 3."""
    from interplay.study.study import Study

    across = TINY if height == TINY else ACROSS
    return Study(
        name="scale",
        epochs=EPOCHS,
        seeds=SEEDS,
        data={"name": "digits"},
        model={
            "name": "linear",
            "hidden_size": list(range(1, across + 1)),
            "dropout": [i / 125 for i in range(height)],
        },
        heatmap={"x": "hidden_size", "y": "dropout"},
    )


def made(member: Member) -> Row:
    """A row as training might have given it: wider is better, more so without dropout."""
    from interplay.training.members import row_of

    wide, dropout = member.config["model.hidden_size"], member.config["model.dropout"]
    end = 0.9 - 0.5 / wide**0.5 - 0.2 * dropout * (1 - wide / 200) + 0.002 * (member.seed % 7)
    end += (int(member.key[:4], 16) / 2**16 - 0.5) / 50  # noise that is the same each time
    rising = [end * (1 - 0.8**epoch) for epoch in range(1, EPOCHS + 1)]
    falling = [1 - value for value in rising]
    curves = {"train_loss": falling, "valid_loss": falling, "accuracy": rising}
    own = {"engine": "made", "device": "none", "epochs_run": EPOCHS, "seconds": 0.1}
    return row_of(member, "complete", curves=curves, parameters=100 * wide, **own)


def write_run(run: Run) -> None:
    """The run as its driver writes it: what is asked, then rows as they come in."""
    from interplay.table.ledger import Ledger
    from interplay.tuning.describe import describe
    from interplay.tuning.plan import make_plan

    plan = make_plan(grid(run.height))
    ledger = Ledger(run.folder).create()
    with ledger.lock():
        ledger.write_study(describe(plan), plan.members)
        members = plan.sort(plan.members)
        for start in range(0, len(members), BATCH):
            ledger.append([made(member) for member in members[start : start + BATCH]])
        ledger.compact()


def plan(run: Run) -> None:
    from interplay.tuning.plan import make_plan

    make_plan(grid(run.height))


def dry_run(run: Run) -> None:
    """Of a run of which nothing is there: every model is built, and packs are made."""
    from interplay.tuning.execute import dry_run

    dry_run(grid(run.height), run.folder.with_name("nothing"))


def open_run(run: Run) -> None:
    from interplay.table.ledger import Ledger

    ledger = Ledger.open(run.folder)
    ledger.study(), ledger.asked()


def finished(run: Run) -> None:
    from interplay.table.ledger import Ledger

    Ledger.open(run.folder).finished()


def frame(run: Run) -> None:
    from interplay.table.ledger import Ledger

    Ledger.open(run.folder).frame()


def curves(run: Run) -> None:
    from interplay.table.ledger import Ledger

    Ledger.open(run.folder).curves()


def both(run: Run) -> None:
    from interplay.results.results import Results

    results = Results.load(run.folder)
    assert len(results.frame) * EPOCHS == len(results.curves)


def heatmap(run: Run) -> None:
    """From folder to picture, as the verb does: with its analysis, and what it warns of."""
    import matplotlib

    matplotlib.use("agg")
    from interplay.results.results import Results

    axes = Results.load(run.folder).heatmap()
    axes.figure.savefig(run.folder.with_name("heatmap.png"))
    assert run.height == TINY or not any(text.get_gid() == "square" for text in axes.texts)


def _append(run: Run, times: int) -> None:
    from interplay.table.ledger import Ledger
    from interplay.training.members import Member

    ledger = Ledger.open(run.folder)
    config = {"model.hidden_size": 8, "model.dropout": 0.5}
    for i in range(times):
        members = [Member(f"{i:012d}{j:012d}", config, j, EPOCHS) for j in range(SEEDS)]
        ledger.append([made(member) for member in members])


def append(run: Run) -> None:
    """The first of a driver, who has to look what is there."""
    _append(run, 1)


def append_many(run: Run) -> None:
    """So many that parts are merged."""
    _append(run, 64)


def run_again(run: Run) -> None:
    """A run in which nothing is missing."""
    from interplay.tuning.execute import execute

    assert execute(grid(run.height), run.folder, progress=False).tried == 0


STEPS: dict[str, Callable[[Run], None]] = {
    "plan": plan,
    "dry run": dry_run,
    "write": write_run,
    "open": open_run,
    "finished": finished,
    "frame": frame,
    "curves": curves,
    "frame and curves": both,
    "heatmap": heatmap,
    "run again": run_again,
    "append": append,
    "append 64": append_many,
}


def gigabytes() -> float:
    """The most memory that this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**30 if sys.platform == "darwin" else most / 2**20


def take(step: str, folder: Path, height: int) -> None:
    """One step in this process, measured; the result to stdout."""
    STEPS[step](Run(folder.with_name(f"tiny-{height}"), TINY))
    before, started, processor = gigabytes(), time.perf_counter(), time.process_time()
    STEPS[step](Run(folder, height))
    found = {
        "seconds": round(time.perf_counter() - started, 3),
        "processor_seconds": round(time.process_time() - processor, 3),
        "peak_gb": round(gigabytes(), 3),
        "before_gb": round(before, 3),
    }
    print(json.dumps(found))


def steps() -> list[dict[str, Any]]:
    """Every step on both runs, each in a process of its own."""
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as room:
        for step in STEPS:
            for height in HEIGHTS:
                members = ACROSS * height * SEEDS
                command = [sys.executable, __file__, "take", "--step", step]
                command += ["--folder", f"{room}/run-{height}", "--height", str(height)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout.splitlines()[-1])
                rows.append({"step": step, "members": members, **found})
                print(rows[-1], flush=True)
    return rows


class Clock:
    """Adds up what is spent inside it, in seconds on the clock and of the processor."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        started, processor = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - started
        self.processor += time.process_time() - processor


class TimedGuide:
    """A guide on a clock of its own."""

    def __init__(self, guide: Any, clock: Clock) -> None:
        self.guide, self.clock = guide, clock

    def suggest(self, number: int) -> Any:
        with self.clock.running():
            return self.guide.suggest(number)

    def observe(self, number: int | None, cell: Any, score: float | None) -> None:
        with self.clock.running():
            self.guide.observe(number, cell, score)


class AtOnce:
    """A `Session` whose workers give made-up rows as soon as they are asked."""

    def __init__(self) -> None:
        self.workers = WORKERS
        self.sampler, self.standing_in = Clock(), Clock()

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def begin(self) -> None:
        pass

    def ready(self) -> None:
        pass

    def train(self, *_: Any, **__: Any) -> None:
        raise AssertionError("a search trains cell by cell")

    def search(self, rounds: Any, *_: Any, workers: int, deliver: Any, **__: Any) -> None:
        from interplay.tuning.packs import Pack

        rounds.guide = TimedGuide(rounds.guide, self.sampler)
        live: list[tuple[str, list[Row]]] = []
        for number in range(sys.maxsize):
            config = rounds.suggest(str(number))
            if isinstance(config, dict):
                with self.standing_in.running():
                    packs = map(Pack.from_json, config["packs"])
                    live.append((str(number), [score(m) for p in packs for m in p.members]))
                if len(live) < workers:
                    continue
            elif not live:
                return
            trial, rows = live.pop(0)
            deliver(rows)
            rounds.on_trial_complete(trial, {})


def score(member: Member) -> Row:
    """A row whose metric has one best setting."""
    from interplay.training.members import row_of

    config = member.config
    away = [float(v) for k, v in config.items() if k.endswith((".x", ".y", "dropout", ".lr"))]
    value = sum((number - 0.3) ** 2 for number in away)
    curves = {"value": [value], "accuracy": [1 - value]}
    return row_of(member, "complete", engine="made", device="none", epochs_run=1, curves=curves)


class Terminal(io.StringIO):
    """A terminal that nobody looks at: the progress bar is drawn for every report."""

    def isatty(self) -> bool:
        return True


def searches(trials: int, folder: Path) -> dict[str, Study]:
    """A function of the user's, and a network, whose every cell is built before it trains."""
    from interplay.study.study import Study

    (folder / "quick.py").write_text("def train(x, y, kind, width, seed): ...\n")
    search = {"method": "hyperopt", "trials": trials}
    quick = Study(
        name="function",
        seeds=1,
        folders=[folder],
        trial={
            "function": "quick:train",
            "x": {"low": 0.0, "high": 1.0},
            "y": {"low": 0.01, "high": 1.0, "log": True},
            "kind": ["a", "b", "c"],
            "width": {"low": 4, "high": 64, "log": True},
        },
        search={**search, "metric": "value", "mode": "min"},
    )
    network = Study(
        name="network",
        epochs=1,
        seeds=1,
        data={"name": "digits"},
        model={
            "name": "linear",
            "hidden_size": {"low": 4, "high": 64, "log": True},
            "dropout": {"low": 0.0, "high": 0.8},
        },
        optimizer={
            "name": ["adam", "sgd"],
            "lr": {"low": 1e-4, "high": 0.1, "log": True},
        },
        search=search,
    )
    return {"function": quick, "network": network}


def search(trials: int) -> list[dict[str, Any]]:
    """What the driver of a search spends beside its sampler."""
    from interplay.tuning.execute import execute

    found = []
    with TemporaryDirectory() as room:
        for few in searches(20, Path(room)).values():  # imports are no part of a long search
            execute(few, Path(room) / f"few-{few.name}", progress=False, session=AtOnce())
        for name, study in searches(trials, Path(room)).items():
            session, whole, stderr = AtOnce(), Clock(), sys.stderr
            sys.stderr = Terminal()
            try:
                with whole.running():
                    outcome = execute(study, Path(room) / name, session=session)
            finally:
                sys.stderr = stderr
            assert outcome.tried >= 0.99 * trials
            sampler, other = session.sampler, session.standing_in
            driver = whole.seconds - sampler.seconds - other.seconds
            processor = whole.processor - sampler.processor - other.processor
            training = trials * SECONDS / WORKERS
            row = {
                "study": name,
                "trials": trials,
                "training_seconds": training,
                "sampler_seconds": sampler.seconds,
                "driver_seconds": driver,
                "driver_processor_seconds": processor,
                "driver_of_all": driver / (training + sampler.seconds + driver),
                "driver_of_training": driver / training,
            }
            found.append({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
            print(found[-1], flush=True)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("table", "search", "take"), nargs="?", default="table")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--step", choices=STEPS, help="of `take`, as this script calls itself")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--height", type=int)
    asked = parser.parse_args()
    if asked.part == "take":
        take(asked.step, asked.folder, asked.height)
    else:
        from machine import write

        if asked.part == "table":
            write(HERE / "scale.csv", steps())
        else:
            write(HERE / "scale_search.csv", search(asked.trials))
