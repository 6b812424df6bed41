"""Raw inputs become the very arrays that training saw; what is no such input is told in one sentence."""

import io
import json
import re
import tarfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from interplay.data.dataset import Dataset
from interplay.data.load import load_dataset
from interplay.data.raw import FORMS, Raw, raw_of
from interplay.errors import DataError

from .. import small


def plain(dataset):
    """Its description after a way through JSON, as an export keeps it."""
    raw = raw_of(dataset)
    return Raw(raw.form, json.loads(json.dumps(dict(raw.options))), raw.unit)


def same(dataset, given, rows=slice(None)):
    taken = plain(dataset).read(given)
    wanted = dataset.inputs[rows]
    assert taken.inputs.dtype == wanted.dtype
    assert taken.inputs.tobytes() == np.ascontiguousarray(wanted).tobytes()
    assert taken.single is isinstance(rows, (int, list))
    if dataset.lengths is None:
        return
    assert taken.lengths.tolist() == dataset.lengths[rows].tolist()


def test_digits_as_scikit_learn_has_them():
    from sklearn.datasets import load_digits

    data, images = load_dataset({"name": "digits"}), load_digits().images
    same(data, images)
    same(data, images[5], [5])
    same(data, images[5].tolist(), [5])
    same(data, images[:1], slice(1))


def test_fashion_by_pixels(offer):
    offer("fashion", small.fashion())
    data = load_dataset({"name": "fashion"})
    pixels = np.arange(15 * 28 * 28).reshape(15, 28, 28).astype(np.uint8)
    same(data, list(pixels))
    same(data, Image.fromarray(pixels[3]), [3])


def test_flowers_by_pictures_of_pil(offer):
    offer("flowers", small.flowers())
    data = load_dataset({"name": "flowers", "size": 16})
    names = ["tulips", "daisy", "roses"]
    pictures = [
        Image.open(io.BytesIO(small.picture((80 * names.index(name), 10 * k, 200), kind="JPEG")))
        for name in sorted(names)
        for k in range(4)
    ]
    same(data, pictures)


@pytest.mark.parametrize("colour", [True, False])
def test_a_folder_of_pictures_by_path(colour, tmp_path):
    g = np.random.default_rng(0)
    files = []
    for kind in ("ants", "bees"):
        for k in range(3):
            file = tmp_path / kind / f"{k}.png"
            file.parent.mkdir(exist_ok=True)
            pixels = g.integers(0, 256, (20 + k, 30, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(file)
            files.append((file, pixels))
    data = load_dataset({"name": "images", "path": str(tmp_path), "size": 8, "colour": colour})
    same(data, [file for file, _ in files])
    same(data, [pixels for _, pixels in files])
    same(data, str(files[4][0]), [4])
    same(data, files[4][1], [4])


def test_gestures_of_any_length(offer):
    offer("gestures", small.gestures())
    data = load_dataset({"name": "gestures"})
    rows = [np.array(row[:n]) for row, n in zip(data.inputs, data.lengths, strict=True)]
    same(data, rows)
    same(data, rows[3], [3])
    same(data, [rows[3].tolist()], slice(3, 4))
    longer = plain(data).read(np.ones((9, 3)))
    assert longer.inputs.shape == (1, 9, 3)
    assert longer.lengths.tolist() == [9]


def test_reviews_as_texts(offer):
    content = small.imdb()
    offer("imdb", content)
    data = load_dataset({"name": "imdb", "max_length": 5, "vocabulary": 6})
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        texts = [
            archive.extractfile(f"aclImdb/{part}/{kind}/{name}").read().decode()
            for part, kind, name in [
                *(("train", "neg", "0_1.txt"), ("train", "neg", "1_2.txt")),
                *(("train", "pos", "0_9.txt"), ("train", "pos", "1_9.txt")),
                *(("test", "neg", "0_1.txt"), ("test", "pos", "0_8.txt")),
            ]
        ]
    same(data, texts)
    same(data, texts[3], [3])  # without a word


def test_sunspots_in_their_own_unit(offer):
    offer("sunspots", small.sunspots())
    data = load_dataset({"name": "sunspots", "window": 5})
    series = np.arange(120.0)
    windows = np.lib.stride_tricks.sliding_window_view(series, 8)[:, :5]
    same(data, windows)
    same(data, windows[7][:, None], [7])
    assert plain(data).unit == 100


def test_penguins_and_iris_by_columns_or_in_order(offer):
    offer("penguins", small.penguins())
    data = load_dataset({"name": "penguins"})
    frame = pd.read_parquet(io.BytesIO(small.penguins())).dropna(subset=["Body Mass (g)"])
    same(data, frame)
    names = raw_of(data).options["names"]
    same(data, frame[names].to_numpy())
    same(data, frame[names].iloc[0].tolist(), [0])
    offer("iris", small.iris())
    same(load_dataset({"name": "iris"}), load_dataset({"name": "iris"}).inputs)


@pytest.fixture
def measured(tmp_path):
    frame = pd.DataFrame(
        {
            "colour": ["red", "blue", "red", "green"] * 3,
            "size": np.linspace(0.1, 3, 12),
            "big": [True, False] * 6,
            "kind": ["a", "b", "b"] * 4,
        }
    )
    frame.to_csv(tmp_path / "measured.csv", index=False)
    path = str(tmp_path / "measured.csv")
    return frame, load_dataset({"name": "table", "path": path, "target": "kind"})


def test_a_table_by_frame_columns_or_rows(measured):
    frame, data = measured
    same(data, frame)
    same(data, frame[["big", "size", "colour"]])  # in any order, without the target
    same(data, {name: frame[name] for name in frame})
    same(data, frame.to_dict("list"))
    same(data, frame.to_dict("records"))
    same(data, frame.iloc[2].to_dict(), [2])
    same(data, {"colour": "red", "size": np.float64(frame["size"][2]), "big": True}, [2])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="size"), "no column 'size'"),
        (lambda f: f.rename(columns={"size": "sizes"}), "is it 'sizes'"),
        (lambda f: f.assign(colour="rde"), "did you mean 'red'"),
        (lambda f: f.assign(size=None), "column 'size' lacks a value"),
        (lambda f: f.assign(size=np.inf), "not finite"),
        (lambda f: f.assign(size="much"), "column 'size' holds numbers, not 'much'"),
        (lambda f: f.iloc[:0], "no rows"),
        (lambda f: f.to_numpy(), "a dict of columns"),
        (lambda f: 3, "a dict of columns"),
    ],
)
def test_tables_refused(change, says, measured):
    frame, data = measured
    with pytest.raises(DataError, match=re.escape(says)):
        plain(data).read(change(frame))


