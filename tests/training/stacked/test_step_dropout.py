"""Stacked dropout between the layers of a recurrent network."""

import pytest
import torch

from interplay.training.dropout import SeededDropout
from interplay.training.stacked.leaves.dropout import StackedDropout
from interplay.training.stacked.twin import NotStackableError
from interplay.training.streams import MaskStream


def test_a_members_masks_do_not_depend_on_company():
    lengths = torch.randint(1, 10, (3, 4))

    def masks(seeds):
        leaves = [SeededDropout(0.4, MaskStream(seed, 0)) for seed in seeds]
        own = lengths[seeds].flatten()
        return StackedDropout(leaves).step_masks(torch.zeros(len(own), 9, 1), own, 5)

    together = masks([0, 1, 2])
    for seed in range(3):
        alone = masks([seed])
        assert torch.equal(alone.keep[0], together.keep[seed])
        assert torch.equal(alone.scales[0], together.scales[seed])


def test_dropout_that_drew_ahead_refuses_lengths():
    twin = StackedDropout([SeededDropout(0.4, MaskStream(0, 0))])
    x = torch.ones(2, 4, 3)
    twin(x)
    twin.lengths = torch.tensor([4, 2])
    with pytest.raises(NotStackableError):
        twin(x)
