"""The steps of a GRU, an LSTM and a plain RNN, forward and back, without an autograd graph.

Shapes as in `recurrent_scan`: M members, T steps, B samples, F features, H units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
tanh_backward = torch.ops.aten.tanh_backward.grad_input


def minus_one(like: Tensor) -> Tensor:
    """What `tanh_of_half` adds: made once, for at this size making it costs as much as using it."""
    return torch.full((), -1.0, dtype=like.dtype, device=like.device)


def tanh_of_half(x: Tensor, one_less: Tensor, out: Tensor) -> Tensor:
    """tanh(x / 2) = 2 σ(x) - 1 into `out`; `x` is changed.

    On a CPU torch's own tanh takes three times as long as both calls here.

    Args:
        one_less: `minus_one(x)`.
    """
    return torch.add(one_less, x.sigmoid_(), alpha=2, out=out)


@dataclass
class Weights:
    """A layer's weights as its steps use them, made for rows of (x, 1, h).

    Attributes:
        joint: of the gates that see input and state added up, (M, F + 1 + H, gates * H).
        state: (M, 1 + H, H) and
        inputs: (M, F + 1, H) of a gate that sees them apart; None where there is none.
    """

    joint: Tensor
    state: Tensor | None
    inputs: Tensor | None


@dataclass
class Forward:
    """The way through a chunk of steps.

    Attributes:
        kept: what `backward` needs of each step, buffers (T, M, B, …) to be written; their widths
            in H are the cell's `keeps`.
        rows: (x, 1, h) of each step, (M, T + 1, B, F + 1 + H). The first h is given, the others
            are to be written.
        features: F.
        memory: an LSTM's before the first step, (M, B, H); to be replaced by that after the last.
    """

    kept: list[Tensor]
    rows: Tensor
    features: int
    weights: Weights
    memory: Tensor


@dataclass
class Backward:
    """The way back through a chunk of steps.

    Attributes:
        kept: as the way forward wrote it; an LSTM's has the memory before the first step besides.
        states: (M, T + 1, B, H).
        weight: the hidden weights, (M, blocks * H, H), gates apart first.
        d_states: (T + 1, M, B, H): what reaches the states from outside. Changed in place: the
            first becomes the gradient of the state before the chunk.
        grads: of the gates, (M, T, B, (blocks + apart) * H), to be written: the state's part of
            those apart, the joint ones, the input's part of those apart.
        d_memory: (M, B, H) after the chunk; to be changed in place to what it is before it.
    """

    kept: list[Tensor]
    states: Tensor
    weight: Tensor
    d_states: Tensor
    grads: Tensor
    d_memory: Tensor


class Cell(Protocol):
    """One kind of cell.

    Attributes:
        blocks: gates, each a block of H rows in torch's weights.
        apart: how many of them, 0 or 1 and the last, see input and state apart.
        turned: whether the gates are used in an order turned by one, the last first: what the
            calls of a step touch together must lie together.
        keeps: widths, in H, of what the way back needs of each step.
        has_memory: whether there is a second state, the memory; the last thing kept.
    """

    blocks: int
    apart: int
    turned: bool
    keeps: tuple[int, ...]
    has_memory: bool

    def double(self, weights: Weights) -> None:
        """Make the weights give twice what `tanh_of_half` should have as its own."""
        ...

    def forward(self, run: Forward) -> None: ...

    def backward(self, run: Backward) -> None: ...


class GRUCell:
    """r, z = σ(…), n = tanh(x W + b + r (h U + c)), h' = n + z (h - n).

    Cho et al., 2014, https://arxiv.org/abs/1406.1078, in torch's form. Kept: (r, z), h U + c, n.
    """

    blocks, apart = 3, 1
    keeps: tuple[int, ...] = (2, 1, 1)
    turned = has_memory = False

    def double(self, weights: Weights) -> None:
        assert weights.inputs is not None
        weights.inputs.mul_(2)  # the state's part is doubled where the two are added

    def inputs_of(self, run: Forward) -> Tensor:
        """x W + b of all steps, twice, (M, T, B, H)."""
        assert run.weights.inputs is not None
        steps, members, batch, units = run.kept[1].shape
        x = run.rows[:, :steps, :, : run.features + 1].flatten(1, 2)
        return torch.bmm(x, run.weights.inputs).view(members, steps, batch, units)

    def forward(self, run: Forward) -> None:
        gates, parts, news = run.kept
        rows, features, weights = run.rows, run.features, run.weights
        assert weights.state is not None
        steps, _, _, units = parts.shape
        one_less = minus_one(rows)
        inputs = self.inputs_of(run).unbind(1)
        h, one_h = rows[..., features + 1 :].unbind(1), rows[..., features:].unbind(1)
        rz, (r, z) = gates.unbind(0), (half.unbind(0) for half in torch.split(gates, units, dim=3))
        part, new, row = parts.unbind(0), news.unbind(0), rows.unbind(1)
        for t in range(steps):
            torch.bmm(row[t], weights.joint, out=rz[t])
            rz[t].sigmoid_()
            torch.bmm(one_h[t], weights.state, out=part[t])
            torch.addcmul(inputs[t], part[t], r[t], value=2, out=new[t])
            tanh_of_half(new[t], one_less, out=new[t])
            torch.lerp(new[t], h[t], z[t], out=h[t + 1])

    def backward(self, run: Backward) -> None:
        gates, part, new = run.kept
        grads, d_states = run.grads, run.d_states
        units = new.shape[3]
        r, z = torch.split(gates, units, dim=3)
        # At first what a step's dh is multiplied with to give its gradient; then that, in place.
        factors = grads.transpose(0, 1)
        f_part, f_r, f_z, f_new = torch.split(factors, units, dim=3)
        f_rz = factors[..., units : 3 * units]
        torch.sub(1, z, out=f_part)
        tanh_backward(f_part, new, grad_input=f_new)
        torch.mul(f_new, r, out=f_part)
        torch.mul(f_new, part, out=f_r)
        torch.sub(run.states[:, :-1].transpose(0, 1), new, out=f_z)
        sigmoid_backward(f_rz, gates, grad_input=f_rz)
        each = grads.view(*grads.shape[:3], 4, units).unbind(1)
        back = grads[..., : 3 * units].unbind(1)
        dh, dh_wide, zs = d_states.unbind(0), d_states.unsqueeze(3).unbind(0), z.unbind(0)
        for t in range(len(each) - 1, -1, -1):
            each[t].mul_(dh_wide[t + 1])
            dh[t].addcmul_(dh[t + 1], zs[t]).baddbmm_(back[t], run.weight)


class LSTMCell:
    """c' = f c + i g, h' = o tanh(c') with i, f, o = σ(…) and g = tanh(…).

    Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000
    (https://doi.org/10.1162/089976600300015015). Kept: (o, i, f, g) and c'.
    """

    blocks, apart = 4, 0
    keeps: tuple[int, ...] = (4, 1)
    turned = has_memory = True

    def double(self, weights: Weights) -> None:
        weights.joint[:, :, weights.joint.shape[2] // 4 * 3 :].mul_(2)

    def forward(self, run: Forward) -> None:
        gates, memories = run.kept
        rows, memory = run.rows, run.memory
        units = memories.shape[3]
        o, i, f, g = (part.unbind(0) for part in torch.split(gates, units, dim=3))
        c = memories.unbind(0)
        one_less = minus_one(rows)
        row, h = rows.unbind(1), rows[..., run.features + 1 :].unbind(1)
        squashed = torch.empty_like(c[0])
        for t, gate in enumerate(gates.unbind(0)):
            torch.bmm(row[t], run.weights.joint, out=gate)
            gate.sigmoid_()
            torch.add(one_less, g[t], alpha=2, out=g[t])  # the doubled one's tanh
            torch.mul(memory, f[t], out=c[t])
            memory = c[t].addcmul_(i[t], g[t])
            tanh_of_half(torch.mul(memory, 2, out=squashed), one_less, out=squashed)
            torch.mul(squashed, o[t], out=h[t + 1])
        run.memory = memory.clone()

    def backward(self, run: Backward) -> None:
        gates, memories, before = run.kept
        grads, d_states, dc = run.grads, run.d_states, run.d_memory
        units = memories.shape[3]
        o, i, f, g = torch.split(gates, units, dim=3)
        # At first what dh is multiplied with to give the gradient of o, and dc to give those of
        # i, f and g; then these, in place.
        factors = grads.transpose(0, 1)
        f_o, f_i, f_f, f_g = torch.split(factors, units, dim=3)
        f_oif = factors[..., : 3 * units]
        tanh_of_half(memories * 2, minus_one(memories), out=f_o)
        through = torch.empty_like(memories)  # from dh to dc
        tanh_backward(o, f_o, grad_input=through)
        f_i.copy_(g)
        f_f[0], f_f[1:] = before, memories[:-1]
        sigmoid_backward(f_oif, gates[..., : 3 * units], grad_input=f_oif)
        tanh_backward(i, g, grad_input=f_g)
        of_h = grads[..., :units].unbind(1)
        of_c = grads.view(*grads.shape[:3], 4, units)[:, :, :, 1:].unbind(1)
        back, each, fs, dh = grads.unbind(1), through.unbind(0), f.unbind(0), d_states.unbind(0)
        dc_wide = dc[:, :, None]
        for t in range(len(fs) - 1, -1, -1):
            dc.addcmul_(dh[t + 1], each[t])
            of_h[t].mul_(dh[t + 1])
            of_c[t].mul_(dc_wide)
            dc.mul_(fs[t])
            dh[t].baddbmm_(back[t], run.weight)


class RNNCell:
    """h' = tanh(x W + h U + b), or relu in place of tanh (Elman, 1990). Nothing is kept."""

    blocks, apart = 1, 0
    keeps: tuple[int, ...] = ()
    turned = has_memory = False

    def __init__(self, nonlinearity: str) -> None:
        self.relu = nonlinearity == "relu"

    def double(self, weights: Weights) -> None:
        if not self.relu:
            weights.joint.mul_(2)

    def forward(self, run: Forward) -> None:
        row, h = run.rows.unbind(1), run.rows[..., run.features + 1 :].unbind(1)
        added = h[0].new_empty(h[0].shape)
        one_less = minus_one(added)
        for t in range(len(row) - 1):
            torch.bmm(row[t], run.weights.joint, out=added)
            if self.relu:
                torch.clamp_min(added, 0, out=h[t + 1])
            else:
                tanh_of_half(added, one_less, out=h[t + 1])

    def backward(self, run: Backward) -> None:
        after, grads = run.states[:, 1:], run.grads
        if self.relu:
            torch.gt(after, 0, out=grads)
        else:
            torch.mul(after, after, out=grads)
            torch.sub(1, grads, out=grads)
        each, dh = grads.unbind(1), run.d_states.unbind(0)
        for t in range(len(each) - 1, -1, -1):
            each[t].mul_(dh[t + 1])
            dh[t].baddbmm_(each[t], run.weight)
