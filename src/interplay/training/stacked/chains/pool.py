"""Batch norm, max pooling and relu of a chain as one, with the maximum taken first.

A norm is a line of each channel, so the number of a window that comes out as its largest is known
before: the largest, or where the line falls the least. What follows has a quarter of the numbers to
go over, and on a CPU loops of our own go over the memory of each once (`norm_pool_loops`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from interplay.training.stacked.chains.layout import flat
from interplay.training.stacked.chains.leaves import ChainBatchNorm
from interplay.training.stacked.device.place import for_loops

if TYPE_CHECKING:
    from interplay.training.stacked.loops.norm_pool import Sizes


SMALL = 1 << 16  # numbers of a single member's activation below which a call's own cost counts


class NormPool(nn.Module):
    """(batch, count * channels, height, width): norm, pooling and perhaps relu of it.

    Args:
        relu: whether one follows the pooling.
    """

    def __init__(self, norm: ChainBatchNorm, pool: nn.MaxPool2d, relu: bool) -> None:
        super().__init__()
        self.norm, self.pool, self.relu = norm, pool, relu
        size, stride, padding, dilation = map(
            _pair, (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
        )
        side_by_side = (stride, padding, dilation) == (size, (0, 0), (1, 1)) and not pool.ceil_mode
        # Their places must fit into a byte.
        self.plain = side_by_side and size[0] * size[1] <= np.iinfo(np.uint8).max
        self.window = size

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        (high, wide), (height, width) = self.window, x.shape[2:]
        sizes = (height, width, high, wide, height // high, width // wide)
        # Half precision has its own rules; and where no window fits in, torch says so.
        ours = for_loops(x) and all(sizes) and (norm.layout.count > 1 or x.numel() >= SMALL)
        trains = norm.training or norm.running_mean is None
        if not (ours and self.plain and norm.affine) or (torch.is_grad_enabled() and not trains):
            out: Tensor = self.pool(norm(x))
            return torch.relu(out) if self.relu else out
        share = norm.layout.share
        weight, bias = share(norm.weight), share(norm.bias)
        mean = variance = None
        if norm.running_mean is not None and norm.running_var is not None:
            mean, variance = share(norm.running_mean), share(norm.running_var)
        if trains:
            out, new_mean, new_variance = _NormPool.apply(  # type: ignore[no-untyped-call]
                x, weight, bias, norm.eps, sizes, self.relu
            )
            if mean is not None and variance is not None:
                rows = x.numel() // x.shape[1]
                mean.lerp_(new_mean, norm.momentum or 0.0)
                variance.lerp_(new_variance * (rows / (rows - 1)), norm.momentum or 0.0)
            return out
        assert mean is not None
        assert variance is not None
        slope = weight * (variance + norm.eps).rsqrt_()
        offset = torch.addcmul(bias, mean, slope, value=-1)
        out, most, at = room(x, sizes)
        lines = slope.numpy(), offset.numpy()
        loops().pooled_lines(flat(x), sizes, *lines, self.relu, most, at, flat(out))
        return out


class _NormPool(torch.autograd.Function):
    """x, weight, bias, eps, sizes as the loops have them, relu.

    Gives the output, and the mean and the (biased) variance of each channel.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, sizes: Sizes, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance = torch.empty_like(weight), torch.empty_like(weight)
        out, most, at = room(x, sizes)
        ctx.moments, ctx.maxima = (mean.numpy(), variance.numpy()), (most, at)
        ctx.sizes, ctx.relu, ctx.eps = sizes, relu, eps
        ctx.save_for_backward(x, weight, out if relu else None)
        lines = weight.detach().numpy(), bias.detach().numpy()
        loops().norm_pool(
            flat(x),
            sizes,
            *lines,
            eps,
            relu,
            *ctx.moments,
            most,
            at,
            flat(out),
        )
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        x, weight, out = ctx.saved_tensors
        of_x = torch.empty_like(x, memory_format=torch.channels_last)
        of_weight, of_bias = torch.empty_like(weight), torch.empty_like(weight)
        at_windows = flat(grad)
        loops().norm_pool_gradients(
            at_windows,
            at_windows if out is None else flat(out),
            *ctx.maxima,
            flat(x),
            ctx.sizes,
            weight.numpy(),
            *ctx.moments,
            ctx.eps,
            ctx.relu,
            of_weight.numpy(),
            of_bias.numpy(),
            flat(of_x),
        )
        return of_x, of_weight, of_bias, None, None, None


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def loops() -> Any:
    """The loops, imported where the first are needed: see `compiled`."""
    from interplay.training.stacked.loops import norm_pool as norm_pool_loops

    return norm_pool_loops


def room(x: Tensor, sizes: Sizes) -> tuple[Tensor, NDArray[Any], NDArray[np.uint8]]:
    """For what comes out, channels last, and as one axis for the largest x and their places."""
    shape = (*x.shape[:2], *sizes[4:])
    out = torch.empty(shape, dtype=x.dtype, memory_format=torch.channels_last)
    return (
        out,
        np.empty(out.numel(), flat(out).dtype),
        np.empty(out.numel(), np.uint8),
    )
