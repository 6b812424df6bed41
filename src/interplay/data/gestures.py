"""Gestures: 3,251 accelerometer recordings of 20 gestures, drawn by 8 people (the course's own).

Source: the archive that mads_datasets downloads. A file is a recording: a line a step, three time
stamps and the acceleration along x, y and z in m/s²; its folder is the gesture, above it the person.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.bars import counted
from interplay.data.dataset import Dataset
from interplay.data.download import expected_md5, fetch
from interplay.data.folder import cached, key_of
from interplay.errors import DataError
from interplay.options import Late

PARSER = 2  # its version: another one parses again


def gestures(
    *,
    persons: Annotated[
        bool, Late(), Field(description="split by person: validate on people not trained on")
    ] = False,
) -> Dataset:
    """Sequences (steps, 3), padded with zeros at the end to the longest; 20 classes.

    With `persons`, rows of one person are a group of the split.

    Raises:
        DataError: where the files cannot be had or read.
    """
    key = key_of(expected_md5("gestures"), PARSER)
    arrays = cached("gestures", key, lambda: _parse(fetch("gestures")))
    classes = tuple(str(name) for name in arrays["classes"])
    return Dataset(
        name="gestures",
        task="classification",
        kind="sequence",
        inputs=arrays["inputs"],
        targets=arrays["targets"],
        num_outputs=len(classes),
        lengths=arrays["lengths"],
        classes=classes,
        groups=arrays["persons"] if persons else None,
    )


def _parse(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of all `person/gesture/recording.txt` below `folder`, in sorted order."""
    files = sorted(folder.glob("*/*/*.txt"), key=lambda path: path.relative_to(folder).parts)
    if not files:
        raise DataError(f"dataset 'gestures': {folder} holds no recordings")
    classes = sorted({file.parent.name for file in files})
    steps = [_read(file) for file in counted(files, "gestures: reading")]
    lengths = np.array([len(rows) for rows in steps], dtype=np.int64)
    inputs = np.zeros((len(steps), int(lengths.max()), 3), dtype=np.float32)
    for row, values in zip(inputs, steps, strict=True):
        row[: len(values)] = values
    targets = np.array([classes.index(file.parent.name) for file in files], dtype=np.int64)
    return {
        "inputs": inputs,
        "targets": targets,
        "lengths": lengths,
        "classes": np.array(classes),
        "persons": np.unique([file.parents[1].name for file in files], return_inverse=True)[1],
    }


def _read(file: Path) -> NDArray[np.float64]:
    """(steps, 3): a recording without its time stamps."""
    try:
        values = np.array(file.read_text(encoding="ascii").split(), dtype=np.float64)
        if not len(values):
            raise ValueError("it is empty")
        return values.reshape(-1, 6)[:, 3:]
    except ValueError as error:
        raise DataError(f"dataset 'gestures': {file} is no recording ({error})") from None
