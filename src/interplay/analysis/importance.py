"""Which hyperparameters matter in a scan: cells compared at equal epochs, variance decomposed.

Hutter, Hoos, Leyton-Brown: An Efficient Approach for Assessing Hyperparameter Importance (ICML
2014): a random forest of the scores, and of each tree's variance over the space the share that is
explained by one hyperparameter alone, and by a pair beyond its two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.codes import rows_of, setting_codes
from interplay.analysis.numbers import Floats
from interplay.analysis.score import score_of
from interplay.identity import Value, as_held, canonical, same_as
from interplay.kinds import How
from interplay.metrics import Mode
from interplay.space.domains import Domain, Float, Int, Law

FEWEST = 8
"""Cells below which nothing is said."""
TREES = 100


@dataclass(frozen=True)
class Compared:
    """A scan's cells, so far as they may be compared.

    Attributes:
        cells: a row a cell, as in the table: the varied values; `first` (the index in the table of
            its first row), `reached` (epochs that all its members ran), `stopped`, `unstable`,
            `last` (its score at `reached`), `at` (its score at `epoch`), and `rank`, from 0 (worst)
            to 1, as at `epoch`: see `compare_cells`.
        epoch: at which cells are compared.
    """

    cells: pd.DataFrame
    epoch: int


def compare_cells(
    frame: pd.DataFrame,
    curves: pd.DataFrame,
    varied: Sequence[str],
    metric: str,
    mode: Mode,
    score: How = "mean",
) -> Compared | None:
    """The cells of a scan at a common epoch: the last one that half of them, and 8, reached.

    Those that reached it are ranked by their scores there. Those stopped before rank below, by how
    far they got and then by their score there: leaving them out would hide just the
    hyperparameters that make a cell bad at once. So no two scores of unequal epochs are compared.
    Cells with a diverged member are last, those with a failed one are left out: an error says
    nothing of how well a setting trains.

    Args:
        frame: the tidy table.
        curves: a row a member (the row number in `frame`) and epoch, with the metrics.

    Returns:
        None with fewer than 8 cells to compare.
    """
    if frame.empty or metric not in curves:
        return None
    values = curves[metric].to_numpy(dtype=float)
    member = curves["member"].to_numpy(dtype=np.int64)
    of_member = {int(member[rows[0]]): rows for rows in rows_of(member)}
    status = frame["status"].to_numpy()
    records, paths = [], []
    for members in rows_of(setting_codes(frame, tuple(varied))):
        ends = set(status[members])
        if "failed" in ends:
            continue
        found = [values[of_member[m]] if m in of_member else np.empty(0) for m in members]
        reached = min(map(len, found))
        paths.append(found)
        records.append(
            {
                "first": int(members[0]),
                "reached": reached,
                "stopped": "stopped" in ends,
                "unstable": "diverged" in ends,
                "last": _score_at(found, reached, score, mode),
            }
        )
    if len(records) < FEWEST:
        return None
    cells = pd.DataFrame(records)
    settings = frame.iloc[cells["first"]][list(varied)].reset_index(drop=True)
    cells = pd.concat([settings, cells], axis=1)
    need = max(FEWEST, math.ceil(len(cells) / 2))
    if (cells["reached"] > 0).sum() < need:
        return None
    epoch = int(cells["reached"].sort_values(ascending=False).iloc[need - 1])
    cells["at"] = [_score_at(found, epoch, score, mode) for found in paths]
    cells["rank"] = _ranks(cells, mode, epoch)
    return Compared(cells, epoch)


def _score_at(found: Sequence[Floats], epoch: int, score: How, mode: Mode) -> float:
    """A cell's score at an epoch; nan where a member did not reach it, or there is none."""
    if not 0 < epoch <= min(map(len, found)):
        return math.nan
    value = score_of([path[epoch - 1] for path in found], score, mode)
    return math.nan if value is None else value


def _ranks(cells: pd.DataFrame, mode: str, epoch: int) -> Floats:
    """0 to 1, ties shared: by stability, then how far up to `epoch`, then the score there."""
    sign = 1.0 if mode == "max" else -1.0
    far = np.minimum(cells["reached"], epoch)
    there = cells["at"].where(cells["reached"] >= epoch, cells["last"])
    steady = ~cells["unstable"] & np.isfinite(there)
    keys = pd.DataFrame({"steady": steady, "far": far, "score": sign * there})
    keys.loc[~steady, ["far", "score"]] = 0
    order = keys.groupby(["steady", "far", "score"]).ngroup()
    ranks = np.asarray(order.rank(), dtype=np.float64)
    return (ranks - 1) / max(len(cells) - 1, 1)


def best_cells(compared: Compared, mode: Mode) -> pd.DataFrame:
    """The best quarter of the cells (at least 3), the best first.

    Those never stopped come before stopped ones, these by how far they got; then by score. A
    scan's first cells have nothing to be stopped by: those in the worse half of the ones that
    reached the common epoch come last, however far they got.
    """
    cells = compared.cells
    fine = cells[~cells["unstable"] & np.isfinite(cells["last"])]
    there = fine["rank"].where(np.isfinite(fine["at"]))
    fine = fine.assign(behind=~(there >= there.median()))
    ordered: pd.DataFrame = fine.sort_values(
        ["behind", "stopped", "reached", "last"],
        ascending=[True, True, False, mode == "min"],
        kind="stable",
    )
    best: pd.DataFrame = ordered.head(max(3, math.ceil(len(cells) / 4)))
    return best.drop(columns="behind")


