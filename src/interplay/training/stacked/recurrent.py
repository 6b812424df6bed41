"""Stacked twins of torch's recurrent layers: GRU, LSTM, RNN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interplay.models.blocks.recurrent_layer import RecurrentLayer
from interplay.models.blocks.steps import reverse_steps, step_mask, zero_past_end
from interplay.training.stacked.recurrent_cells import Cell, GRUCell, LSTMCell, RNNCell
from interplay.training.stacked.recurrent_scan import evaluation_rows, scan
from interplay.training.stacked.stack import (
    Fused,
    NotStackableError,
    Twin,
    fuses,
    stack,
    twin_of,
)

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
                weights = self._weights(layer, direction)
                given = own.flip(2) if direction else own
                out, memory = self._run(given, None, [part[number] for part in states], weights)
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
        own, ends = self.split(x), self.split(lengths)
        for layer in range(self.layers):
            own, _ = self._run(own, ends, [], self._weights(layer, 0))
        return own.flatten(0, 1)

    def _weights(self, layer: int, direction: int) -> list[Tensor | None]:
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.biased else [])]
        weights: list[Tensor | None] = [self.get_parameter(name + suffix) for name in names]
        return weights if self.biased else [*weights, None, None]

    def _run(
        self,
        x: Tensor,
        lengths: Tensor | None,
        first: Sequence[Tensor],
        weights: Sequence[Tensor | None],
    ) -> tuple[Tensor, Tensor | None]:
        """One layer in one direction, (members, batch, steps, …); a memory where all steps count."""
        tensors = [t for t in (x, *first, *weights) if t is not None]
        keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        hidden = first[0] if first else None
        memory = first[1] if len(first) > 1 else None
        if keep:
            return scan(self.cell, True, lengths, x, hidden, memory, *weights)
        rows = evaluation_rows(x, self.hidden)
        parts = []
        for start in range(0, x.shape[1], rows):
            of = slice(start, start + rows)
            some, *states = (None if s is None else s[:, of] for s in (lengths, hidden, memory))
            parts.append(scan(self.cell, False, some, x[:, of], *states, *weights))
        if len(parts) == 1:
            return parts[0]
        outs, memories = zip(*parts, strict=True)
        return torch.cat(outs, dim=1), None if lengths is not None else torch.cat(memories, dim=1)


class StackedLSTM(StackedRecurrent):
    """On a CPU in float32 torch runs oneDNN's LSTM, which does a step in one kernel: each member
    then runs on its own, on its part of the stacked weights (1.2 to 2 times faster here than all
    together)."""

    def forward(self, x: Tensor, hx: State | None = None) -> tuple[Tensor, State]:
        _refuse_packed(x)
        if not fast_lstm(x):
            return super().forward(x, hx)
        own = self.split(x)
        shape = (self.layers * self.directions, self.members, own.shape[1], self.hidden)
        states = [x.new_zeros(shape)] * 2 if hx is None else [part.view(shape) for part in hx]
        out, last, memory = zip(*self._each(list(own), states), strict=True)
        return torch.cat(out), (torch.cat(last, dim=1), torch.cat(memory, dim=1))

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        if not fast_lstm(x):
            return super().read(x, lengths)
        own, steps = self.split(x), x.shape[1]
        longest = self.split(lengths).amax(1).tolist()
        shape = (self.layers, self.members, own.shape[1], self.hidden)
        given = [rows[:, :end] for rows, end in zip(own, longest, strict=True)]
        runs = self._each(given, [x.new_zeros(shape)] * 2)
        outs = [F.pad(out, (0, 0, 0, steps - out.shape[1])) for out, _, _ in runs]
        return zero_past_end(torch.cat(outs), step_mask(lengths, steps)[:, :, None])

    def _each(
        self, own: Sequence[Tensor], states: Sequence[Tensor]
    ) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Each member's outputs, last state and last memory."""
        weights = [w for n in range(self.layers * self.directions) for w in self._of(n)]
        return [
            torch.lstm(
                rows,
                [part[:, m].contiguous() for part in states],
                [each[m] for each in weights],
                self.biased,
                self.layers,
                0.0,
                self.training,
                self.directions == 2,
                True,
            )
            for m, rows in enumerate(own)
        ]

    def _of(self, number: int) -> list[tuple[Tensor, ...]]:
        """The weights of a layer and direction, each as its members' parts."""
        layer, direction = divmod(number, self.directions)
        return [w.unbind(0) for w in self._weights(layer, direction) if w is not None]


def fast_lstm(x: Tensor) -> bool:
    """Whether torch runs oneDNN's LSTM on `x` (nothing else in torch is as fast)."""
    mkldnn: Any = torch.backends.mkldnn
    here = x.device.type == "cpu" and x.dtype == torch.float32
    return here and bool(mkldnn.is_available()) and bool(mkldnn.enabled)


def _refuse_packed(x: Any) -> None:
    if not isinstance(x, Tensor) or x.dim() != 3:
        raise NotStackableError("a recurrent layer on something else than (batch, steps, features)")


@twin_of(nn.GRU)
def stacked_gru(leaves: Sequence[nn.GRU]) -> StackedRecurrent:
    return StackedRecurrent(leaves, GRUCell())


@twin_of(nn.LSTM)
def stacked_lstm(leaves: Sequence[nn.LSTM]) -> StackedRecurrent:
    return StackedLSTM(leaves, LSTMCell())


@twin_of(nn.RNN)
def stacked_rnn(leaves: Sequence[nn.RNN]) -> StackedRecurrent:
    return StackedRecurrent(leaves, RNNCell(leaves[0].nonlinearity))


class StackedLayer(Fused):
    """`RecurrentLayer` of every member, whose cells learn where the sequences end.

    (members * batch, steps, inputs) and lengths (members * batch,) to (…, steps, outputs).
    """

    def __init__(self, layers: Sequence[RecurrentLayer]) -> None:
        names = [name for name, child in layers[0].named_children() if child is not None]
        parts = {name: stack([layer.get_submodule(name) for layer in layers]) for name in names}
        super().__init__(
            {
                f"{name}.{path}" if path else name: twin
                for name, part in parts.items()
                for path, twin in part.leaves.items()
            }
        )
        self.there, self.norm = parts["there"].model, parts["norm"].model
        self.back = parts["back"].model if "back" in parts else None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        out = steps_of(self.there, x, lengths)
        if self.back is not None:
            back = steps_of(self.back, reverse_steps(x, lengths), lengths)
            out = torch.cat([out, reverse_steps(back, lengths)], dim=2)
        normed: Tensor = self.norm(out)
        return normed


def steps_of(cell: Any, x: Tensor, lengths: Tensor | None) -> Tensor:
    """What the twin `cell` puts out at each step, zeros past the sequences' ends."""
    out: Tensor = cell(x)[0] if lengths is None else cell.read(x, lengths)
    return out


@fuses(RecurrentLayer)
def stacked_layer(layers: Sequence[RecurrentLayer]) -> dict[tuple[str, ...], Fused]:
    return {(): StackedLayer(layers)}
