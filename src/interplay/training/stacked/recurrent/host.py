"""GRU and LSTM on a CPU: products of torch, and all else of a step as one compiled loop.

Torch's operations, one by one as `recurrent_cells` has them for other devices, go over what a step
keeps several times, and that is more than a cache holds: a quarter of the time.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.training.stacked.device.place import for_loops
from interplay.training.stacked.recurrent.cells import (
    Backward,
    Cell,
    Forward,
    GRUCell,
    LSTMCell,
)


def cell_for(cell: Cell, x: Tensor) -> Cell:
    """The same cell as it is fastest where `x` is."""
    # In mixed precision products come in a format that numpy does not have.
    if for_loops(x) and not torch.is_autocast_enabled("cpu"):
        return ON_HOST.get(type(cell), cell)
    return cell


class HostGRUCell(GRUCell):
    """A GRU's steps by `recurrent_loops`."""

    def forward(self, run: Forward) -> None:
        gates, parts, news = run.kept
        rows, features, weights = run.rows, run.features, run.weights
        assert weights.state is not None
        arrays = [of.numpy() for of in (gates, parts, news, self.inputs_of(run))]
        memory = memory_of(rows[..., features + 1 :])
        step = loops().gru_step
        both, part = gates.unbind(0), parts.unbind(0)
        row, one_h = rows.unbind(1), rows[..., features:].unbind(1)
        for t in range(len(parts)):
            torch.bmm(row[t], weights.joint, out=both[t])
            torch.bmm(one_h[t], weights.state, out=part[t])
            step(t, *arrays, *memory)

    def backward(self, run: Backward) -> None:
        kept = [of.numpy() for of in run.kept]
        memory, d_states, grads = memory_of(run.states), run.d_states.numpy(), run.grads.numpy()
        step = loops().gru_step_back
        back, dh = run.grads[..., : 3 * run.states.shape[3]].unbind(1), run.d_states.unbind(0)
        for t in range(len(back) - 1, -1, -1):
            step(t, *kept, *memory, d_states, grads)
            dh[t].baddbmm_(back[t], run.weight)


class HostLSTMCell(LSTMCell):
    """An LSTM's steps by `recurrent_loops`."""

    def forward(self, run: Forward) -> None:
        gates, memories = run.kept
        arrays = gates.numpy(), memories.numpy(), run.memory.contiguous().numpy()
        memory = memory_of(run.rows[..., run.features + 1 :])
        step, row = loops().lstm_step, run.rows.unbind(1)
        for t, gate in enumerate(gates.unbind(0)):
            torch.bmm(row[t], run.weights.joint, out=gate)
            step(t, *arrays, *memory)
        run.memory = memories[-1].clone()

    def backward(self, run: Backward) -> None:
        kept = [of.contiguous().numpy() for of in run.kept]
        d_memory = run.d_memory.contiguous()
        changed = run.d_states.numpy(), d_memory.numpy(), run.grads.numpy()
        step, back, dh = loops().lstm_step_back, run.grads.unbind(1), run.d_states.unbind(0)
        for t in range(len(back) - 1, -1, -1):
            step(t, *kept, *changed)
            dh[t].baddbmm_(back[t], run.weight)
        run.d_memory.copy_(d_memory)


ON_HOST: dict[type, Cell] = {GRUCell: HostGRUCell(), LSTMCell: HostLSTMCell()}


def loops() -> Any:
    """The loops, imported where the first are needed: see `compiled`."""
    from interplay.training.stacked.loops import recurrent as recurrent_loops

    return recurrent_loops


def memory_of(states: Tensor) -> tuple[NDArray[Any], tuple[int, ...]]:
    """What holds states (M, T, B, H), a number beside the next along H, and their places in it."""
    first, strides = int(states.storage_offset()), states.stride()
    numbers = states.untyped_storage().nbytes() // states.element_size()
    whole = states.as_strided((numbers,), (1,), 0).numpy()
    return whole, (first, *strides[:3])
