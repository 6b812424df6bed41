"""The table of leaves: which modules stack, a row each.

A twin is needed by what has parameters, mixes the samples of a batch or draws random numbers; all
else (activations, reshaping, pooling of samples on their own) runs in a stack as it is.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import nn

from interplay.models.blocks.conv import Chain, Conv
from interplay.models.blocks.conv_net import ConvLayer
from interplay.models.blocks.inception import Inception
from interplay.models.blocks.norm import FrozenBatchNorm1d, FrozenBatchNorm2d
from interplay.models.blocks.recurrent_layer import RecurrentLayer
from interplay.models.blocks.recurrent_net import RecurrentNet
from interplay.models.blocks.residual import Residual
from interplay.training.dropout import SeededDropout


@dataclass(frozen=True)
class Leaf:
    """How modules that are exactly of one class stack; paths are `module:name` under
    `interplay.training.stacked`, imported when they are needed.

    Attributes:
        kind: the class.
        twin: makes the twin of the members' modules, given as a sequence.
        chain: the same, where members stand side by side as channels (see `chains`); empty where
            the module ends a chain.
    """

    kind: type[nn.Module]
    twin: str
    chain: str = ""


CONV, TRANSPOSED = "leaves.conv:StackedConv", "leaves.conv:StackedConvTranspose"
NORM, FROZEN_NORM = "leaves.norm:StackedBatchNorm", "leaves.norm:StackedFrozenBatchNorm"
ROWS = (
    Leaf(nn.Linear, "leaves.linear:StackedLinear"),
    Leaf(nn.Embedding, "leaves.embedding:StackedEmbedding"),
    Leaf(nn.Conv1d, CONV, chain=CONV),
    Leaf(nn.Conv2d, CONV, chain=CONV),
    Leaf(nn.ConvTranspose1d, TRANSPOSED, chain=TRANSPOSED),
    Leaf(nn.ConvTranspose2d, TRANSPOSED, chain=TRANSPOSED),
    Leaf(nn.BatchNorm1d, NORM, chain="chains.leaves:ChainBatchNorm"),
    Leaf(nn.BatchNorm2d, NORM, chain="chains.leaves:ChainBatchNorm"),
    Leaf(FrozenBatchNorm1d, FROZEN_NORM, chain="chains.leaves:ChainFrozenBatchNorm"),
    Leaf(FrozenBatchNorm2d, FROZEN_NORM, chain="chains.leaves:ChainFrozenBatchNorm"),
    Leaf(nn.LayerNorm, "leaves.norm:StackedLayerNorm"),
    Leaf(nn.GroupNorm, "leaves.norm:StackedGroupNorm", chain="chains.leaves:ChainGroupNorm"),
    Leaf(SeededDropout, "leaves.dropout:StackedDropout", chain="chains.leaves:ChainDropout"),
    Leaf(nn.MultiheadAttention, "leaves.attention:StackedAttention"),
    Leaf(nn.GRU, "recurrent.layers:stacked_gru"),
    Leaf(nn.LSTM, "recurrent.layers:stacked_lstm"),
    Leaf(nn.RNN, "recurrent.layers:stacked_rnn"),
)
LEAVES: dict[type[nn.Module], Leaf] = {row.kind: row for row in ROWS}

# Modules that may run as one, tried before their children get twins. What a path leads to takes
# the members' modules and gives children's names, one after the other, with the `Fused` that
# stands for them; () for the whole module; nothing where there is nothing to offer.
FUSED: dict[type[nn.Module], str] = {
    nn.Sequential: "chains.chain:runs",
    **dict.fromkeys((Conv, ConvLayer, Chain, Residual, Inception), "chains.chain:whole"),
    nn.TransformerEncoderLayer: "leaves.attention:stacked_encoder_layer",
    RecurrentLayer: "recurrent.net:stacked_layer",
    RecurrentNet: "recurrent.net:stacked_net",
}


@cache
def load(path: str) -> Any:
    """What a path of the table leads to."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"interplay.training.stacked.{module}"), name)
