"""Penguins: 344 penguins of three species on the Palmer Archipelago.

Source: Gorman, Williams, Fraser, "Ecological sexual dimorphism and environmental variability within
a community of Antarctic penguins", PLoS ONE 2014; through mads_datasets.
"""

from __future__ import annotations

import numpy as np

from interplay.data.dataset import Dataset
from interplay.data.download import fetch
from interplay.data.raw import Raw
from interplay.errors import DataError, words_of

FEATURES = ["Culmen Length (mm)", "Culmen Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"]


def penguins() -> Dataset:
    """Flat inputs (4,): culmen length and depth and flipper length in mm, body mass in g; 3 classes.

    The two penguins that were not measured are left out. Masses are thousands of grams, so models
    want `scale = "standard"`.

    Raises:
        DataError: where the file cannot be had or read.
    """
    import pandas as pd

    file = fetch("penguins")
    try:
        table = pd.read_parquet(file, columns=["Species", *FEATURES]).dropna()
    except (ValueError, OSError) as error:  # pyarrow's errors are of these
        raise DataError(
            f"dataset 'penguins': {file} is no such table ({words_of(error)})"
        ) from None
    classes = sorted(table["Species"].astype(str).unique())
    targets = [classes.index(name) for name in table["Species"].astype(str)]
    return Dataset(
        name="penguins",
        task="classification",
        kind="flat",
        inputs=table[FEATURES].to_numpy(dtype=np.float32),
        targets=np.array(targets, dtype=np.int64),
        num_outputs=len(classes),
        classes=tuple(classes),
        raw=Raw("columns", {"names": FEATURES, "words": {}}),
    )
