"""Inputs brought to one scale, by numbers that come from the training rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.common import Scale
from interplay.errors import DataError


@dataclass(frozen=True)
class Scaling:
    """x becomes (x - middle) / width, each feature's or channel's own, in the data's units.

    As plain numbers, so that what is handed over with a model scales to the same bits.
    """

    middle: tuple[float, ...]
    width: tuple[float, ...]

    def apply(self, inputs: NDArray[Any], lengths: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """A new array; steps beyond a row's length stay 0."""
        shape = [1] * inputs.ndim
        shape[_feature_axis(inputs)] = -1

        def number(values: tuple[float, ...]) -> NDArray[Any]:
            return np.array(values, dtype=np.float64).reshape(shape).astype(inputs.dtype)

        scaled: NDArray[Any] = (inputs - number(self.middle)) / number(self.width)
        if lengths is None:
            return scaled
        return np.where(_real(inputs, lengths), scaled, inputs.dtype.type(0))


def fit_scaling(
    inputs: NDArray[Any],
    train_rows: NDArray[np.int64],
    how: Scale,
    lengths: NDArray[np.int64] | None = None,
) -> Scaling | None:
    """The numbers that bring inputs to one scale; None where `how` is "none".

    "standard": (x - mean) / standard deviation (of all training values, ddof 0);
    "minmax": (x - min) / (max - min), 0 to 1 on the training rows, other rows may lie outside.
    Each feature of flat (n, features) and sequence (n, steps, features) inputs, each channel of
    images (n, channels, height, width) has its own numbers, so inputs are scaled in their own
    form, before `Dataset.view`. Steps beyond a row's length do not count.
    A feature with one value only becomes 0. Regression targets are not scaled: metrics keep the
    data's unit.

    Args:
        train_rows: of `Split.train`; nothing else is looked at to find the numbers.
        lengths: (n,) true steps of padded sequences, or None.

    Raises:
        DataError: for tokens, which are names and not quantities.
    """
    if how == "none":
        return None
    if inputs.dtype.kind != "f":
        raise DataError(f"data.scale = {how!r}: tokens are not numbers to scale; allowed: none")
    train = inputs[train_rows]
    axes = tuple(axis for axis in range(inputs.ndim) if axis != _feature_axis(inputs))
    where: Any = True
    if lengths is not None:
        where = np.broadcast_to(_real(train, lengths[train_rows]), train.shape)
    if how == "standard":
        middle = train.mean(axes, dtype=np.float64, where=where)
        width = train.std(axes, dtype=np.float64, where=where)
    else:
        middle = train.min(axes, where=where, initial=np.inf).astype(np.float64)
        width = train.max(axes, where=where, initial=-np.inf) - middle
    # A feature with one value has a width of rounding errors at most.
    width = np.where(width <= 1e-7 * np.abs(middle), 1.0, width)
    return Scaling(tuple(middle.tolist()), tuple(width.tolist()))


def scale(
    inputs: NDArray[Any],
    train_rows: NDArray[np.int64],
    how: Scale,
    lengths: NDArray[np.int64] | None = None,
) -> NDArray[Any]:
    """All rows of `inputs`, scaled by `fit_scaling`; a new array unless `how` is "none".

    Raises:
        DataError: for tokens, which are names and not quantities.
    """
    scaling = fit_scaling(inputs, train_rows, how, lengths)
    return inputs if scaling is None else scaling.apply(inputs, lengths)


def _feature_axis(inputs: NDArray[Any]) -> int:
    """The axis of the features, or of an image's channels."""
    return 1 if inputs.ndim == 4 else inputs.ndim - 1


def _real(inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n, steps, 1): where a step belongs to its sequence."""
    mask: NDArray[np.bool_] = np.arange(inputs.shape[1])[None, :, None] < lengths[:, None, None]
    return mask
