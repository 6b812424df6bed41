"""Dropout whose masks are a function of their place."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from interplay.training.masks import Masks
from interplay.training.randomness import key_of


class SeededDropout(nn.Dropout):
    """`nn.Dropout` with masks of its own; shapes unchanged.

    Args:
        key: of the member and the layer, `key_of(seed, "dropout", layer)`.
    """

    def __init__(self, p: float, key: int) -> None:
        super().__init__(p)
        self.masks = Masks([key], [p])

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if self.masks.rates != (self.p,):
            self.masks.set_rates((self.p,))
        return dropped(x, self.masks.next(x.numel(), x))


def dropped(x: Tensor, factors: Tensor) -> Tensor:
    """`x` (members * batch, …) times the factors of its positions, (members, positions)."""
    own = laid_out(factors, x.shape)
    if x.dim() == 3:  # which would have to be copied to be of the shape of `x`
        return (x.view(own.shape) * own).flatten(0, 1)
    return x * own.flatten(0, 1)


def laid_out(factors: Tensor, shape: Sequence[int]) -> Tensor:
    """Factors (members, positions) of a tensor of `shape`, (members * batch, …), as a view
    (members, batch, …).

    Images (batch, channels, height, width) have their positions channels last, as both engines have
    images: products of two layouts are several times as slow. Sequences (batch, steps, features)
    have theirs step after step, so that how far they are padded changes none of a sequence's own.
    """
    members, batch = len(factors), shape[0] // len(factors)
    if len(shape) == 4:
        _, channels, height, width = shape
        return factors.view(members, batch, height, width, channels).permute(0, 1, 4, 2, 3)
    if len(shape) == 3:
        _, steps, features = shape
        return factors.view(members, steps, batch, features).transpose(1, 2)
    return factors.view(members, batch, *shape[1:])


def seed_dropout(model: nn.Module, seed: int) -> nn.Module:
    """Replace every `nn.Dropout` in `model` by one whose masks are the member's, in the order of its
    modules."""
    layer = 0
    replaced: dict[int, SeededDropout] = {}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():  # named_children lists a module once
            if type(child) is nn.Dropout:
                if id(child) not in replaced:  # one module used twice stays one
                    replaced[id(child)] = SeededDropout(child.p, key_of(seed, "dropout", layer))
                    layer += 1
                setattr(parent, name, replaced[id(child)])
    return model
