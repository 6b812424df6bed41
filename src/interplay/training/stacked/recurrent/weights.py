"""A recurrent layer's weights as its steps use them, and the gradients of these as torch's.

Shapes: M members, F features, H units.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interplay.training.stacked.recurrent.cells import Cell, Weights

Four = tuple[Tensor, Tensor, Tensor | None, Tensor | None]
"""Torch's w_ih, w_hh, b_ih, b_hh of a layer, with a leading member dimension."""


def by_layer(weights: Sequence[Tensor | None]) -> list[Four]:
    """Those of several layers, one after the other, each layer's together."""
    layers = []
    for first in range(0, len(weights), 4):
        w_ih, w_hh, b_ih, b_hh = weights[first : first + 4]
        assert w_ih is not None
        assert w_hh is not None
        layers.append((w_ih, w_hh, b_ih, b_hh))
    return layers


def prepare(
    cell: Cell, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> Weights:
    """Torch's weights, (M, blocks * H, …), as `cell` uses them."""
    (members, blocks, features), units = w_ih.shape, w_hh.shape[2]
    zeros = w_hh.new_zeros(members, blocks)
    first, second = (zeros if b is None else b for b in (b_ih, b_hh))
    joint = blocks - cell.apart * units
    both = w_hh.new_empty(members, features + 1 + units, joint)
    both[:, :features] = turn(cell, w_ih[:, :joint]).transpose(1, 2)
    both[:, features] = turn(cell, (first + second)[:, :joint])
    both[:, features + 1 :] = turn(cell, w_hh[:, :joint]).transpose(1, 2)
    state = inputs = None
    if cell.apart:
        state = torch.cat([second[:, None, joint:], w_hh[:, joint:].transpose(1, 2)], 1)
        inputs = torch.cat([w_ih[:, joint:].transpose(1, 2), first[:, None, joint:]], 1)
    weights = Weights(both, state, inputs)
    cell.double(weights)
    return weights


class Gradients:
    """A layer's gradients, added up chunk after chunk of steps.

    Attributes:
        own: the input weights, for the gradient of the input, (M, blocks * H, F).
        hidden: the hidden weights as `Backward.weight`.
        width: of the gates' gradients, in numbers of a step and sample.
    """

    def __init__(self, cell: Cell, w_ih: Tensor, w_hh: Tensor) -> None:
        self.cell = cell
        members, rows, self.features = w_ih.shape
        self.units = w_hh.shape[2]
        self.apart = cell.apart * self.units
        self.joint = rows - self.apart
        self.width = self.joint + 2 * self.apart
        self.own = turn(cell, w_ih).contiguous()
        self.hidden = turn(cell, w_hh).contiguous()
        if self.apart:  # these first
            self.hidden = torch.cat([w_hh[:, self.joint :], w_hh[:, : self.joint]], 1)
        # Turned over, as the products over all rows are fastest.
        self._joint = w_hh.new_zeros(members, self.features + 1 + self.units, self.joint)
        self._state = w_hh.new_zeros(members, 1 + self.units, self.apart)
        self._inputs = w_hh.new_zeros(members, self.features + 1, self.apart)

    def add(self, rows: Tensor, grads: Tensor) -> None:
        """What a chunk adds: its rows of (x, 1, h), (M, n, F + 1 + H), and its gates' gradients,
        (M, n, width)."""
        row, apart = rows.transpose(1, 2), self.apart
        self._joint.baddbmm_(row, grads[:, :, apart : apart + self.joint])
        if apart:
            self._state.baddbmm_(row[:, self.features :], grads[:, :, :apart])
            self._inputs.baddbmm_(row[:, : self.features + 1], grads[:, :, apart + self.joint :])

    def of_input(self, grads: Tensor) -> Tensor:
        """From the gates' gradients of a chunk to those of its input, (M, n, F)."""
        return torch.bmm(grads[:, :, self.apart :], self.own)

    def whole(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As torch has the weights: w_ih, w_hh, b_ih, b_hh."""
        features = self.features
        both = turn(self.cell, self._joint.transpose(1, 2), back=True)
        of_state, of_inputs = self._state.transpose(1, 2), self._inputs.transpose(1, 2)
        return (
            torch.cat([both[:, :, :features], of_inputs[:, :, :-1]], 1),
            torch.cat([both[:, :, features + 1 :], of_state[:, :, 1:]], 1),
            torch.cat([both[:, :, features], of_inputs[:, :, -1]], 1),
            torch.cat([both[:, :, features], of_state[:, :, 0]], 1),
        )


def turn(cell: Cell, rows: Tensor, *, back: bool = False) -> Tensor:
    """Rows (M, blocks * H, …) in the order of gates that the cell wants, or back in torch's."""
    if not cell.turned:
        return rows
    units = rows.shape[1] // cell.blocks
    return rows.roll(-units if back else units, 1)
