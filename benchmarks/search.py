"""How good are the searchers, and how long do they think? On functions with a known least value.

Each method of ours is driven as `interplay tune` drives it, in rounds of four; beside them Ray's
own OptunaSearch and HyperOptSearch, one cell at a time, each told before the next is asked for.

    python benchmarks/search.py          10 seeds × 60 evaluations; some minutes
"""

from __future__ import annotations

import logging
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from machine import write
from ray import tune
from ray.tune.search.hyperopt import HyperOptSearch
from ray.tune.search.optuna import OptunaSearch

from interplay.search.guide import Guide, Task, make_guide
from interplay.space.domains import Choice, Domain, Float, Int
from interplay.space.space import Cell, Space

SEEDS, EVALUATIONS, ROUND = 10, 60, 4
REPORTED = (10, 20, 40, 60)
OURS = ("random", "bayes", "hyperopt", "optuna")
OBSERVATIONS = (10, 100, 300)


def branin(cell: Cell) -> float:
    """Two-dimensional, three equal minima (Dixon and Szegő, 1978)."""
    x, y = cell["x"], cell["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
STEEPNESS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(cell: Cell) -> float:
    """Six-dimensional, four wells (Dixon and Szegő, 1978)."""
    x = np.array([cell[f"x{i}"] for i in range(6)])
    return -float(HEIGHTS @ np.exp(-(STEEPNESS * (x - CENTRES) ** 2).sum(axis=1)))


def mixed(cell: Cell) -> float:
    """Like a validation loss: each optimiser has a best learning rate and a floor of its own, a
    wider model wants a lower rate and fewer layers. Least is 0: adam, 1e-3, 48 wide, 3 layers."""
    rate, floor = {
        "sgd": (-1.0, 0.10),
        "adam": (-3.0, 0.0),
        "rmsprop": (-3.5, 0.05),
        "adagrad": (-1.5, 0.15),
    }[cell["optimizer"]]
    lr, width = math.log10(cell["lr"]) - rate, math.log2(cell["width"] / 48)
    layers = cell["layers"] - 3
    away = lr**2 + 0.5 * (width + 0.5 * lr) ** 2 + 0.25 * (layers - 0.5 * width) ** 2
    return floor + 1 - math.exp(-away / 2)


@dataclass(frozen=True)
class Problem:
    name: str
    function: Callable[[Cell], float]
    least: float
    domains: dict[str, Domain]
    ray: dict[str, Any]  # the same space in Ray Tune's words


PROBLEMS = [
    Problem(
        "branin",
        branin,
        0.397887,
        {"x": Float(-5, 10), "y": Float(0, 15)},
        {"x": tune.uniform(-5, 10), "y": tune.uniform(0, 15)},
    ),
    Problem(
        "hartmann6",
        hartmann6,
        -3.322368,
        {f"x{i}": Float(0, 1) for i in range(6)},
        {f"x{i}": tune.uniform(0, 1) for i in range(6)},
    ),
    Problem(
        "mixed",
        mixed,
        0.0,
        {
            "optimizer": Choice(("sgd", "adam", "rmsprop", "adagrad")),
            "lr": Float(1e-6, 1, log=True),
            "width": Int(4, 512, log=True),
            "layers": Int(1, 8),
        },
        {
            "optimizer": tune.choice(["sgd", "adam", "rmsprop", "adagrad"]),
            "lr": tune.loguniform(1e-6, 1),
            "width": tune.lograndint(4, 513),
            "layers": tune.randint(1, 9),
        },
    ),
]


def guide_of(method: str, problem: Problem, seed: int) -> Guide:
    return make_guide(method, Task(Space(problem.domains), "min", seed), {})


def in_rounds(method: str, problem: Problem, seed: int) -> list[float]:
    guide, values = guide_of(method, problem, seed), []
    for start in range(0, EVALUATIONS, ROUND):
        numbers = range(start, min(start + ROUND, EVALUATIONS))
        cells = [guide.suggest(number) for number in numbers]
        for number, cell in zip(numbers, cells, strict=True):
            assert cell is not None
            values.append(problem.function(cell))
            guide.observe(number, cell, values[-1])
    return values


def one_by_one(method: str, problem: Problem, seed: int) -> list[float]:
    searcher: Any = (
        OptunaSearch(seed=seed)
        if method == "ray_optuna"
        else HyperOptSearch(random_state_seed=seed)
    )
    searcher.set_search_properties("value", "min", problem.ray)  # as `Tuner(param_space=...)`
    values = []
    for number in range(EVALUATIONS):
        values.append(problem.function(searcher.suggest(str(number))))
        searcher.on_trial_complete(str(number), {"value": values[-1]})
    return values


def best_found(problem: Problem, method: str) -> list[dict[str, Any]]:
    drive = in_rounds if method in OURS else one_by_one
    runs = [drive(method, problem, seed) for seed in range(SEEDS)]
    best = np.minimum.accumulate(runs, axis=1)
    rows = []
    for evaluations in REPORTED:
        low, median, high = np.quantile(best[:, evaluations - 1], [0.25, 0.5, 0.75])
        rows.append(
            {
                "function": problem.name,
                "least": problem.least,
                "method": method,
                "evaluations": evaluations,
                "median": f"{median:.5g}",
                "quartile_1": f"{low:.5g}",
                "quartile_3": f"{high:.5g}",
                "seeds": SEEDS,
            }
        )
    line = "  ".join(f"{row['evaluations']}: {row['median']:>8}" for row in rows)
    print(f"{problem.name:10} {method:13} {line}", flush=True)
    return rows


def thinking(problem: Problem, method: str, observations: int) -> dict[str, Any]:
    """Seconds for a round's suggestions after so many random cells; the first suggestion of a
    round is the dear one where a model is fitted."""
    means, longest = [], []
    for seed in range(5):
        guide = guide_of(method, problem, seed)
        for number in range(observations):
            cell = Space(problem.domains).draw(seed, number)
            guide.observe(number, cell, problem.function(cell))
        seconds = []
        for number in range(observations, observations + ROUND):
            start = time.perf_counter()
            guide.suggest(number)
            seconds.append(time.perf_counter() - start)
        means.append(statistics.mean(seconds))
        longest.append(max(seconds))
    row = {
        "function": problem.name,
        "method": method,
        "observations": observations,
        "seconds_mean": f"{statistics.median(means):.4f}",
        "seconds_longest": f"{statistics.median(longest):.4f}",
    }
    print(*row.values(), flush=True)
    return row


def main() -> None:
    logging.getLogger("hyperopt").setLevel(logging.ERROR)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    here = Path(__file__).parent
    methods = (*OURS, "ray_optuna", "ray_hyperopt")
    rows = [row for p in PROBLEMS for method in methods for row in best_found(p, method)]
    write(here / "search.csv", rows)
    timed = [p for p in PROBLEMS if p.name != "branin"]
    seconds = [thinking(p, m, n) for p in timed for m in OURS for n in OBSERVATIONS]
    write(here / "search_seconds.csv", seconds)


if __name__ == "__main__":
    main()
