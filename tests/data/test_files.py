"""Datasets of the user's own files: arrays, images, tables; and torchvision's."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from interplay.data.load import load_dataset
from interplay.errors import DataError

from . import small


def load(name, **options):
    return load_dataset(
        {"name": name, **{k: str(v) if k == "path" else v for k, v in options.items()}}
    )


# Arrays


def write_arrays(folder, parts=("train", "val"), classes=True, shape=(5,)):
    generator = np.random.default_rng(1)
    for n, part in enumerate(parts):
        rows = 6 - 2 * n
        np.save(folder / f"X_{part}.npy", generator.normal(size=(rows, *shape)))
        y = np.arange(rows) % 3 if classes else generator.normal(size=rows)
        np.save(folder / f"Y_{part}.npy", y)
    return folder


def claim(file, rows):
    """A file whose header speaks of so many rows, and which holds none."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, 5), }}".ljust(117) + "\n"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())


def test_arrays_have_their_parts(tmp_path):
    data = load("arrays", path=write_arrays(tmp_path, ("train", "val", "test")))
    assert (data.task, data.kind, data.num_outputs) == ("classification", "flat", 3)
    split = data.split(7)
    assert split.train.tolist() == list(range(6))
    assert split.valid.tolist() == [6, 7, 8, 9]
    assert split.test.tolist() == [10, 11]
    assert data.inputs[6] == pytest.approx(np.load(tmp_path / "X_val.npy")[0])


def test_arrays_without_test_and_with_floats(tmp_path):
    data = load("arrays", path=write_arrays(tmp_path, classes=False, shape=(4, 2)))
    assert (data.task, data.kind, data.num_outputs) == ("regression", "sequence", 1)
    assert len(data.split(0).test) == 0


def test_arrays_told_what_they_are(tmp_path):
    write_arrays(tmp_path, shape=(8, 8))
    assert load("arrays", path=tmp_path, kind="image").inputs.shape == (10, 1, 8, 8)
    assert load("arrays", path=tmp_path, task="regression").task == "regression"
    for part in ("train", "val"):
        y = np.load(tmp_path / f"Y_{part}.npy")
        np.save(tmp_path / f"Y_{part}.npy", y[:, None].astype(np.int8))
    assert load("arrays", path=tmp_path).num_outputs == 3


def test_arrays_of_tokens(tmp_path):
    write_arrays(tmp_path)
    for part, rows in (("train", 6), ("val", 4)):
        np.save(tmp_path / f"X_{part}.npy", np.arange(rows * 3).reshape(rows, 3))
    assert load("arrays", path=tmp_path, kind="tokens").vocabulary == 18


class Evil:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (type(self.file).touch, (self.file,))


def test_arrays_are_read_without_pickle(tmp_path):
    (tmp_path / "arrays").mkdir()
    folder = write_arrays(tmp_path / "arrays")
    np.save(folder / "Y_val.npy", np.array([Evil(tmp_path / "ran")] * 4, dtype=object))
    with pytest.raises(DataError, match=r"Y_val\.npy is not read: it holds Python objects"):
        load("arrays", path=folder)
    import pickle

    (folder / "Y_val.npy").write_bytes(pickle.dumps(Evil(tmp_path / "ran")))
    with pytest.raises(DataError, match="Python objects"):
        load("arrays", path=folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: (f / "Y_val.npy").unlink(), r"lacks Y_val\.npy"),
        (lambda f: np.save(f / "X_test.npy", np.zeros((2, 5))), r"lacks Y_test\.npy"),
        (lambda f: np.save(f / "Y_val.npy", np.zeros(3, int)), "X_val has 4 rows, Y_val 3"),
        (lambda f: np.save(f / "X_val.npy", np.zeros((4, 6))), r"shapes \(6,\)"),
        (lambda f: np.save(f / "X_val.npy", np.array(["a"] * 4)), "no array of numbers"),
        (lambda f: (f / "X_val.npy").write_bytes(b"\x93NUMPY"), "is not read"),
        (lambda f: claim(f / "X_val.npy", 10**13), r"X_val\.npy does not fit into memory"),
        (lambda f: claim(f / "X_val.npy", 10**30), r"X_val\.npy"),
    ],
)
def test_arrays_refused(change, says, tmp_path):
    change(write_arrays(tmp_path))
    with pytest.raises(DataError, match=says):
        load("arrays", path=tmp_path)


