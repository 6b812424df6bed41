"""From a configuration to a dataset: by name, or by the user's own function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interplay.data import DATASETS
from interplay.data import common as common_data
from interplay.data.dataset import Dataset
from interplay.data.split import Split
from interplay.errors import DataError, InterplayError, in_one_line, words_of
from interplay.identity import same_as
from interplay.options import arguments_of, options_of
from interplay.usercode import load_function, printing_aside

COMMON = frozenset(options_of(common_data.data).by_name)


def dataset_key(data: Mapping[str, Any]) -> str:
    """Equal for configurations that load the same dataset, however it is split and batched."""
    return same_as({k: v for k, v in data.items() if k not in COMMON})


def load_dataset(data: Mapping[str, Any], folders: Sequence[Path] = ()) -> Dataset:
    """The dataset of a [data] section.

    Args:
        folders: the study's and the working folder: where the user's own files and code are.

    A user's function returns a `Dataset`, a pair (inputs, targets), or two such pairs, the
    training rows' and the validation rows'.

    Raises:
        DataError: where it cannot be had, or is none of these.
    """
    options = {k: v for k, v in data.items() if k not in COMMON}
    if "builder" not in options:
        build = DATASETS.get(options.pop("name")).build
        loaded: Dataset = build(**arguments_of(build, options, {"folders": folders}))
        return loaded
    path = options.pop("builder")
    function = load_function(path, folders)
    try:
        with printing_aside():
            result = function(**arguments_of(function, options, {}))
    except InterplayError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"data.builder {path} raised {in_one_line(error)}") from error
    return _as_dataset(result, path)


def _as_dataset(result: Any, path: str) -> Dataset:
    if isinstance(result, Dataset):
        return result
    name = path.partition(":")[2]
    if isinstance(result, tuple) and len(result) == 2:
        pairs = [isinstance(part, tuple) and len(part) == 2 for part in result]
        try:
            if all(pairs):
                return _joined(result, name)
            return Dataset.from_arrays(*result, name=name)
        except InterplayError:
            raise
        except Exception as error:  # whatever arrays and tensors may say
            raise DataError(f"data.builder {path}: {words_of(error)}") from None
    raise DataError(
        f"data.builder {path} returned {type(result).__name__}; it returns a Dataset, "
        "(inputs, targets), or ((inputs, targets), (inputs, targets)) for train and valid"
    )


def _joined(pairs: Any, name: str) -> Dataset:
    """One dataset of a training and a validation pair, the second as its prescribed part."""
    from dataclasses import replace

    import numpy as np

    (train_x, train_y), (valid_x, valid_y) = [(np.asarray(x), np.asarray(y)) for x, y in pairs]
    whole = Dataset.from_arrays(
        np.concatenate([train_x, valid_x]), np.concatenate([train_y, valid_y]), name=name
    )
    valid = np.arange(len(train_x), len(train_x) + len(valid_x))
    return replace(whole, fixed={"valid": valid})


def split_dataset(
    dataset: Dataset, data: Mapping[str, Any], folds: int | None, fold: int | None
) -> Split:
    """The split that a [data] section asks for, of which `fold` validates where there are folds.

    Where `train_on` is all, the validation rows are among the training rows too.
    """
    split = dataset.split(
        data["split_seed"],
        data["valid"],
        data["test"],
        folds,
        fold,
        data["subset"],
        data.get("folds_by", "auto"),
    )
    return split.joined() if data.get("train_on") == "all" else split
