"""The steps of a chain, one after the other, put into the order that costs least."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from interplay.training.stacked.chains.leaves import ChainBatchNorm
from interplay.training.stacked.chains.pool import NormPool

# Activations that never fall: the maximum of a window may be taken before them.
RISING: tuple[type[nn.Module], ...] = (nn.ReLU, nn.Sigmoid, nn.Tanh)


class Steps(nn.Module):
    """Modules one after the other; shapes as theirs. A mask is there to be None."""

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(norm_pools(pool_first(steps)))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        assert mask is None
        for step in self.steps:
            x = step(x)
        return x


def pool_first(steps: Sequence[nn.Module]) -> list[nn.Module]:
    """Rising activations moved behind the max pooling that follows them, where there is less.

    The numbers and the gradients are the same: ties within a window are between zeros of a relu,
    through which nothing flows, or between equal slopes.
    """
    ordered = list(steps)
    for i in range(len(ordered) - 1):
        pools = isinstance(ordered[i + 1], (nn.MaxPool1d, nn.MaxPool2d))
        if type(ordered[i]) in RISING and pools:
            ordered[i], ordered[i + 1] = ordered[i + 1], ordered[i]
    return ordered


def norm_pools(steps: Sequence[nn.Module]) -> list[nn.Module]:
    """Each batch norm with the max pooling behind it, and a relu behind that, as one step."""
    joined: list[nn.Module] = []
    for step in steps:
        last = joined[-1] if joined else None
        if type(step) is nn.MaxPool2d and type(last) is ChainBatchNorm:
            joined[-1] = NormPool(last, step, relu=False)
        elif type(step) is nn.ReLU and isinstance(last, NormPool) and not last.relu:
            joined[-1] = NormPool(last.norm, last.pool, relu=True)
        else:
            joined.append(step)
    return joined
