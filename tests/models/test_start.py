"""Weights to begin from: every form that they come in, and what is none."""

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from interplay.errors import InterplayError
from interplay.models.factory import build_model
from interplay.models.stages import head_of
from interplay.models.start import find_start
from tests.models.learnt import SMALL, SPECS, learnt

FLAT = SPECS["flat"]
LINEAR = {"name": "linear", **SMALL["linear"], "norm": "batch"}


def as_state_dict(model, folder):
    torch.save(model.state_dict(), folder / "w.pt")
    return "w.pt"


def as_checkpoint(model, folder):
    held = {f"module.{name}": value for name, value in model.state_dict().items()}
    torch.save({"epoch": 3, "model_state_dict": held, "optimizer": {"lr": 0.1}}, folder / "c.ckpt")
    return "c.ckpt"


def as_safetensors(model, folder):
    save_file(model.state_dict(), folder / "w.safetensors")
    return "w.safetensors"


def as_export(model, folder):
    (folder / "export").mkdir()
    save_file(model.state_dict(), folder / "export" / "model.safetensors")
    (folder / "export" / "model.json").write_text("{}", encoding="utf-8")
    return "export"


@pytest.mark.parametrize("write", [as_state_dict, as_checkpoint, as_safetensors, as_export])
def test_every_form_of_weights_is_the_same_start(write, tmp_path):
    model = learnt(LINEAR, FLAT)
    named = write(model, tmp_path)
    begun = build_model({**LINEAR, "start": named}, FLAT, [tmp_path])
    head = head_of(model)
    for name, value in model.state_dict().items():
        assert torch.equal(begun.state_dict()[name], value) != name.startswith(head), name
    as_state_dict(model, tmp_path)
    assert find_start(named, [tmp_path]).digest == find_start("w.pt", [tmp_path]).digest


def test_half_precision_becomes_single(tmp_path):
    torch.save({"a": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "w.pt")
    assert find_start("w.pt", [tmp_path]).weights["a"].dtype == np.float32


def test_another_number_of_outputs_is_no_other_network(tmp_path):
    save_file(learnt(LINEAR, replace(FLAT, num_outputs=9)).state_dict(), tmp_path / "w.safetensors")
    begun = build_model({**LINEAR, "start": "w.safetensors"}, FLAT, [tmp_path])
    assert begun(torch.zeros(2, 7)).shape == (2, 4)


class Runs:
    def __reduce__(self):
        return (print, ("code in a file of weights was run",))


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda f: None, "there is no file or folder with weights"),
        (lambda f: (f / "w").mkdir(), "holds no model.safetensors"),
        (lambda f: torch.save(Runs(), f / "w"), "cannot be read as weights alone"),
        (lambda f: torch.save(nn.Linear(2, 2), f / "w"), "cannot be read as weights alone"),
        (lambda f: torch.save({"lr": 0.1}, f / "w"), "holds no weights by name"),
        (lambda f: torch.save({}, f / "w"), "holds no weights by name"),
        (lambda f: (f / "w").write_bytes(b"no weights"), "cannot be read as weights alone"),
        (
            lambda f: torch.save(learnt({**LINEAR, "hidden_size": 5}, FLAT).state_dict(), f / "w"),
            r"has the weights of another network: 0\.0\.weight is 5×7 there and 6×7 here",
        ),
        (
            lambda f: torch.save(learnt({**LINEAR, "num_layers": 3}, FLAT).state_dict(), f / "w"),
            "there and nothing here",
        ),
    ],
)
def test_what_is_no_start_says_why(write, says, tmp_path, capsys):
    write(tmp_path)
    with pytest.raises(InterplayError, match=says):
        build_model({**LINEAR, "start": "w"}, FLAT, [tmp_path])
    assert not capsys.readouterr().out
    if "another network" in says:
        return
    (tmp_path / "w.safetensors").write_bytes(b"no weights")
    with pytest.raises(InterplayError, match="is no file of safetensors"):
        build_model({**LINEAR, "start": "w.safetensors"}, FLAT, [tmp_path])


def test_a_network_of_torchvision(monkeypatch, tmp_path):
    model = learnt(LINEAR, FLAT)
    asked = []

    def get_state_dict(**options):
        asked.append(options)
        if len(asked) > 1:
            raise OSError("no way there")
        return model.state_dict()

    weights = SimpleNamespace(get_state_dict=get_state_dict, url="https://w.example/net-1a2b.pth")
    models = SimpleNamespace(
        list_models=lambda: ["resnet18"],
        get_model_weights=lambda name: SimpleNamespace(DEFAULT=weights),
    )
    module = ModuleType("torchvision")
    module.models = models
    monkeypatch.setitem(sys.modules, "torchvision", module)
    begun = build_model({**LINEAR, "start": "torchvision:resnet18"}, FLAT)
    assert torch.equal(begun[0][0].weight, model[0][0].weight)
    assert asked == [{"progress": False, "check_hash": True}]
    with pytest.raises(
        InterplayError, match=r"no way there.*put the file .*net-1a2b\.pth at .*hub"
    ):
        find_start("torchvision:resnet18", [])
    with pytest.raises(InterplayError, match="did you mean 'torchvision:resnet18'"):
        find_start("torchvision:resnet81", [])
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(InterplayError, match="'torchvision:resnet18': torchvision does not load"):
        find_start("torchvision:resnet18", [])
