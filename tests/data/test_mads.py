"""The datasets of mads_datasets: what their loaders make of files had through its real download."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from interplay.data import DATASETS
from interplay.data.load import load_dataset
from interplay.errors import DataError

from . import small

ARCHIVE = Path(__file__).resolve().parents[3] / "shared/data/gestures-dataset.zip"
DOWNLOADED = [entry.name for entry in DATASETS if entry.download is not None]


def load(name, **options):
    return load_dataset({"name": name, **options})


def test_every_downloaded_dataset_is_tested_here():
    assert set(DOWNLOADED) == set(small.CONTENT)


def test_the_registry_knows_the_folders_and_files_of_mads_datasets():
    from mads_datasets import DatasetFactoryProvider, DatasetType

    for name in DOWNLOADED:
        source = DATASETS.get(name).download
        settings = DatasetFactoryProvider.create_factory(DatasetType[source.kind]).settings
        assert (source.folder, source.file) == (settings.name, str(settings.filename))
        assert bool(source.unpacked) == settings.unzip


@pytest.mark.parametrize("name", DOWNLOADED)
def test_loads_once_through_the_server_and_then_from_disk(name, offer):
    server = offer(name, small.CONTENT[name]())
    options = {"window": 5} if name == "sunspots" else {}
    first = load(name, **options)
    assert first.task == DATASETS.get(name).task
    assert DATASETS.get(name).shape.startswith(first.kind)
    assert server.asked == 1
    server.close()
    again = load(name, **options)
    assert again.digest == first.digest
    assert again.classes == first.classes
    assert len(first.split(0, valid=0.3).valid)


def test_gestures(offer):
    offer("gestures", small.gestures())
    data = load("gestures")
    assert data.inputs.shape == (12, 5 + 1, 3)
    assert data.classes == ("01", "02", "03")
    assert data.targets.tolist() == [0, 0, 1, 1, 2, 2] * 2
    assert data.lengths.tolist() == [2, 3, 3, 4, 4, 5, 3, 4, 4, 5, 5, 6]
    assert data.inputs[0].tolist() == [[111, 0.5, -9.25], [112, 0.5, -9.25]] + [[0, 0, 0]] * 4
    assert data.inputs[11, :, 0].tolist() == [232, 233, 234, 235, 236, 237]


def test_gestures_by_person(offer):
    offer("gestures", small.gestures())
    data = load("gestures", persons=True)
    assert data.groups.tolist() == [0] * 6 + [1] * 6
    parts = {frozenset(data.groups[data.split(seed).valid]) for seed in range(9)}
    assert parts == {frozenset({0}), frozenset({1})}
    plain = load("gestures")
    assert plain.groups is None
    assert plain.digest != data.digest
    assert np.array_equal(plain.inputs, data.inputs)


def test_gestures_classes_are_sorted_whoever_drew_them_first(offer):
    top = "gestures-dataset"
    files = {f"{top}/U0{person}/0{4 - person}/01.txt": small.recording(3, 0) for person in (1, 2)}
    offer("gestures", small.zipped(files))
    data = load("gestures")
    assert data.classes == ("02", "03")
    assert data.targets.tolist() == [1, 0]


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the real archive is not part of the project")
def test_the_real_gestures_archive_in_the_data_folder(folder):
    (folder / ARCHIVE.name).write_bytes(ARCHIVE.read_bytes())
    data = load("gestures")
    assert data.inputs.shape == (3251, 51, 3)
    assert (data.lengths.min(), data.lengths.max(), np.median(data.lengths)) == (10, 51, 19)
    assert np.array_equal(np.unique(data.targets), np.arange(20))
    # First line of U01/01/01.txt.
    assert data.inputs[0, 0] == pytest.approx([1.532289, -0.919373, 10.113108])
    assert not data.inputs[np.arange(51) >= data.lengths[:, None]].any()
    by_person = load("gestures", persons=True)
    assert len(set(by_person.groups)) == 8
    folds = [by_person.split(0, folds=4, fold=k).valid for k in range(4)]
    assert [len(set(by_person.groups[rows])) for rows in folds] == [2, 2, 2, 2]
    assert sorted(np.concatenate(folds)) == list(range(3251))


def test_a_broken_recording_is_named(offer, folder):
    files = small.gestures_files()
    files["gestures-dataset/U01/02/01.txt"] = b"1 2 3 0.1 0.2\n"
    offer("gestures", small.zipped(files))
    with pytest.raises(DataError, match=r"U01/02/01\.txt is no recording"):
        load("gestures")
    assert not (folder / "parsed").exists()


def test_fashion(offer):
    offer("fashion", small.fashion())
    data = load("fashion")
    assert data.inputs.shape == (15, 1, 28, 28)
    assert data.inputs.dtype == np.float32
    assert data.inputs[0, 0, 0, :3].tolist() == pytest.approx([0, 1 / 255, 2 / 255])
    assert (data.inputs.min(), data.inputs.max()) == (0, 1)
    assert data.split(3).test.tolist() == [12, 13, 14]
    assert data.targets[12:].tolist() == [2, 3, 4]


def test_fashion_runs_no_code_of_the_file(offer, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    offer("fashion", pickle.dumps({"traindata": Evil()}, protocol=2))
    with pytest.raises(DataError, match="holds no Fashion-MNIST"):
        load("fashion")
    assert not (tmp_path / "ran").exists()


def test_flowers_in_two_sizes(offer):
    server = offer("flowers", small.flowers())
    data = load("flowers", size=16)
    assert data.inputs.shape == (12, 3, 16, 16)
    assert data.classes == ("daisy", "roses", "tulips")
    assert data.targets.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    # JPEG keeps colours to a few of 255: tulips are (0, 10k, 200), the third of them k = 2.
    assert data.inputs[10].mean((1, 2)) * 255 == pytest.approx([0, 20, 200], abs=6)
    assert load("flowers", size=8).inputs.shape == (12, 3, 8, 8)
    assert server.asked == 1


def test_imdb(offer):
    offer("imdb", small.imdb())
    data = load("imdb", max_length=5, vocabulary=6)
    # Of the training part: bad 3, film 3, it 2, see 2, then a, don't, good once each.
    bad, film, it, see = 2, 3, 4, 5
    assert data.inputs.tolist() == [
        [bad, bad, film, 1, see],
        [1, bad, film, 0, 0],
        [1, film, see, it, 0],
        [1, 0, 0, 0, 0],
        [1, 1, 1, film, 0],
        [1, 0, 0, 0, 0],
    ]
    assert data.lengths.tolist() == [5, 3, 4, 1, 4, 1]
    assert data.targets.tolist() == [0, 0, 1, 1, 0, 1]
    assert data.split(0).test.tolist() == [4, 5]
    assert data.spec("tokens").vocabulary == 6
    assert load("imdb").inputs.max() == 8


def test_sunspots(offer):
    offer("sunspots", small.sunspots(40))
    data = load("sunspots", window=6, horizon=2)
    assert data.inputs.shape == (33, 6, 1)
    assert data.inputs[10, :, 0] == pytest.approx(np.arange(10, 16) / 100)
    assert data.targets[10] == pytest.approx([0.16, 0.17])


@pytest.mark.parametrize("folds", [None, 3])
@pytest.mark.parametrize("test", [0.0, 0.2])
def test_no_month_of_the_sunspots_is_in_two_parts(folds, test, offer):
    offer("sunspots", small.sunspots(150))
    data = load("sunspots", window=4, horizon=2)
    validated = []
    for fold in range(folds or 1):
        split = data.split(0, 0.3, test, folds, fold if folds else None)
        months = [
            set(np.concatenate([data.inputs[rows].ravel(), data.targets[rows].ravel()]).tolist())
            for rows in (split.train, split.valid, split.test)
        ]
        assert not months[0] & months[1]
        assert not months[1] & months[2]
        assert not months[0] & months[2]
        assert len(split.test) == int(test * 145)
        validated += split.valid.tolist()
        if not folds:
            assert max(months[0]) < min(months[1])
            assert len(split.valid) == int(0.3 * 145)
            assert not months[2] or max(months[1]) < min(months[2])
    assert validated == sorted(set(validated))
    assert data.split(0).train.tolist() == data.split(5).train.tolist()


def test_the_sunspots_of_another_month(offer, folder):
    """The source grows every month: its digest is not the one that mads_datasets knows."""
    offer("sunspots", small.sunspots(60), digest="0" * 32)
    with pytest.raises(DataError, match=r"set data\.latest = true"):
        load("sunspots")
    assert len(load("sunspots", latest=True).inputs) == 60 - 25
    assert not (folder / "sunspots").exists()


def test_sunspots_without_a_number(offer):
    offer("sunspots", small.sunspots(60).replace(b"  42.0", b"  -1.0"))
    with pytest.raises(DataError, match="months without a number"):
        load("sunspots")


def test_iris(offer):
    offer("iris", small.iris())
    data = load("iris")
    # Of the 8 rows one lacks a value, and one is another's twin once its class is spelled right.
    assert data.inputs[:2] == pytest.approx(np.array([[5.1, 3.5, 1.4, 0.2], [5.8, 2.7, 5.1, 1.9]]))
    assert data.targets.tolist() == [0, 2, 1, 1, 2, 0]
    assert data.classes == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")


def test_penguins(offer):
    offer("penguins", small.penguins())
    data = load("penguins")
    assert data.inputs.shape == (8, 4)
    assert data.inputs[0].tolist() == [39, 15, 180, 3500]
    assert data.targets.tolist() == [2, 0, 1, 2, 1, 2, 0, 1]


@pytest.mark.parametrize("name", ["gestures", "flowers", "imdb"])
def test_the_order_of_a_directory_does_not_matter(name, offer, folder, monkeypatch):
    offer(name, small.CONTENT[name]())
    first = load(name)
    for file in (folder / "parsed").iterdir():
        file.unlink()
    real = os.scandir

    class Backwards(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    seen = []

    def scandir(path):
        with real(path) as found:
            entries = Backwards(sorted(found, key=lambda entry: entry.name, reverse=True))
        seen.extend(entries)
        return entries

    monkeypatch.setattr(os, "scandir", scandir)
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(listdir(path), reverse=True))
    assert load(name).digest == first.digest
    assert len(seen) > 3


@pytest.mark.parametrize("name", ["iris", "gestures"])
def test_a_changed_digest_is_other_data(name, offer):
    """The caches are keyed by the source: a new archive is not answered with the old arrays."""
    offer(name, small.CONTENT[name]())
    first = load(name)
    files = small.gestures_files()
    files["gestures-dataset/U01/02/01.txt"] = small.recording(4, 999)
    changed = {"iris": small.iris().replace(b"7.0", b"6.9"), "gestures": small.zipped(files)}
    server = offer(name, changed[name])
    if name == "gestures":  # unpacked, it cannot be compared: whoever wants it anew removes it
        import shutil

        shutil.rmtree(Path(os.environ["INTERPLAY_DATA"]) / "gestures")
    assert load(name).digest != first.digest
    assert server.asked == 2
