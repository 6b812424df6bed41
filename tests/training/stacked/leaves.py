"""An example of every leaf of the table, for the contract that all of them keep: a new leaf is a row."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interplay.models.blocks.norm import FrozenBatchNorm1d, FrozenBatchNorm2d
from interplay.training.dropout import SeededDropout

ROWS = 12  # of three members, or of one


@dataclass(frozen=True)
class Example:
    """One way to use a leaf.

    Attributes:
        kind: the class in the table.
        make: a model that is the leaf, or has it; with other weights each time.
        x: what it is given, (ROWS, …).
        other: the same of another shape or setting, that is no company for it; None where members
            may differ in all that it has.
    """

    kind: type[nn.Module]
    make: Callable[[], nn.Module]
    x: Callable[[], Tensor]
    other: Callable[[], nn.Module] | None


class First(nn.Module):
    """The first of what a leaf gives."""

    def __init__(self, leaf):
        super().__init__()
        self.leaf = leaf

    def forward(self, x):
        return self.leaf(x)[0]


class Attention(nn.Module):
    """A sequence that attends to itself, or to another of other widths, through masks of each kind."""

    def __init__(self, *, weights=False, **options):
        super().__init__()
        self.weights, self.leaf = weights, nn.MultiheadAttention(6, 2, **options)

    def forward(self, x):
        leaf = self.leaf
        keys, values = x[:, :, : leaf.kdim], x[:, :, : leaf.vdim]
        padding = torch.zeros(x.shape[:2], dtype=torch.bool)
        padding[::2, -2:] = True
        causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
        if not leaf.batch_first:
            x, keys, values = (part.transpose(0, 1) for part in (x, keys, values))
        out, weights = leaf(x, keys, values, padding, need_weights=self.weights, attn_mask=causal)
        out = out if leaf.batch_first else out.transpose(0, 1)
        return torch.cat([out, weights], 2) if self.weights else out


def flat():
    return torch.randn(ROWS, 6)


def steps():
    return torch.randn(ROWS, 5, 6)


def lines():
    return torch.randn(ROWS, 6, 7)


def images():
    return torch.randn(ROWS, 6, 5, 4)


def tokens():
    return torch.randint(9, (ROWS, 5))


def recurrent(kind, **options):
    return lambda: First(kind(6, 4, batch_first=True, **options))


EXAMPLES = [
    Example(nn.Linear, lambda: nn.Linear(6, 4), flat, lambda: nn.Linear(6, 5)),
    Example(nn.Linear, lambda: nn.Linear(6, 4, bias=False), steps, lambda: nn.Linear(6, 4)),
    Example(nn.Embedding, lambda: nn.Embedding(9, 4), tokens, lambda: nn.Embedding(9, 3)),
    Example(
        nn.Embedding,
        lambda: nn.Embedding(9, 4, padding_idx=0),
        tokens,
        lambda: nn.Embedding(9, 4),
    ),
    Example(nn.Conv1d, lambda: nn.Conv1d(6, 4, 3), lines, lambda: nn.Conv1d(6, 4, 3, 2)),
    Example(
        nn.Conv2d,
        lambda: nn.Conv2d(6, 4, 3, padding=1, groups=2),
        images,
        lambda: nn.Conv2d(6, 4, 3, padding=1),
    ),
    Example(
        nn.ConvTranspose1d,
        lambda: nn.ConvTranspose1d(6, 4, 3, stride=2, bias=False),
        lines,
        lambda: nn.ConvTranspose1d(6, 4, 3, bias=False),
    ),
    Example(
        nn.ConvTranspose2d,
        lambda: nn.ConvTranspose2d(6, 4, 3, 2, padding=1, output_padding=1, groups=2, dilation=2),
        images,
        lambda: nn.ConvTranspose2d(6, 4, 3, 2, padding=1, groups=2, dilation=2),
    ),
    Example(nn.BatchNorm1d, lambda: nn.BatchNorm1d(6), flat, lambda: nn.BatchNorm1d(6, eps=0.1)),
    Example(
        nn.BatchNorm2d,
        lambda: nn.BatchNorm2d(6, affine=False),
        images,
        lambda: nn.BatchNorm2d(6),
    ),
    Example(
        FrozenBatchNorm1d, lambda: FrozenBatchNorm1d(6), flat, lambda: FrozenBatchNorm1d(6, eps=0.1)
    ),
    Example(
        FrozenBatchNorm2d,
        lambda: FrozenBatchNorm2d(6),
        images,
        lambda: FrozenBatchNorm2d(6, eps=0.1),
    ),
    Example(nn.LayerNorm, lambda: nn.LayerNorm(6), steps, lambda: nn.LayerNorm(6, bias=False)),
    Example(nn.GroupNorm, lambda: nn.GroupNorm(2, 6), images, lambda: nn.GroupNorm(3, 6)),
    Example(SeededDropout, lambda: nn.Sequential(nn.Dropout(0.4)), flat, None),
    Example(SeededDropout, lambda: nn.Sequential(nn.Dropout(0.4)), images, None),
    Example(
        nn.MultiheadAttention,
        lambda: Attention(batch_first=True),
        steps,
        lambda: Attention(batch_first=True, bias=False),
    ),
    Example(
        nn.MultiheadAttention,
        lambda: Attention(weights=True, bias=False, kdim=4, vdim=5),
        steps,
        lambda: Attention(weights=True, bias=False),
    ),
    Example(nn.GRU, recurrent(nn.GRU), steps, recurrent(nn.GRU, bias=False)),
    Example(nn.LSTM, recurrent(nn.LSTM), steps, recurrent(nn.LSTM, num_layers=2)),
    Example(nn.RNN, recurrent(nn.RNN), steps, recurrent(nn.RNN, bidirectional=True)),
]
