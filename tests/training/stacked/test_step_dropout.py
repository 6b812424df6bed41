"""Stacked dropout between the layers of a recurrent network."""

import torch

from interplay.training.dropout import SeededDropout
from interplay.training.randomness import key_of
from interplay.training.stacked.leaves.dropout import StackedDropout


def test_a_members_masks_do_not_depend_on_company():
    lengths = torch.randint(1, 10, (3, 4))

    def masks(seeds):
        leaves = [SeededDropout(0.4, key_of(seed, "dropout")) for seed in seeds]
        own = lengths[seeds].flatten()
        return StackedDropout(leaves).step_masks(torch.zeros(len(own), 9, 1), own, 5)

    together = masks([0, 1, 2])
    for seed in range(3):
        alone = masks([seed])
        steps = alone.shape[1]  # as many as its longest has
        assert torch.equal(alone[0], together[seed][:steps])
