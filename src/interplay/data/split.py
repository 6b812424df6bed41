"""Which rows train, which validate, which are kept for a last test: seeded, and the same for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interplay.data.folds import IN_ORDER, FoldsBy, Rows, deal, group_sizes, valid_rows
from interplay.errors import DataError, how_many

if TYPE_CHECKING:
    from interplay.data.dataset import Dataset


@dataclass(frozen=True)
class Split:
    """Row numbers of the training, validation and test parts, each sorted."""

    train: Rows
    valid: Rows
    test: Rows

    def joined(self) -> Split:
        """With the validation rows among the training rows."""
        return replace(self, train=np.sort(np.concatenate([self.train, self.valid])))


def split_rows(
    dataset: Dataset,
    seed: int,
    valid: float,
    test: float,
    folds: int | None,
    fold: int | None,
    subset: float,
    folds_by: FoldsBy,
) -> Split:
    """As `Dataset.split`."""
    assert folds is None or fold is not None
    if dataset.overlap:
        _check_in_time(dataset, folds, fold, folds_by)
        split = _in_time(dataset, valid, test, folds, fold)
    else:
        split = _shuffled(dataset, seed, valid, test, folds, fold, folds_by)
    if subset < 1:
        train = _some(dataset, split.train, subset, np.random.default_rng([seed, 8]))
        kept = _some(dataset, split.valid, subset, np.random.default_rng([seed, 9]))
        split = Split(train, kept, split.test)
    for name in ("train", "valid"):
        if len(getattr(split, name)) == 0:
            n = len(dataset.inputs)
            rows = how_many(n, "row leaves", "rows leave")
            raise DataError(f"dataset {dataset.name!r}: {rows} no {name} part")
    return split


def _shuffled(
    dataset: Dataset,
    seed: int,
    valid: float,
    test: float,
    folds: int | None,
    fold: int | None,
    folds_by: FoldsBy,
) -> Split:
    fixed = dataset.fixed or {}
    n = len(dataset.inputs)
    free = np.ones(n, dtype=bool)
    parts = {"valid": np.array([], np.int64), "test": np.array([], np.int64)}
    for name, rows in fixed.items():
        if name == "valid" and folds:
            continue
        parts[name] = np.sort(rows)
        free[rows] = False
    order = deal(dataset, np.flatnonzero(free), np.random.default_rng([seed, 7]))
    if "test" not in fixed and test > 0:
        taken = _fraction(dataset, order, test * n)
        parts["test"], order = np.sort(order[taken]), order[~taken]
    if folds:
        assert fold is not None
        parts["valid"] = np.sort(valid_rows(dataset, order, seed, folds, fold, folds_by))
        order = np.setdiff1d(order, parts["valid"])
    elif "valid" not in fixed:
        taken = _fraction(dataset, order, valid * n)
        parts["valid"], order = np.sort(order[taken]), order[~taken]
    return Split(np.sort(order), parts["valid"], parts["test"])


def _check_in_time(
    dataset: Dataset, folds: int | None, fold: int | None, folds_by: FoldsBy
) -> None:
    """Folds of rows in time are stretches, once."""
    if folds_by not in ("auto", IN_ORDER):
        raise DataError(
            f"dataset {dataset.name!r}: its rows overlap in time, and data.folds_by = {folds_by!r} "
            f"would put one moment into two parts; allowed: auto, {IN_ORDER}"
        )
    if folds and fold is not None and fold >= folds:
        raise DataError(
            f"dataset {dataset.name!r}: folds are stretches of time, which repeats would not cut "
            "otherwise; allowed: repeats = 1"
        )


def _in_time(
    dataset: Dataset, valid: float, test: float, folds: int | None, fold: int | None
) -> Split:
    """Parts that follow each other, with a gap between them."""
    n, gap = len(dataset.inputs), dataset.overlap
    rows = np.arange(n)
    tested = int(n * test + 1e-9)
    free = rows[: max(0, n - tested - gap)] if tested else rows
    if folds:
        assert fold is not None
        block = np.array_split(free, folds)[fold]
    else:
        block = free[max(0, len(free) - int(n * valid + 1e-9)) :]
    if len(block):
        free = free[(free < block[0] - gap) | (free > block[-1] + gap)]
    return Split(free, block, rows[n - tested :])


def _fraction(dataset: Dataset, order: Rows, wanted: float) -> NDArray[np.bool_]:
    """A mask of about `wanted` of `order`, evenly spaced; or of whole groups, never all of them."""
    if dataset.groups is None:
        return _every(len(order), min(1.0, wanted / max(len(order), 1)))
    group, sizes = group_sizes(dataset.groups[order])
    totals = np.cumsum(sizes[:-1])
    # One group is in one part, and something must train.
    count = int(np.argmin(np.abs(totals - wanted))) + 1 if len(totals) else 0
    mask: NDArray[np.bool_] = group < count
    return mask


def _some(dataset: Dataset, rows: Rows, fraction: float, generator: np.random.Generator) -> Rows:
    """A fraction of `rows`, of each class where there are classes, never none of it."""
    order = generator.permutation(rows)
    groups = [order]
    if dataset.task == "classification":
        labels = dataset.targets[order]
        groups = [order[labels == label] for label in np.unique(labels)]
    kept = [group[: max(1, int(len(group) * fraction + 0.5))] for group in groups]
    return np.sort(np.concatenate(kept)) if kept else rows


def _every(n: int, fraction: float) -> NDArray[np.bool_]:
    """A mask of floor(n * fraction) evenly spaced positions of n."""
    steps = np.floor(np.arange(n + 1) * fraction + 1e-9)
    taken: NDArray[np.bool_] = np.diff(steps) > 0
    return taken
