"""Datasets by name, a file each. Importing this loads neither numpy nor any data.

`dataset` is what they all give, `split` which rows train, `load` the way from a study's [data];
`download` and `unpack` fetch files, and `common` has the options of every dataset.
"""

from __future__ import annotations

from dataclasses import dataclass

from interplay.kinds import Task
from interplay.options import Options, options_of
from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class Source:
    """What `mads_datasets` downloads, in its own layout: `<data folder>/<folder>/<file>`.

    Attributes:
        kind: the member of `mads_datasets.DatasetType`.
        folder: in the data folder.
        file: what is downloaded into it.
        unpacked: the folder that an archive holds; "" where the file is read as it is.
    """

    kind: str
    folder: str
    file: str
    unpacked: str = ""


@dataclass(frozen=True)
class DataEntry(Entry):
    """A dataset that can be loaded by name.

    Attributes:
        task: what it is for, known before anything is loaded.
        size, shape, source: for listings.
        download: where its files come from, for those that are downloaded.
        any_task: whether the user's files decide; `task` then says nothing.
        suits: the family to begin with, where that is not the one that reads such inputs first.
    """

    task: Task = "classification"
    size: str = ""
    shape: str = ""
    source: str = ""
    download: Source | None = None
    any_task: bool = False
    suits: str | None = None

    @property
    def options(self) -> Options:
        return options_of(self.build, frozenset({"folders"}))


DATASETS: Registry[DataEntry] = Registry("dataset")

for _entry in (
    DataEntry(
        "digits",
        "interplay.data.digits:digits",
        "handwritten digits",
        size="1,797",
        shape="image 1×8×8",
        suits="linear",  # such small pictures it reads in no time
        source="ships in scikit-learn",
    ),
    DataEntry(
        "gestures",
        "interplay.data.gestures:gestures",
        "accelerometer recordings of 20 gestures by 8 people",
        size="3,251",
        shape="sequence 10–51×3",
        source="mads_datasets",
        download=Source("GESTURES", "gestures", "gestures-dataset.zip", "gestures-dataset"),
    ),
    DataEntry(
        "fashion",
        "interplay.data.fashion:fashion",
        "Fashion-MNIST: 10 kinds of clothing; the official test part stays apart",
        size="70,000",
        shape="image 1×28×28",
        source="mads_datasets",
        download=Source("FASHION", "fashionmnist", "fashionmnist.pt"),
    ),
    DataEntry(
        "flowers",
        "interplay.data.flowers:flowers",
        "photographs of 5 kinds of flowers",
        size="3,670",
        shape="image 3×size×size",
        source="mads_datasets",
        download=Source("FLOWERS", "flowers", "flowers.tgz", "flower_photos"),
    ),
    DataEntry(
        "imdb",
        "interplay.data.imdb:imdb",
        "film reviews, negative or positive; the official test part stays apart",
        size="50,000",
        shape="tokens max_length",
        source="mads_datasets",
        download=Source("IMDB", "imdb", "aclImdb_v1.tar.gz", "aclImdb"),
    ),
    DataEntry(
        "sunspots",
        "interplay.data.sunspots:sunspots",
        "monthly sunspot numbers since 1749: from some months to the next; parts follow in time",
        task="regression",
        size="about 3,300",
        shape="sequence window×1",
        source="mads_datasets",
        download=Source("SUNSPOTS", "sunspots", "sunspots.txt"),
    ),
    DataEntry(
        "iris",
        "interplay.data.iris:iris",
        "3 kinds of irises by 4 lengths in cm",
        size="about 150",
        shape="flat 4",
        source="mads_datasets",
        download=Source("IRIS", "iris", "iris.csv"),
    ),
    DataEntry(
        "penguins",
        "interplay.data.penguins:penguins",
        'the Palmer penguins: 3 species by 3 lengths in mm and the mass in g (use scale = "standard")',
        size="342",
        shape="flat 4",
        source="mads_datasets",
        download=Source("PENGUINS", "penguins", "penguins.parq"),
    ),
    DataEntry(
        "arrays",
        "interplay.data.arrays:arrays",
        "a folder with X_train.npy Y_train.npy X_val.npy Y_val.npy (and X_test.npy Y_test.npy)",
        shape="as the arrays",
        source="your files",
        any_task=True,
    ),
    DataEntry(
        "images",
        "interplay.data.images:images",
        "a folder of images, one folder per class (ants and bees, …), also below train and val",
        shape="image 3×size×size",
        source="your files",
    ),
    DataEntry(
        "table",
        "interplay.data.table:table",
        "a CSV or Parquet table with a target column",
        shape="flat columns",
        source="your files",
        any_task=True,
    ),
    DataEntry(
        "torchvision",
        "interplay.data.vision:from_torchvision",
        "an image classification dataset of torchvision, by its class's name",
        shape="image",
        source="torchvision",
    ),
):
    DATASETS.register(_entry)
