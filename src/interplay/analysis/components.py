"""What a cell's spread is made of where it has seeds and folds, and how sure that leaves its mean.

Folds share training rows: the mean over k of them is less sure than of k independent ones. With
n_test / n_train for what they share, its variance is that of a fold times 1 / k + n_test / n_train
(Nadeau & Bengio 2003), in place of 1 / k.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from interplay.analysis.codes import combined, compacted, rows_of
from interplay.analysis.grid import Grid, Observed
from interplay.analysis.numbers import Codes, Floats, number_label

MOST_WORK = 3_000_000
"""Multiplications of one step of the search for the likelihood's top: some hundredths of a second.
Cells beyond that are left out; what they would tell, the others tell."""
LEAST_WORK = 100_000
"""What a step takes for cells alike, however few rows they have."""


@dataclass(frozen=True)
class Parts:
    """Variances of one training: of what its seed, its fold and all else does to it.

    Attributes:
        seed, fold: of what all trainings of one seed, or fold, have in common in a cell.
        rest: of each training on its own.
    """

    seed: float
    fold: float
    rest: float


@dataclass(frozen=True)
class Error:
    """What differences of cells are held against.

    Attributes:
        ms: as a mean square: a cell's rows times the variance of their mean, as far as it is the
            cell's own.
        df: of freedom with which it is known.
        own: the components that it is put together from, where it is.
    """

    ms: float
    df: float
    own: Parts | None = None


@dataclass(frozen=True)
class Components:
    """The spread of a grid's cells over seeds and folds.

    Attributes:
        cell: of a cell by itself.
        own: of what is not the same in all cells, which is what blurs a comparison.
        seeds, folds: how many a cell has; folds of all repeats.
        overlap: n_test / n_train.
    """

    cell: Parts
    own: Parts
    seeds: int
    folds: int
    overlap: float

    def error(self, seeds: float, folds: float) -> float:
        """The standard error of a cell's mean beside other cells', with so many seeds and folds."""
        own = self.own
        of_folds = own.fold * (1 / folds + self.overlap)
        return float(np.sqrt(own.seed / seeds + of_folds + own.rest / (seeds * folds)))

    @property
    def floor(self) -> float:
        """What that error does not fall below on these rows, however many seeds and repeats."""
        return float(np.sqrt(self.own.fold * self.overlap))

    @property
    def buy(self) -> str:
        """What lowers the error more, for twice the trainings: "seeds", or "folds"."""
        more_seeds = self.error(2 * self.seeds, self.folds)
        return "seeds" if more_seeds <= self.error(self.seeds, 2 * self.folds) else "folds"

    def to_json(self) -> dict[str, Any]:
        """The record in `interplay interaction --json`."""
        return {
            **{
                name: {part: float(getattr(parts, part)) for part in ("seed", "fold", "rest")}
                for name, parts in (("cell", self.cell), ("own", self.own))
            },
            "seeds": self.seeds,
            "folds": self.folds,
            "overlap": self.overlap,
            "error": self.error(self.seeds, self.folds),
            "error_twice_the_seeds": self.error(2 * self.seeds, self.folds),
            "error_twice_the_folds": self.error(self.seeds, 2 * self.folds),
            "floor": self.floor,
            "buy": self.buy,
        }


def components_in_words(found: Components, metric: str) -> tuple[str, str]:
    """What a cell's spread is made of, and what to buy more of, a sentence each."""

    def told(parts: Parts) -> str:
        each = ("seed", "fold", "rest")
        sds = [number_label(math.sqrt(getattr(parts, name)), 2, 1e-3) for name in each]
        return f"seeds {sds[0]}, folds {sds[1]}, rest {sds[2]}"

    def error(seeds: int, folds: int) -> str:
        return number_label(found.error(seeds, folds), 2, 1e-3)

    seeds, folds = found.seeds, found.folds
    advice = "seeds" if found.buy == "seeds" else "folds (more repeats of them)"
    return (
        f"spread (sd) of a cell's {metric}: {told(found.cell)}; of it, what is not alike in all "
        f"cells: {told(found.own)}",
        f"standard error of a cell beside others: {error(seeds, folds)}; {error(2 * seeds, folds)} with "
        f"twice the seeds, {error(seeds, 2 * folds)} with twice the folds, never below "
        f"{number_label(found.floor, 2, 1e-3)} on these rows: buy {advice} first",
    )


def find_components(grid: Grid, own: Parts | None) -> Components | None:
    """The components of a grid's spread; None where seeds and folds are not told apart.

    Args:
        own: of the grid's `Error`.
    """
    folds = grid.folds
    if folds is None or own is None:
        return None
    cell = split_spread(grid.value, grid.cell, folds.seed, folds.fold)
    if cell is None:
        return None
    seeds, parts = (int(code.max()) + 1 for code in (folds.seed, folds.fold))
    return Components(cell, own, seeds, parts, folds.overlap)


