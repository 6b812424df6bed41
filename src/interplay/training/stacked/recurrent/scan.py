"""Recurrent layers in one direction, for many members at once, as one autograd function.

A step must wait for the one before, so on a CPU it costs its product with the hidden weights and one
loop over what it keeps (`recurrent_host`). The gradients of weights and inputs are taken for many
steps at once. As "many" is a chunk of steps, and a chunk computes only the rows of a batch that have
not ended (`recurrent_chunks`). Beside those rows and the output it keeps, for the way back, of a GRU
4 H numbers a step and sample, of an LSTM 5 H, of a plain RNN nothing.

Shapes: M members, T steps, B samples, F features, H units. What a single step writes lies as
(T, M, B, …), for torch's batched product wants its result in one piece; what products over many
steps read lies as (M, T, B, …), so that (T, B) is one axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from interplay.training.stacked.device.place import on_host
from interplay.training.stacked.recurrent.cells import Backward, Cell, Forward
from interplay.training.stacked.recurrent.chunks import chunks
from interplay.training.stacked.recurrent.host import cell_for
from interplay.training.stacked.recurrent.weights import Gradients, by_layer, prepare

STATES = 1 << 16  # numbers in a step's hidden states, where no gradient is needed
ALIGNED = 16  # numbers in a cache line
StepMasks = Sequence[Tensor | None]
"""Dropout between layers: of each but the first, what its input (M, T, B, F) is multiplied with."""


class Scan(torch.autograd.Function):
    """(M, B, T, F) to the last layer's states (M, B, T, H) and an LSTM's last memory (M, B, H).

    Several layers go through a chunk of steps one after the other, so that what one says is where
    the next reads it, in the cache and without being brought into another layout.
    """

    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        keep: bool,
        lengths: Tensor | None,
        masks: StepMasks,
        x: Tensor,
        hidden: Tensor | None,
        memory: Tensor | None,
        *weights: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Weights as torch has them, with a leading member dimension, four a layer.

        Args:
            keep: whether there will be a way back.
            lengths: of the sequences, (M, B), at least 1: past its end a row is zeros, its
                gradients are too, and there is no last memory. None: all steps count.
            hidden, memory: the first ones, (M, B, H); None: zeros, as always of several layers.
        """
        layers = by_layer(weights)
        members, batch, steps, _ = x.shape
        sizes = [(w_ih.shape[2], w_hh.shape[2]) for w_ih, w_hh, *_ in layers]
        # Step after step: a view of it is (M * B, T, H), and the next layer reads steps.
        out = x.new_empty(steps, members, batch, sizes[-1][1])
        saved = []
        with torch.inference_mode():
            ready = [prepare(cell, *each) for each in layers]
            plan = chunks(x, lengths, max(work(cell, *size) for size in sizes))
            last = [x.new_zeros(members, batch, units) for _, units in sizes]
            states: list[Tensor | None] = [hidden, *[None] * (len(layers) - 1)]
            if memory is not None:
                last[0] = memory
            for chunk in plan:
                n, count = chunk.rows, chunk.end - chunk.start
                said = x[:, :n, chunk.steps].transpose(1, 2)
                for i, (features, units) in enumerate(sizes):
                    rows = rows_like(x, count + 1, n, features, units)
                    mask = None
                    if i and (drawn := masks[i - 1]) is not None:
                        mask = drawn[:, chunk.steps, :n]
                    masked(said, mask, rows[:, :count, :, :features])
                    state = rows[..., features + 1 :]
                    first = states[i]
                    state[:, 0] = 0.0 if first is None else first[:, :n]
                    kept = [x.new_empty(count, members, n, width * units) for width in cell.keeps]
                    run = Forward(kept, rows, features, ready[i], last[i][:, :n])
                    cell.forward(run)
                    states[i], last[i], said = state[:, count], run.memory, state[:, 1:]
                    if keep:
                        saved.append([mask, rows, *kept])
                masked(said.transpose(0, 1), chunk.own, out[chunk.steps, :, :n])
                if n < batch:
                    out[chunk.steps, :, n:] = 0.0
            out[plan[-1].end :] = 0.0
        if keep:
            # Not as saved tensors, which these, made in inference mode, may not be.
            ctx.cell, ctx.plan, ctx.kept, ctx.batch, ctx.steps = cell, plan, saved, batch, steps
            ctx.save_for_backward(memory, *(w for w_ih, w_hh, *_ in layers for w in (w_ih, w_hh)))
        return out.permute(1, 2, 0, 3), last[-1].clone() if lengths is None else None

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor, d_last: Tensor | None) -> tuple[Tensor | None, ...]:
        cell: Cell = ctx.cell
        memory, *saved = ctx.saved_tensors
        need, batch = ctx.needs_input_grad, ctx.batch
        pairs = list(zip(saved[::2], saved[1::2], strict=True))
        top, members, like = len(pairs) - 1, len(saved[0]), saved[0]
        d_x = None
        if need[4]:
            d_x = like.new_empty(ctx.steps, members, batch, like.shape[2])
        d_first = [like.new_zeros(members, batch, w_hh.shape[2]) for _, w_hh in pairs]
        d_memory = [torch.zeros_like(d) for d in d_first]
        if d_last is not None:
            d_memory[top] = d_last.clone()
        with torch.inference_mode():
            of = [Gradients(cell, *pair) for pair in pairs]
            for number, chunk in reversed(list(enumerate(ctx.plan))):
                n, count = chunk.rows, chunk.end - chunk.start
                # Step after step, as the states are.
                d_said, past = d_out[:, :n, chunk.steps].permute(2, 0, 1, 3), chunk.own
                for i in range(top, -1, -1):
                    mask, rows, *kept = ctx.kept[number * len(of) + i]
                    d_states = like.new_empty(count + 1, members, n, of[i].units)
                    d_states[0] = 0.0
                    masked(d_said, past, d_states[1:])
                    past = None if mask is None else mask.transpose(0, 1)
                    d_states[count] += d_first[i][:, :n]
                    grads = like.new_empty(members, count, n, of[i].width)
                    if cell.has_memory:
                        before = memory if i == 0 else None
                        if number:
                            before = ctx.kept[(number - 1) * len(of) + i][-1][-1]
                        before = torch.zeros_like(d_memory[i]) if before is None else before
                        kept.append(before[:, :n])
                    states = rows[..., of[i].features + 1 :]
                    run = Backward(kept, states, of[i].hidden, d_states, grads, d_memory[i][:, :n])
                    cell.backward(run)
                    d_first[i][:, :n] = d_states[0]
                    flat = grads.flatten(1, 2)
                    of[i].add(rows[:, :count].flatten(1, 2), flat)
                    if i or d_x is not None:
                        d_said = of[i].of_input(flat).view(members, count, n, -1).transpose(0, 1)
                if d_x is not None:
                    d_x[chunk.steps, :, :n] = d_said
                    if n < batch:
                        d_x[chunk.steps, :, n:] = 0.0
            if d_x is not None:
                d_x[ctx.plan[-1].end :] = 0.0
        found = [g if need[7 + i] else None for i, g in enumerate(g for o in of for g in o.whole())]
        return (
            None,
            None,
            None,
            None,
            None if d_x is None else d_x.permute(1, 2, 0, 3),
            d_first[0] if need[5] else None,
            d_memory[0] if need[6] else None,
            *found,
        )