@dataclass(frozen=True)
class Importances:
    """How much each hyperparameter matters.

    Attributes:
        table: the most important first: `name`; `alone`, the share of the variance over the space
            that it explains by itself; `pairs`, half of what the pairs with it explain beyond;
            and `share`, their sum.
        foreseen: how much of the variance of cells that a tree has not seen the forest foretells,
            at most 1; near 0 or below, the shares rest on little but chance.
    """

    table: pd.DataFrame
    foreseen: float


def importances(
    cells: pd.DataFrame, domains: Mapping[str, Domain], target: str = "rank"
) -> Importances:
    """How much each of the hyperparameters that vary matters for `target`.

    Args:
        cells: a row a cell: values under the names of `domains`, and `target`.
    """
    from sklearn.ensemble import RandomForestRegressor

    names = list(domains)
    places = np.column_stack([to_unit(domains[name], list(cells[name])) for name in names])
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, oob_score=True, random_state=0)
    forest.fit(places, cells[target].to_numpy(dtype=float))
    alone, pairs = np.zeros(len(names)), np.zeros((len(names), len(names)))
    counted = 0
    for tree in forest.estimators_:
        low, high, value = _leaves(tree.tree_, len(names))
        found = _decompose(low, high, value)
        if found is not None:
            alone += found[0]
            pairs += found[1]
            counted += 1
    alone, pairs = alone / max(counted, 1), pairs / max(counted, 1)
    table = pd.DataFrame({"name": names, "alone": alone, "pairs": pairs.sum(axis=0) / 2})
    table["share"] = table["alone"] + table["pairs"]
    table = table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
    return Importances(table, float(forest.oob_score_))


def to_unit(domain: Domain, column: Sequence[Any]) -> Floats:
    """Where values lie in their domain, from 0 to 1, evenly in the logarithm where that is its
    scale, by the share of draws below where it is a law; the i-th of k choices at (i + 1/2) / k.

    Args:
        column: values as the tidy table has them.
    """
    if isinstance(domain, Law):
        places: Floats = domain.share(np.asarray(column, dtype=float))
        return places
    if isinstance(domain, (Float, Int)):
        numbers = np.asarray(column, dtype=float)
        low, high = float(domain.low), float(domain.high)
        if domain.log:
            numbers, low, high = np.log(numbers), math.log(low), math.log(high)
        return np.clip((numbers - low) / (high - low), 0.0, 1.0)
    choices = choice_codes(domain.grid(), column)
    return (choices + 0.5) / len(domain.grid())


def choice_codes(choices: Sequence[Value], column: Sequence[Any]) -> npt.NDArray[np.int64]:
    """Which of the choices each value of a table's column is."""
    place = {_text(choice): i for i, choice in enumerate(choices)}
    return np.array([place[_text(value)] for value in column], dtype=np.int64)


def _text(value: Any) -> str:
    """The same for a choice and for what a table holds of it: a list as its JSON."""
    value = value.item() if isinstance(value, np.generic) else canonical(value)
    return same_as(as_held(value))


def _leaves(tree: Any, size: int) -> tuple[Floats, Floats, Floats]:
    """A regression tree's leaves as boxes in the unit cube: (leaf, feature) low and high, value."""
    low, high, value = [], [], []
    todo = [(0, np.zeros(size), np.ones(size))]
    while todo:
        node, below, above = todo.pop()
        feature = tree.feature[node]
        if feature < 0:
            low.append(below)
            high.append(above)
            value.append(float(tree.value[node].ravel()[0]))
            continue
        cut = float(tree.threshold[node])
        left, right = above.copy(), below.copy()
        left[feature], right[feature] = cut, cut
        todo += [(tree.children_left[node], below, left), (tree.children_right[node], right, above)]
    return np.array(low), np.array(high), np.array(value)


def _decompose(low: Floats, high: Floats, value: Floats) -> tuple[Floats, Floats] | None:
    """Shares of the variance of a function that is constant on boxes, which fill the unit cube.

    Returns:
        (features,) of each alone, and (features, features), symmetric, of each pair beyond its
        two; None of a function that is constant.
    """
    width = high - low
    volume = width.prod(axis=1)
    mean = float(volume @ value)
    total = float(volume @ (value - mean) ** 2)
    if total <= 1e-12:
        return None
    count = low.shape[1]
    # Between neighbouring cuts of a feature the function does not change with it.
    cuts = [np.unique([low[:, j], high[:, j]]) for j in range(count)]
    steps = [np.diff(c) for c in cuts]
    inside = [(low[:, [j]] <= cuts[j][:-1]) & (high[:, [j]] >= cuts[j][1:]) for j in range(count)]
    weight = (value - mean) * volume
    curves = [(weight / width[:, j]) @ inside[j] for j in range(count)]
    alone = np.array([float(steps[j] @ curves[j] ** 2) for j in range(count)])
    pairs = np.zeros((count, count))
    for i, j in combinations(range(count), 2):
        part = weight / (width[:, i] * width[:, j])
        surface = (inside[i] * part[:, None]).T @ inside[j]
        both = float(steps[i] @ surface**2 @ steps[j])
        pairs[i, j] = pairs[j, i] = max(both - alone[i] - alone[j], 0.0)
    return alone / total, pairs / total
