"""Programs and ONNX give what the network gives, for any number of rows."""

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from interplay.errors import InterplayError
from interplay.models.network import takes_lengths
from interplay.training.dropout import seed_dropout
from interplay.winner import program as programs
from interplay.winner.program import (
    NotExportableError,
    export_program,
    onnx_bytes,
    program_bytes,
)
from interplay.winner.trusted import load_program
from tests.models.pairwise import pairwise
from tests.models.tables import LENGTHS, VALUES, build, cases, inputs_of, spec_of

OTHERS = torch.tensor([2, 0, 1, 4, 3, 1, 1])


def as_program(model, inputs):
    """Tried with other rows than it was made with, and with one row."""
    program = export_program(model, inputs)
    loaded = load_program(program_bytes(program), "it")
    for rows in (OTHERS, OTHERS[:1]):
        given = tuple(x[rows] for x in inputs)
        with torch.no_grad():
            assert torch.equal(loaded(*given), model(*given))
    return program


def as_onnx(model, inputs):
    program = as_program(model, inputs)
    with torch.no_grad():
        content = onnx_bytes(program, inputs, model(*inputs))
    session = onnxruntime.InferenceSession(content)
    for rows in (OTHERS, OTHERS[:1]):
        given = tuple(x[rows] for x in inputs)
        names = dict(zip(programs.INPUTS, (x.numpy() for x in given), strict=False))
        (found,) = session.run(["outputs"], names)
        with torch.no_grad():
            assert np.abs(found - model(*given).numpy()).max() <= 1e-5


def of_family(family, kind, options):
    model = seed_dropout(build(family, spec_of(kind), options), 0).eval()  # as engines leave it
    for held in model.buffers():
        if held.is_floating_point():
            held.uniform_(0.5, 1.5)
    x = inputs_of(kind)
    return model, (x, LENGTHS) if takes_lengths(model) else (x,)


SMALL = {
    "linear": {"num_layers": 1, "hidden_size": 4, "norm": "batch"},
    "mlp": {"architecture": 1, "last_activation": "sigmoid", "norm": "layer"},
    # The zeros before its maximum are what onnxruntime takes for minus infinity.
    "conv": {"num_layers": 1, "channels": 4, "block": "inception", "global_pool": True},
    "recurrent": {"num_layers": 1, "hidden_size": 3, "bidirectional": True, "readout": "attention"},
}


@pytest.mark.slow
@pytest.mark.parametrize(("family", "kind"), cases())
def test_every_family_as_a_program(family, kind):
    as_program(*of_family(family, kind, SMALL[family]))


@pytest.mark.slow
def test_a_network_as_onnx():
    as_onnx(*of_family("conv", "image", SMALL["conv"]))


@pytest.mark.soak
@pytest.mark.parametrize(("family", "kind"), cases())
def test_every_family_as_onnx(family, kind):
    as_onnx(*of_family(family, kind, SMALL[family]))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("family", "kind"), cases())
def test_every_pair_of_options_as_onnx(family, kind):
    for options in pairwise(VALUES[family]):
        as_onnx(*of_family(family, kind, options))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x) if float(x.sum()) > 0 else self.layer(-x)


def test_what_hangs_on_values_has_no_program_and_the_reason_is_told():
    with pytest.raises(NotExportableError, match=r"torch\.export: ") as caught:
        export_program(Branching(), (torch.ones(2, 3),))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, InterplayError)


class Padded(nn.Module):
    def forward(self, x):
        return F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1).flatten(1)


def test_onnx_that_gives_something_else_is_not_handed_over():
    x = torch.full((2, 1, 4, 4), -1.0)
    program = export_program(Padded(), (x,))
    assert onnx_bytes(program, (x,), Padded()(x))
    with pytest.raises(NotExportableError, match="ONNX: outputs differ from the model's by"):
        onnx_bytes(program, (x,), Padded()(x) + 1)


def test_without_onnx_the_way_to_it_is_told(monkeypatch):
    import sys

    x = torch.ones(2, 3)
    program = export_program(nn.Linear(3, 2), (x,))
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(NotExportableError, match=r"pip install 'interplay\[export\]'"):
        onnx_bytes(program, (x,), x)
