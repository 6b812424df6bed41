"""A recurrent layer in one direction, for many members at once, as one autograd function.

A step must wait for the one before, so on a CPU it costs its calls of torch (one to two
microseconds each, however small) and its product with the hidden weights. Everything else is done
for many steps at once: the derivatives of the gates, the gradients of weights and inputs. As "many"
is a chunk of steps, and a chunk computes only the rows of a batch that have not ended
(`recurrent_chunks`). Beside those rows and the output it keeps, for the way back, of a GRU 4 H
numbers a step and sample, of an LSTM 5 H, of a plain RNN nothing.

What bounds a GRU (five members of 64 units, gestures in random batches of 32, one AMD EPYC core):
about 12 ms a batch and layer, forward and back. Products are some 7 of them (85 to 90 GFLOP/s, 65
where a step has ten rows, 45 where it has four); elementwise passes of single steps 1, of whole
chunks 1.2, copies and zeros 1.3; the rest is views and Python. In batches of similar length, where
20 steps in place of 38 do the same work, it is 9 ms. At 32 units it is 5.5 and 3.5 ms, of which
products, at their best rate, are a third. One member alone is slower by a third, chunks of two
steps by 15 to 35 %; rows in fours or eights, which products like, are no faster.

Shapes: M members, T steps, B samples, F features, H units. What a single step writes lies as
(T, M, B, …), for torch's batched product wants its result in one piece; what products over many
steps read lies as (M, T, B, …), so that (T, B) is one axis.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from interplay.training.stacked.recurrent_cells import Backward, Cell, Forward, Weights
from interplay.training.stacked.recurrent_chunks import chunks

STATES = 1 << 16  # numbers in a step's hidden states, where no gradient is needed
ALIGNED = 16  # numbers in a cache line


class Scan(torch.autograd.Function):
    """(M, B, T, F) to the hidden states (M, B, T, H) and an LSTM's last memory (M, B, H)."""

    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        keep: bool,
        lengths: Tensor | None,
        x: Tensor,
        hidden: Tensor | None,
        memory: Tensor | None,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor | None,
        b_hh: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Weights as torch has them, with a leading member dimension.

        Args:
            keep: whether there will be a way back.
            lengths: of the sequences, (M, B), at least 1: past its end a row is zeros, its
                gradients are too, and there is no last memory. None: all steps count.
            hidden, memory: the first ones, (M, B, H); None: zeros.
        """
        members, batch, steps, features = x.shape
        units = w_hh.shape[2]
        # Step after step: a view of it is (M * B, T, H), and the next layer reads steps.
        out = x.new_empty(steps, members, batch, units)
        saved = []
        with torch.inference_mode():
            weights = prepare(cell, w_ih, w_hh, b_ih, b_hh)
            plan = chunks(x, lengths, work(cell, features, units))
            last = x.new_zeros(members, batch, units) if memory is None else memory
            for chunk in plan:
                n, count = chunk.rows, chunk.end - chunk.start
                rows = rows_like(x, count + 1, n, units)
                rows[:, :count, :, :features] = x[:, :n, chunk.steps].transpose(1, 2)
                state = rows[..., features + 1 :]
                state[:, 0] = 0.0 if hidden is None else hidden[:, :n]
                kept = [x.new_empty(count, members, n, width * units) for width in cell.keeps]
                run = Forward(kept, rows, features, weights, last[:, :n])
                cell.forward(run)
                hidden, last = state[:, count], run.memory
                masked(state[:, 1:].transpose(0, 1), chunk.own, out[chunk.steps, :, :n])
                if n < batch:
                    out[chunk.steps, :, n:] = 0.0
                if keep:
                    saved.append([rows, *kept])
            out[plan[-1].end :] = 0.0
        if keep:
            # Not as saved tensors, which these, made in inference mode, may not be.
            ctx.cell, ctx.plan, ctx.shape, ctx.kept = cell, plan, x.shape, saved
            ctx.save_for_backward(memory, w_ih, w_hh)
        return out.permute(1, 2, 0, 3), last.clone() if lengths is None else None

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor, d_last: Tensor | None) -> tuple[Tensor | None, ...]:
        cell: Cell = ctx.cell
        memory, w_ih, w_hh = ctx.saved_tensors
        need = ctx.needs_input_grad
        members, batch, steps, features = ctx.shape
        units = w_hh.shape[2]
        d_x = w_hh.new_empty(steps, members, batch, features) if need[3] else None
        d_ih, d_hh = torch.empty_like(w_ih), torch.empty_like(w_hh)
        d_b_ih, d_b_hh = w_ih.new_empty(w_ih.shape[:2]), w_ih.new_empty(w_ih.shape[:2])
        d_first = w_hh.new_zeros(members, batch, units)
        d_memory = torch.zeros_like(d_first) if d_last is None else d_last.clone()
        with torch.inference_mode():
            own = turn(cell, w_ih).contiguous()
            apart = cell.apart * units
            joint = w_hh.shape[1] - apart
            weight = w_hh.roll(apart, 1) if apart else turn(cell, w_hh).contiguous()
            # Turned over, as the products over all rows are fastest.
            d_joint = w_hh.new_zeros(members, features + 1 + units, joint)
            d_state = w_hh.new_zeros(members, 1 + units, apart)
            d_inputs = w_hh.new_zeros(members, features + 1, apart)
            for number, chunk in reversed(list(enumerate(ctx.plan))):
                n, count = chunk.rows, chunk.end - chunk.start
                rows, *kept = ctx.kept[number]
                d_states = w_hh.new_empty(count + 1, members, n, units)
                d_states[0] = 0.0
                masked(d_out[:, :n, chunk.steps].permute(2, 0, 1, 3), chunk.own, d_states[1:])
                d_states[count] += d_first[:, :n]
                grads = w_hh.new_empty(members, count, n, joint + 2 * apart)
                if cell.has_memory:
                    before = ctx.kept[number - 1][-1][-1] if number else memory
                    kept.append((torch.zeros_like(d_memory) if before is None else before)[:, :n])
                states = rows[..., features + 1 :]
                cell.backward(Backward(kept, states, weight, d_states, grads, d_memory[:, :n]))
                d_first[:, :n] = d_states[0]
                flat, row = grads.flatten(1, 2), rows[:, :count].flatten(1, 2).transpose(1, 2)
                d_joint.baddbmm_(row, flat[:, :, apart : apart + joint])
                if apart:
                    d_state.baddbmm_(row[:, features:], flat[:, :, :apart])
                    d_inputs.baddbmm_(row[:, : features + 1], flat[:, :, apart + joint :])
                if d_x is not None:
                    d_row = torch.bmm(flat[:, :, apart:], own)
                    d_x[chunk.steps, :, :n] = d_row.view(members, count, n, -1).transpose(0, 1)
                    if n < batch:
                        d_x[chunk.steps, :, n:] = 0.0
            if d_x is not None:
                d_x[ctx.plan[-1].end :] = 0.0
            both = turn(cell, d_joint.transpose(1, 2), back=True)
            of_state, of_inputs = d_state.transpose(1, 2), d_inputs.transpose(1, 2)
            torch.cat([both[:, :, :features], of_inputs[:, :, :-1]], 1, out=d_ih)
            torch.cat([both[:, :, features + 1 :], of_state[:, :, 1:]], 1, out=d_hh)
            torch.cat([both[:, :, features], of_inputs[:, :, -1]], 1, out=d_b_ih)
            torch.cat([both[:, :, features], of_state[:, :, 0]], 1, out=d_b_hh)
        return (
            None,
            None,
            None,
            None if d_x is None else d_x.permute(1, 2, 0, 3),
            d_first if need[4] else None,
            d_memory if need[5] else None,
            d_ih,
            d_hh,
            d_b_ih if need[8] else None,
            d_b_hh if need[9] else None,
        )


def masked(x: Tensor, own: Tensor | None, out: Tensor) -> None:
    """`x` into `out`, zeros where `own` is."""
    if own is None:
        out.copy_(x)
    else:
        torch.mul(x, own, out=out)


def scan(
    cell: Cell, keep: bool, lengths: Tensor | None, *tensors: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """`Scan.forward`'s arguments and results."""
    run: tuple[Tensor, Tensor | None] = Scan.apply(  # type: ignore[no-untyped-call]
        cell, keep, lengths, *tensors
    )
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
    weights = Weights(turn(cell, both).transpose(1, 2).contiguous(), state, inputs)
    cell.double(weights)
    return weights


