"""The order of all members' training rows, computed where they train."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from interplay.training.batches import TURNS, BatchOrder
from interplay.training.randomness import STEP, signed, tensor_words


class HostOrders:
    """What `BatchOrder` gives for each member.

    Args:
        orders: of the members, alike in steps, size of a batch and buckets.
        offsets: of each, where its rows begin among those of all.
    """

    def __init__(self, orders: Sequence[BatchOrder], offsets: Sequence[int]) -> None:
        self.orders, self.offsets = orders, offsets

    def epoch(self, number: int) -> Tensor:
        """The row numbers of epoch `number`, (steps, members * batch), member after member."""
        each = [
            order.epoch(number) + offset
            for order, offset in zip(self.orders, self.offsets, strict=True)
        ]
        return torch.from_numpy(np.stack(each, axis=1).reshape(len(each[0]), -1))


class DeviceOrders:
    """The same numbers, for which nothing is sent to the device.

    Args:
        orders, offsets: as of `HostOrders`.
        lengths: of all rows' sequences, on the device; None where rows are no sequences.
    """

    def __init__(
        self,
        orders: Sequence[BatchOrder],
        offsets: Sequence[int],
        lengths: Tensor | None,
        device: str,
    ) -> None:
        first = orders[0]
        self.steps, self.batch, self.bucket = first.steps, first.batch_size, first.bucket
        self.lengths = lengths
        # Folds may differ by a row; of one number of rows all members are sorted at once.
        self.groups: list[tuple[int, Tensor, Tensor]] = []  # rows; keys and offsets (members, 1)
        places = []
        for rows in dict.fromkeys(order.rows for order in orders):
            of = [i for i, order in enumerate(orders) if order.rows == rows]
            places += of
            keys = torch.tensor([signed(orders[i].key) for i in of], device=device)
            starts = torch.tensor([offsets[i] for i in of], device=device)
            self.groups.append((rows, keys, starts[:, None]))
        back = sorted(range(len(places)), key=places.__getitem__)
        self.back = torch.tensor(back, device=device)  # from the groups' order to the members'
        self.turns = torch.tensor([signed(TURNS)], device=device)

    def epoch(self, number: int) -> Tensor:
        """As of `HostOrders`."""
        kept = self.steps * self.batch
        orders = torch.cat(
            [permutations(k, number, rows)[:, :kept] + at for rows, k, at in self.groups]
        )[self.back]
        if self.lengths is not None and self.bucket:
            orders = orders.gather(1, longest_first(self.lengths[orders]))
        batches = orders.view(len(orders), self.steps, self.batch)
        if self.lengths is not None and self.bucket:
            batches = batches[:, permutations(self.turns, number, self.steps)[0]]
        elif self.lengths is not None:
            batches = batches.gather(2, longest_first(self.lengths[batches]))
        return batches.transpose(0, 1).reshape(self.steps, -1)


def permutations(keys: Tensor, step: int, n: int) -> Tensor:
    """As `batches.permutations`, of each of `keys` (members,) at one step, (members, n)."""
    bits = (1 << (n - 1).bit_length()) - 1
    words = tensor_words(keys + signed(step * STEP % 2**64), n)
    words = words & ~bits | torch.arange(n, device=keys.device)
    # Sorted without their sign, as numpy sorts them: the highest bit turned round.
    order: Tensor = (words ^ -(2**63)).sort().values & bits
    return order


def longest_first(lengths: Tensor) -> Tensor:
    """As `tensors.longest_first`."""
    return torch.argsort(lengths, dim=-1, descending=True, stable=True)
