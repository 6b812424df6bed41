"""Inputs brought to one scale, by numbers that come from the training rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.common import Scale
from interplay.errors import DataError


def scale(
    inputs: NDArray[Any],
    train_rows: NDArray[np.int64],
    how: Scale,
    lengths: NDArray[np.int64] | None = None,
) -> NDArray[Any]:
    """All rows of `inputs`, scaled; a new array unless `how` is "none".

    "standard": (x - mean) / standard deviation (of all training values, ddof 0);
    "minmax": (x - min) / (max - min), 0 to 1 on the training rows, other rows may lie outside.
    Each feature of flat (n, features) and sequence (n, steps, features) inputs, each channel of
    images (n, channels, height, width) has its own numbers, so inputs are scaled in their own
    form, before `Dataset.view`. Steps beyond a row's length neither count nor change: they stay 0.
    A feature with one value only becomes 0. Regression targets are not scaled: metrics keep the
    data's unit.

    Args:
        train_rows: of `Split.train`; nothing else is looked at to find the numbers.
        lengths: (n,) true steps of padded sequences, or None.

    Raises:
        DataError: for tokens, which are names and not quantities.
    """
    if how == "none":
        return inputs
    if inputs.dtype.kind != "f":
        raise DataError(f"data.scale = {how!r}: tokens are not numbers to scale; allowed: none")
    train = inputs[train_rows]
    features = (1,) if inputs.ndim == 4 else (inputs.ndim - 1,)
    axes = tuple(axis for axis in range(inputs.ndim) if axis not in features)
    real = None if lengths is None else _real(inputs, lengths)
    where: Any = True if real is None else np.broadcast_to(real[train_rows], train.shape)
    if how == "standard":
        middle = train.mean(axes, dtype=np.float64, keepdims=True, where=where)
        width = train.std(axes, dtype=np.float64, keepdims=True, where=where)
    else:
        middle = train.min(axes, keepdims=True, where=where, initial=np.inf).astype(np.float64)
        width = train.max(axes, keepdims=True, where=where, initial=-np.inf) - middle
    # A feature with one value has a width of rounding errors at most.
    width = np.where(width <= 1e-7 * np.abs(middle), 1.0, width)
    scaled: NDArray[Any] = (inputs - middle.astype(inputs.dtype)) / width.astype(inputs.dtype)
    return scaled if real is None else np.where(real, scaled, inputs.dtype.type(0))


def _real(inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n, steps, 1): where a step belongs to its sequence."""
    mask: NDArray[np.bool_] = np.arange(inputs.shape[1])[None, :, None] < lengths[:, None, None]
    return mask