def turn(cell: Cell, rows: Tensor, *, back: bool = False) -> Tensor:
    """Rows (M, blocks * H, …) in the order of gates that the cell wants, or back in torch's."""
    if not cell.turned:
        return rows
    units = rows.shape[1] // cell.blocks
    return rows.roll(-units if back else units, 1)


def rows_like(x: Tensor, steps: int, batch: int, units: int) -> Tensor:
    """Room for (x, 1, h) of each step, (M, steps, batch, F + 1 + H), the ones in place."""
    members, features = x.shape[0], x.shape[3]
    lead = -(-(features + 1) // ALIGNED) * ALIGNED  # so that h begins at a cache line
    room = x.new_empty(members, steps, batch, lead + -(-units // ALIGNED) * ALIGNED)
    rows = room[..., lead - features - 1 : lead + units]
    rows[..., features] = 1.0
    return rows


def work(cell: Cell, features: int, units: int) -> int:
    """Numbers that a step of one sample works on, both ways."""
    return 2 * features + units * (3 + 2 * (cell.blocks + cell.apart))


def evaluation_rows(x: Tensor, units: int) -> int:
    """How many samples of `x` (M, B, T, F) go through all steps at a time where no gradient is
    needed: enough to make little of a call, few enough for a cache."""
    if x.device.type != "cpu":
        return x.shape[1]
    return max(64, STATES // (x.shape[0] * units))
