"""Training images changed at random, each time anew: flipped, moved, turned.

What becomes of a row in an epoch is a function of (seed, epoch, row), as masks and batch orders are
(see `randomness`): not of the batch, the stack, the engine or the device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from interplay.data.common import AUGMENT
from interplay.training.randomness import STEP, key_of, signed, tensor_words_at
from interplay.training.tensors import Parts

BITS = 24  # of a word that are used: exact in single precision too
FLIP, DOWN, RIGHT, TURN = WORDS = range(4)  # of each row


class Augment:
    """What the members of a stack, or one alone, see of their training images.

    Args:
        seeds: of the members.
        options: of [data]; the same for all.
        parts: of one of them.
        offsets: of each, where its rows begin among those of all.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        options: Mapping[str, Any],
        parts: Parts,
        offsets: Sequence[int] = (0,),
    ) -> None:
        device = parts.train.inputs.device
        assert parts.image is not None
        self.kind, self.image = parts.spec.kind, parts.image
        self.flips: bool = options["augment_flip"]
        self.most: int = options["augment_crop"]
        self.turns = math.radians(options["augment_rotate"])
        keys = [signed(key_of(seed, "augment")) for seed in seeds]
        self.keys = torch.tensor(keys, device=device)
        self.offsets = torch.tensor(list(offsets), device=device)
        # On a device a step that is replayed finds it there.
        self._epoch = torch.zeros((), dtype=torch.int64, device=device)

    @classmethod
    def asked(
        cls,
        seeds: Sequence[int],
        options: Mapping[str, Any],
        parts: Parts,
        offsets: Sequence[int] = (0,),
    ) -> Augment | None:
        """None where images stay as they are."""
        return cls(seeds, options, parts, offsets) if any(map(options.get, AUGMENT)) else None

    def begin(self, epoch: int) -> None:
        """Rows are of this epoch from now on, counted from 0."""
        self._epoch.fill_(epoch)

    def __call__(self, inputs: Tensor, rows: Tensor, own: slice = slice(0, 1)) -> Tensor:
        """Inputs as the members `own` see them.

        Args:
            inputs: (members * batch, …), as models read them.
            rows: the number of each among the rows of all, (members * batch,).
        """
        numbers = self._numbers(rows, own)
        images = self._moved(self._as_images(inputs), numbers)
        if self.turns:
            images = self._turned(images, numbers[:, TURN])
        return self._as_inputs(images)

    def _numbers(self, rows: Tensor, own: slice) -> Tensor:
        """Whole numbers from 0 to below 2**BITS, (members * batch, WORDS)."""
        keys, offsets = self.keys[own, None], self.offsets[own, None]
        places = (rows.view(len(keys), -1) - offsets)[..., None] * len(WORDS)
        places = places + torch.arange(len(WORDS), device=rows.device)
        starts = (keys + self._epoch * signed(STEP))[..., None]
        words: Tensor = tensor_words_at(starts, places)
        return (words >> 64 - BITS & (1 << BITS) - 1).flatten(0, 1)

    def _moved(self, images: Tensor, numbers: Tensor) -> Tensor:
        """Each flipped or not, and moved by up to `most` pixels; what comes in is 0."""
        height, width = images.shape[2:]
        device = images.device
        shifts = (numbers * (2 * self.most + 1) >> BITS) - self.most
        y = torch.arange(height, device=device) + shifts[:, DOWN, None]
        x = torch.arange(width, device=device) + shifts[:, RIGHT, None]
        inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None]
        if self.flips:
            x = torch.where(numbers[:, FLIP, None] >> BITS - 1 > 0, width - 1 - x, x)
        row = torch.arange(len(images), device=device)[:, None, None, None]
        channel = torch.arange(images.shape[1], device=device)[:, None, None]
        y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
        moved = images[row, channel, y[:, None, :, None], x[:, None, None, :]]
        return torch.where(inside[:, None], moved, 0.0)

    def _turned(self, images: Tensor, numbers: Tensor) -> Tensor:
        """Each about its middle by an angle up to `turns` either way, bilinear; what comes in is 0."""
        angle = (numbers.to(images.dtype) * 2.0 ** (1 - BITS) - 1) * self.turns
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        # In units of half a side, of which a pixel has as many as the side is short.
        aspect = images.shape[2] / images.shape[3]
        top = torch.stack([cos, -sin * aspect, zero], 1)
        bottom = torch.stack([sin / aspect, cos, zero], 1)
        grid = F.affine_grid(torch.stack([top, bottom], 1), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)

    def _as_images(self, inputs: Tensor) -> Tensor:
        """(rows, channels, height, width) of what `Dataset.view` makes of images."""
        channels, height, width = self.image
        if self.kind == "sequence":
            return inputs.view(-1, height, channels, width).transpose(1, 2)
        return inputs.view(-1, channels, height, width)

    def _as_inputs(self, images: Tensor) -> Tensor:
        if self.kind == "sequence":
            return images.transpose(1, 2).flatten(2)
        return images.flatten(1) if self.kind == "flat" else images
