"""From what a recurrent layer says at every step to one vector a sequence.

All take (batch, steps, features) and lengths (batch,) of at least 1, or None where every step
counts, and give (batch, features). What stands past a sequence's end is not read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from interplay.models.blocks.steps import last_step, step_mask


class LastStep(nn.Module):
    """The state after the whole sequence was read.

    Args:
        bidirectional: the second half of the features was read backwards: there the sequence's
            first step is the one that was read last.
    """

    def __init__(self, bidirectional: bool) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        last = last_step(x, lengths)
        if not self.bidirectional:
            return last
        half = x.shape[2] // 2
        return torch.cat([last[:, :half], x[:, 0, half:]], dim=1)


class MeanOverSteps(nn.Module):
    """The mean over the sequence's own steps."""

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return x.mean(1)
        own = step_mask(lengths, x.shape[1])[:, :, None]
        return (x * own).sum(1) / lengths[:, None]


class Attention(nn.Module):
    """A mean over the sequence's own steps with learned weights, softmax(v · tanh(W x + b)).

    The additive score of Bahdanau et al., 2015 (https://arxiv.org/abs/1409.0473), asked by one
    learned question rather than by a decoder's state.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, features)
        # No bias: the softmax would take it out again.
        self.score = nn.Linear(features, 1, bias=False)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        scores: Tensor = self.score(self.hidden(x).tanh())
        if lengths is not None:
            past = ~step_mask(lengths, x.shape[1])[:, :, None]
            scores = scores.masked_fill(past, -torch.inf)
        return (x * scores.softmax(1)).sum(1)
