"""Convolutions and chains of a stack, against the members' own modules in float64."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from interplay.data.dataset import DataSpec
from interplay.models.blocks.conv import Conv
from interplay.models.factory import build_model
from interplay.training.dropout import seed_dropout
from interplay.training.stacked.chains import layout as conv_layout
from interplay.training.stacked.chains.chain import FusedChain, members_at_once
from interplay.training.stacked.chains.pool import NormPool
from interplay.training.stacked.leaves.conv import StackedConv
from interplay.training.stacked.stack import stack
from interplay.training.stacked.twin import NotStackableError
from tests.models.pairwise import pairwise
from tests.training.stacked.apart import assert_same, members_of

BATCH = 4
WAYS = {"one by one": 0, "two at a time": 2, "grouped": 1 << 40}
IMAGE = DataSpec("classification", "image", (1, 8, 8), 10)
SEQUENCE = DataSpec("classification", "sequence", (9, 3), 5)


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    tile(monkeypatch, WAYS[request.param])
    return request.param


def tile(monkeypatch, most):
    """Members of a tile, whatever the shapes."""
    size = lambda members, bytes_of_one, device: max(1, min(most, members))  # noqa: E731
    monkeypatch.setattr("interplay.training.stacked.leaves.conv.tile_size", size)
    monkeypatch.setattr("interplay.training.stacked.chains.chain.tile_size", size)


def images(members, channels=4, side=8):
    x = torch.randn(members * BATCH, channels, side, side)
    return x.to(memory_format=torch.channels_last)


CONVOLUTIONS = pairwise(
    {
        "way": list(WAYS),
        "kernel_size": [1, 2, 3],
        "geometry": [
            {"stride": 1, "padding": 0},
            {"stride": 1, "padding": 1},
            {"stride": 2, "padding": 1},
            {"padding": "same"},
            {"padding": "same", "dilation": 2},
            {"stride": 2, "dilation": 2},
            {"padding": "valid"},
        ],
        "groups": [{"groups": 1}, {"groups": 2, "bias": False}, {"groups": 4}],
    }
)


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv2d])
@pytest.mark.parametrize("members", [1, 3])
def test_convolutions(kind, members, monkeypatch):
    torch.manual_seed(1)
    for row in CONVOLUTIONS:
        tile(monkeypatch, WAYS[row["way"]])
        x = images(members) if kind is nn.Conv2d else torch.randn(members * BATCH, 4, 8)
        options = {**row["geometry"], **row["groups"]}
        models = members_of(partial(kind, 4, 8, row["kernel_size"], **options), members)
        stacked = assert_same(models, x, steps=1)
        assert isinstance(stacked.model, StackedConv)


@pytest.mark.parametrize("channels", [1, 4])
def test_convolutions_give_channels_last(channels, way):
    models = [nn.Conv2d(channels, 8, 3) for _ in range(3)]
    for x in (images(3, channels), torch.randn(12, channels, 8, 8)):
        assert stack(models)(x).is_contiguous(memory_format=torch.channels_last)


def test_other_padding_is_refused():
    with pytest.raises(NotStackableError, match="reflect"):
        stack([nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")] * 2)


def sequential(*modules):
    return lambda: nn.Sequential(
        *[copy.deepcopy(m) if isinstance(m, nn.Module) else m() for m in modules]
    )


CHAINS = {
    "batch": (lambda: nn.Conv2d(4, 8, 3), lambda: nn.BatchNorm2d(8), nn.ReLU),
    "plain batch": (lambda: nn.Conv2d(4, 8, 3), lambda: nn.BatchNorm2d(8, affine=False)),
    "no statistics": (
        lambda: nn.Conv2d(4, 8, 3),
        lambda: nn.BatchNorm2d(8, track_running_stats=False),
        nn.GELU,
    ),
    "max pool": (
        lambda: nn.Conv2d(4, 8, 3, padding=1),
        lambda: nn.BatchNorm2d(8),
        lambda: nn.ReLU(inplace=True),
        lambda: nn.MaxPool2d(2),
        lambda: nn.Conv2d(8, 4, 3, groups=2),
        nn.Sigmoid,
        lambda: nn.MaxPool2d(2, padding=1),
    ),
    "transposed": (
        lambda: nn.ConvTranspose2d(4, 8, 3, stride=2, groups=2),
        lambda: nn.BatchNorm2d(8),
        nn.ReLU,
        lambda: nn.Conv2d(8, 4, 3),
    ),
    "group": (
        lambda: nn.Conv2d(4, 8, 3),
        lambda: nn.GroupNorm(2, 8),
        nn.Tanh,
        lambda: nn.AvgPool2d(2),
    ),
    "layer": (
        lambda: nn.ZeroPad2d((0, 1, 0, 1)),
        lambda: nn.Conv2d(4, 8, 2),
        lambda: nn.GroupNorm(1, 8),
    ),
    "nested": (
        lambda: nn.Dropout(0.3),
        lambda: nn.ReLU(inplace=False),
        lambda: nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8)),
        lambda: nn.Dropout(0.5),
        lambda: nn.AdaptiveAvgPool2d(2),
    ),
    "runs": (
        lambda: nn.Conv2d(4, 8, 3),
        nn.ReLU,
        lambda: nn.Softmax2d(),
        lambda: nn.Conv2d(8, 8, 3),
        nn.ReLU,
        nn.Flatten,
        lambda: nn.Linear(128, 5),
    ),
    "block": (
        lambda: Conv(4, 6, 3, layout="image", norm="batch", activation="relu"),
        lambda: Conv(6, 4, 2, layout="image", norm="layer", activation=None, stride=2),
    ),
}
CHAINS_1D = {
    "batch": (
        lambda: nn.Conv1d(4, 8, 3),
        lambda: nn.BatchNorm1d(8),
        nn.ReLU,
        lambda: nn.MaxPool1d(2),
        lambda: nn.Conv1d(8, 4, 1),
    ),
    "group": (
        lambda: nn.Conv1d(4, 8, 3),
        lambda: nn.GroupNorm(4, 8),
        nn.SiLU,
        lambda: nn.AvgPool1d(2),
    ),
}


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name", CHAINS)
def test_chains_of_images(name, mode, way):
    stacked = assert_same(members_of(sequential(*CHAINS[name])), images(3), mode=mode, steps=3)
    chains = [m for m in stacked.modules() if isinstance(m, FusedChain)]
    assert len(chains) == (2 if name == "runs" else 1)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name", CHAINS_1D)
def test_chains_of_sequences(name, mode, way):
    x = torch.randn(3 * BATCH, 4, 9)
    stacked = assert_same(members_of(sequential(*CHAINS_1D[name])), x, mode=mode, steps=3)
    assert sum(isinstance(m, FusedChain) for m in stacked.modules()) == 1


POOLED = {
    "relu": (
        lambda: nn.Conv2d(4, 8, 3),
        lambda: nn.BatchNorm2d(8),
        nn.ReLU,
        lambda: nn.MaxPool2d(2),
    ),
    "no relu": (
        lambda: nn.Conv2d(4, 8, 3),
        lambda: nn.BatchNorm2d(8, momentum=0.3),
        lambda: nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
        nn.GELU,
    ),
    "windows that leave a row and columns": (
        lambda: nn.Conv2d(4, 5, 3),
        lambda: nn.BatchNorm2d(5),
        lambda: nn.MaxPool2d((4, 5)),
        nn.ReLU,
    ),
    "a channel": (
        lambda: nn.Conv2d(4, 1, 3),
        lambda: nn.BatchNorm2d(1),
        lambda: nn.MaxPool2d(2),
    ),
    "no statistics": (
        lambda: nn.Conv2d(4, 3, 1),
        lambda: nn.BatchNorm2d(3, track_running_stats=False),
        lambda: nn.MaxPool2d(2),
        nn.ReLU,
        lambda: nn.Dropout(0.3),
    ),
    "plain": (
        lambda: nn.Conv2d(4, 3, 1),
        lambda: nn.BatchNorm2d(3, affine=False),
        lambda: nn.MaxPool2d(2),
    ),
}


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize(("members", "most"), [(1, 1), *((3, most) for most in WAYS.values())])
@pytest.mark.parametrize("name", POOLED)
def test_the_maximum_before_the_norm(name, members, most, mode, monkeypatch):
    tile(monkeypatch, most)
    monkeypatch.setattr("interplay.training.stacked.chains.pool.SMALL", 0)
    models = members_of(sequential(*POOLED[name]), members)
    # Far from zero, where a variance taken carelessly loses its digits.
    stacked = assert_same(models, images(members) + 30, mode=mode, steps=3)
    assert sum(isinstance(m, NormPool) for m in stacked.modules()) == 1
    for model in models:  # and with weights of one sign
        with torch.no_grad():
            model[1].weight.abs_() if model[1].affine else None
    assert_same(models, images(members), mode=mode)


def test_an_image_too_small_for_a_window_is_torchs_error():
    make = sequential(
        lambda: nn.Conv2d(4, 3, 1), lambda: nn.BatchNorm2d(3), lambda: nn.MaxPool2d(2)
    )
    with pytest.raises(RuntimeError, match="too small"):
        stack(members_of(make))(images(3, side=1).double())


@pytest.mark.parametrize("rates", [(0.2, 0.2, 0.2), (0.1, 0.5, 0.0), (1.0, 0.3, 0.3)])
def test_rates_of_dropout_in_a_chain(rates, way):
    models = members_of(sequential(lambda: nn.Conv2d(4, 8, 3), nn.ReLU, lambda: nn.Dropout(0.5)))
    for model, rate in zip(models, rates, strict=True):
        model[2].p = rate
    assert_same(models, images(3), steps=3)


def test_one_member_is_the_model_itself():
    models = members_of(sequential(*CHAINS["max pool"]), members=1)
    assert_same(models, images(1))


def test_a_module_at_two_places_is_not_in_a_chain():
    def make():
        shared = nn.Conv2d(4, 4, 3, padding=1)
        return nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU())

    stacked = assert_same(members_of(make), images(3))
    assert not any(isinstance(m, FusedChain) for m in stacked.modules())


def test_the_input_is_left_as_it_is(way):
    make = sequential(lambda: nn.ReLU(inplace=True), lambda: nn.Conv2d(4, 8, 3), nn.ReLU)
    stacked = stack(members_of(make))
    chain = next(m for m in stacked.modules() if isinstance(m, FusedChain))
    assert [type(step) for step in chain.body.steps] == [StackedConv, nn.ReLU]


def test_members_do_not_meet(way):
    models = members_of(sequential(*CHAINS["max pool"]))
    x = images(3).double()
    before = stack(copy.deepcopy(models))
    out = before(x)
    changed = x.clone()
    changed[BATCH : 2 * BATCH] = float("nan")
    after = stack(models)
    again = after(changed)
    for own in (slice(0, BATCH), slice(2 * BATCH, None)):
        assert torch.equal(out[own], again[own])
    assert again[BATCH : 2 * BATCH].isnan().all()
    for one, other in zip(before.buffers(), after.buffers(), strict=True):
        assert torch.equal(one[[0, 2]], other[[0, 2]])


def test_rule_of_shapes():
    cpu = torch.device("cpu")
    kib = lambda channels, side: 32 * channels * side * side * 4  # noqa: E731
    assert conv_layout.tile_size(16, kib(8, 8), cpu) == 16
    assert conv_layout.tile_size(100, kib(16, 8), cpu) == 50
    assert conv_layout.tile_size(16, kib(16, 28), cpu) == 4
    assert conv_layout.tile_size(16, kib(32, 48), cpu) == 1
    assert conv_layout.tile_size(16, kib(32, 48), torch.device("cuda")) == 16


def test_members_at_once():
    model = {"name": "conv", "channels": 16, "doubling": True}
    for side, most in ((8, 16), (28, 4), (64, 1)):
        spec = DataSpec("classification", "image", (1, side, side), 10)
        stacked = stack([seed_dropout(build_model(model, spec), 0)])
        stacked(torch.randn(4, 1, side, side))
        assert members_at_once(stacked, 16, 32) == most
    assert members_at_once(nn.Linear(2, 2), 16, 32) == 16


OPTIONS = {
    "plain": {},
    "no norm": {"norm": "none", "pooling": "avg", "activation": "tanh"},
    "layer": {"norm": "layer", "pooling": "stride", "doubling": True, "global_pool": True},
    "even": {"kernel_size": 2, "dropout": 0.4, "channels": [4, 6], "hidden_size": 7},
    "gates": {"squeeze_excite": True, "pool_every": 2},
    "residual": {"block": "residual", "doubling": True, "dropout": 0.2},
    "gated residual": {"block": "residual", "squeeze_excite": True, "norm": "layer"},
    "inception": {"block": "inception", "channels": 6, "pooling": "avg"},
    "gated inception": {
        "block": "inception",
        "squeeze_excite": True,
        "global_pool": True,
        "dropout": 0.3,
    },
}


def turns(*values):
    """All options in each way, and each of the values with all options and in each way."""
    return [
        (name, way, values[(i + j) % len(values)])
        for i, name in enumerate(OPTIONS)
        for j, way in enumerate(WAYS)
    ]


@pytest.mark.parametrize(("name", "way", "mode"), turns("train", "eval"), indirect=["way"])
def test_the_family_on_images(name, way, mode):
    model = {"name": "conv", "channels": 4, **OPTIONS[name]}
    models = members_of(lambda: build_model(model, IMAGE))
    stacked = assert_same(models, torch.randn(3 * BATCH, 1, 8, 8), mode=mode)
    assert sum(isinstance(m, FusedChain) for m in stacked.modules()) == 1


@pytest.mark.parametrize(("name", "way", "lengths"), turns(False, True), indirect=["way"])
def test_the_family_on_sequences(name, way, lengths):
    model = {"name": "conv", "channels": 4, **OPTIONS[name]}
    models = members_of(lambda: build_model(model, SEQUENCE))
    steps = torch.randint(1, 10, (3 * BATCH,)) if lengths else None
    assert_same(models, torch.randn(3 * BATCH, 9, 3), lengths=steps)
