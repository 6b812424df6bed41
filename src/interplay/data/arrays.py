"""A folder of the user's own arrays: X_train.npy Y_train.npy X_val.npy Y_val.npy, and test ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.folder import find_path
from interplay.errors import DataError, how_many, words_of
from interplay.kinds import Kind, Task


def arrays(
    *,
    path: Annotated[
        str, Field(description="the folder, beside the study or in the working folder")
    ],
    task: Annotated[
        Literal["auto", "classification", "regression"],
        Field(description="auto: whole numbers in one column are classes"),
    ] = "auto",
    kind: Annotated[
        Literal["auto", "flat", "image", "sequence", "tokens"],
        Field(description="auto: by the number of dimensions, 2 flat, 3 sequence, 4 image"),
    ] = "auto",
    folders: Sequence[Path] = (),
) -> Dataset:
    """The arrays as one dataset whose validation and test parts are prescribed.

    X is (n, features), (n, steps, features), (n, channels, height, width), with `kind = "image"`
    also (n, height, width), or with `kind = "tokens"` whole numbers (n, steps); Y is (n,), (n, 1)
    or (n, outputs). Files are read without pickle.

    Args:
        folders: where `path` is looked for before the working folder.

    Raises:
        DataError: where a file is missing or unreadable, or the parts do not fit each other.
    """
    folder = find_path(path, folders, "folder of arrays")
    if not folder.is_dir():
        raise DataError(f"dataset 'arrays': {folder} is no folder")
    parts = ["train", "val"]
    if any((folder / f"{letter}_test.npy").exists() for letter in "XY"):
        parts.append("test")
    names = [f"{letter}_{part}.npy" for part in parts for letter in "XY"]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(f"dataset 'arrays': {folder} lacks {', '.join(missing)}")
    held = {name: _read(folder / name) for name in names}
    xs = [held[f"X_{part}.npy"] for part in parts]
    ys = [_column(held[f"Y_{part}.npy"]) for part in parts]
    for part, x, y in zip(parts, xs, ys, strict=True):
        if len(x) != len(y):
            raise DataError(
                f"dataset 'arrays': X_{part} has {how_many(len(x), 'row')}, Y_{part} {len(y)}"
            )
        if x.shape[1:] != xs[0].shape[1:] or y.shape[1:] != ys[0].shape[1:]:
            raise DataError(
                f"dataset 'arrays': rows of X_{part} and Y_{part} have shapes {x.shape[1:]} and "
                f"{y.shape[1:]}, those of train {xs[0].shape[1:]} and {ys[0].shape[1:]}"
            )
    x, y = np.concatenate(xs), np.concatenate(ys)
    if kind == "image" and x.ndim == 3:
        x = x[:, None]
    chosen: Task | None = None if task == "auto" else task
    form: Kind | None = None if kind == "auto" else kind
    if chosen == "classification" and (y.ndim != 1 or (y != np.round(y)).any()):
        raise DataError("dataset 'arrays': classes are whole numbers in one column; Y is not")
    whole = Dataset.from_arrays(x, y, name=folder.name, task=chosen, kind=form)
    ends = np.cumsum([len(part) for part in xs])
    fixed = {"valid": np.arange(ends[0], ends[1])}
    if len(parts) == 3:
        fixed["test"] = np.arange(ends[1], ends[2])
    return replace(whole, fixed=fixed)


def _read(file: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(file, allow_pickle=False)
    except MemoryError as error:  # a broken header may ask for any size
        raise DataError(f"dataset 'arrays': {file} does not fit into memory: {error}") from None
    except (ValueError, OSError, EOFError, OverflowError) as error:
        pickled = "allow_pickle" in str(error) or "pickled" in str(error)
        reason = "it holds Python objects, which could run code" if pickled else words_of(error)
        raise DataError(f"dataset 'arrays': {file} is not read: {reason}") from None
    if not isinstance(array, np.ndarray) or array.ndim == 0 or array.dtype.kind not in "biuf":
        raise DataError(f"dataset 'arrays': {file} is no array of numbers")
    return array


def _column(y: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in one column are classes, as one dimension."""
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "iub" else y