def error_of(grid: Observed, mse: float, df: int) -> Error:
    """What a grid's contrasts are held against: the residual, but where folds share rows.

    With folds alone, the residual times 1 + k n_test / n_train. With seeds too, what seeds, folds
    and chance do to a cell's mean is put together from their components; its degrees of freedom are
    Satterthwaite's (1946).

    Args:
        mse, df: of the residual of cells and blocks.
    """
    folds = grid.folds
    if folds is None or grid.n_blocks < 2:
        return Error(mse, df)
    # Of each cell's mean: the sums of the squared weights of its seeds and of its folds.
    of_seeds, of_folds = (_weights(grid.cell, code) for code in (folds.seed, folds.fold))
    if not folds.crossed:
        return Error(mse * (1 + folds.overlap / of_folds), df)
    own = split_spread(grid.value, grid.cell, folds.seed, folds.fold, grid.block)
    if own is None:
        return Error(mse, df)
    rows = len(grid.value) / np.count_nonzero(grid.counts)
    of_seed, of_fold = (
        rows * of_seeds,
        rows * of_folds,
    )  # 1 / folds and 1 / seeds, where all are there
    charged = rows * (of_folds + folds.overlap)
    ms = own.seed * of_seed + own.fold * charged + own.rest
    # The same as a sum of mean squares: of cells × seeds, of cells × folds, and of the rest.
    freedom = np.count_nonzero(grid.counts) - 1
    seeds, parts = int(folds.seed.max()) + 1, int(folds.fold.max()) + 1
    times = charged / of_fold if own.fold > 0 else 0.0
    squares = [
        ((of_seed * own.seed + own.rest) * (own.seed > 0), freedom * (seeds - 1)),
        ((of_fold * own.fold + own.rest) * times, freedom * (parts - 1)),
        (
            (1 - (own.seed > 0) - times) * own.rest,
            freedom * max(seeds * parts - seeds - parts + 1, 1),
        ),
    ]
    known = sum(square**2 / left for square, left in squares if left)
    return Error(ms, min(ms**2 / known, df) if known else df, own)


def _weights(cell: Codes, code: Codes) -> float:
    """The sum of squared shares of a cell's rows that have one code, in the mean over cells."""
    pair = combined([cell, code])
    rows = np.bincount(cell)
    first = np.unique(pair, return_index=True)[1]
    share = np.bincount(pair)[pair[first]] / rows[cell[first]]
    return float(np.square(share).sum() / np.count_nonzero(rows))


def split_spread(
    value: Floats, cell: Codes, seed: Codes, fold: Codes, block: Codes | None = None
) -> Parts | None:
    """Variance components of value ~ cell (+ block) + (cell:seed) + (cell:fold), by REML.

    Cells (and blocks) are fixed, seeds and folds in a cell random and crossed. Where every cell has
    each seed and fold once, that is the closed form of mean squares, pooled as far as none comes out
    below 0; otherwise the likelihood is searched.

    Args:
        block: of what rows of all cells have in common, which is taken out; a seed and fold.

    Returns:
        None where the rows do not tell seeds, folds and the rest apart.
    """
    cells, seeds, folds = (compacted(code)[1] for code in (cell, seed, fold))
    shape = tuple(int(code.max()) + 1 for code in (cells, seeds, folds))
    if min(shape[1:]) < 2 or (block is not None and shape[0] < 2):
        return None
    places = np.ravel_multi_index((cells, seeds, folds), shape)
    if len(value) == np.prod(shape) == len(np.unique(places)):
        table = np.empty(shape)
        table.flat[places] = value
        return _balanced(table, common=block is not None)
    return _likeliest(value, cells, seeds, folds, block)


def _balanced(table: Floats, *, common: bool) -> Parts:
    """The components of a whole table (cell, seed, fold), its blocks' means taken out or not."""
    cells, seeds, folds = table.shape
    if common:
        table = table - table.mean(axis=0)
        cells -= 1
    of_seed = table.mean(axis=2) - table.mean(axis=(1, 2))[:, None]
    of_fold = table.mean(axis=1) - table.mean(axis=(1, 2))[:, None]
    rest = table - table.mean(axis=(1, 2), keepdims=True) - of_seed[:, :, None] - of_fold[:, None]
    squares = {
        "seed": (folds * float(np.square(of_seed).sum()), cells * (seeds - 1)),
        "fold": (seeds * float(np.square(of_fold).sum()), cells * (folds - 1)),
    }
    total, left = float(np.square(rest).sum()), cells * (seeds - 1) * (folds - 1)
    found = {"seed": 0.0, "fold": 0.0}
    # A component below 0 is none: the smaller mean square first, it is an estimate of the rest.
    for name, (square, df) in sorted(squares.items(), key=lambda item: item[1][0] / item[1][1]):
        if square / df < total / left:
            total, left = total + square, left + df
        else:
            found[name] = square / df
    noise = total / left
    each = {"seed": folds, "fold": seeds}
    each = {
        name: (found[name] - noise) / rows if found[name] else 0.0 for name, rows in each.items()
    }
    return Parts(each["seed"], each["fold"], noise)


