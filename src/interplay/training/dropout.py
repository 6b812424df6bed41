"""Dropout whose masks come from a member's own stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from interplay.models.blocks.recurrent_net import RecurrentNet
from interplay.models.blocks.steps import step_mask
from interplay.training.streams import MaskStream


class SeededDropout(nn.Dropout):
    """`nn.Dropout` with masks from a `MaskStream`; shapes unchanged.

    A unit is dropped where its 16-bit number is below `p` * 65536, so rates are exact to 1/65536
    and two members that differ in the rate alone share the underlying numbers.

    Attributes:
        lengths: of the padded sequences (batch, steps, features) that it will be given next, where
            what comes after reads none of them past its end: numbers are then drawn for own steps
            only, sequence after sequence, and all else is dropped. None: a number each.
    """

    lengths: Tensor | None = None

    def __init__(self, p: float, stream: MaskStream) -> None:
        super().__init__(p)
        self.stream = stream

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        # numpy compares: torch has no order on 16-bit unsigned numbers.
        threshold = round(self.p * 65536)
        if self.lengths is None:
            keep = self.stream.take(x.numel()) >= threshold
        else:
            own = own_steps(self.lengths, x.shape[1])
            keep = np.zeros(x.shape, dtype=bool)
            drawn = self.stream.take(int(own.sum()) * x.shape[2])
            keep[own] = (drawn >= threshold).reshape(-1, x.shape[2])
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        return x * laid_out(as_bytes(keep, x).to(x.dtype).mul_(scale), x.shape)


def as_bytes(keep: NDArray[np.bool_], like: Tensor) -> Tensor:
    """A mask as ones and zeros where `like` is, of its shape.

    From bytes torch converts to numbers six times as fast as from truth values.
    """
    return torch.from_numpy(keep.view(np.uint8)).to(like.device)


def laid_out(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """Numbers, in the order in which they were drawn, as the mask of a tensor of `shape`.

    Those of images (batch, channels, height, width) are drawn as both engines have images, channels
    last: products of two layouts are several times as slow.
    """
    if len(shape) != 4:
        return mask.view(shape)
    batch, channels, height, width = shape
    return mask.view(batch, height, width, channels).permute(0, 3, 1, 2)


def own_steps(lengths: Tensor, steps: int) -> NDArray[np.bool_]:
    """True at a sequence's own steps, (sequences, steps)."""
    own: NDArray[np.bool_] = step_mask(lengths.cpu(), steps).numpy()
    return own


def seed_dropout(model: nn.Module, seed: int) -> nn.Module:
    """Replace every `nn.Dropout` in `model` by one with its own stream, in the order of its modules.

    Those between the layers of a `RecurrentNet` come to know how long the sequences are.
    """
    layer = 0
    replaced: dict[int, SeededDropout] = {}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():  # named_children lists a module once
            if type(child) is nn.Dropout:
                if id(child) not in replaced:  # one module used twice stays one
                    replaced[id(child)] = SeededDropout(child.p, MaskStream(seed, layer))
                    layer += 1
                setattr(parent, name, replaced[id(child)])
        if type(parent) is RecurrentNet:
            parent.register_forward_pre_hook(_tell, with_kwargs=True)
    return model


def _tell(net: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Before a `RecurrentNet` runs, or the structure of one in a stack."""
    tell_lengths(net.dropouts, given[1] if len(given) > 1 else named.get("lengths"))


def tell_lengths(dropouts: Any, lengths: Tensor | None) -> None:
    """Give the dropouts between recurrent layers (the last is behind the read-out, where there are
    no steps) the lengths of the sequences to come."""
    for dropout in list(dropouts)[:-1]:
        dropout.lengths = None if lengths is None else lengths.clamp(min=1)
