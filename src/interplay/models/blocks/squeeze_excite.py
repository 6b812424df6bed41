"""Squeeze-and-excitation: channels scaled by what the whole input looks like."""

from __future__ import annotations

from torch import Tensor, nn

from interplay.models.blocks.steps import mean_over_positions

REDUCTION = 4  # the paper's 16 leaves nothing of the narrow nets trained here


class SqueezeExcite(nn.Module):
    """Each channel times a gate between 0 and 1, shapes unchanged.

    The gates are sigmoid(W2 relu(W1 mean(x))), with the mean over all positions and a quarter of
    the channels between (Hu et al., 2017, https://arxiv.org/abs/1709.01507).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // REDUCTION, 1)
        self.gates = nn.Sequential(
            nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, channels, …), zero where `mask` (batch, 1, steps) is False."""
        gates: Tensor = self.gates(mean_over_positions(x, mask))
        return x * gates[(..., *[None] * (x.dim() - 2))]
