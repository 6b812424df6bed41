"""Stacked recurrent layers: what torch's own compute, member by member, forward and back."""

import copy
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from interplay.data.dataset import DataSpec
from interplay.models.factory import build_model
from interplay.training.dropout import seed_dropout
from interplay.training.stacked.flat import Flat
from interplay.training.stacked.leaves.table import LEAVES, load
from interplay.training.stacked.recurrent import chunks as recurrent_chunks
from interplay.training.stacked.recurrent import host as recurrent_host
from interplay.training.stacked.recurrent import scan as recurrent_scan
from interplay.training.stacked.recurrent.cells import GRUCell, LSTMCell, RNNCell
from interplay.training.stacked.recurrent.scan import scan
from interplay.training.stacked.stack import stack, unstack
from interplay.training.stacked.twin import NotStackableError
from tests.models.pairwise import pairwise

CELLS = {
    "gru": (nn.GRU, {}),
    "lstm": (nn.LSTM, {}),
    "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["loops", "operations"], autouse=True)
def _way(request, monkeypatch):
    """Cells as compiled for a CPU, and of torch's operations as other devices have them."""
    if request.param == "operations":
        monkeypatch.setattr(recurrent_host, "ON_HOST", {})


def twin_of(modules):
    return load(LEAVES[type(modules[0])].twin)(modules)


def make(kind, members, **options):
    module, own = CELLS[kind]
    return [module(3, 5, batch_first=True, **own, **options) for _ in range(members)]


def tensors(result):
    """Output, last state and an LSTM's memory, flat."""
    out, last = result
    return [out, *last] if isinstance(last, tuple) else [out, last]


def separately(modules, x, states=None):
    """Results of each module on its part of `x`, joined as the twin joins them."""
    runs = []
    for m, part in enumerate(x.chunk(len(modules))):
        first = None
        if states is not None:
            own = [s.chunk(len(modules), dim=1)[m].contiguous() for s in states]
            first = tuple(own) if len(own) > 1 else own[0]
        runs.append(tensors(modules[m](part, first)))
    return [torch.cat(each, dim=min(i, 1)) for i, each in enumerate(zip(*runs, strict=True))]


def compare(modules, x, tolerance, states=None):
    """Results and all gradients, the twin's against the modules' own."""
    modules = copy.deepcopy(modules)
    twin = twin_of(modules)
    names = [name for name, _ in modules[0].named_parameters()]
    inputs = [x, *(states or [])]
    for tensor in inputs:
        tensor.requires_grad_()
    given = None
    if states is not None:
        given = tuple(states) if len(states) > 1 else states[0]
    ours, theirs = tensors(twin(x, given)), separately(modules, x, states)
    weights = [torch.randn_like(each) for each in ours]  # every result has its own gradient
    ours_loss = sum((w * each).sum() for w, each in zip(weights, ours, strict=True))
    theirs_loss = sum((w * each).sum() for w, each in zip(weights, theirs, strict=True))
    n = len(inputs)
    got = torch.autograd.grad(ours_loss, [*inputs, *(twin.get_parameter(k) for k in names)])
    own = [m.get_parameter(k) for k in names for m in modules]
    want = torch.autograd.grad(theirs_loss, [*inputs, *own])
    joined = [torch.stack(want[i : i + len(modules)]) for i in range(n, len(want), len(modules))]
    for a, b in zip([*ours, *got], [*theirs, *want[:n], *joined], strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("kind", "layers", "both", "bias"),
    list(itertools.product(CELLS, [1, 2], [False, True], [True, False])),
)
def test_it_computes_what_torch_computes(kind, layers, both, bias):
    for members in (1, 3):
        modules = make(kind, members, num_layers=layers, bidirectional=both, bias=bias)
        modules = [m.double() for m in modules]
        x = torch.randn(members * 4, 11, 3, dtype=torch.float64)
        compare(modules, x, 1e-10)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("steps", [1, 8, 9, 21])
def test_chunks_of_steps_change_nothing(kind, steps, monkeypatch):
    monkeypatch.setattr(recurrent_chunks, "CHUNK", 1)  # 8 steps at a time
    modules = [m.double() for m in make(kind, 2)]
    compare(modules, torch.randn(2 * 3, steps, 3, dtype=torch.float64), 1e-10)


@pytest.mark.parametrize("kind", CELLS)
def test_first_states(kind):
    modules = [m.double() for m in make(kind, 3, num_layers=2, bidirectional=True)]
    states = [torch.randn(4, 3 * 2, 5, dtype=torch.float64) for _ in range(1 + (kind == "lstm"))]
    compare(modules, torch.randn(3 * 2, 6, 3, dtype=torch.float64), 1e-10, states)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("both", [False, True])
def test_single_precision(kind, both):
    modules = make(kind, 3, num_layers=2, bidirectional=both)
    compare(modules, torch.randn(3 * 8, 20, 3), 1e-5)
    states = [torch.randn(4 if both else 2, 3 * 8, 5) for _ in range(1 + (kind == "lstm"))]
    compare(modules, torch.randn(3 * 8, 20, 3), 1e-5, states)


@pytest.mark.parametrize("kind", CELLS)
def test_without_gradients_samples_go_in_parts(kind, monkeypatch):
    modules = [m.double() for m in make(kind, 2)]
    twin = twin_of(modules)
    x = torch.randn(2 * 70, 9, 3, dtype=torch.float64)
    want = tensors(twin(x))
    monkeypatch.setattr(recurrent_chunks, "CHUNK", 1)
    monkeypatch.setattr(recurrent_scan, "STATES", 1)  # 64 samples and 8 steps at a time
    with torch.no_grad():
        for a, b in zip(tensors(twin(x)), want, strict=True):
            torch.testing.assert_close(a, b.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_members_do_not_touch_one_another(kind, dtype):
    modules = [m.to(dtype) for m in make(kind, 3, num_layers=2)]
    twin = twin_of(modules)
    names = [name for name, _ in modules[0].named_parameters()]
    x = torch.randn(3, 4, 13, 3, dtype=dtype)

    def run(x):
        out = twin(x.flatten(0, 1))[0].unflatten(0, (3, 4))
        grads = torch.autograd.grad(out.square().sum(), [twin.get_parameter(k) for k in names])
        return [each[[0, 2]] for each in (out, *grads)]

    before = run(x)
    x[1] = torch.inf
    for a, b in zip(before, run(x), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "cell", [GRUCell(), LSTMCell(), RNNCell("tanh"), RNNCell("relu")], ids=list(CELLS)
)
def test_gradcheck(cell, monkeypatch):
    monkeypatch.setattr(recurrent_chunks, "CHUNK", 1)
    monkeypatch.setattr(recurrent_chunks, "LEAST_STEPS", 2)
    rows = cell.blocks * 3
    shapes = [(2, 2, 5, 2), (2, 2, 3), (2, 2, 3), (2, rows, 2), (2, rows, 3), (2, rows), (2, rows)]
    tensors = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes]

    def run(*tensors):
        out, memory = scan(cell, True, None, *tensors)
        return (out, memory) if cell.has_memory else out

    # Along a random direction: that of each number by itself takes ten times as long.
    if not cell.has_memory:
        given = [*tensors[:2], *tensors[3:]]
        called = lambda *t: run(*t[:2], None, *t[2:])  # noqa: E731
        assert torch.autograd.gradcheck(called, given, fast_mode=True)
    else:
        assert torch.autograd.gradcheck(run, tensors, fast_mode=True)


def read_separately(modules, x, lengths):
    """Each module's outputs on its part of `x`, zeros past the sequences' ends."""
    outs = [m(part)[0] for m, part in zip(modules, x.chunk(len(modules)), strict=True)]
    own = torch.arange(x.shape[1]) < lengths[:, None]
    return torch.where(own[..., None], torch.cat(outs), 0.0)


CHUNKINGS = ["as it is", "small chunks", "no waste"]


@pytest.fixture(params=CHUNKINGS)
def _chunking(request, monkeypatch):
    if request.param != "as it is":
        monkeypatch.setattr(recurrent_chunks, "CHUNK", 1)
        monkeypatch.setattr(recurrent_chunks, "LEAST_STEPS", 3)
    if request.param == "no waste":
        monkeypatch.setattr(recurrent_chunks, "WASTE", 0)


@pytest.mark.parametrize(
    ("kind", "layers", "ordered", "_chunking"),
    [
        tuple(row.values())
        for row in pairwise(
            {
                "kind": list(CELLS),
                "layers": [1, 2],
                "ordered": [True, False],
                "chunks": CHUNKINGS,
            }
        )
    ],
    indirect=["_chunking"],
)
def test_reading_padded_sequences_is_reading_each_to_its_end(kind, layers, ordered, _chunking):
    exact, single = (torch.float64, 1e-10), (torch.float32, 1e-5)
    for members, (dtype, tolerance) in ((1, exact), (3, exact), (2, single)):
        modules = [m.to(dtype) for m in make(kind, members, num_layers=layers)]
        twin = twin_of(modules)
        names = [name for name, _ in modules[0].named_parameters()]
        lengths = torch.randint(1, 18, (members, 6))
        lengths[-1].clamp_(max=9)  # one member's longest is not the others'
        if ordered:
            lengths = lengths.sort(1, descending=True).values
        lengths = lengths.flatten()
        x = torch.randn(members * 6, 20, 3, dtype=dtype, requires_grad=True)
        ours, theirs = twin.read(x, lengths), read_separately(modules, x, lengths)
        weight = torch.randn_like(ours)  # past the ends too, where it must count for nothing
        got = torch.autograd.grad(
            (weight * ours).sum(), [x, *(twin.get_parameter(k) for k in names)]
        )
        own = [m.get_parameter(k) for k in names for m in modules]
        want = torch.autograd.grad((weight * theirs).sum(), [x, *own])
        joined = [torch.stack(want[i : i + members]) for i in range(1, len(want), members)]
        for a, b in zip([ours, *got], [theirs, want[0], *joined], strict=True):
            torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
        past = torch.arange(20) >= lengths[:, None]
        assert not ours[past].any()
        assert not got[0][past].any()
        with torch.no_grad():
            evaluated = twin.read(x, lengths)
        torch.testing.assert_close(evaluated, ours, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", CELLS)
def test_what_stands_past_the_ends_is_not_read(kind):
    modules = [m.double() for m in make(kind, 2, num_layers=2)]
    twin = twin_of(modules)
    lengths = torch.tensor([9, 5, 1, 7, 6, 6])
    x = torch.randn(6, 12, 3, dtype=torch.float64)
    other = x.clone()
    other[torch.arange(12) >= lengths[:, None]] = 17.0
    parameters = list(twin.parameters())
    results = []
    for each in (x, other):
        out = twin.read(each, lengths)
        results.append([out, *torch.autograd.grad(out.square().sum(), parameters)])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@given(
    lengths=st.lists(st.lists(st.integers(1, 9), min_size=4, max_size=4), min_size=1, max_size=3),
    limits=st.tuples(st.integers(1, 99), st.integers(1, 4), st.integers(0, 40)),
)
def test_chunks_hold_all_own_steps_and_little_else(lengths, limits):
    ends = torch.tensor(lengths).sort(1, descending=True).values
    x = torch.zeros(len(lengths), 4, 9, 2)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("CHUNK", "LEAST_STEPS", "WASTE"), limits, strict=True):
            patch.setattr(recurrent_chunks, name, value)
        made = recurrent_chunks.chunks(x, ends, 1)
    assert [c.start for c in made] == [0, *(c.end for c in made[:-1])]
    assert made[-1].end == ends.max()
    waste = 0
    for chunk in made:
        steps = torch.arange(chunk.start, chunk.end)
        own = (steps[:, None, None] < ends)[..., None].float()
        assert not own[:, :, chunk.rows :].any()
        mask = torch.ones(1) if chunk.own is None else chunk.own
        assert torch.equal(mask.expand_as(own[:, :, : chunk.rows]), own[:, :, : chunk.rows])
        waste = max(waste, sum(chunk.rows - int(s.any(0).sum()) for s in own) * len(lengths))
    assert waste <= limits[2]


def test_without_lengths_chunks_hold_all():
    made = recurrent_chunks.chunks(torch.zeros(2, 4, 9, 2), None, 1)
    assert made == [recurrent_chunks.Chunk(0, 9, 4)]


def test_the_way_back_can_be_gone_twice():
    twin = twin_of(make("gru", 2))
    x = torch.randn(2 * 3, 6, 3, requires_grad=True)
    loss = twin(x)[0].square().sum()
    first = torch.autograd.grad(loss, x, retain_graph=True)[0]
    assert torch.equal(torch.autograd.grad(loss, x)[0], first)


OPTIONS = [
    {},
    {"bidirectional": True, "readout": "attention"},
    {"norm": "batch", "skip": True, "readout": "mean", "hidden_size": 3},
    {"norm": "layer", "num_layers": 3, "bidirectional": True},
]


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("options", OPTIONS)
def test_the_recurrent_family_stacks_and_comes_back(cell, options):
    spec = DataSpec("classification", "sequence", (12, 3), 5)
    config = {"name": "recurrent", "cell": cell, "hidden_size": 6, **options}
    models = [build_model(config, spec).double() for _ in range(3)]
    for seed, model in enumerate(models):
        seed_dropout(model, seed)
    stacked = stack(models)
    flat = Flat([stacked])  # the parameters are views of one matrix from here on
    x = torch.randn(3 * 7, 12, 3, dtype=torch.float64)
    lengths = torch.randint(1, 13, (3 * 7,))
    lengths[:7].clamp_(max=9)  # one member's longest is not the others'
    out = stacked(x, lengths)
    parts = zip(models, x.chunk(3), lengths.chunk(3), strict=True)
    each = [model(part, own) for model, part, own in parts]
    torch.testing.assert_close(out, torch.cat(each), rtol=1e-10, atol=1e-10)
    flat.backward(out.square().sum())
    torch.cat(each).square().sum().backward()
    with torch.no_grad():
        flat.values -= 0.1 * flat.grads
        for parameter in (p for model in models for p in model.parameters()):
            parameter -= 0.1 * parameter.grad
    for ours, theirs in zip(unstack(stacked), models, strict=True):
        assert type(ours) is type(theirs)
        for (name, a), b in zip(
            ours.state_dict().items(), theirs.state_dict().values(), strict=True
        ):
            if not name.endswith("num_batches_tracked"):  # read by nothing that stacks
                torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("cell", "options", "padded", "_chunking"),
    [
        tuple(row.values())
        for row in pairwise(
            {
                "cell": ["gru", "lstm", "rnn"],
                "options": [
                    {"num_layers": 3},
                    {"bidirectional": True},
                    {"norm": "layer"},
                    {"skip": True, "num_layers": 3},
                ],
                "padded": [True, False],
                "chunks": CHUNKINGS,
            }
        )
    ],
    indirect=["_chunking"],
)
def test_dropout_between_layers_is_each_members_own(cell, options, padded, _chunking):
    spec = DataSpec("classification", "sequence", (12, 3), 5)
    config = {"name": "recurrent", "cell": cell, "hidden_size": 6, **options}
    rates = [0.0, 0.3, 0.6]
    models = [build_model({**config, "dropout": p}, spec).double() for p in rates]
    for seed, model in enumerate(models):
        seed_dropout(model, seed)
    stacked = stack(copy.deepcopy(models)).train()
    for _ in range(3):  # uses are counted alike
        x = torch.randn(3 * 7, 12, 3, dtype=torch.float64)
        lengths = torch.randint(0, 13, (3 * 7,)) if padded else None
        parts = zip(models, x.chunk(3), lengths.chunk(3) if padded else [None] * 3, strict=True)
        each = torch.cat([model.train()(part, own) for model, part, own in parts])
        out = stacked(x, lengths)
        torch.testing.assert_close(out, each, rtol=1e-10, atol=1e-10)
    stacked.zero_grad()
    out.square().sum().backward()
    each.square().sum().backward()
    for path, twin in stacked.leaves.items():
        for name, parameter in twin.named_parameters(recurse=False):
            own = [m.get_submodule(path).get_parameter(name).grad for m in models]
            torch.testing.assert_close(parameter.grad, torch.stack(own), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "make_one",
    [
        lambda: nn.GRU(3, 5),
        lambda: nn.GRU(3, 5, 2, batch_first=True, dropout=0.5),
        lambda: nn.LSTM(3, 5, batch_first=True, proj_size=2),
    ],
)
def test_what_does_not_stack_says_so(make_one):
    with pytest.raises(NotStackableError):
        stack([make_one(), make_one()])


def test_different_nonlinearities_do_not_stack():
    with pytest.raises(NotStackableError):
        stack([*make("tanh", 1), *make("relu", 1)])


def test_packed_sequences_are_refused():
    twin = twin_of(make("gru", 2))
    packed = nn.utils.rnn.pack_padded_sequence(
        torch.randn(4, 6, 3), torch.tensor([6, 5, 4, 3]), batch_first=True
    )
    with pytest.raises(NotStackableError):
        twin(packed)
