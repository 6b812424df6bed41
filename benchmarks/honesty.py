"""How often the analysis claims what is not there, and how often it finds what is.

    python benchmarks/honesty.py [rates|table] [--tables N]

`rates`: simulated tables whose truth is known, grids 4×4×3, 6×6×5 and 2×2×5 (x, y, seeds) with
noise of several kinds; `honesty_rates.csv` has the shares of tables in which an interaction or a
shift of the optimum is claimed, and in which keep-sets hold the true best. `table`: seconds that a
table of a million rows takes through cells, interaction and heatmap; `honesty_table.csv`.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from machine import write

HERE = Path(__file__).parent
GRIDS = ((4, 4, 3), (6, 6, 5), (2, 2, 5))
NOISES = ("normal", "growing", "noisy row", "noisy cell", "heavy", "seed by axis")
TRUTHS = ("nothing", "additive", "strength", "shift")


@dataclass(frozen=True)
class Case:
    """One kind of table: x levels, y levels, seeds; the noise, the truth, whether seeds are shared."""

    grid: tuple[int, int, int]
    noise: str
    truth: str
    blocks: bool = True


def means(truth: str, xs: int, ys: int) -> np.ndarray[Any, Any]:
    """The true means, shape (y, x), for noise of sd 1.

    nothing: all the same. additive: each x has the same best y, a step of y costs 0.7. strength:
    the same best y, but y matters six times as much at the last x as at the first. shift: the best
    y moves with x over the whole range, a step away from it costs 1.5.
    """
    x, y = np.arange(xs), np.arange(ys)
    if truth == "nothing":
        return np.zeros((ys, xs))
    if truth == "shift":
        return -1.5 * np.abs(y[:, None] - x[None] * (ys - 1) / (xs - 1))
    away = -0.7 * np.abs(y - ys // 2)[:, None] * np.ones(xs)
    return away if truth == "additive" else away * np.linspace(0.5, 3, xs)


def noise(kind: str, shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Noise of shape (y, x, seed): of sd 1, but for what the kind says."""
    ys, xs, seeds = shape
    drawn = rng.normal(size=shape)
    if kind == "growing":  # the spread grows five times along y
        drawn *= np.linspace(1, 5, ys)[:, None, None]
    elif kind == "noisy row":  # five times the spread at one x
        drawn[:, 0] *= 5
    elif kind == "noisy cell":
        drawn[0, 0] *= 5
    elif kind == "heavy":  # Student's t, 3 degrees of freedom
        drawn = rng.standard_t(3, size=shape)
    elif kind == "seed by axis":  # each seed has effects of x and of y of its own
        drawn += 1.5 * (rng.normal(size=(1, xs, seeds)) + rng.normal(size=(ys, 1, seeds)))
    return drawn + rng.normal(size=(1, 1, seeds))


def simulate(case: Case, tables: int, start: int) -> list[tuple[float, ...]]:
    """What is claimed of each of so many tables."""
    from interplay.analysis.interaction import InteractionTest

    xs, ys, seeds = case.grid
    truth = means(case.truth, xs, ys)
    best = truth.max(axis=0)
    x, y, seed = (a.ravel() for a in np.meshgrid(range(xs), range(ys), range(seeds)))
    frame = pd.DataFrame({"x": x, "y": y, "seed": seed if case.blocks else range(len(seed))})
    found = []
    for table in range(tables):
        rng = np.random.default_rng([start, table])
        frame["m"] = (truth[:, :, None] + noise(case.noise, (ys, xs, seeds), rng)).ravel()
        result = InteractionTest("x", "y", "m")(frame)
        f, box = result.anova["xy"].p, result.box.p
        # Where several y are equally good, the first stands for the true best.
        holds = [
            int(np.argmax(truth[:, i] == best[i])) in (row.keep or ())
            for i, row in enumerate(result.ridge.rows)
        ]
        found.append(
            (
                f is not None and f < 0.05,
                box is not None and box < 0.05,
                result.claimed,
                result.ridge.shift.claimed,
                float(np.mean(holds)),
                min(holds),
                all(holds),
                float(np.mean([len(row.keep or ()) for row in result.ridge.rows])) / ys,
                *holds,
            )
        )
    return found


