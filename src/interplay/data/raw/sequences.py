"""Sequences, each of its own length, padded with zeros at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.raw import Taken
from interplay.data.raw.arrays import numbers
from interplay.errors import DataError


def sequences(given: Any, /, *, shape: list[int]) -> Taken:
    """One array (steps, features), or a list of such, each with its own steps; of tokens (steps,).

    Args:
        shape: of an input of the dataset: its longest steps, and the features where it has any.

    Raises:
        DataError: for other features, a sequence without steps, or what is no number.
    """
    steps, *features = shape
    dims = 1 + len(features)
    single = _depth(given) <= dims
    rows = [numbers(row, not features) for row in ([given] if single else given)]
    if not rows:
        raise DataError("there is no input among those given")
    what = f"(steps, {features[0]})" if features else "(steps,)"
    for row in rows:
        if row.ndim != dims or list(row.shape[1:]) != features or not len(row):
            raise DataError(
                f"an input is an array {what} with at least one step, or a list of such; "
                f"this one has shape {row.shape}"
            )
    return padded(rows, steps, single)


def padded(rows: list[NDArray[Any]], steps: int, single: bool) -> Taken:
    """Rows of their own lengths in one array: of `steps`, or as many as the longest has."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    dtype = np.int64 if rows[0].dtype.kind in "iu" else np.float32
    inputs = np.zeros((len(rows), max(steps, int(lengths.max())), *rows[0].shape[1:]), dtype)
    for held, row in zip(inputs, rows, strict=True):
        held[: len(row)] = row
    return Taken(inputs, lengths, single)


def _depth(given: Any) -> int:
    """How many dimensions arrays in lists have, looking at the first ones."""
    depth = 0
    while not np.isscalar(given):
        if hasattr(given, "ndim"):
            return depth + int(given.ndim)
        try:
            given, depth = next(iter(given), 0), depth + 1
        except TypeError:
            break
    return depth
