"""The whole way by the lines that a student types: study, heatmap, best, retrained, handed over, used.

What comes back from raw test rows is what the test said, in the names or the unit of the source.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import interplay
from interplay.cli.app import app
from interplay.data.load import load_dataset, split_dataset
from interplay.study.study import Study
from tests.data import small
from tests.data.conftest import folder, offer, server  # noqa: F401 - fixtures

STUDY = """
name = "way"
epochs = 2
seeds = 3
[data]
batch_size = 16
test = 0.2
{data}
[model]
{model}
[optimizer]
lr = [1e-3, 1e-2]
[heatmap]
x = "lr"
y = "{y}"
[best]
by = "parameters"
{rest}
"""
LINEAR = 'name = "linear"\nnum_layers = 1\nhidden_size = [4, 16]'


def call(*words):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def digits(place):
    from sklearn.datasets import load_digits

    return 'name = "digits"', LINEAR, list(load_digits().images)


def gestures(place):
    data = load_dataset({"name": "gestures"})
    rows = [row[:n] for row, n in zip(data.inputs, data.lengths, strict=True)]
    model = 'name = "recurrent"\ncell = "rnn"\nnum_layers = 1\nhidden_size = [4, 8]'
    return 'name = "gestures"\nscale = "standard"', model, rows


def pictures(place):
    random, files = np.random.default_rng(0), []
    for kind, colour in (
        ("ants", (200, 40, 40)),
        ("bees", (200, 180, 0)),
        ("crickets", (0, 160, 60)),
    ):
        for k in range(12):
            file = place / "insects" / kind / f"{k:02}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(random.normal(colour, 30, (20 + k, 24, 3)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(file)
            files.append(file)
    data = 'name = "images"\npath = "insects"\nsize = 8\nscale = "standard"'
    return data, 'name = "conv"\nnum_layers = 1\nhidden_size = 4\nchannels = [2, 4]', files


def table(place):
    random = np.random.default_rng(0)
    rooms, kind = random.integers(1, 6, 80), random.choice(["flat", "house"], 80)
    price = 100_000 + 50_000 * rooms + 80_000 * (kind == "house")
    frame = pd.DataFrame({"rooms": rooms, "kind": kind, "price": price})
    frame.to_csv(place / "homes.csv", index=False)
    data = 'name = "table"\npath = "homes.csv"\ntarget = "price"\ntask = "regression"\nscale = "standard"'
    return data, LINEAR, frame.drop(columns="price")


@pytest.mark.parametrize(
    ("make", "classes"),
    [
        (digits, set("0123456789")),
        (gestures, {"01", "02", "03"}),
        (pictures, {"ants", "bees", "crickets"}),
        (table, None),
    ],
)
def test_the_whole_way(make, classes, tmp_path, monkeypatch, in_process, no_program, offer):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    offer("gestures", small.gestures(takes=6))
    data, model, raw = make(tmp_path)
    metric = "accuracy" if classes else "mae"
    search = f'[search]\nmetric = "{metric}"\nmode = "{"max" if classes else "min"}"'
    y = "channels" if make is pictures else "hidden_size"
    text = STUDY.format(data=data, model=model, y=y, rest=search)
    (tmp_path / "way.toml").write_text(text, encoding="utf-8")

    call("tune", "way.toml")
    call("heatmap", "runs/way", "-o", "way.png")
    call("best", "runs/way", "--picture", "best.png", "--study", "alone.toml")
    told = json.loads(call("best", "runs/way", "--retrain", "--export", "model", "--json"))
    assert told["by"] == ["parameters"]
    assert told["chosen"]["parameters"] == min(tie["parameters"] for tie in told["ties"])

    network = interplay.load_model("model")
    section = Study.load("alone.toml").cells()[0]
    options = {k.removeprefix("data."): v for k, v in section.items() if k.startswith("data.")}
    dataset = load_dataset(options)
    test = split_dataset(dataset, options, None, None).test
    assert len(test) == told["test"]["test_rows"]
    rows = raw.iloc[test] if isinstance(raw, pd.DataFrame) else [raw[row] for row in test]
    said, truth = network.predict(rows), dataset.targets[test]
    first = told["test"]["scores"][metric]["each"][0]
    if classes is None:
        assert np.abs(said - truth[:, 0]).mean() == pytest.approx(first, rel=1e-5)
        return
    assert set(dataset.classes) == classes >= set(said)
    names = np.array(dataset.classes)[truth]
    assert (said == names).mean() == pytest.approx(first, abs=1e-9)
    assert (tmp_path / "model" / "README.md").is_file()
    assert (tmp_path / "best.png").stat().st_size > 10_000
