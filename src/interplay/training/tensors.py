"""A dataset's train and valid parts as tensors on a device, in the form a model reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.data.dataset import Dataset, DataSpec
from interplay.data.load import split_dataset
from interplay.data.scaling import scale
from interplay.data.split import Split
from interplay.kinds import Kind, Task


@dataclass(frozen=True)
class Part:
    """Rows of one part: inputs (n, *shape), targets (n,) or (n, outputs), lengths (n,) or None.

    Attributes:
        host_lengths: as `lengths`, which may be on a device.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None
    host_lengths: NDArray[np.int64] | None

    def rows(self, index: Tensor | slice) -> tuple[Tensor | tuple[Tensor, Tensor], Tensor]:
        """Inputs (with their lengths, where they have any) and targets of some rows."""
        inputs, targets = take(self.inputs, index), take(self.targets, index)
        if self.lengths is None:
            return inputs, targets
        return (inputs, take(self.lengths, index)), targets

    def __len__(self) -> int:
        return len(self.targets)


def longest_first(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order along the last axis in which lengths fall; among equal ones that of before."""
    return np.argsort(-lengths, axis=-1, kind="stable")


def take(values: Tensor, index: Tensor | slice) -> Tensor:
    """Some rows of `values`; by number a few times faster than `values[index]`."""
    return values[index] if isinstance(index, slice) else values.index_select(0, index)


@dataclass(frozen=True)
class Parts:
    """What a member trains and validates on.

    Attributes:
        image: (channels, height, width), where the inputs are images, however they are read.
    """

    spec: DataSpec
    train: Part
    valid: Part
    dtype: torch.dtype = torch.float32
    image: tuple[int, ...] | None = None

    @property
    def task(self) -> Task:
        return self.spec.task


def make_parts(
    dataset: Dataset,
    kind: Kind,
    data: Mapping[str, Any],
    *,
    fold: int | None,
    folds: int | None,
    device: str,
    dtype: torch.dtype = torch.float32,
) -> Parts:
    """The split that the [data] section `data` asks for, read as `kind`."""
    split = split_dataset(dataset, data, folds, fold)
    part = _reader(dataset, kind, data, split, device, dtype)
    image = dataset.inputs.shape[1:] if dataset.kind == "image" else None
    train, valid = part(split.train), part(reading_order(dataset, split.valid))
    return Parts(dataset.spec(kind), train, valid, dtype, image)


def make_test(
    dataset: Dataset,
    kind: Kind,
    data: Mapping[str, Any],
    *,
    device: str,
    dtype: torch.dtype = torch.float32,
) -> tuple[Part, NDArray[np.int64]]:
    """The rows kept for a last test, scaled as those that trained are; and which of the dataset's
    rows they are, in their order."""
    split = split_dataset(dataset, data, None, None)
    rows = reading_order(dataset, split.test)
    return _reader(dataset, kind, data, split, device, dtype)(rows), rows


def reading_order(dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that are read in slices, which like this hold sequences of similar length."""
    if dataset.lengths is None:
        return rows
    return rows[longest_first(dataset.lengths[rows])]


def _reader(
    dataset: Dataset,
    kind: Kind,
    data: Mapping[str, Any],
    split: Split,
    device: str,
    dtype: torch.dtype,
) -> Callable[[NDArray[np.int64]], Part]:
    """What makes a part of some rows, scaled by the training rows and read as `kind`."""
    scaled = scale(dataset.inputs, split.train, data["scale"], dataset.lengths)
    inputs = replace(dataset, inputs=scaled).view(kind)

    def number(values: Tensor) -> Tensor:
        return values.to(device=device, dtype=dtype if values.is_floating_point() else None)

    def part(rows: NDArray[np.int64]) -> Part:
        lengths = None if dataset.lengths is None else dataset.lengths[rows]
        return Part(
            number(torch.from_numpy(inputs[rows])),
            number(torch.from_numpy(dataset.targets[rows])),
            None if lengths is None else torch.from_numpy(lengths).to(device),
            lengths,
        )

    return part
