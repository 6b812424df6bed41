"""The stacked twin of dropout, with each member's own rate and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from interplay.training.dropout import SeededDropout, dropped
from interplay.training.masks import Masks
from interplay.training.stacked.device.place import on_host
from interplay.training.stacked.twin import NotStackableError


class StackedDropout(nn.Module):
    """Dropout with each member's own rate, the masks those of `SeededDropout`.

    Raises:
        NotStackableError: once a model gives it another rate, as one may that counts its epochs.
    """

    def __init__(self, leaves: Sequence[SeededDropout]) -> None:
        super().__init__()
        self.members = len(leaves)
        keys = [int(key) for leaf in leaves for key in leaf.masks.keys]
        self.masks = Masks(keys, [leaf.p for leaf in leaves])
        self.masks.step = leaves[0].masks.step  # which may have been used before
        self.rates = self.masks.rates

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "p":
            raise NotStackableError("a dropout whose rate is set while it trains")
        super().__setattr__(name, value)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.masks.drops:
            return x
        return dropped(x, self.masks.next(x.numel() // self.members, x))

    def step_masks(self, x: Tensor, lengths: Tensor, features: int) -> Tensor | None:
        """One use, for sequences of as many steps as `x` (members * batch, steps, …) has, as far as
        any of them goes: (members, steps, batch, features); None where nothing is dropped."""
        if not self.training or not self.masks.drops:
            return None
        steps = int(lengths.max()) if on_host(x.device) else x.shape[1]
        batch = len(x) // self.members
        mask = self.masks.next(steps * batch * features, x)
        return mask.view(self.members, steps, batch, features)
