"""A recurrent layer in one direction, for many members at once, as one autograd function.

A step must wait for the one before, so on a CPU it costs its calls of torch (about a microsecond
each, however small) and its product with the hidden weights. Everything else is done for many
steps at once: the derivatives of the gates, the gradients of weights and inputs. As "many" is a
chunk of steps that a core's cache holds, only what the way back needs is ever written to memory:
the output; of a GRU 4 H numbers a step and sample, of an LSTM 5 H, of a plain RNN nothing.

What bounds a GRU (32 samples, one core, forward and back, per member, layer and step): at one
member of 32 units the calls, 9 and as many views, about 20 of 58 µs; at five members of 64 units
products are about 25 of 68 µs (at some 140 GFLOP/s), calls 3, and the rest is elementwise passes
and copies, slower by half or more than where all they touch is in a cache. `CHUNK` from 2^17 to
2^21 changes the latter by less than a tenth (at one member, more is better).

Shapes: M members, T steps, B samples, F features, H units. What a single step writes lies as
(T, M, B, …), for torch's batched product wants its result in one piece; what products over many
steps read lies as (M, T, B, …), so that (T, B) is one axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from interplay.training.stacked.recurrent_cells import Backward, Cell, Forward, Weights

CHUNK = 1 << 20  # numbers that a chunk of steps works on: the larger, the fewer calls
LEAST_STEPS = 8  # and never fewer steps than that, for each chunk costs calls too
STATES = 1 << 16  # numbers in a step's hidden states, where no gradient is needed
ALIGNED = 16  # numbers in a cache line


class Scan(torch.autograd.Function):
    """(M, B, T, F) to the hidden states (M, B, T, H) and an LSTM's last memory (M, B, H)."""

    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        keep: bool,
        x: Tensor,
        hidden: Tensor | None,
        memory: Tensor | None,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor | None,
        b_hh: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Weights as torch has them, with a leading member dimension.

        Args:
            keep: whether there will be a way back.
            hidden, memory: the first ones, (M, B, H); None: zeros.
        """
        members, batch, steps, features = x.shape
        units = w_hh.shape[2]
        size = chunk_size(x, units, cell)
        # Step after step: a view of it is (M * B, T, H), and the next layer reads steps.
        out = x.new_empty(steps, members, batch, units)
        room = (steps if keep else size, members, batch)
        saved = [x.new_empty(*room, width * units) for width in cell.keeps]
        with torch.inference_mode():
            weights = prepare(cell, w_ih, w_hh, b_ih, b_hh)
            rows = rows_like(x, size + 1, units)
            state = rows[..., features + 1 :]
            state[:, 0] = 0.0 if hidden is None else hidden
            last = x.new_zeros(members, batch, units) if memory is None else memory
            for start, end in chunks(steps, size):
                count = end - start
                rows[:, :count, :, :features] = x[:, :, start:end].transpose(1, 2)
                at = start if keep else 0
                kept = [buffer[at : at + count] for buffer in saved]
                run = Forward(kept, rows[:, : count + 1], features, weights, last)
                cell.forward(run)
                last = run.memory
                out[start:end] = state[:, 1 : count + 1].transpose(0, 1)
                state[:, 0] = state[:, count]
        if keep:
            ctx.cell, ctx.size = cell, size
            ctx.save_for_backward(x, hidden, memory, out, w_ih, w_hh, *saved)
        return out.permute(1, 2, 0, 3), last.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor, d_last: Tensor) -> tuple[Tensor | None, ...]:
        cell: Cell = ctx.cell
        x, hidden, memory, out, w_ih, w_hh, *saved = ctx.saved_tensors
        need = ctx.needs_input_grad
        steps, members, batch, units = out.shape
        features = x.shape[3]
        d_x = x.new_empty(steps, members, batch, features) if need[2] else None
        d_ih, d_hh = torch.empty_like(w_ih), torch.empty_like(w_hh)
        d_b_ih, d_b_hh = w_ih.new_empty(w_ih.shape[:2]), w_ih.new_empty(w_ih.shape[:2])
        d_first = x.new_zeros(members, batch, units)
        d_memory = d_last.clone()
        with torch.inference_mode():
            own = turn(cell, w_ih).contiguous()
            apart = cell.apart * units
            joint = w_hh.shape[1] - apart
            weight = w_hh.roll(apart, 1) if apart else turn(cell, w_hh).contiguous()
            # Turned over, as the products over all rows are fastest.
            d_joint = x.new_zeros(members, features + 1 + units, joint)
            d_state = x.new_zeros(members, 1 + units, apart)
            d_inputs = x.new_zeros(members, features + 1, apart)
            all_rows = rows_like(x, ctx.size + 1, units)
            all_states = x.new_empty(ctx.size + 1, members, batch, units)
            all_grads = x.new_empty(members, ctx.size, batch, joint + 2 * apart)
            for start, end in reversed(list(chunks(steps, ctx.size))):
                count = end - start
                rows, d_states = all_rows[:, : count + 1], all_states[: count + 1]
                rows[:, :count, :, :features] = x[:, :, start:end].transpose(1, 2)
                states = rows[..., features + 1 :]
                if start:
                    states.copy_(out[start - 1 : end].transpose(0, 1))
                else:
                    states[:, 1:] = out[:end].transpose(0, 1)
                    states[:, 0] = 0.0 if hidden is None else hidden
                d_states[0] = 0.0
                d_states[1:] = d_out[:, :, start:end].permute(2, 0, 1, 3)
                d_states[count] += d_first
                grads = all_grads[:, :count]
                kept = [buffer[start:end] for buffer in saved]
                if cell.has_memory:
                    before = saved[-1][start - 1] if start else memory
                    kept.append(torch.zeros_like(d_memory) if before is None else before)
                cell.backward(Backward(kept, states, weight, d_states, grads, d_memory))
                d_first.copy_(d_states[0])
                flat, row = grads.flatten(1, 2), rows[:, :count].flatten(1, 2).transpose(1, 2)
                d_joint.baddbmm_(row, flat[:, :, apart : apart + joint])
                if apart:
                    d_state.baddbmm_(row[:, features:], flat[:, :, :apart])
                    d_inputs.baddbmm_(row[:, : features + 1], flat[:, :, apart + joint :])
                if d_x is not None:
                    d_row = torch.bmm(flat[:, :, apart:], own)
                    d_x[start:end] = d_row.view(members, count, batch, -1).transpose(0, 1)
            both = turn(cell, d_joint.transpose(1, 2), back=True)
            of_state, of_inputs = d_state.transpose(1, 2), d_inputs.transpose(1, 2)
            torch.cat([both[:, :, :features], of_inputs[:, :, :-1]], 1, out=d_ih)
            torch.cat([both[:, :, features + 1 :], of_state[:, :, 1:]], 1, out=d_hh)
            torch.cat([both[:, :, features], of_inputs[:, :, -1]], 1, out=d_b_ih)
            torch.cat([both[:, :, features], of_state[:, :, 0]], 1, out=d_b_hh)
        return (
            None,
            None,
            None if d_x is None else d_x.permute(1, 2, 0, 3),
            d_first if need[3] else None,
            d_memory if need[4] else None,
            d_ih,
            d_hh,
            d_b_ih if need[7] else None,
            d_b_hh if need[8] else None,
        )


def scan(cell: Cell, keep: bool, *tensors: Tensor | None) -> tuple[Tensor, Tensor]:
    """`Scan.forward`'s arguments and results."""
    run: tuple[Tensor, Tensor] = Scan.apply(cell, keep, *tensors)  # type: ignore[no-untyped-call]
    return run


