"""A table of the user's own: CSV or Parquet, a row an example, one column the target."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.folder import find_path
from interplay.data.raw import Raw
from interplay.errors import DataError, nearest, words_of
from interplay.kinds import Task
from interplay.options import Late
from interplay.separated import SUFFIXES, read_separated

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 20  # of whole numbers: more are quantities
MOST_WORDS = 100  # of one column: more name rows


def table(
    *,
    path: Annotated[
        str, Field(description="a .csv or .parquet, beside the study or in the working folder")
    ],
    target: Annotated[str, Field(description="the column that is predicted")],
    task: Annotated[
        Literal["auto", "classification", "regression"],
        Field(description="auto: words, or at most 20 different whole numbers, are classes"),
    ] = "auto",
    ignore: Annotated[str, Field(description="columns left out, with commas between")] = "",
    missing: Annotated[
        Literal["error", "drop"], Field(description="rows that lack a value: an error, or left out")
    ] = "error",
    groups: Annotated[
        str,
        Late(),
        Field(description="a column (a person, a device) whose rows stay in one part, no input"),
    ] = "",
    folders: Sequence[Path] = (),
) -> Dataset:
    """Flat inputs: numbers as they are, a column of words as one column a word (0 or 1), sorted.

    Classes are sorted, words by alphabet and numbers by size.

    Args:
        folders: where `path` is looked for before the working folder.

    Raises:
        DataError: where the file or a column cannot be read, or a value is missing.
    """
    import pandas as pd

    file = find_path(path, folders, "file")
    frame = _read(file)
    left_out = [name.strip() for name in ignore.split(",") if name.strip()]
    for name in [target, *left_out, *([groups] if groups else [])]:
        if name not in frame.columns:
            near = nearest(name, frame.columns)
            hint = f"; did you mean {near!r}?" if near else ""
            known = ", ".join(frame.columns)
            raise DataError(
                f"dataset 'table': {file} has no column {name!r}; allowed: {known}{hint}"
            )
    used = {"target": [target], "ignore": left_out, "groups": [groups] if groups else []}
    for (one, names), (other, others) in combinations(used.items(), 2):
        if both := set(names) & set(others):
            raise DataError(f"dataset 'table': column {both.pop()!r} is {one} and {other}")
    frame = frame.drop(columns=left_out)
    gaps = frame.isna().sum()
    if gaps.any():
        if missing == "error":
            found = ", ".join(f"{name} {count}" for name, count in gaps.items() if count)
            raise DataError(
                f"dataset 'table': {file} lacks values ({found}); set missing = \"drop\" to leave "
                "such rows out, or fill them in yourself"
            )
        frame = frame.dropna()
    if frame.empty:
        raise DataError(f"dataset 'table': {file} has no rows")
    names = [name for name in frame.columns if name not in (target, groups)]
    words: dict[str, list[str]] = {}
    columns = [_features(frame[name], words) for name in names]
    if not columns:
        raise DataError(f"dataset 'table': {file} has no column besides the target")
    y = frame[target]
    if task == "auto":
        task = _guess(y)
    targets, classes = _targets(y, task)
    return Dataset(
        name=file.stem,
        task=task,
        kind="flat",
        inputs=np.concatenate(columns, axis=1).astype(np.float32),
        targets=targets,
        num_outputs=len(classes) if task == "classification" else 1,
        classes=classes,
        groups=pd.factorize(frame[groups])[0].astype(np.int64) if groups else None,
        raw=Raw("columns", {"names": names, "words": words}),
    )


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    if not file.is_file():
        raise DataError(f"dataset 'table': {file} is no file")
    suffix = file.suffix.lower()
    try:
        if suffix in (".parquet", ".parq", ".pq"):
            frame = pd.read_parquet(file)
        elif suffix in SUFFIXES:
            frame = read_separated(file)
        else:
            raise DataError(f"dataset 'table': {file} is no .csv and no .parquet file")
    except (ValueError, OSError) as error:  # pandas' and pyarrow's errors are of these
        if isinstance(error, DataError):
            raise
        raise DataError(f"dataset 'table': {file} cannot be read ({words_of(error)})") from None
    frame.columns = frame.columns.astype(str)
    return frame.reset_index(drop=True)


def _features(column: pd.Series[Any], known: dict[str, list[str]]) -> NDArray[np.float64]:
    """(rows, 1), or (rows, words) for a column of words, which are put down in `known`."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return column.to_numpy(dtype=np.float64)[:, None]
    if not _wordy(column):
        raise DataError(
            f"dataset 'table': column {column.name!r} holds {column.dtype}, neither numbers nor "
            "words; name it in ignore, or make numbers of it"
        )
    found, words = pd.factorize(column.astype(str), sort=True)
    known[str(column.name)] = [str(word) for word in words]
    if len(words) > MOST_WORDS:
        raise DataError(
            f"dataset 'table': column {column.name!r} holds {len(words)} different words, more "
            f"than {MOST_WORDS}; name it in ignore, or make numbers of it"
        )
    return np.eye(len(words))[found]


def _wordy(column: pd.Series[Any]) -> bool:
    import pandas as pd

    types = pd.api.types
    return (
        types.is_object_dtype(column)
        or types.is_string_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )


def _guess(y: pd.Series[Any]) -> Task:
    import pandas as pd

    types = pd.api.types
    if not types.is_numeric_dtype(y) or types.is_bool_dtype(y):
        return "classification"
    few = types.is_integer_dtype(y) and y.nunique() <= MOST_CLASSES
    return "classification" if few else "regression"


def _targets(y: pd.Series[Any], task: Task) -> tuple[NDArray[Any], tuple[str, ...]]:
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(y)
    if task == "classification":
        found, words = pd.factorize(y if numeric else y.astype(str), sort=True)
        return found.astype(np.int64), tuple(str(word) for word in words)
    if not numeric:
        raise DataError(f"dataset 'table': target {y.name!r} holds words; regression needs numbers")
    return y.to_numpy(dtype=np.float32)[:, None], ()
