"""What every leaf of the table keeps."""

import pytest
import torch

from interplay.training.stacked.leaves.table import LEAVES, ROWS, load
from interplay.training.stacked.stack import stack
from interplay.training.stacked.twin import NotStackableError
from tests.training.stacked.apart import assert_same, members_of
from tests.training.stacked.leaves import EXAMPLES

MEMBERS = 3
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.kind.__name__)


def test_the_table_has_each_leaf_once_and_the_examples_every_leaf():
    assert len(LEAVES) == len(ROWS)
    assert {example.kind for example in EXAMPLES} == set(LEAVES)
    for leaf in ROWS:
        assert callable(load(leaf.twin))
        assert not leaf.chain or callable(load(leaf.chain))


@each
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("members", [1, MEMBERS])
def test_outputs_gradients_and_statistics_are_torchs(example, members, mode):
    """And so are the models that come back."""
    models = members_of(example.make, members)
    stacked = assert_same(models, example.x(), mode=mode, steps=3)
    assert example.kind in {type(m) for m in models[0].modules()}
    assert len(stacked.leaves) == 1


@each
def test_a_frozen_leaf_stays_frozen(example):
    models = [model.requires_grad_(False) for model in members_of(example.make, MEMBERS)]
    stacked = stack(models)
    assert not any(p.requires_grad for p in stacked.parameters())
    x = example.x()
    out = stacked(x.double() if x.is_floating_point() else x)
    assert not out.requires_grad


@each
def test_unequal_members_are_refused(example):
    def refused(models, reason):
        with pytest.raises(NotStackableError, match=reason):
            stack(models)

    models = members_of(example.make, MEMBERS)
    if example.other is not None:
        refused([*models, *members_of(example.other, 1)], "has not one shape in all members")
    if list(models[0].parameters()):
        next(models[-1].parameters()).requires_grad_(False)
        refused(models, "frozen in some members only")


@each
def test_members_do_not_touch_one_another(example):
    stacked = stack(members_of(example.make, MEMBERS))
    x = example.x()
    x = x.double() if x.is_floating_point() else x
    other = x.clone()
    other[len(x) // MEMBERS :] = x.flip(0)[: len(x) - len(x) // MEMBERS]
    stacked.eval()
    own = len(x) // MEMBERS
    torch.testing.assert_close(stacked(x)[:own], stacked(other)[:own], rtol=0, atol=0)
