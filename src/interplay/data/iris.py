"""Iris: about 150 flowers of three kinds, in the course's dirty file.

Source: Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 1936;
through mads_datasets, whose cleaning is followed but for one thing, see `iris`.
"""

from __future__ import annotations

import numpy as np

from interplay.data.dataset import Dataset
from interplay.data.download import fetch
from interplay.data.raw import Raw
from interplay.errors import DataError, words_of

FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def iris() -> Dataset:
    """Flat inputs (4,): lengths and widths of sepals and petals in cm; 3 classes.

    Cleaned as in the course: petal widths in mm become cm, a sepal length of 58 is 5.8, "setsoa"
    is setosa, and a row that is there twice counts once. A row with a missing value is left out,
    where the course fills in the mean of all rows, those of validation among them.

    Raises:
        DataError: where the file cannot be had or read.
    """
    import pandas as pd

    file = fetch("iris")
    try:
        table = pd.read_csv(file, header=None, names=[*FEATURES, "class"], skipinitialspace=True)
        width = table["petal_width"].astype(str).str.strip()
        number = pd.to_numeric(width.str.removesuffix("mm").str.strip())
        table["petal_width"] = number.where(~width.str.endswith("mm"), number / 10)
        for column in FEATURES:
            table[column] = pd.to_numeric(table[column])
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise DataError(f"dataset 'iris': {file} is no such table ({words_of(error)})") from None
    table["sepal_length"] = table["sepal_length"].replace(58.0, 5.8)
    table["class"] = table["class"].str.strip().str.replace("setsoa", "setosa")
    table = table.dropna().drop_duplicates()
    classes = sorted(table["class"].unique())
    return Dataset(
        name="iris",
        task="classification",
        kind="flat",
        inputs=table[FEATURES].to_numpy(dtype=np.float32),
        targets=np.array([classes.index(name) for name in table["class"]], dtype=np.int64),
        num_outputs=len(classes),
        classes=tuple(classes),
        raw=Raw("columns", {"names": FEATURES, "words": {}}),
    )
