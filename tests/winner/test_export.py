"""What is handed over comes back the same, by itself, and only as it was written."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

import interplay
from interplay.data.load import load_dataset
from interplay.data.raw import Raw, Taken
from interplay.data.scaling import scale
from interplay.errors import DataError, InterplayError
from interplay.models.network import Network
from interplay.training.dropout import seed_dropout
from interplay.training.stacked.stack import stack
from interplay.winner.export import export_model
from interplay.winner.load import load_model
from tests.data.small import picture
from tests.models.pairwise import pairwise
from tests.models.tables import VALUES, cases

from .making import STORY, data_of, handed, raw_rows

MAKER = """
import torch

def make(width=4, *, input_shape, num_outputs):
    inputs = 1
    for side in input_shape:
        inputs *= side
    torch.rand(1)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(inputs, width), torch.nn.Tanh(), torch.nn.Linear(width, num_outputs)
    )
"""


def by_hand(one):
    """The network's outputs for all rows, prepared as training does it."""
    data = one.dataset
    x = scale(data.inputs, one.train_rows, one.config["data.scale"], data.lengths)
    x = torch.from_numpy(replace(data, inputs=x).view(one.kind))
    with torch.no_grad():
        lengths = None if data.lengths is None else torch.from_numpy(data.lengths)
        return Network(one.model)(x if lengths is None else (x, lengths))


