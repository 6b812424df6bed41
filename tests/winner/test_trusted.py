"""A program in which something could run is not loaded, and nothing of it has run."""

import contextlib
import io
import json
import os
import pickle
import re
import zipfile

import pytest
import torch
from torch import nn

from interplay.errors import InterplayError
from interplay.winner.program import export_program, program_bytes
from interplay.winner.trusted import load_program

RAN = []


def run(number):
    RAN.append(number)


class Bomb:
    def __reduce__(self):
        return run, (1,)


class Rows(nn.Module):
    """With a shape that is a sum, and a structure."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.register_buffer("shift", torch.ones(2))

    def forward(self, x, lengths):
        twice = torch.cat([x, x])
        return self.layer(twice)[: x.shape[0]] + self.shift + lengths[:, None]


@pytest.fixture(scope="module")
def program():
    x, lengths = torch.randn(4, 3), torch.ones(4, dtype=torch.int64)
    model = Rows().eval()
    return program_bytes(export_program(model, (x, lengths))), model


def changed(content, change):
    """The archive with its parts changed; names are told without the folder they are in."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        top = archive.namelist()[0].partition("/")[0]
        parts = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    change(parts)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"{top}/{name}", part)
    return held.getvalue()


def in_json(name, change):
    def edit(parts):
        said = json.loads(parts[name])
        change(said)
        parts[name] = json.dumps(said).encode()

    return edit


def in_graph(change):
    return in_json("models/model.json", lambda said: change(said, said["graph_module"]["graph"]))


def test_a_program_of_ours_is_loaded(program):
    content, model = program
    loaded = load_program(content, "it")
    x, lengths = torch.randn(5, 3), torch.arange(5)
    assert torch.equal(loaded(x, lengths), model(x, lengths))
    assert not any(weight.requires_grad for weight in loaded.eval().parameters())
    assert load_program(changed(content, lambda parts: None), "it")


def pickled(value):
    held = io.BytesIO()
    torch.save(value, held)
    return held.getvalue()


def mark_pickled(said):
    first = next(iter(said["config"].values()))
    first["use_pickle"] = True


def call(target):
    return in_graph(lambda said, graph: graph["nodes"][0].update(target=target))


def guard(text):
    return in_graph(lambda said, graph: said["guards_code"].append(text))


def shape(text):
    def edit(said, graph):
        graph["sym_int_values"]["bad"] = {"as_expr": {"expr_str": text, "hint": None}}

    return in_graph(edit)


SYSTEM = "__import__('os').system('true')"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p.update({"data/sample_inputs/model.pt": pickled((Bomb(),))}), "are pickled"),
        (lambda p: p.update({"data/weights/model.pt": pickled({"a": Bomb()})}), "it has a part"),
        (lambda p: p.update({"data/constants/model.pt": pickled({"a": Bomb()})}), "it has a part"),
        (
            lambda p: p.update({"data/constants/opaque_obj_0": pickle.dumps(Bomb())}),
            "it has a part",
        ),
        (lambda p: p.update({"data/aotinductor/model/model.so": b"\x7fELF"}), "it has a part"),
        (in_json("data/weights/model_weights_config.json", mark_pickled), "is pickled"),
        (
            in_json(
                "data/weights/model_weights_config.json",
                lambda said: next(iter(said["config"].values())).update(path_name="custom_obj_0"),
            ),
            "is pickled",
        ),
        (call("torch.hub.load"), "it calls 'torch.hub.load'"),
        (call("torch.serialization.os.system"), "it calls"),
        (call("_operator.attrgetter"), "it calls"),
        (call("torch.ops.aten.from_file.default"), "it calls"),
        (call("torch.ops.aten.save.default"), "it calls"),
        (call("torch.ops.aten._print.default"), "it calls"),
        (call("torch.ops.mine.run.default"), "it calls"),
        (call("torch.ops.aten.no_such_thing.default"), "it calls"),
        (guard(SYSTEM), "a guard is"),
        (guard("L['x'].size.__class__()"), "a guard is"),
        (guard("L['x'].size()[0] == 1\nimport os"), "a guard is"),
        (guard("(" * 5000), "a guard is"),
        (shape(SYSTEM), "a shape is"),
        (shape("Symbol('s1').__class__"), "a shape is"),
        (shape("open('s1')"), "a shape is"),
        (shape("Symbol('__import__')"), "a shape is"),
        (
            in_graph(
                lambda said, graph: said["graph_module"]["module_call_graph"][0][
                    "signature"
                ].update(in_spec='[1, {"type": "collections.defaultdict", "context": "{}"}]')
            ),
            "its inputs or outputs are of 'collections.defaultdict'",
        ),
    ],
)
def test_what_could_run_is_refused(change, says, program):
    content = changed(program[0], change)
    with pytest.raises(InterplayError, match=re.escape(says)) as caught:
        load_program(content, "it")
    assert str(caught.value).startswith("it is not loaded: ")
    assert "\n" not in str(caught.value)
    assert RAN == []


def test_torch_itself_would_have_run_it(program):
    """Else there were nothing to look for."""
    content = changed(
        program[0], lambda p: p.update({"data/sample_inputs/model.pt": pickled((Bomb(),))})
    )
    with contextlib.suppress(Exception):
        torch.export.load(io.BytesIO(content))
    assert RAN == [1]
    RAN.clear()


@pytest.mark.parametrize("content", [b"", b"PK", os.urandom(200)])
def test_what_is_no_program_is_told(content):
    with pytest.raises(InterplayError, match=r"it is not read by torch .*builder=make"):
        load_program(content, "it")


def test_a_truncated_program_is_told(program):
    with pytest.raises(InterplayError, match=r"it is not (read|loaded)"):
        load_program(program[0][:-30], "it")