def test_arrays_of_fractions_are_no_classes(tmp_path):
    with pytest.raises(DataError, match="classes are whole numbers"):
        load("arrays", path=write_arrays(tmp_path, classes=False), task="classification")


# Images


def write_images(folder, classes=("bees", "ants"), n=5):
    for i, name in enumerate(classes):
        (folder / name / "deeper").mkdir(parents=True)
        for k in range(n):
            where = folder / name / ("deeper" if k == 0 else "")
            (where / f"{k}.png").write_bytes(small.picture((100 * i, 10 * k, 255)))
        (folder / name / "notes.txt").write_text("no image")
    return folder


def test_images_one_folder_a_class(folder, tmp_path):
    data = load("images", path=write_images(tmp_path / "insects"), size=8)
    assert data.inputs.shape == (10, 3, 8, 8)
    assert data.classes == ("ants", "bees")
    assert data.targets.tolist() == [0] * 5 + [1] * 5
    assert data.inputs[0, :, 3, 3] * 255 == pytest.approx([100, 10, 255])  # 1.png before deeper/
    assert data.fixed is None
    split = data.split(1)
    assert data.targets[split.valid].tolist() == [0, 1]


def test_images_in_parts(folder, tmp_path):
    for part, n in (("train", 4), ("val", 2), ("test", 1)):
        write_images(tmp_path / "hymenoptera" / part, n=n)
    data = load("images", path=tmp_path / "hymenoptera", size=8)
    split = data.split(5)
    assert [len(split.train), len(split.valid), len(split.test)] == [8, 4, 2]
    assert data.targets[split.valid].tolist() == [0, 0, 1, 1]
    assert data.name == "hymenoptera"


def test_images_are_read_once_and_a_changed_file_is_seen(folder, tmp_path, monkeypatch):
    from interplay.data import images

    write_images(tmp_path / "insects")
    first = load("images", path=tmp_path / "insects", size=8, colour=False)
    assert first.inputs.shape == (10, 1, 8, 8)
    read, asked = images.read_images, []
    monkeypatch.setattr(images, "read_images", lambda *a: asked.append(1) or read(*a))
    assert load("images", path=tmp_path / "insects", size=8, colour=False).digest == first.digest
    assert not asked
    (tmp_path / "insects/ants/4.png").write_bytes(small.picture((1, 2, 3)))
    assert load("images", path=tmp_path / "insects", size=8, colour=False).digest != first.digest
    assert load("images", path=tmp_path / "insects", size=9).inputs.shape == (10, 3, 9, 9)
    assert len(asked) == 2


def test_photographs_stand_upright(folder, tmp_path):
    """A camera that was held sideways says so (EXIF) and leaves the pixels as they were."""
    from PIL import Image

    upright = np.zeros((8, 8, 3), np.uint8)
    upright[:4] = 255  # light above
    for name, turned in (("plain", 0), ("turned", 1)):
        where = tmp_path / name / "sky"
        where.mkdir(parents=True)
        image = Image.fromarray(np.rot90(upright, turned))
        exif = Image.Exif()
        exif[0x0112] = 6 if turned else 1  # to be turned a quarter clockwise
        image.save(where / "a.png", exif=exif)
    plain, turned = (load("images", path=tmp_path / name, size=8) for name in ("plain", "turned"))
    assert plain.inputs[0, 0, :, 0].tolist() == [1.0] * 4 + [0.0] * 4
    assert np.array_equal(plain.inputs, turned.inputs)


def test_images_refused(folder, tmp_path):
    with pytest.raises(DataError, match=r"no folder of images /.*/nowhere$"):
        load("images", path="nowhere")
    with pytest.raises(DataError, match="holds no images; it holds a folder per class"):
        load("images", path=tmp_path)
    insects = write_images(tmp_path / "insects")
    (insects / "ants/2.png").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"2\.png cannot be read"):
        load("images", path=insects)
    write_images(tmp_path / "parts/train")
    write_images(tmp_path / "parts/val", ("bees", "wasps"))
    with pytest.raises(DataError, match="class 'wasps'"):
        load("images", path=tmp_path / "parts")


# Tables


def frame():
    return pd.DataFrame(
        {
            "price": [1.5, 2.5, 3.5, 4.5],
            "colour": ["red", "blue", "red", "green"],
            "new": [True, False, True, True],
            "kind": ["b", "a", "b", "a"],
        }
    )