@dataclass(frozen=True, eq=False)
class _Alike:
    """Cells that have the same seeds and folds.

    Attributes:
        values: shape (cells, rows).
        seeds, folds: 1 where two rows share one, shape (rows, rows).
        blocks: of the rows.
    """

    values: Floats
    seeds: Floats
    folds: Floats
    blocks: Codes


def _likeliest(
    value: Floats, cell: Codes, seed: Codes, fold: Codes, block: Codes | None
) -> Parts | None:
    """The components at which the restricted likelihood is highest, none below 0."""
    usual = float(np.std(value)) or 1.0
    value = (value - value.mean()) / usual
    blocks = np.zeros(len(value), dtype=np.int64) if block is None else compacted(block)[1]
    groups = _alike(value, cell, seed, fold, blocks)
    rows, cells = sum(g.values.size for g in groups), sum(len(g.values) for g in groups)

    def fit(ratios: Sequence[float]) -> tuple[float, float]:
        """−2 log likelihood at variances of seeds and folds in units of the rest's; the rest's."""
        squares, size, left = 0.0, 0.0, rows - cells
        used = int(blocks.max()) + 1
        system, side = np.zeros((used, used)), np.zeros(used)
        for group in groups:
            n, m = group.values.shape
            covariance = np.eye(m) + ratios[0] * group.seeds + ratios[1] * group.folds
            inverse = np.linalg.inv(covariance)
            whole = inverse.sum(axis=0)
            centred = inverse - np.outer(whole, whole) / whole.sum()
            size += n * (np.linalg.slogdet(covariance)[1] + np.log(whole.sum()))
            turned = group.values @ centred
            squares += float((turned * group.values).sum())
            if block is not None:
                np.add.at(system, (group.blocks[:, None], group.blocks[None]), n * centred)
                np.add.at(side, group.blocks, turned.sum(axis=0))
        if block is not None:
            roots, vectors = np.linalg.eigh(system)
            told = roots > 1e-9 * roots[-1]  # all but what the cells' own means take
            squares -= float((np.square(vectors[:, told].T @ side) / roots[told]).sum())
            size += float(np.log(roots[told]).sum())
            left -= int(told.sum())
        if left < 3:
            return 0.0, np.nan
        return left * np.log(max(squares / left, 1e-300)) + size, squares / left

    if np.isnan(fit((1.0, 1.0))[1]):
        return None

    def height(roots: Any) -> float:
        return fit(np.square(roots).tolist())[0]

    close = {"xatol": 1e-6, "fatol": 1e-9}
    best: Any = minimize(height, np.array([0.7, 0.7]), method="Nelder-Mead", options=close)  # type: ignore[call-overload]
    ratios = np.square(best.x)
    rest = fit(ratios.tolist())[1] * usual**2
    of_seed, of_fold = (float(ratio * rest) if ratio > 1e-9 else 0.0 for ratio in ratios)
    return Parts(of_seed, of_fold, float(rest))


def _alike(value: Floats, cell: Codes, seed: Codes, fold: Codes, block: Codes) -> list[_Alike]:
    """The cells by the seeds and folds that they have, the most frequent first, up to `MOST_WORK`."""
    order = np.lexsort([fold, seed])
    found: dict[bytes, list[Codes]] = {}
    for rows in rows_of(cell[order]):
        mine = order[rows]
        key = np.stack([seed[mine], fold[mine]]).tobytes()
        found.setdefault(key, []).append(mine)
    groups: list[_Alike] = []
    work = 0
    for members in sorted(found.values(), key=len, reverse=True):
        first = members[0]
        work += LEAST_WORK + len(first) ** 3 + len(members) * len(first) ** 2
        if groups and work > MOST_WORK:
            break
        if len(first) < 2:
            continue
        same = (code[first][:, None] == code[first][None] for code in (seed, fold))
        seeds, folds = (one.astype(np.float64) for one in same)
        groups.append(_Alike(value[np.stack(members)], seeds, folds, block[first]))
    return groups
