"""A padded sequence gives the same output whatever its batch and its padding."""

import pytest
import torch

from tests.models.pairwise import pairwise
from tests.models.tables import LENGTHS, VALUES, build, inputs_of, spec_of

PADDED = [("conv", "sequence"), ("recurrent", "sequence"), ("recurrent", "tokens")]


def close(one, two):
    atol = 1e-12 if one.dtype == torch.float64 else 1e-6
    return torch.allclose(one, two, rtol=0, atol=atol)


def evaluating(family, kind, options):
    """A network in evaluation mode, batch norm's running statistics no longer 0 and 1."""
    model = build(family, spec_of(kind), options)
    with torch.no_grad():
        model(inputs_of(kind), LENGTHS)
    return model.eval()


def check(family, kind, options, dtype=torch.float64):
    """In float64 unless told: a layer norm over two channels may multiply rounding by hundreds."""
    model = evaluating(family, kind, options).to(dtype)

    def draw(seed):
        x = inputs_of(kind, seed)
        return x.to(dtype) if x.is_floating_point() else x

    x = draw(0)
    with torch.no_grad():
        together = model(x, LENGTHS)
        # More padding, and other padding.
        longer = torch.cat([x, draw(1), draw(2)[:, :1]], dim=1)
        assert close(model(longer, LENGTHS), together), options
        other = draw(3)
        for row, n in enumerate(LENGTHS.tolist()):
            own = other[row, :n] = x[row, :n]
            for lengths in (torch.tensor([n]), None):  # alone, without any padding
                assert close(model(own[None], lengths)[0], together[row]), (options, n)
        assert close(model(other, LENGTHS), together), options
        # Another batch, whose longest is shorter.
        some = torch.tensor([3, 1, 4])
        assert close(model(x[some], LENGTHS[some]), together[some]), options
        assert close(model(x[some, :5], LENGTHS[some]), together[some]), options


@pytest.mark.parametrize(("family", "kind"), PADDED)
def test_every_pair_of_values(family, kind):
    for options in pairwise(VALUES[family]):
        check(family, kind, options)
        check(family, kind, options, torch.float32)


@pytest.mark.parametrize("cell", VALUES["recurrent"]["cell"])
def test_recurrent(cell):
    varied = {name: VALUES["recurrent"][name] for name in ("readout", "norm", "bidirectional")}
    for options in pairwise({**varied, "num_layers": [1, 2, 3]}):
        options = dict(skip=True, hidden_size=4, cell=cell, **options)
        check("recurrent", "sequence", options)


@pytest.mark.parametrize("block", VALUES["conv"]["block"])
@pytest.mark.parametrize("pooling", ["none", *VALUES["conv"]["pooling"]])
def test_conv(block, pooling):
    # Sigmoid is the activation that is not 0 at 0: what it leaves past the end must be taken out.
    pool = dict(pool_every=0) if pooling == "none" else dict(pooling=pooling, pool_every=1)
    others = dict(squeeze_excite=[False, True], norm=VALUES["conv"]["norm"], kernel_size=[3, 4])
    others |= dict(global_pool=[False, True], activation=["tanh", "sigmoid"])
    for options in pairwise(others):
        check("conv", "sequence", {**options, "block": block, "channels": 8, **pool})


@pytest.mark.parametrize("readout", VALUES["recurrent"]["readout"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", VALUES["recurrent"]["cell"])
def test_every_step_of_its_own_is_read(cell, bidirectional, readout):
    options = dict(cell=cell, bidirectional=bidirectional, readout=readout)
    model, x = evaluating("recurrent", "sequence", options), inputs_of("sequence")
    before = model(x, LENGTHS)
    for row, n in enumerate(LENGTHS.tolist()):
        for step in range(n):
            changed = x.clone()
            changed[row, step] += 1
            assert not close(model(changed, LENGTHS)[row], before[row]), (n, step)


def test_both_directions_are_torchs_own_on_packed_sequences():
    model = evaluating("recurrent", "sequence", dict(bidirectional=True, num_layers=1))
    layer, x = model.layers[0], inputs_of("sequence")
    both = torch.nn.GRU(3, 64, batch_first=True, bidirectional=True)
    state = {**layer.there.state_dict()}
    state |= {f"{name}_reverse": value for name, value in layer.back.state_dict().items()}
    both.load_state_dict(state)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x, LENGTHS, batch_first=True, enforce_sorted=False
    )
    out, last = both(packed)
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
    assert close(layer(x, LENGTHS), out)
    assert close(model.readout(out, LENGTHS), torch.cat([last[0], last[1]], dim=1))


@pytest.mark.parametrize(("family", "kind"), PADDED)
def test_an_empty_sequence_gives_finite_numbers(family, kind):
    for options in pairwise(VALUES[family]):
        model = evaluating(family, kind, options)
        assert model(inputs_of(kind), torch.zeros_like(LENGTHS)).isfinite().all()
