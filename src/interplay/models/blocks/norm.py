"""Normalisation by name, for each layout of activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

Layout = Literal["flat", "image", "sequence", "steps"]
"""(batch, width); (batch, width, height, width); (batch, width, steps); (batch, steps, width)."""


class Transposed(nn.Module):
    """`inner` with the last two axes exchanged before and back after: shapes unchanged."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x.transpose(1, 2)).transpose(1, 2)
        return out


class FrozenBatchNorm1d(nn.BatchNorm1d):
    """A batch norm that is never in training: its statistics stay, and it uses them."""

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(False)


class FrozenBatchNorm2d(nn.BatchNorm2d):
    """As `FrozenBatchNorm1d`, of images."""

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(False)


FROZEN: dict[type[_NormBase], type[_NormBase]] = {
    nn.BatchNorm1d: FrozenBatchNorm1d,
    nn.BatchNorm2d: FrozenBatchNorm2d,
}
"""What a batch norm becomes where its stage is frozen."""

# Layer norm takes an image as a whole, but a sequence step by step: the mean over all steps would
# depend on how far the sequence is padded.
NORMS: dict[tuple[str, Layout], Callable[[int], nn.Module]] = {
    ("batch", "flat"): nn.BatchNorm1d,
    ("batch", "image"): nn.BatchNorm2d,
    ("batch", "sequence"): nn.BatchNorm1d,
    ("batch", "steps"): lambda width: Transposed(nn.BatchNorm1d(width)),
    ("layer", "flat"): nn.LayerNorm,
    ("layer", "image"): lambda width: nn.GroupNorm(1, width),
    ("layer", "sequence"): lambda width: Transposed(nn.LayerNorm(width)),
    ("layer", "steps"): nn.LayerNorm,
}


def norms(name: str, width: int, layout: Layout) -> list[nn.Module]:
    """The norm called `name` over `width` features, as a list: empty where it is "none".

    Batch norm: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167; layer norm: Ba et al.,
    2016, https://arxiv.org/abs/1607.06450.
    """
    return [] if name == "none" else [NORMS[name, layout](width)]
