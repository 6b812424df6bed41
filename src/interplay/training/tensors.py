"""A dataset's train and valid parts as tensors on a device, in the form a model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.data.dataset import Dataset, DataSpec
from interplay.data.load import split_dataset
from interplay.data.scaling import scale
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
    scaled = scale(dataset.inputs, split.train, data["scale"], dataset.lengths)
    inputs = replace(dataset, inputs=scaled).view(kind)

    def number(values: Tensor) -> Tensor:
        return values.to(device=device, dtype=dtype if values.is_floating_point() else None)

    def part(rows: Any) -> Part:
        lengths = None if dataset.lengths is None else dataset.lengths[rows]
        return Part(
            number(torch.from_numpy(inputs[rows])),
            number(torch.from_numpy(dataset.targets[rows])),
            None if lengths is None else torch.from_numpy(lengths).to(device),
            lengths,
        )

    # The valid rows are read in slices, which like this hold sequences of similar length.
    valid = split.valid
    if dataset.lengths is not None:
        valid = valid[longest_first(dataset.lengths[valid])]
    image = dataset.inputs.shape[1:] if dataset.kind == "image" else None
    return Parts(dataset.spec(kind), part(split.train), part(valid), dtype, image)
