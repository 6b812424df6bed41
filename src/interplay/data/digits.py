"""Handwritten digits: 1,797 images of 8×8, 10 classes (UCI Optical Recognition; ships in scikit-learn)."""

from __future__ import annotations

import numpy as np

from interplay.data.dataset import Dataset
from interplay.data.raw import Raw


def digits() -> Dataset:
    """The digits as images (1, 8, 8) with values from 0 to 1."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images[:, None] / 16.0).astype(np.float32)
    targets = bunch.target.astype(np.int64)
    return Dataset(
        name="digits",
        task="classification",
        kind="image",
        inputs=images,
        targets=targets,
        num_outputs=10,
        classes=tuple(str(name) for name in bunch.target_names),
        raw=Raw("arrays", {"shape": [1, 8, 8], "unit": 16.0}),
    )