@pytest.mark.parametrize(
    ("raw", "given", "says"),
    [
        (Raw("arrays", {"shape": [2, 3]}), np.zeros((4, 3)), "shape (2, 3), or (n, 2, 3)"),
        (Raw("arrays", {"shape": [2]}), [[1, np.nan]], "finite"),
        (Raw("arrays", {"shape": [2]}), ["a", "b"], "arrays of numbers"),
        (Raw("arrays", {"shape": [2]}), [[1, 2], [3]], "arrays of numbers"),
        (Raw("arrays", {"shape": [2]}), np.zeros((0, 2)), "no input"),
        (Raw("arrays", {"shape": [2], "whole": True}), [0.5, 1.0], "whole numbers"),
        (Raw("sequences", {"shape": [5, 2]}), np.zeros((3, 3)), "(steps, 2)"),
        (Raw("sequences", {"shape": [5, 2]}), [np.zeros((0, 2))], "at least one step"),
        (Raw("sequences", {"shape": [5, 2]}), 7, "(steps, 2)"),
        (Raw("sequences", {"shape": [5]}), [], "at least one step"),
        (Raw("sequences", {"shape": [5, 2]}), np.zeros((0, 3, 2)), "no input"),
        (Raw("pictures", {"shape": [3, 8, 8]}), "nowhere.png", "nowhere.png cannot be read"),
        (Raw("pictures", {"shape": [3, 8, 8]}), [np.zeros((9, 9))], "uint8"),
        (Raw("pictures", {"shape": [3, 8, 8]}), [], "no picture"),
        (Raw("words", {"vocabulary": ["a"], "max_length": 3}), 5, "a text"),
        (Raw("words", {"vocabulary": ["a"], "max_length": 3}), ["a", None], "not NoneType"),
        (Raw("words", {"vocabulary": ["a"], "max_length": 3}), [], "no text"),
    ],
)
def test_what_is_no_such_input_is_refused(raw, given, says):
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        raw.read(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        Dataset.from_arrays(np.random.default_rng(0).normal(size=(6, 4)), np.arange(6) % 2),
        Dataset.from_arrays(np.arange(24).reshape(6, 4), np.arange(6) % 2, kind="tokens"),
        Dataset.from_arrays(np.ones((6, 3, 2, 2)), np.arange(6) / 3),
    ],
    ids=lambda data: data.kind,
)
def test_what_a_loader_of_ones_own_gives_takes_its_own_arrays(data):
    same(data, data.inputs)
    same(data, data.inputs[2], [2])


def test_a_description_is_no_part_of_the_digest():
    data = Dataset.from_arrays(np.eye(4), np.arange(4) % 2)
    assert replace(data, raw=Raw("arrays", {"shape": [4]})).digest == data.digest


def test_every_form_says_what_goes_in():
    assert {form.name for form in FORMS} == {"arrays", "sequences", "pictures", "words", "columns"}
    for form in FORMS:
        assert form.summary
        assert form.build.__doc__
