"""A skip connection around any block that keeps its input's shape."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Skip(nn.Module):
    """x + block(x), shapes unchanged (He et al., 2015, https://arxiv.org/abs/1512.03385)."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor, *more: Any) -> Tensor:
        """`more` goes to the block as it is (a recurrent layer takes lengths)."""
        out: Tensor = x + self.block(x, *more)
        return out
