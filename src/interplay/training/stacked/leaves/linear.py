"""The stacked twin of a linear layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from interplay.training.stacked.twin import Twin


class StackedLinear(Twin):
    """y = x W^T + b for every member at once: (members * batch, …, inputs) to (…, outputs)."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, leaves: Sequence[nn.Linear]) -> None:
        super().__init__(leaves)
        if leaves[0].bias is None:
            self.bias = None

    def forward(self, x: Tensor) -> Tensor:
        if self.members == 1:  # torch's own costs less to call than a function of ours
            bias = None if self.bias is None else self.bias.view(-1)
            return F.linear(x, self.weight.view(self.weight.shape[1:]), bias)
        rows = x.reshape(self.members, -1, x.shape[-1])
        out: Tensor = _Linear.apply(rows, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return out.view(*x.shape[:-1], -1)


class _Linear(torch.autograd.Function):
    """Rows (members, n, inputs), weight (members, outputs, inputs), bias (members, outputs) or None.

    Autograd's own backward of a product with a transposed weight gives the weight's gradient
    transposed, and bringing it into the matrix of gradients then costs more than the product.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        ctx.biased = bias is not None
        if bias is None:
            return torch.bmm(rows, weight.transpose(1, 2))
        return torch.baddbmm(bias[:, None], rows, weight.transpose(1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        # In mixed precision the products were taken, and so are these, in the output's format.
        rows, weight = (saved.to(grad.dtype) for saved in ctx.saved_tensors)
        return (
            torch.bmm(grad, weight) if ctx.needs_input_grad[0] else None,
            torch.bmm(grad.transpose(1, 2), rows) if ctx.needs_input_grad[1] else None,
            grad.sum(1) if ctx.biased and ctx.needs_input_grad[2] else None,
        )
