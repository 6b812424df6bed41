"""How often the analysis claims what is not there where rows are folds that share training rows.

    python benchmarks/honesty_folds.py [--tables N]

A table is a cross-validation of so many cells: each has features of its own, drawn alike, from
which ridge regression foretells the same targets. So no cell is better in truth, folds share the
training rows that they share, and what differs is that these rows favour some cells by chance.
With seeds, a training scatters besides: by seed, by fold and alone, in units of what folds do.
`honesty_folds.csv` has the shares of tables in which an interaction is claimed: as if folds were
independent (`plain`), with seeds and folds each alone and their agreement (`sides`), with the
factor of Nadeau and Bengio on folds alone beside it (`sides_nb`), and by the analysis (`claimed`).
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from machine import write

HERE = Path(__file__).parent
Array = np.ndarray[Any, Any]
GRIDS = ((4, 4), (2, 2))
FOLDS = ((5, 1), (10, 1), (5, 3))
NOISES = ((1, 0.0, 0.0), (3, 0.0, 1.0), (3, 1.0, 0.3))
SIZES = ((100, 4), (40, 15))


@dataclass(frozen=True)
class Case:
    """One kind of table.

    Attributes:
        grid: x and y levels.
        folds, repeats: of the cross-validation.
        noise: seeds; the sd of what a seed does to a cell, and of each training alone, in sds of
            what a fold does.
        size: rows, and features of a cell.
    """

    grid: tuple[int, int]
    folds: int
    repeats: int
    noise: tuple[int, float, float]
    size: tuple[int, int]


def scores(case: Case, rng: np.random.Generator) -> Array:
    """The score of each training, shape (cell, seed, fold)."""
    cells, (rows, features) = case.grid[0] * case.grid[1], case.size
    target = rng.normal(size=rows)
    x = 0.5 * target[:, None] + rng.normal(size=(cells, rows, features))
    found = []
    for _ in range(case.repeats):
        order = rng.permutation(rows)
        for valid in np.array_split(order, case.folds):
            train = np.setdiff1d(order, valid)
            part = x[:, train].transpose(0, 2, 1)
            gram = part @ part.transpose(0, 2, 1) + np.eye(features)
            weights = np.linalg.solve(gram, (part @ target[train])[..., None])
            off = (x[:, valid] @ weights)[..., 0] - target[valid]
            found.append(-np.square(off).mean(axis=1))
    table = np.array(found).T[:, None]
    seeds, of_seed, alone = case.noise
    sd = float((table - table.mean(axis=0)).std())
    shape = (cells, seeds, table.shape[2])
    return (
        table
        + sd * of_seed * rng.normal(size=(cells, seeds, 1))
        + sd * alone * rng.normal(size=shape)
    )


def simulate(case: Case, tables: int, start: int) -> list[tuple[bool, ...]]:
    """What is claimed of each of so many tables."""
    from interplay.analysis.axes import read_axis
    from interplay.analysis.claims import run_tests
    from interplay.analysis.grid import Folds, Grid

    xs, ys = case.grid
    x_axis, y_axis = (read_axis(pd.Series(range(size), name="m"))[1] for size in (xs, ys))
    overlap = 1 / (case.folds - 1)

    def p_of(table: Array, *, shared: bool = False) -> float:
        """Of the test that decides, with (seed, fold) as blocks; where that is said, as what they are."""
        cell, seed, fold = np.indices(table.shape).reshape(3, -1)
        block = seed * table.shape[2] + fold
        folds = Folds(seed, fold, overlap) if shared else None
        grid = Grid(x_axis, y_axis, table.ravel(), cell % xs, cell // xs, block, True, folds=folds)
        p = run_tests(grid).p
        assert p is not None
        return p

    rows = []
    for table in range(tables):
        whole = scores(case, np.random.default_rng([start, table]))
        of_folds = whole.mean(axis=1, keepdims=True)
        plain, alone = p_of(whole), p_of(of_folds)
        of_seeds = p_of(whole.mean(axis=2, keepdims=True)) if whole.shape[1] > 1 else 0.0
        sides = max(plain, of_seeds, alone)
        sides_nb = max(plain, of_seeds, p_of(of_folds, shared=True))
        ps = (plain, sides, sides_nb, p_of(whole, shared=True))
        rows.append(tuple(p < 0.05 for p in ps))
    return rows


def main(tables: int) -> None:
    """Simulate all cases on all cores and write their rates."""
    cases = [Case(g, *f, n, s) for s, g, f, n in product(SIZES, GRIDS, FOLDS, NOISES)]
    rows = []
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(simulate, case, tables, i) for i, case in enumerate(cases)]
        for case, job in zip(cases, jobs, strict=True):
            rates = np.array(job.result(), dtype=float).mean(axis=0)
            seeds, of_seed, alone = case.noise
            row = {
                "grid": "x".join(map(str, case.grid)),
                "rows": case.size[0],
                "features": case.size[1],
                "folds": case.folds,
                "repeats": case.repeats,
                "seeds": seeds,
                "seed_sd": of_seed,
                "rest_sd": alone,
                "tables": tables,
            }
            names = ("plain", "sides", "sides_nb", "claimed")
            row |= {name: round(float(rate), 4) for name, rate in zip(names, rates, strict=True)}
            rows.append(row)
            print(*row.values(), sep="\t", flush=True)
    write(HERE / "honesty_folds.csv", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="simulated tables a case")
    main(parser.parse_args().tables)
