"""What Ray Tune, packs and the ledger cost on top of the training itself.

A study's members are trained twice, turn about: by `interplay` on Ray Tune, and by the reference
engine in a plain loop of as many processes. Both are timed from when the workers have imported
what they need (Ray's start and imports are a constant of seconds) to when the last row is there.

    python benchmarks/overhead.py [ROUNDS]      75 members of digits × 10 epochs, as the course's
"""

from __future__ import annotations

import importlib
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import write

from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.training.members import Member, Row, section
from interplay.tuning.plan import Plan, make_plan

STUDY = ["epochs=10", "seeds=3", "engine=reference"]
WORKERS = 2


def study() -> Study:
    root = Path(__file__).parent.parent
    return Study.load(root / "studies" / "digits.toml", STUDY)


def start_worker(barrier: Any) -> None:
    """Import everything and load the data, as a Ray worker does before its first member."""
    global PLAN, PARTS
    import torch
    import torch._dynamo

    torch.set_num_threads(1)
    from interplay.training.reference import quieten
    from interplay.training.tensors import make_parts

    quieten()
    PLAN = make_plan(study())
    config = PLAN.cells[0]
    PARTS = make_parts(
        PLAN.dataset(config), "flat", section(config, "data"), fold=None, folds=None, device="cpu"
    )
    barrier.wait()


def train_one(member: Member) -> Row:
    from interplay.training.reference import train_member

    return train_member(member, PARTS)


def plain_loop(plan: Plan) -> tuple[float, float]:
    """Seconds, and the mean accuracy."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(WORKERS + 1)
    with context.Pool(WORKERS, start_worker, (barrier,)) as pool:
        barrier.wait()
        started = time.time()
        rows = pool.map(train_one, plan.sort(plan.members), chunksize=1)
        seconds = time.time() - started
    return seconds, statistics.fmean((row.curves or {})["accuracy"][-1] for row in rows)


def on_ray(plan: Plan) -> tuple[float, float]:
    """Seconds from the mean moment at which the workers were ready, and the mean accuracy."""
    from interplay.tuning.packs import make_groups, make_packs
    from interplay.tuning.preflight import Built
    from interplay.tuning.session import RaySession
    from interplay.tuning.worker import Context, Target

    tuning = importlib.import_module("interplay.tuning.run")
    ready: dict[Any, float] = {}

    class Timed(tuning._Deliver):  # type: ignore
        def on_trial_result(self, iteration, trials, trial, result, **info):  # type: ignore
            ready.setdefault(result["pid"], result["ready"])
            super().on_trial_result(iteration, trials, trial, result, **info)

    tuning._Deliver, original = Timed, tuning._Deliver
    ledger = Ledger(tempfile.mkdtemp()).create()
    target = Target(plan.metric, plan.mode, "mean")
    groups = make_groups(plan, plan.sort(plan.members), lambda _: Built(None, 1))
    with RaySession(WORKERS, 1) as session:
        session.ready()
        tuning.train_on_ray(
            make_packs(groups, WORKERS),
            lambda packs: Context(packs, plan.datasets, (), "cpu", 1, target),
            workers=WORKERS,
            resources={"cpu": 1.0},
            deliver=ledger.append,
        )
        seconds = time.time() - statistics.fmean(ready.values())
    tuning._Deliver = original
    ledger.write_study({"name": "overhead"}, plan.members)
    return seconds, float(ledger.frame()["accuracy"].mean())


def main(rounds: int = 5) -> None:
    plan = make_plan(study())
    rows = []
    for number in range(rounds):
        ours, accuracy = on_ray(plan)
        loop, expected = plain_loop(plan)
        assert abs(accuracy - expected) < 1e-6, "the two did not do the same work"
        row = {
            "round": number,
            "members": len(plan.members),
            "epochs": plan.study.epochs,
            "workers": WORKERS,
            "interplay_s": round(ours, 2),
            "plain_loop_s": round(loop, 2),
            "ratio": round(ours / loop, 3),
            "mean_accuracy": round(accuracy, 4),
        }
        print(row, flush=True)
        rows.append(row)
    median = statistics.median(row["ratio"] for row in rows)
    print(f"median ratio {median:.3f}")
    write(Path(__file__).with_suffix(".csv"), rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
