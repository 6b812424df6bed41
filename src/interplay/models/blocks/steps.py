"""Padded sequences: which steps are a sequence's own, and what reads or turns only those.

Lengths are whole numbers of at least 1, shape (batch,); None means that every step counts.
"""

from __future__ import annotations

import torch
from torch import Tensor


def step_mask(lengths: Tensor, steps: int) -> Tensor:
    """True at a sequence's own steps, shape (batch, steps)."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def zero_past_end(x: Tensor, mask: Tensor | None) -> Tensor:
    """`x` with zeros where `mask` (which must broadcast to it) is False; `x` itself without a mask."""
    return x if mask is None else x * mask


def mean_over_positions(x: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean over all axes after the channels: (batch, channels, …) to (batch, channels).

    Args:
        mask: (batch, 1, steps), the steps that count; `x` must be zero at the others.
    """
    if mask is None:
        return x.flatten(2).mean(2)
    return x.sum(2) / mask.sum(2)


def reverse_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence's own steps in reverse, its padding left where it is; its own inverse.

    Args:
        x: (batch, steps, features).
    """
    if lengths is None:
        return x.flip(1)
    steps = torch.arange(x.shape[1], device=x.device)
    turned = lengths[:, None] - 1 - steps
    index = torch.where(turned >= 0, turned, steps)
    return x.gather(1, index[:, :, None].expand_as(x))


def last_step(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence's own last step: (batch, steps, features) to (batch, features)."""
    if lengths is None:
        return x[:, -1]
    index = (lengths - 1)[:, None, None].expand(-1, 1, x.shape[2])
    return x.gather(1, index).squeeze(1)