def masked(x: Tensor, mask: Tensor | None, out: Tensor) -> None:
    """`x` into `out`, multiplied with a mask where there is one."""
    if mask is None:
        out.copy_(x)
    else:
        torch.mul(x, mask, out=out)


def scan(
    cell: Cell, keep: bool, lengths: Tensor | None, *tensors: Tensor | None, masks: StepMasks = ()
) -> tuple[Tensor, Tensor | None]:
    """`Scan.forward`'s arguments and results; without masks nothing is dropped between layers."""
    masks = masks or [None] * (len(tensors) // 4)
    assert tensors[0] is not None
    cell = cell_for(cell, tensors[0])
    run: tuple[Tensor, Tensor | None] = Scan.apply(  # type: ignore[no-untyped-call]
        cell, keep, lengths, masks, *tensors
    )
    return run


def rows_like(x: Tensor, steps: int, batch: int, features: int, units: int) -> Tensor:
    """Room for (x, 1, h) of each step, (M, steps, batch, F + 1 + H), the ones in place."""
    lead = -(-(features + 1) // ALIGNED) * ALIGNED  # so that h begins at a cache line
    room = x.new_empty(len(x), steps, batch, lead + -(-units // ALIGNED) * ALIGNED)
    rows = room[..., lead - features - 1 : lead + units]
    rows[..., features] = 1.0
    return rows


def work(cell: Cell, features: int, units: int) -> int:
    """Numbers that a step of one sample works on, both ways."""
    return 2 * features + units * (3 + 2 * (cell.blocks + cell.apart))


def evaluation_rows(x: Tensor, units: int) -> int:
    """How many samples of `x` (M, B, T, F) go through all steps at a time where no gradient is
    needed: enough to make little of a call, few enough for a cache."""
    if not on_host(x.device):
        return x.shape[1]
    return max(64, STATES // (x.shape[0] * units))
