"""How a model is called: with its rows, and with their lengths where both have to do with lengths."""

from __future__ import annotations

import inspect

from torch import Tensor, nn

Inputs = Tensor | tuple[Tensor, Tensor]


def takes_lengths(model: nn.Module) -> bool:
    """Whether the model's forward has a parameter `lengths`."""
    return "lengths" in inspect.signature(model.forward).parameters


def call(model: nn.Module, x: Inputs, lengths: bool) -> Tensor:
    """The model's outputs for rows that come with their lengths, where they have any.

    Args:
        lengths: whether the model takes them.
    """
    if isinstance(x, tuple):
        out: Tensor = model(*x) if lengths else model(x[0])
    else:
        out = model(x)
    return out


class Network(nn.Module):
    """A model called with one argument: padded inputs go in with their lengths where it takes them."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.takes_lengths = takes_lengths(model)

    def forward(self, x: Inputs) -> Tensor:
        return call(self.model, x, self.takes_lengths)
