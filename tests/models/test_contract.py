"""What every family keeps, whatever its options; a new family or option is found by itself."""

from itertools import combinations
from itertools import pairwise as pairs
from typing import Literal, get_args, get_origin

import pytest
import torch
from torch import nn

from interplay.models import FAMILIES
from tests.models.pairwise import pairwise
from tests.models.tables import OUTPUTS, ROWS, VALUES, build, call, cases, inputs_of, spec_of

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
LEAVES = (*NORMS, *WEIGHTED, nn.Embedding, nn.GRU, nn.LSTM, nn.RNN)


def base(family):
    return {name: values[0] for name, values in VALUES[family].items()}


def test_pairwise_covers_every_pair_with_few_settings():
    values = {"a": [1, 2, 3], "b": [1, 2], "c": [[1], [2]], "d": [0, 1, 2], "e": [0, 1, 2]}
    settings = pairwise(values)
    for one, two in combinations(values, 2):
        for v in values[one]:
            for w in values[two]:
                assert any(s[one] == v and s[two] == w for s in settings)
    assert len(settings) <= 15  # of 108


@pytest.mark.parametrize("family", FAMILIES.names)
def test_every_option_and_every_choice_has_values_to_try(family):
    options = FAMILIES.get(family).options.by_name
    assert list(VALUES[family]) == list(options)
    for name, option in options.items():
        values = VALUES[family][name]
        assert len(values) > 1
        assert [option.read(value) for value in values] == values
        assert option.doc
        assert option.allowed
        assert not option.required
        choices = get_args(option.annotation)[0]
        if get_origin(choices) is Literal:
            assert sorted(values) == sorted(get_args(choices)), name


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(("family", "kind"), cases())
def test_every_pair_of_values_trains_a_step(family, kind, task):
    spec, x = spec_of(kind, task), inputs_of(kind)
    targets = torch.arange(ROWS) % OUTPUTS[task]
    loss = nn.CrossEntropyLoss()
    if task == "regression":
        targets, loss = torch.randn(ROWS, OUTPUTS[task]), nn.MSELoss()
    for options in pairwise(VALUES[family]):
        model = build(family, spec, options)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        out = call(model, x, kind)
        assert out.shape == (ROWS, OUTPUTS[task]), options
        loss(out, targets).backward()
        assert all(p.grad is not None for p in model.parameters()), options
        optimizer.step()
        after = dict(model.named_parameters())
        assert any(not torch.equal(before[name], after[name]) for name in before), options
        for mode in (True, False):
            assert call(model.train(mode), x, kind).isfinite().all(), options


@pytest.mark.parametrize(("family", "kind"), cases())
def test_every_option_reaches_the_model(family, kind):
    def seen(options):
        model = build(family, spec_of(kind), options)
        shapes = [(name, p.shape) for name, p in model.named_parameters()]
        with torch.random.fork_rng():
            torch.manual_seed(1)  # of dropout
            return shapes, call(model.train(), inputs_of(kind), kind)

    def same(one, two):
        return one[0] == two[0] and torch.allclose(one[1], two[1], rtol=0, atol=1e-6)

    first = seen(base(family))
    assert same(first, seen(base(family)))
    for name, values in VALUES[family].items():
        different = [seen({**base(family), name: value}) for value in values]
        for (i, one), (j, two) in combinations(enumerate(different), 2):
            inert = (family, name, kind) == ("recurrent", "embedding_dim", "sequence")
            assert same(one, two) == inert, (name, values[i], values[j])


@pytest.mark.parametrize(("family", "kind"), cases())
def test_the_structure_that_engines_rely_on(family, kind):
    for options in pairwise(VALUES[family]):
        model = build(family, spec_of(kind), options)
        leaves = [m for m in model.modules() if not list(m.children())]
        for module in model.modules():
            if list(module.parameters(recurse=False)):
                assert type(module) in LEAVES, type(module)
            if isinstance(module, nn.RNNBase):
                assert (module.num_layers, module.batch_first) == (1, True)
                assert (module.bidirectional, module.dropout) == (False, 0.0)
        for one, two in pairs(leaves):
            if isinstance(one, WEIGHTED) and isinstance(two, NORMS):
                assert one.bias is None, options
        assert any(type(m) is nn.Dropout for m in leaves)
        other = build(family, spec_of(kind), {**options, "dropout": 0.25})
        assert [type(m) for m in model.modules()] == [type(m) for m in other.modules()]


@pytest.mark.parametrize(
    ("family", "kind"), [case for case in cases() if case[1] in ("flat", "image")]
)
def test_a_sample_does_not_depend_on_its_batch(family, kind):
    x = inputs_of(kind)
    for options in pairwise(VALUES[family]):
        model = build(family, spec_of(kind), options)
        with torch.no_grad():
            model(x)  # batch norm's running statistics are no longer 0 and 1
            model.eval()
            together, alone = model(x), torch.cat([model(row[None]) for row in x])
        assert torch.allclose(alone, together, rtol=0, atol=1e-6), options