def prepare(
    cell: Cell, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> Weights:
    """Torch's weights, (M, blocks * H, …), as `cell` uses them."""
    zeros = w_hh.new_zeros(w_hh.shape[:2])
    first = (zeros if b_ih is None else b_ih)[:, :, None]
    second = (zeros if b_hh is None else b_hh)[:, :, None]
    joint = w_hh.shape[1] - cell.apart * w_hh.shape[2]
    both = torch.cat([w_ih, first + second, w_hh], dim=2)[:, :joint]
    state = inputs = None
    if cell.apart:
        state = torch.cat([second, w_hh], dim=2)[:, joint:].transpose(1, 2).contiguous()
        inputs = torch.cat([w_ih, first], dim=2)[:, joint:].transpose(1, 2).contiguous()
    return Weights(turn(cell, both).transpose(1, 2).contiguous(), state, inputs)


def turn(cell: Cell, rows: Tensor, *, back: bool = False) -> Tensor:
    """Rows (M, blocks * H, …) in the order of gates that the cell wants, or back in torch's."""
    if not cell.turned:
        return rows
    units = rows.shape[1] // cell.blocks
    return rows.roll(-units if back else units, 1)


def rows_like(x: Tensor, steps: int, units: int) -> Tensor:
    """Room for (x, 1, h) of each step, (M, steps, B, F + 1 + H), the ones in place."""
    members, batch, _, features = x.shape
    lead = -(-(features + 1) // ALIGNED) * ALIGNED  # so that h begins at a cache line
    room = x.new_empty(members, steps, batch, lead + -(-units // ALIGNED) * ALIGNED)
    rows = room[..., lead - features - 1 : lead + units]
    rows[..., features] = 1.0
    rows[:, -1, :, :features] = 0.0
    return rows


def chunk_size(x: Tensor, units: int, cell: Cell) -> int:
    """How many steps of `x` (M, B, T, F) go at a time: all where there is no cache to fill."""
    members, batch, steps, features = x.shape
    if x.device.type != "cpu":
        return steps
    step = members * batch * (2 * features + units * (3 + 2 * (cell.blocks + cell.apart)))
    return min(steps, max(LEAST_STEPS, CHUNK // step))


def evaluation_rows(x: Tensor, units: int) -> int:
    """How many samples of `x` (M, B, T, F) go through all steps at a time where no gradient is
    needed: enough to make little of a call, few enough for a cache."""
    if x.device.type != "cpu":
        return x.shape[1]
    return max(64, STATES // (x.shape[0] * units))


def chunks(steps: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and end of each chunk, in order."""
    return ((start, min(steps, start + size)) for start in range(0, steps, size))