def exported(tmp_path, one, **options):
    export_model(tmp_path / "out", one, **options)
    return load_model(tmp_path / "out")


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(("family", "kind"), cases())
def test_predictions_are_those_of_the_network_bit_for_bit(family, kind, task, tmp_path, no_program):
    data = data_of(kind, task)
    settings = pairwise(VALUES[family])
    for i, options in enumerate(settings[:: max(1, len(settings) // 8)]):
        how = "none" if kind == "tokens" else ("standard", "minmax", "none")[i % 3]
        one = handed(data, how, name=family, **options)
        model = exported(tmp_path, one)
        wanted = by_hand(one)
        assert torch.equal(model.outputs(raw_rows(data)), wanted)
        assert not model.training
        if task == "regression":
            assert np.array_equal(model.predict(raw_rows(data)), wanted.numpy())
            continue
        names = [data.classes[number] for number in wanted.argmax(1)]
        assert model.predict(raw_rows(data)).tolist() == names
        likely = model.probabilities(raw_rows(data))
        assert likely.sum(1) == pytest.approx(1)
        assert likely.argmax(1).tolist() == wanted.argmax(1).tolist()


def test_the_views_of_images_and_sequences(tmp_path, no_program):
    for kind, family in (("image", "linear"), ("image", "recurrent"), ("sequence", "linear")):
        data = data_of(kind)
        one = handed(data, "standard", name=family, num_layers=1)
        model = exported(tmp_path, one)
        assert model.spec.kind != data.kind
        assert torch.equal(model.outputs(raw_rows(data)), by_hand(one))


def test_one_input_gives_one_answer(tmp_path, no_program):
    data = data_of("sequence")
    model = exported(tmp_path, handed(data, name="recurrent", num_layers=1))
    rows = raw_rows(data)
    assert model.predict(rows[1]) == model.predict(rows)[1]
    assert isinstance(model.predict(rows[1]), str)
    assert model.probabilities(rows[1]).shape == (3,)
    numbers = exported(tmp_path, handed(replace(data, classes=()), name="recurrent"))
    assert isinstance(numbers.predict(rows[1]), int)
    assert numbers.predict(rows).dtype.kind == "i"


def test_values_are_in_the_unit_of_the_source(tmp_path, no_program):
    data = data_of("flat", "regression")
    one = handed(replace(data, raw=Raw("arrays", {"shape": [5], "unit": 4.0}, 100.0)), name="mlp")
    model = exported(tmp_path, one)
    assert np.array_equal(model.predict(data.inputs * 4), by_hand(one).numpy() * 100)
    assert model.predict(data.inputs[0] * 4).shape == (2,)
    with pytest.raises(InterplayError, match="no probabilities"):
        model.probabilities(data.inputs)


def test_predictions_are_the_stacks(tmp_path, no_program):
    data = data_of("image")
    members = [handed(data, name="conv", num_layers=2, channels=4) for _ in range(2)]
    with torch.no_grad():
        for weight in members[1].model.parameters():
            weight += 0.1
        x = torch.from_numpy(data.inputs)
        for one in members:
            seed_dropout(one.model, 0)
        together = stack([one.model for one in members]).eval()(torch.cat([x, x]))
    for one, wanted in zip(members, together.reshape(2, len(x), -1), strict=True):
        found = exported(tmp_path, one).outputs(data.inputs)
        assert torch.allclose(found, wanted, rtol=0, atol=1e-6)


def test_longer_sequences_are_read_by_those_who_can(tmp_path, no_program):
    data, long = data_of("sequence"), np.random.default_rng(1).normal(size=(9, 3))
    reads = exported(tmp_path, handed(data, "standard", name="recurrent", bidirectional=True))
    assert not np.array_equal(reads.probabilities(long), reads.probabilities(long[:8]))
    pooled = exported(tmp_path, handed(data, name="conv", num_layers=1, global_pool=True))
    assert not np.array_equal(pooled.probabilities(long), pooled.probabilities(long[:8]))
    for family, options in (("conv", {"num_layers": 1}), ("linear", {})):
        cut = exported(tmp_path, handed(data, name=family, **options))
        with pytest.raises(DataError, match="at most 6 steps, as it was trained on"):
            cut.predict(long)
        assert cut.predict(long[:6]) in data.classes


@pytest.fixture
def folder(tmp_path, no_program):
    export_model(tmp_path / "out", handed(data_of("flat"), "standard", name="linear"))
    return tmp_path / "out"


def test_a_folder_is_replaced_whole_or_not_at_all(folder, monkeypatch):
    other = handed(data_of("flat"), name="mlp")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "README.md").write_text("of my own", encoding="utf-8")
    export_model(folder, other)
    assert b"of my own" not in (folder / "README.md").read_bytes()
    assert {path.name for path in folder.iterdir()} == set(before)
    assert [path.name for path in folder.parent.iterdir()] == ["out"]

    def full(*arguments):
        raise OSError(28, "No space left on device")

    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InterplayError, match="out cannot be written: No space left"):
        export_model(folder, handed(data_of("flat"), name="linear"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == after
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_an_export_of_before_stays_where_the_new_one_cannot_take_its_place(folder, monkeypatch):
    after, rename = load_model(folder).outputs(np.ones((1, 5))), Path.rename

    def refused(path, target):
        if path.name.endswith(".tmp") and (path / "model.json").exists() and refusals:
            raise OSError(13, refusals.pop())
        return rename(path, target)

    refusals = ["Permission denied"]
    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(InterplayError, match="Permission denied"):
        export_model(folder, handed(data_of("flat"), name="mlp"))
    assert torch.equal(load_model(folder).outputs(np.ones((1, 5))), after)
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["notes.txt", "model.safetensors"])
def test_what_no_export_wrote_is_not_overwritten(name, tmp_path, no_program):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(InterplayError, match="holds what no export wrote"):
        export_model(tmp_path, handed(data_of("flat"), name="linear"))
    with pytest.raises(InterplayError, match="holds what no export wrote"):
        export_model(tmp_path / name, handed(data_of("flat"), name="linear"))
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def rewritten(folder, change, sealed=True):
    """`model.json` with something changed, and as somebody would who knows of its digest."""
    from interplay.winner.manifest import _own_digest

    file = folder / "model.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    if sealed:
        content["digest"] = _own_digest({k: v for k, v in content.items() if k != "digest"})
    file.write_text(json.dumps(content), encoding="utf-8")


def test_a_card_may_be_added_to(folder):
    with (folder / "README.md").open("a", encoding="utf-8") as card:
        card.write("It is used at the gate.")
    load_model(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: (f / "model.json").unlink(), "is no model that interplay handed over"),
        (lambda f: (f / "model.json").write_bytes(b"\xff{"), "is no model that interplay"),
        (lambda f: (f / "model.json").write_bytes(b"[1]"), "is no model that interplay"),
        (lambda f: (f / "model.json").write_bytes(b'{"architectures": []}'), "is no model that"),
        (lambda f: (f / "model.safetensors").unlink(), "cannot be read"),
        (
            lambda f: (f / "model.safetensors").write_bytes(
                (f / "model.safetensors").read_bytes()[:-4]
            ),
            "model.safetensors is not as it was handed over",
        ),
        (lambda f: rewritten(f, lambda c: c.update(classes=["x"]), False), "not as it was handed"),
        (lambda f: rewritten(f, lambda c: c.update(interplay=2)), "format 2, and this interplay"),
        (
            lambda f: rewritten(f, lambda c: c.update(lengths="yes")),
            "model.json is broken: lengths",
        ),
        (lambda f: rewritten(f, lambda c: c.update(more=1)), "model.json is broken: more"),
        (lambda f: rewritten(f, lambda c: c.update(version=99)), "version 99 of the family"),
        (lambda f: rewritten(f, lambda c: c["raw"].update(form="os")), "no form is called"),
        (
            lambda f: rewritten(f, lambda c: c["config"].update({"model.name": "nets"})),
            "'nets' is not known",
        ),
        (
            lambda f: rewritten(f, lambda c: c["config"].update({"model.num_layers": "9"})),
            "num_layers",
        ),
        (
            lambda f: rewritten(f, lambda c: c["config"].update({"model.norms": "x"})),
            "no such option",
        ),
        (
            lambda f: rewritten(f, lambda c: c["config"].update({"model.hidden_size": 7})),
            "is of another model",
        ),
        (lambda f: rewritten(f, lambda c: c["files"].update({"../x": "0"})), "no export has"),
        (lambda f: rewritten(f, lambda c: c["files"].clear()), "has no model.safetensors"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused_in_one_sentence(change, says, folder):
    load_model(folder)
    change(folder)
    with pytest.raises(InterplayError, match=re.escape(says)) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "digits-best").mkdir()
    with pytest.raises(InterplayError, match="digits-best"):
        load_model(tmp_path / "digit-best")


def test_weights_are_loaded_and_not_only_looked_at(folder):
    weights = load_file(folder / "model.safetensors")
    before = load_model(folder).outputs(np.ones((2, 5)))
    save_file({name: 2 * value for name, value in weights.items()}, folder / "model.safetensors")
    from interplay.winner.manifest import digest_of

    digest = digest_of((folder / "model.safetensors").read_bytes())
    rewritten(folder, lambda c: c["files"].update({"model.safetensors": digest}))
    assert not torch.equal(load_model(folder).outputs(np.ones((2, 5))), before)


def test_loading_changes_no_random_number(folder):
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    load_model(folder)
    assert torch.equal(torch.rand(2), wanted)


@pytest.fixture
def maker(tmp_path):
    (tmp_path / "handed_maker.py").write_text(MAKER, encoding="utf-8")
    return tmp_path


def test_a_network_of_ones_own_by_its_builder(maker, no_program):
    data = data_of("image")
    one = handed(data, "minmax", folders=(maker,), builder="handed_maker:make", width=6)
    export_model(maker / "out", one)
    with pytest.raises(InterplayError, match=r"no exported program.*builder=make"):
        load_model(maker / "out")
    space: dict = {}
    exec(MAKER, space)
    model = load_model(maker / "out", builder=space["make"])
    assert torch.equal(model.outputs(data.inputs), by_hand(one))
    with pytest.raises(InterplayError, match="is of another model"):
        load_model(
            maker / "out", builder=lambda input_shape, num_outputs, width: torch.nn.Linear(5, 3)
        )
    with pytest.raises(InterplayError, match="returned int, not a torch"):
        load_model(maker / "out", builder=lambda width: 3)


def test_a_family_takes_no_builder(folder):
    with pytest.raises(InterplayError, match="takes no builder"):
        load_model(folder, builder=lambda: torch.nn.Linear(5, 3))


def test_loaded_where_neither_what_trains_nor_its_builder_can_be_imported(maker, request):
    data = data_of("sequence")
    own = handed(data, "standard", folders=(maker,), builder="handed_maker:make", width=6)
    export_model(maker / "own", own, onnx=False)
    request.getfixturevalue("no_program")  # a family needs none
    ours = handed(data, "standard", name="recurrent", norm="batch")
    export_model(maker / "ours", ours)
    np.save(maker / "x.npy", data.inputs)
    np.save(maker / "lengths.npy", data.lengths)
    (maker / "handed_maker.py").unlink()
    script = (
        "import sys\n"
        "for name in ('ray', 'mltrainer', 'mlflow', 'pandas', 'handed_maker'): sys.modules[name] = None\n"
        "import numpy as np, torch, interplay\n"
        "torch.set_num_threads(1)\n"
        "rows = [x[:n] for x, n in zip(np.load('x.npy'), np.load('lengths.npy'))]\n"
        "for name in ('own', 'ours'):\n"
        "    model = interplay.load_model(name).eval()\n"
        "    np.save(f'{name}.npy', model.outputs(rows).numpy())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=maker, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name, one in (("own", own), ("ours", ours)):
        assert np.array_equal(np.load(maker / f"{name}.npy"), by_hand(one).numpy())


def test_weights_begun_from_elsewhere_are_not_needed_to_load(tmp_path, no_program):
    one = handed(data_of("flat"), name="linear")
    one = replace(one, config={**one.config, "model.start": "gone", "model.frozen": 1})
    assert torch.equal(exported(tmp_path, one).outputs(one.dataset.inputs), by_hand(one))


def a_table(folder):
    frame = pd.DataFrame(
        {
            "size": np.linspace(0.1, 3, 12),
            "colour": ["red", "blue", "red", "green"] * 3,
            "kind": ["a", "b", "b"] * 4,
        }
    )
    frame.to_csv(folder / "measured.csv", index=False)
    return {"name": "table", "path": str(folder / "measured.csv"), "target": "kind"}, frame


def pictures(folder):
    files = []
    for kind in ("ants", "bees"):
        (folder / "pictures" / kind).mkdir(parents=True)
        for k in range(6):
            files.append(folder / "pictures" / kind / f"{k}.png")
            files[-1].write_bytes(picture((30 * k, 200, 10 * k), 20 + k, 16))
    return {"name": "images", "path": str(folder / "pictures"), "size": 8}, files


def digits(folder):
    from sklearn.datasets import load_digits

    return {"name": "digits"}, load_digits().images


@pytest.mark.parametrize(
    ("make", "family"), [(a_table, "linear"), (pictures, "conv"), (digits, "conv")]
)
def test_from_raw_inputs_to_names(make, family, tmp_path, no_program):
    told, raw = make(tmp_path)
    data = load_dataset(told)
    one = handed(data, "standard", name=family, num_layers=1)
    model = exported(tmp_path, one)
    wanted = by_hand(one)
    assert torch.equal(model.outputs(raw), wanted)
    assert model.predict(raw).tolist() == [data.classes[i] for i in wanted.argmax(1)]


def test_the_public_name_is_there():
    assert interplay.load_model is load_model


def test_the_rows_a_program_is_tried_with_are_prepared(tmp_path, no_program):
    """Scaled by the training rows' numbers, not by those of all rows."""
    data = data_of("flat")
    one = handed(data, "standard", name="linear")
    model = exported(tmp_path, one)
    x, lengths = model.prepared(Taken(data.inputs))
    assert lengths is None
    assert x[one.train_rows].mean(0) == pytest.approx(torch.zeros(5), abs=1e-6)
    assert STORY.study in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