def write_table(folder, table, suffix=".csv", **options):
    file = folder / f"shop{suffix}"
    if suffix == ".csv":
        table.to_csv(file, index=False, **options)
    else:
        table.to_parquet(file)
    return file


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_of_classes(suffix, tmp_path):
    data = load("table", path=write_table(tmp_path, frame(), suffix), target="kind")
    assert (data.task, data.classes) == ("classification", ("a", "b"))
    assert data.targets.tolist() == [1, 0, 1, 0]
    # price, then blue green red, then new.
    assert data.inputs.tolist() == [
        [1.5, 0, 0, 1, 1],
        [2.5, 1, 0, 0, 0],
        [3.5, 0, 0, 1, 1],
        [4.5, 0, 1, 0, 1],
    ]


def test_a_table_with_decimal_commas(tmp_path):
    (tmp_path / "t.csv").write_text("length;width;price\n1,5;2;10,25\n0,5;3;9,75\n")
    data = load("table", path=tmp_path / "t.csv", target="price")
    assert data.task == "regression"
    assert data.inputs.tolist() == [[1.5, 2.0], [0.5, 3.0]]
    assert data.targets.tolist() == [[10.25], [9.75]]


def test_a_table_of_quantities_between_semicolons(tmp_path):
    file = write_table(tmp_path, frame(), sep=";", encoding="utf-8-sig")
    data = load("table", path=file, target="price", ignore="kind, new")
    assert (data.task, data.num_outputs) == ("regression", 1)
    assert data.targets.tolist() == [[1.5], [2.5], [3.5], [4.5]]
    assert data.inputs.shape == (4, 3)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1, 1, 0], "classification", ("0", "1")),
        ([10, 2, 10, 2], "classification", ("2", "10")),
        (list(range(30)), "regression", ()),
        ([0.5, 1.0, 1.0, 0.5], "regression", ()),
        ([True, False, True, True], "classification", ("False", "True")),
    ],
)
def test_the_task_is_told_by_the_target(values, task, classes, tmp_path):
    table = pd.DataFrame({"x": np.arange(len(values)) / 2, "y": values})
    data = load("table", path=write_table(tmp_path, table), target="y")
    assert (data.task, data.classes) == (task, classes)
    if task == "classification":
        given = load("table", path=tmp_path / "shop.csv", target="x", task="classification")
        assert given.num_outputs == len(values)


def test_missing_values_are_an_error_or_left_out(tmp_path):
    table = frame()
    table.loc[1, "price"] = np.nan
    table.loc[2, "colour"] = None
    file = write_table(tmp_path, table)
    with pytest.raises(DataError, match=r"lacks values \(price 1, colour 1\)"):
        load("table", path=file, target="kind")
    assert load("table", path=file, target="kind", missing="drop").inputs.shape == (2, 4)
    assert load("table", path=file, target="kind", ignore="price,colour").inputs.shape == (4, 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "kinds"}, "no column 'kinds'; allowed: .*did you mean 'kind'"),
        ({"target": "kind", "ignore": "prise"}, "no column 'prise'"),
        ({"target": "kind", "task": "regression"}, "holds words; regression needs numbers"),
        ({"target": "kind", "path": "nothing.csv"}, r"no file /.*/nothing\.csv$"),
        (
            {"target": "kind", "path": "~nobody-at-all/t.csv"},
            "no path of a file: Could not determine",
        ),
        ({"target": "kind", "path": "a" * 5000}, "no path of a file: .*File name too long"),
        ({"target": "kind", "path": "a\0b"}, "no path of a file: embedded null"),
        ({"target": "kind", "ignore": "price, kind"}, "column 'kind' is target and ignore"),
        ({"target": "kind", "groups": "kind"}, "column 'kind' is target and groups"),
        (
            {"target": "kind", "groups": "colour", "ignore": "colour"},
            "'colour' is ignore and groups",
        ),
        ({"target": "kind", "groups": "color"}, "did you mean 'colour'"),
        ({"target": "kind", "ignore": "price,colour,new"}, "no column besides the target"),
    ],
)
def test_tables_refused(options, says, tmp_path):
    file = write_table(tmp_path, frame())
    with pytest.raises(DataError, match=says):
        load("table", **{"path": file, **options})


def test_a_column_of_groups_is_no_input_and_stays_together(tmp_path):
    who = np.repeat(["ann", "bob", "cas", "dan", "eve"], 4)
    table = pd.DataFrame({"x": np.arange(20.0), "who": who, "y": np.arange(20) % 2})
    file = write_table(tmp_path, table)
    data = load("table", path=file, target="y", groups="who")
    assert data.inputs.shape == (20, 1)
    for seed in range(5):
        valid = set(who[data.split(seed).valid])
        assert len(valid) == 1
        assert not valid & set(who[data.split(seed).train])
    assert load("table", path=file, target="y", ignore="who").groups is None


