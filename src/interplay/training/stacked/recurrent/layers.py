"""Stacked twins of torch's recurrent layers: GRU, LSTM, RNN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from interplay.training.stacked.recurrent.cells import Cell, GRUCell, LSTMCell, RNNCell
from interplay.training.stacked.recurrent.scan import StepMasks, evaluation_rows, scan
from interplay.training.stacked.twin import NotStackableError, Twin

State = Tensor | tuple[Tensor, Tensor]


class StackedRecurrent(Twin):
    """Layer after layer, each in one direction or in both, of every member at once.

    As torch's own: (members * batch, steps, features) and perhaps a first state to outputs
    (members * batch, steps, directions * hidden) and the last state, (layers * directions,
    members * batch, hidden); an LSTM's states are pairs. In both directions means over all steps.

    Raises:
        NotStackableError: for `batch_first=False`, dropout between layers, projections; in
            `forward` for a packed sequence.
    """

    def __init__(self, leaves: Sequence[nn.RNNBase], cell: Cell) -> None:
        super().__init__(leaves)
        first = leaves[0]
        if any(leaf.mode != first.mode for leaf in leaves):
            raise NotStackableError("recurrent layers of different nonlinearity")
        if not first.batch_first:
            raise NotStackableError("a recurrent layer with batch_first=False")
        if first.dropout:
            raise NotStackableError("dropout inside a recurrent layer, whose masks are not seeded")
        if first.proj_size:
            raise NotStackableError("a recurrent layer with projections")
        self.cell, self.hidden = cell, first.hidden_size
        self.layers, self.directions = first.num_layers, 2 if first.bidirectional else 1
        self.biased = first.bias

    def forward(self, x: Tensor, hx: State | None = None) -> tuple[Tensor, State]:
        _refuse_packed(x)
        first = [hx] if isinstance(hx, Tensor) else list(hx or ())
        states = [part.view(len(part), self.members, -1, self.hidden).unbind(0) for part in first]
        own = self.split(x)
        lasts = []
        for layer in range(self.layers):
            outs = []
            for direction in range(self.directions):
                number = layer * self.directions + direction
                weights = self.weights_of(layer, direction)
                given = own.flip(2) if direction else own
                before = [part[number] for part in states]
                out, memory = through(self.cell, given, None, before, weights)
                lasts.append((out[:, :, -1], memory))
                outs.append(out.flip(2) if direction else out)
            own = outs[0] if len(outs) == 1 else torch.cat(outs, dim=3)
        last, memory = (torch.stack(each).flatten(1, 2) for each in zip(*lasts, strict=True))
        return own.flatten(0, 1), (last, memory) if self.cell.has_memory else last

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The outputs alone, of padded sequences: zeros past their ends. One direction only.

        Args:
            lengths: (members * batch,), each sequence's own number of steps, at least 1.
        """
        assert self.directions == 1
        return read_through([self], x, lengths)

    def weights_of(self, layer: int, direction: int) -> list[Tensor | None]:
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.biased else [])]
        weights: list[Tensor | None] = [self.get_parameter(name + suffix) for name in names]
        return weights if self.biased else [*weights, None, None]


def through(
    cell: Cell,
    x: Tensor,
    lengths: Tensor | None,
    first: Sequence[Tensor],
    weights: Sequence[Tensor | None],
    masks: StepMasks = (),
) -> tuple[Tensor, Tensor | None]:
    """Layers in one direction, (members, batch, steps, …); a memory where all steps count.

    Args:
        first: the state and an LSTM's memory before the first step; empty for zeros.
        weights: four a layer.
        masks: dropout between the layers.
    """
    tensors = [t for t in (x, *first, *weights) if t is not None]
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    hidden = first[0] if first else None
    memory = first[1] if len(first) > 1 else None
    if keep:
        return scan(cell, True, lengths, x, hidden, memory, *weights, masks=masks)
    rows = evaluation_rows(x, max(w.shape[2] for w in weights[1::4] if w is not None))
    parts = []
    for start in range(0, x.shape[1], rows):
        of = slice(start, start + rows)
        some, *states = (None if s is None else s[:, of] for s in (lengths, hidden, memory))
        own = [None if mask is None else mask[:, :, of] for mask in masks]
        parts.append(scan(cell, False, some, x[:, of], *states, *weights, masks=own))
    if len(parts) == 1:
        return parts[0]
    outs, memories = zip(*parts, strict=True)
    return torch.cat(outs, dim=1), None if lengths is not None else torch.cat(memories, dim=1)


def read_through(
    twins: Sequence[StackedRecurrent], x: Tensor, lengths: Tensor, masks: StepMasks = ()
) -> Tensor:
    """What `read` of one twin after the other gives, of one kind of cell, as a single scan.

    Args:
        masks: dropout between the twins; () for none.
    """
    weights, between = [], []
    for twin, mask in zip(twins, [*(masks or [None] * (len(twins) - 1)), None], strict=True):
        assert twin.directions == 1
        weights += [w for layer in range(twin.layers) for w in twin.weights_of(layer, 0)]
        between += [*[None] * (twin.layers - 1), mask]
    first = twins[0]
    own, ends = first.split(x), first.split(lengths)
    return through(first.cell, own, ends, (), weights, between[:-1])[0].flatten(0, 1)


def _refuse_packed(x: Any) -> None:
    if not isinstance(x, Tensor) or x.dim() != 3:
        raise NotStackableError("a recurrent layer on something else than (batch, steps, features)")


def stacked_gru(leaves: Sequence[nn.GRU]) -> StackedRecurrent:
    return StackedRecurrent(leaves, GRUCell())


def stacked_lstm(leaves: Sequence[nn.LSTM]) -> StackedRecurrent:
    return StackedRecurrent(leaves, LSTMCell())


def stacked_rnn(leaves: Sequence[nn.RNN]) -> StackedRecurrent:
    return StackedRecurrent(leaves, RNNCell(leaves[0].nonlinearity))
