"""The protocol of all datasets: arrays in memory, what the task is, and a seeded split.

Arrays are numpy's, because Ray's object store hands those to workers without a copy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interplay.errors import DataError, how_many
from interplay.kinds import Kind, Task

if TYPE_CHECKING:
    from interplay.data.folds import FoldsBy
    from interplay.data.raw import Raw
    from interplay.data.split import Split


@dataclass(frozen=True)
class DataSpec:
    """What a model must know of its data.

    Attributes:
        task: classification or regression.
        kind: what one input is; see `shape`.
        shape: of one input: flat (features,); image (channels, height, width);
            sequence (steps, features), steps the longest; tokens (steps,).
        num_outputs: number of classes, or of regression targets.
        vocabulary: number of distinct tokens, 0 where there are none.
    """

    task: Task
    kind: Kind
    shape: tuple[int, ...]
    num_outputs: int
    vocabulary: int = 0


@dataclass(frozen=True)
class Dataset:
    """A whole dataset in memory.

    Attributes:
        name: for messages and the digest.
        task: classification (targets are class numbers) or regression (floats).
        kind: the form the inputs come in, as in `DataSpec`.
        inputs: (n, *shape), float32; tokens int64.
        targets: (n,) int64 class numbers, or (n, outputs) float32.
        num_outputs: number of classes, or of targets.
        lengths: (n,) int64 true steps of padded sequences, or None.
        vocabulary: number of distinct tokens, 0 where there are none.
        fixed: parts the source itself prescribes, by name ("valid", "test"): row numbers.
        classes: the classes' names, in the order of their numbers, where they have names.
        overlap: rows in order of time that share values with so many rows before and after them
            (windows of one series); parts are then stretches of time. 0 where rows stand alone.
        groups: (n,) int64, who or what each row is of (a person, a device), or None: rows of one
            group are in one part, so that validation is on groups that training has not seen.
        raw: how inputs as one has them outside become such arrays; None: they are such arrays
            already. No part of the digest.
    """

    name: str
    task: Task
    kind: Kind
    inputs: NDArray[Any]
    targets: NDArray[Any]
    num_outputs: int
    lengths: NDArray[np.int64] | None = None
    vocabulary: int = 0
    fixed: dict[str, NDArray[np.int64]] | None = None
    classes: tuple[str, ...] = ()
    overlap: int = 0
    groups: NDArray[np.int64] | None = None
    raw: Raw | None = None

    def __post_init__(self) -> None:
        n = len(self.inputs)
        dims = {"flat": 2, "image": 4, "sequence": 3, "tokens": 2}[self.kind]
        if self.inputs.ndim != dims:
            raise DataError(
                f"dataset {self.name!r}: {self.kind} inputs have {dims} dimensions "
                f"(n first), these have shape {self.inputs.shape}"
            )
        if n == 0 or len(self.targets) != n:
            raise DataError(
                f"dataset {self.name!r}: {how_many(n, 'input')} but {how_many(len(self.targets), 'target')}"
            )
        if self.inputs.dtype.kind == "f" and not np.isfinite(self.inputs).all():
            raise DataError(f"dataset {self.name!r}: inputs that are not finite numbers")
        shape = (n,) if self.task == "classification" else (n, self.num_outputs)
        if self.targets.shape != shape:  # torch would make a table of (n) and (n, 1)
            raise DataError(
                f"dataset {self.name!r}: targets of {self.task} have shape {shape}, "
                f"these {self.targets.shape}"
            )
        if self.task == "classification":
            if self.targets.dtype.kind not in "iu":
                raise DataError(
                    f"dataset {self.name!r}: class numbers are whole numbers, not {self.targets.dtype}"
                )
            low, high = int(self.targets.min()), int(self.targets.max())
            if low < 0 or high >= self.num_outputs:
                raise DataError(
                    f"dataset {self.name!r}: class numbers {low} to {high}, "
                    f"but {how_many(self.num_outputs, 'class', 'classes')}"
                )
        elif not np.isfinite(self.targets).all():
            raise DataError(f"dataset {self.name!r}: targets that are not finite numbers")
        if self.overlap and (self.fixed or self.groups is not None):
            what = "prescribed parts" if self.fixed else "groups"
            raise DataError(f"dataset {self.name!r}: {what} and overlapping rows")
        self._check_rows()

    def _check_rows(self) -> None:
        """What is said of each row, and which rows are said to be a part."""
        n = len(self.inputs)
        for what, said in (("lengths", self.lengths), ("groups", self.groups)):
            if said is not None and (said.shape != (n,) or said.dtype.kind not in "iu"):
                raise DataError(
                    f"dataset {self.name!r}: {what} are one whole number a row, {n} in all; "
                    f"these have shape {said.shape} and type {said.dtype}"
                )
        if self.lengths is not None:
            steps = self.inputs.shape[1]
            if self.kind not in ("sequence", "tokens"):
                raise DataError(f"dataset {self.name!r}: {self.kind} inputs have no lengths")
            if self.lengths.min() < 1 or self.lengths.max() > steps:
                raise DataError(
                    f"dataset {self.name!r}: lengths are from 1 to the {steps} steps of the inputs; "
                    f"these are {self.lengths.min()} to {self.lengths.max()}"
                )
        if self.kind == "tokens":
            low, high = self.inputs.min(initial=0), self.inputs.max(initial=0)
            if self.inputs.dtype.kind not in "iu" or low < 0 or high >= self.vocabulary:
                raise DataError(
                    f"dataset {self.name!r}: tokens are whole numbers from 0 to below the "
                    f"vocabulary of {self.vocabulary}; these are {low} to {high}"
                )
        seen = np.zeros(n, dtype=bool)
        for part, rows in (self.fixed or {}).items():
            if part not in ("valid", "test"):
                raise DataError(
                    f"dataset {self.name!r}: a prescribed part is valid or test, not {part!r}"
                )
            if len(rows) and (rows.min() < 0 or rows.max() >= n):
                raise DataError(
                    f"dataset {self.name!r}: rows of part {part!r} are from 0 to {n - 1}"
                )
            if seen[rows].any() or len(np.unique(rows)) < len(rows):
                raise DataError(f"dataset {self.name!r}: rows of part {part!r} are given twice")
            seen[rows] = True

    @classmethod
    def from_arrays(
        cls,
        inputs: Any,
        targets: Any,
        *,
        name: str = "data",
        task: Task | None = None,
        kind: Kind | None = None,
        lengths: Any = None,
        groups: Any = None,
    ) -> Dataset:
        """A dataset from two arrays (or tensors), the rest told by their shapes and types.

        Whole-number targets of one dimension are classes, all others regression; 2-D inputs are
        flat, 3-D sequences, 4-D images; unless `task`, `kind` say otherwise. Tokens must be called
        so: whole numbers in two dimensions are flat inputs too. `groups` may be numbers or words.
        """
        x, y = np.asarray(inputs), np.asarray(targets)
        whole = x.dtype.kind in "iu"
        by_dims: dict[int, Kind] = {2: "flat", 3: "sequence", 4: "image"}
        if kind is None and x.ndim not in by_dims:
            raise DataError(f"dataset {name!r}: inputs of shape {x.shape} have no known kind")
        kind = kind or by_dims[x.ndim]
        if task is None:
            task = "classification" if y.ndim == 1 and y.dtype.kind in "iub" else "regression"
        if task == "classification":
            y = y.astype(np.int64)
            outputs = int(y.max()) + 1 if y.size else 0
        else:
            y = y.astype(np.float32).reshape(len(y), -1)
            outputs = y.shape[1]
        tokens = kind == "tokens"
        if tokens and not whole:
            raise DataError(f"dataset {name!r}: tokens are whole numbers, not {x.dtype}")
        return cls(
            name=name,
            task=task,
            kind=kind,
            inputs=x.astype(np.int64 if tokens else np.float32),
            targets=y,
            num_outputs=outputs,
            lengths=None if lengths is None else np.asarray(lengths, dtype=np.int64),
            vocabulary=int(x.max()) + 1 if tokens else 0,
            groups=None if groups is None else np.unique(groups, return_inverse=True)[1],
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything a training sees, in 16 hexadecimal digits."""
        h = hashlib.sha256()
        what = (self.task, self.kind, self.num_outputs, self.vocabulary)
        h.update(repr(what + (self.overlap,) * bool(self.overlap)).encode())
        fixed = sorted((self.fixed or {}).items())
        if len(fixed) == 1:
            h.update(fixed[0][0].encode())  # two are told apart by their order
        parts = [self.inputs, self.targets, self.lengths, *(rows for _, rows in fixed)]
        if self.groups is not None:
            h.update(b"groups")
            parts.append(self.groups)
        for array in parts:
            if array is None:
                h.update(b"none")
            else:
                h.update(repr((array.shape, array.dtype.str)).encode())
                h.update(np.ascontiguousarray(array).data)
        return h.hexdigest()[:16]

    @property
    def views(self) -> dict[Kind, tuple[int, ...]]:
        """The forms in which the inputs can be had, with the shape of one; its own form first."""
        shape = self.inputs.shape[1:]
        own: dict[Kind, tuple[int, ...]] = {self.kind: shape}
        if self.kind == "image":
            channels, height, width = shape
            own["flat"] = (channels * height * width,)
            own["sequence"] = (height, channels * width)
        elif self.kind == "sequence":
            own["flat"] = (shape[0] * shape[1],)
        return own

    def spec(self, kind: Kind | None = None) -> DataSpec:
        """What a model that reads the inputs as `kind` must know.

        Raises:
            DataError: where the inputs cannot be read that way.
        """
        kind = kind or self.kind
        if kind not in self.views:
            raise DataError(
                f"dataset {self.name!r} cannot be read as {kind!r}; it comes as {', '.join(self.views)}"
            )
        return DataSpec(self.task, kind, self.views[kind], self.num_outputs, self.vocabulary)

    def view(self, kind: Kind) -> NDArray[Any]:
        """The inputs as `kind`, shape (n, *spec(kind).shape); an image as a sequence is its rows."""
        self.spec(kind)  # says where that cannot be
        return as_kind(self.inputs, self.kind, kind)

    def split(
        self,
        seed: int = 0,
        valid: float = 0.2,
        test: float = 0.0,
        folds: int | None = None,
        fold: int | None = None,
        subset: float = 1.0,
        folds_by: FoldsBy = "auto",
    ) -> Split:
        """The study's split: seeded, and even over the classes.

        Parts that the source prescribes (`fixed`) stay as they are. With `folds`, the rows that
        are neither test nor training only are cut into that many parts, and part `fold` validates;
        from `fold` = `folds` on in another cut of the same rows, a repeat.
        Rows of one group go into one part; parts are then as near to their size as groups allow.
        Rows that overlap are split in time instead, whatever the seed: training first, then
        validation, then test (with folds: stretches, each validating once), and between two parts
        `overlap` rows are left out, so that no value is in both.

        Args:
            seed: of the study, not of a member: every member sees the same split.
            valid, test: fractions of all rows.
            subset: fraction of the training rows and of the validation rows that is kept, seeded,
                of every class at least one; a smaller subset is part of a larger one.
            folds_by: how folds are cut; see `interplay.data.folds`.

        Raises:
            DataError: where a part that is needed would be empty, or folds cannot be cut so.
        """
        from interplay.data.split import split_rows

        return split_rows(self, seed, valid, test, folds, fold, subset, folds_by)


def as_kind(inputs: NDArray[Any], own: Kind, kind: Kind) -> NDArray[Any]:
    """Inputs that come as `own`, read as `kind`, one of the dataset's views."""
    n = len(inputs)
    if kind == own:
        return inputs
    if kind == "sequence":  # of an image: its rows
        _, channels, height, width = inputs.shape
        rows = np.ascontiguousarray(inputs.transpose(0, 2, 1, 3))
        return rows.reshape(n, height, channels * width)
    return inputs.reshape(n, -1)