@pytest.mark.parametrize("name", ["arrays", "images", "table"])
def test_paths_are_beside_the_study_or_else_in_the_working_folder(
    name, folder, tmp_path, monkeypatch
):
    study, working = tmp_path / "studies", tmp_path / "working"
    rows = {}
    for place, n in ((study, 5), (working, 7)):
        place.mkdir()
        if name == "arrays":
            (place / "mine").mkdir()
            write_arrays(place / "mine", ("train", "val"), shape=(n,))
        elif name == "images":
            write_images(place / "mine", n=n)
        else:
            table = pd.DataFrame({"x": np.arange(n), "y": np.arange(n) % 2})
            table.to_csv(place / "mine", index=False)
            (place / "mine").rename(place / "mine.csv")
        rows[place] = n * 2 if name == "images" else n
    monkeypatch.chdir(working)
    options = {"name": name, "path": "mine.csv" if name == "table" else "mine"}
    options |= {"target": "y"} if name == "table" else {"size": 8} if name == "images" else {}

    def told(folders):
        inputs = load_dataset(options, folders).inputs
        return inputs.shape[1] if name == "arrays" else len(inputs)

    assert told([study, working]) == rows[study]
    assert told([]) == rows[working]
    assert told([tmp_path, working]) == rows[working]
    with pytest.raises(DataError) as error:
        load_dataset({**options, "path": "nothing"}, [study])
    for place in (study, working):
        assert str(place / "nothing") in str(error.value)


def test_columns_that_are_no_features(tmp_path):
    table = frame().assign(day=pd.date_range("2024-01-01", periods=4))
    file = write_table(tmp_path, table, ".parquet")
    with pytest.raises(DataError, match="column 'day' holds datetime64"):
        load("table", path=file, target="kind")
    names = pd.DataFrame({"who": [f"p{i}" for i in range(200)], "y": [0, 1] * 100})
    with pytest.raises(DataError, match="column 'who' holds 200 different words"):
        load("table", path=write_table(tmp_path, names), target="y")


@pytest.mark.parametrize("content", [b"", b"a,b\n1\n2,3,4\n", b"\xff\xfe\x00bad"])
def test_a_broken_table(content, tmp_path):
    (tmp_path / "t.csv").write_bytes(content)
    (tmp_path / "t.parquet").write_bytes(content)
    for name in ("t.csv", "t.parquet"):
        with pytest.raises(DataError):
            load("table", path=tmp_path / name, target="b")


# torchvision


def fake_torchvision(monkeypatch, **datasets):
    module = ModuleType("torchvision")
    module.datasets = SimpleNamespace(__all__=list(datasets), **datasets)
    monkeypatch.setitem(sys.modules, "torchvision", module)


class Mnist:
    classes = ("zero", "one")

    def __init__(self, root, train=True, download=False):
        assert download
        assert root.endswith("torchvision")
        self.rows = 6 if train else 2

    def __iter__(self):
        from PIL import Image

        return ((Image.new("L", (5, 4), 51 * k), k % 2) for k in range(self.rows))


class Split(Mnist):
    def __init__(self, root, split="train", download=False):
        if split == "val":
            raise ValueError("unknown split")
        super().__init__(root, split == "train", download)


@pytest.mark.parametrize("kind", [Mnist, Split])
def test_torchvision_parts(kind, folder, monkeypatch):
    fake_torchvision(monkeypatch, MNIST=kind)
    data = load("torchvision", dataset="MNIST")
    assert data.inputs.shape == (8, 1, 4, 5)
    assert data.inputs[3].max() == pytest.approx(0.6)
    assert data.targets.tolist() == [0, 1, 0, 1, 0, 1, 0, 1]
    assert data.split(0).test.tolist() == [6, 7]
    assert data.classes == ("zero", "one")
    assert load("torchvision", dataset="MNIST", size=9).inputs.shape == (8, 1, 9, 9)
    with pytest.raises(DataError, match="no dataset 'MINST'; did you mean 'MNIST'"):
        load("torchvision", dataset="MINST")


def test_torchvision_that_does_not_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DataError, match=r"does not load .* pip install torchvision"):
        load("torchvision", dataset="MNIST")
