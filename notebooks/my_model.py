"""A model of your own for the notebook 04_design_your_own: the arguments are the hyperparameters."""

import torch
from torch import nn


class Block(nn.Module):
    """What comes in, plus what a layer makes of it."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layer(x)


def make(
    width: int = 32,
    depth: int = 2,
    dropout: float = 0.0,
    *,
    input_shape: tuple[int, ...],
    num_outputs: int,
) -> nn.Module:
    """A network of `depth` blocks, each `width` units wide."""
    inputs = torch.Size(input_shape).numel()
    blocks = [Block(width, dropout) for _ in range(depth)]
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, width), nn.ReLU(), *blocks, nn.Linear(width, num_outputs)
    )
