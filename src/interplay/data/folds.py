"""Which rows validate in which fold of a cross-validation: the ways to cut, and repeats of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from interplay.errors import DataError, how_many, words_of

if TYPE_CHECKING:
    from interplay.data.dataset import Dataset

Rows = NDArray[np.int64]
FoldsBy = Literal["auto", "kfold", "shuffled", "stratified", "grouped", "stratified-grouped"]
OF_GROUPS = ("grouped", "stratified-grouped")
"""These keep groups whole, as auto does; the others would part them."""
IN_ORDER = "kfold"
"""Here chance has no say: every repeat is the same."""
LARGEST_SEED = 2**32 - 1
"""Of scikit-learn's generators."""


def valid_rows(
    dataset: Dataset, order: Rows, seed: int, folds: int, fold: int, by: FoldsBy
) -> Rows:
    """The rows that validate in a fold.

    Folds count on through repeats: `fold` is part `fold % folds` of repeat `fold // folds`, and each
    repeat cuts anew. So more repeats change no fold that was there.

    Args:
        order: the rows that take part, dealt out for auto's first repeat (see `deal`).
        by: auto deals rows out by turns, even over the classes, or whole groups, the largest to the
            smallest fold; the others are scikit-learn's KFold, KFold, StratifiedKFold, GroupKFold
            and StratifiedGroupKFold, all but the first shuffled by `seed`, and repeated as its
            RepeatedKFold does: one generator for all repeats.

    Raises:
        DataError: the rows make no such folds.
    """
    repeat, part = divmod(fold, folds)
    _check(dataset, order, seed, folds, by)
    own = _dealt(dataset, order, seed, folds)
    cuts = own if by == "auto" else _cut(dataset, order, seed, folds, by)
    found = list(islice(cuts, repeat + 1))
    # Of few groups, or where chance has little say, they would pass for more than there is.
    if len({frozenset(np.sort(rows).tobytes() for rows in cut) for cut in found}) < len(found):
        raise DataError(
            f"dataset {dataset.name!r}: repeat {repeat + 1} cuts the same {folds} folds as one before; "
            f"allowed: repeats = {repeat}, fewer folds, or another data.folds_by than {by}"
        )
    return found[repeat][part]


def deal(dataset: Dataset, rows: Rows, generator: np.random.Generator) -> Rows:
    """`rows` in the order in which parts are cut off: shuffled, then (in classification) sorted by
    class, so that every k-th is stratified; or whole groups one after the other, shuffled."""
    if dataset.groups is not None:
        names, group = np.unique(dataset.groups[rows], return_inverse=True)
        return rows[np.argsort(generator.permutation(len(names))[group], kind="stable")]
    order = generator.permutation(rows)
    if dataset.task == "classification":
        order = order[np.argsort(dataset.targets[order], kind="stable")]
    return order


def group_sizes(names: Rows) -> tuple[Rows, Rows]:
    """Each row's group, numbered as they come first, and the groups' sizes."""
    _, first, group, sizes = np.unique(
        names, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    return np.argsort(order)[group], sizes[order]


def _dealt(dataset: Dataset, order: Rows, seed: int, folds: int) -> Iterator[list[Rows]]:
    """The rows of each fold, repeat by repeat: one after the other, or whole groups.

    The largest group goes to the smallest fold, as scikit-learn's GroupKFold has it.
    """
    for repeat in count(1):
        fold_of = np.arange(len(order)) % folds
        if dataset.groups is not None:
            group, sizes = group_sizes(dataset.groups[order])
            held, taken = np.zeros(folds, dtype=np.int64), np.empty(len(sizes), dtype=np.int64)
            for i in np.argsort(-sizes, kind="stable"):
                taken[i] = fold = int(np.argmin(held))
                held[fold] += sizes[i]
            fold_of = taken[group]
        yield [order[fold_of == fold] for fold in range(folds)]
        order = deal(dataset, np.sort(order), np.random.default_rng([seed, 7, repeat]))


def _cut(dataset: Dataset, order: Rows, seed: int, folds: int, by: FoldsBy) -> Iterator[list[Rows]]:
    """The rows of each fold, repeat by repeat, as scikit-learn cuts them.

    Raises:
        DataError: it does not.
    """
    from sklearn import model_selection

    splitters: dict[str, Any] = {
        "kfold": model_selection.KFold,
        "shuffled": model_selection.KFold,
        "stratified": model_selection.StratifiedKFold,
        "grouped": model_selection.GroupKFold,
        "stratified-grouped": model_selection.StratifiedGroupKFold,
    }
    chance = (
        {} if by == IN_ORDER else {"shuffle": True, "random_state": np.random.RandomState(seed)}
    )
    splitter, rows = splitters[by](folds, **chance), np.sort(order)
    groups = None if dataset.groups is None else dataset.groups[rows]
    while True:
        try:
            with warnings.catch_warnings():
                # A class with fewer rows than folds: even as far as it goes.
                warnings.simplefilter("ignore", UserWarning)
                parts = list(splitter.split(rows, dataset.targets[rows], groups))
        except ValueError as error:
            raise DataError(f"dataset {dataset.name!r}: {words_of(error)}") from None
        yield [rows[valid] for _, valid in parts]


def _check(dataset: Dataset, order: Rows, seed: int, folds: int, by: FoldsBy) -> None:
    grouped = dataset.groups is not None
    name = f"dataset {dataset.name!r}"
    if grouped and by not in ("auto", *OF_GROUPS):
        raise DataError(
            f"{name}: data.folds_by = {by!r} would part its groups; allowed: auto, "
            f"{', '.join(OF_GROUPS)}, or data without groups"
        )
    if not grouped and by in OF_GROUPS:
        raise DataError(
            f"{name}: data.folds_by = {by!r} and no groups; a table's are named by data.groups, "
            "those of gestures by data.persons = true, those of a loader of your own by its Dataset"
        )
    if by in ("stratified", "stratified-grouped") and dataset.task != "classification":
        raise DataError(f"{name}: data.folds_by = {by!r} is of classes, and this is regression")
    if by not in ("auto", IN_ORDER) and seed > LARGEST_SEED:
        raise DataError(
            f"{name}: data.split_seed = {seed}; with data.folds_by = {by!r} allowed: 0 to {LARGEST_SEED}"
        )
    whole = "group" if grouped else "row"
    there = len(np.unique(dataset.groups[order])) if dataset.groups is not None else len(order)
    if there < folds:
        makes = how_many(there, f"{whole} makes", f"{whole}s make")
        raise DataError(f"{name}: {makes} no {folds} folds; folds: at most {there}")