def rates(tables: int) -> None:
    """Simulate all cases on all cores and write their rates."""
    cases = [Case(*parts) for parts in product(GRIDS, NOISES, TRUTHS)]
    cases += [Case((2, 2, 5), noise, "nothing", blocks=False) for noise in NOISES[:5]]
    cases += [Case((6, 6, 5), noise, "nothing", blocks=False) for noise in NOISES[:5]]
    rows = []
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(simulate, case, tables, i) for i, case in enumerate(cases)]
        for case, job in zip(cases, jobs, strict=True):
            table = np.array(job.result(), dtype=float)
            f, box, claimed, shift, hold, _, whole, size = table[:, :8].mean(axis=0)
            row = {
                "grid": "x".join(map(str, case.grid)),
                "noise": case.noise,
                "truth": case.truth,
                "common_seeds": case.blocks,
                "tables": tables,
                "f_below_5": round(f, 4),
                "box_below_5": round(box, 4),
                "interaction_claimed": round(claimed, 4),
                "shift_claimed": round(shift, 4),
                "keep_set_holds_best": round(hold, 4),
                "in_the_worst_row": round(table[:, 8:].mean(axis=0).min(), 4),
                "in_all_rows": round(whole, 4),
                "keep_set_size": round(size, 3),
            }
            rows.append(row)
            print(*row.values(), sep="\t", flush=True)
    write(HERE / "honesty_rates.csv", rows)


def table(rounds: int = 5) -> None:
    """Time a million rows, beyond import and a first small table."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from interplay.analysis.cells import CellMeans
    from interplay.analysis.interaction import InteractionTest
    from interplay.plots.heatmap import draw_heatmap

    rows = []
    for xs, ys, seeds in ((8, 8, 4), (10, 10, 10_000), (20, 20, 2_500), (100, 100, 100)):
        x, y, seed = (a.ravel() for a in np.meshgrid(range(xs), range(ys), range(seeds)))
        frame = pd.DataFrame({"x": x, "y": y / 10, "seed": seed, "epochs_run": 20})
        frame["m"] = np.random.default_rng(0).normal(size=len(frame)) + x * y / xs / ys
        frame = frame.sample(frac=1, random_state=0).reset_index(drop=True)
        times = []
        for _ in range(rounds):
            clock = [time.perf_counter()]
            cells = CellMeans("x", "y", "m")(frame)
            clock.append(time.perf_counter())
            found = InteractionTest("x", "y", "m")(frame)
            clock.append(time.perf_counter())
            figure = draw_heatmap(cells, interaction=found).figure.canvas.figure
            figure.savefig("/dev/null" if Path("/dev/null").exists() else "nul", format="png")
            plt.close(figure)
            clock.append(time.perf_counter())
            times.append([*np.diff(clock), clock[-1] - clock[0]])
        middle = [median(column) for column in zip(*times, strict=True)]
        names = ("cells_s", "interaction_s", "heatmap_s", "total_s")
        row = {"grid": f"{xs}x{ys}x{seeds}", "rows": len(frame), "rounds": rounds}
        row |= {name: round(value, 3) for name, value in zip(names, middle, strict=True)}
        print(*row.values(), sep="\t", flush=True)
        rows.append(row)
    write(HERE / "honesty_table.csv", rows[1:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("rates", "table", "all"), default="all")
    parser.add_argument("--tables", type=int, default=2000, help="simulated tables a case")
    given = parser.parse_args()
    if given.what in ("rates", "all"):
        rates(given.tables)
    if given.what in ("table", "all"):
        table()
