"""Batch norm, max pooling and relu of a chain as one, with the maximum taken first.

A norm is a rising line of each channel (where its weight is negative, of the channel's negative),
so the largest of a window may be taken before it: what comes after the statistics, forward and
backward but for one pass, then has a quarter of the numbers to go over.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from interplay.training.stacked.chain_leaves import ChainBatchNorm
from interplay.training.stacked.place import on_host

aten = torch.ops.aten

WIDE = 256  # numbers in a row from which the passes below are fast: vectors are full, loops long
# Numbers of one member's activation from which these passes pay; and from which they do where a
# tile has many. Below, a call's own cost is what counts, and torch's own norm has fewer.
LARGE, HALF, MANY = 1 << 17, 1 << 15, 1 << 19


class NormPool(nn.Module):
    """(batch, count * channels, height, width): norm, pooling and perhaps relu of it.

    Args:
        relu: whether one follows the pooling.
    """

    def __init__(self, norm: ChainBatchNorm, pool: nn.MaxPool2d, relu: bool) -> None:
        super().__init__()
        self.norm, self.pool, self.relu = norm, pool, relu
        self.window = tuple(
            [size, size] if isinstance(size, int) else list(size)
            for size in (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
        )

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        # Half precision has its own rules.
        plain = not on_host(x.device) or x.dtype not in (torch.float32, torch.float64)
        if plain or not norm.affine or not worth_it(x.numel(), norm.layout.count):
            out: Tensor = self.pool(norm(x))
            return torch.relu(out) if self.relu else out
        share = norm.layout.share
        weight, bias = share(norm.weight), share(norm.bias)
        signs = None
        if bool((weight < 0).any()):
            signs = torch.where(weight.detach() < 0, -1.0, 1.0).to(x.dtype)
        if not norm.training and norm.running_mean is not None and norm.running_var is not None:
            slope = weight * (share(norm.running_var) + norm.eps).rsqrt_()
            offset = torch.addcmul(bias, share(norm.running_mean), slope, value=-1)
            if signs is not None:
                x, slope = x * signs[:, None, None], slope * signs
            out = torch.addcmul(offset[:, None, None], self.pool(x), slope[:, None, None])
            return out.relu_() if self.relu else out
        out, mean, variance = _NormPool.apply(  # type: ignore[no-untyped-call]
            x, weight, bias, signs, norm.eps, (*self.window, self.pool.ceil_mode), self.relu
        )
        if norm.running_mean is not None and norm.running_var is not None:
            rows = x.numel() // x.shape[1]
            share(norm.running_mean).lerp_(mean, norm.momentum or 0.0)
            share(norm.running_var).lerp_(variance * (rows / (rows - 1)), norm.momentum or 0.0)
        return out


def worth_it(numbers: int, members: int) -> bool:
    """Whether an activation of `members` side by side is large enough for what follows."""
    own = numbers // members
    return own >= LARGE or (own >= HALF and numbers >= MANY)


class _NormPool(torch.autograd.Function):
    """x, weight, bias, signs of the weight (None where all are positive), eps, window, relu.

    Gives the output, and the mean and the variance of each channel.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        signs: Tensor | None,
        eps: float,
        window: tuple[Any, ...],
        relu: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = x.contiguous(memory_format=torch.channels_last)
        if signs is not None:
            x, weight = x * signs[:, None, None], weight.abs()
        mean, variance = statistics(x)
        spread = (variance + eps).rsqrt_()
        slope = weight * spread
        pooled, at = aten.max_pool2d_with_indices(x, *window)
        out = _last(
            torch.addcmul(bias.addcmul(mean, slope, value=-1), _rows(pooled), slope), pooled
        )
        if relu:
            out.relu_()
        ctx.window, ctx.relu = window, relu
        ctx.save_for_backward(x, pooled, at, out, mean, spread, slope, signs)
        mean = mean if signs is None else mean * signs
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        x, pooled, at, out, mean, spread, slope, signs = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        if ctx.relu:
            grad = aten.threshold_backward(grad, out, 0)
        rows = _rows(grad)
        of_bias = rows.sum(0)
        of_weight = torch.addcmul((rows * _rows(pooled)).sum(0), mean, of_bias, value=-1)
        of_weight.mul_(spread)
        # With n rows and x^ = (x - mean) * spread, torch's gradient of x is
        # slope * (grad - of_bias / n - x^ * of_weight / n): what reaches the places of the maxima,
        # and a line of x.
        n = x.numel() // x.shape[1]
        factor = (slope * spread).mul_(of_weight).mul_(-1 / n)
        reached = aten.max_pool2d_with_indices_backward(
            _last(rows * slope, pooled), x, *ctx.window, at
        )
        offset = (slope * of_bias).mul_(-1 / n).addcmul_(mean, factor, value=-1)
        wide, k = _wide(reached)
        wide.addcmul_(_wide(x)[0], factor.repeat(k)).add_(offset.repeat(k))
        if signs is not None:
            reached.mul_(signs[:, None, None])
            of_weight.mul_(signs)
        return reached, of_weight, of_bias, None, None, None, None


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance of each channel of images, channels_last."""
    wide, k = _wide(x)
    # As one image of a single column, which torch goes over a row of `wide` at a time.
    columns = wide.view(1, len(wide), 1, -1).permute(0, 3, 1, 2)
    mean, variance = torch.batch_norm_update_stats(columns, None, None, 0.0)
    if k == 1:
        return mean, variance
    means = mean.view(k, -1)
    mean = means.mean(0)
    return mean, variance.view(k, -1).mean(0).add_((means - mean).square_().mean(0))


def _rows(x: Tensor) -> Tensor:
    """Images, channels_last, as a view (positions, channels)."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _last(rows: Tensor, like: Tensor) -> Tensor:
    """`_rows` undone."""
    batch, channels, height, width = like.shape
    return rows.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _wide(x: Tensor) -> tuple[Tensor, int]:
    """Images, channels_last, as a view (positions / k, k * channels), and k."""
    rows = _rows(x)
    k = 1
    while k * x.shape[1] < WIDE and len(rows) % (2 * k) == 0:
        k *= 2
    return rows.view(len(rows) // k, -1), k
