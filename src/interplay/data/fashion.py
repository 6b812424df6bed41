"""Fashion-MNIST: 70,000 grey images of 28×28, 10 kinds of clothing.

Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms", arXiv:1708.07747; as one file of tensors through mads_datasets.
"""

from __future__ import annotations

import pickle

import numpy as np

from interplay.data.dataset import Dataset
from interplay.data.download import fetch
from interplay.data.raw import Raw
from interplay.errors import DataError

CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def fashion() -> Dataset:
    """Images (1, 28, 28) with values from 0 to 1; the official 10,000 test rows are the test part.

    Raises:
        DataError: where the file cannot be had or read.
    """
    import torch

    file = fetch("fashion")
    try:
        # Only tensors: a file from elsewhere must not run code.
        held = torch.load(file, map_location="cpu", weights_only=True)
        train, test = held["traindata"].numpy(), held["testdata"].numpy()
        labels = np.concatenate([held["trainlabels"].numpy(), held["testlabels"].numpy()])
    except (pickle.UnpicklingError, KeyError, AttributeError, RuntimeError, EOFError) as error:
        raise DataError(
            f"dataset 'fashion': {file} holds no Fashion-MNIST ({type(error).__name__})"
        ) from None
    images = np.concatenate([train, test])[:, None].astype(np.float32)
    images /= 255.0
    return Dataset(
        name="fashion",
        task="classification",
        kind="image",
        inputs=images,
        targets=labels.astype(np.int64),
        num_outputs=len(CLASSES),
        fixed={"test": np.arange(len(train), len(images))},
        classes=CLASSES,
        raw=Raw("pictures", {"shape": [1, 28, 28]}),
    )
