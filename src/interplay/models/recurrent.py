"""The recurrent family: cells that read a sequence step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from interplay.models.types import Dropout, Layers, NormName, Skip, Units, per_layer

if TYPE_CHECKING:
    from torch import nn

    from interplay.data.dataset import DataSpec


def recurrent(
    spec: DataSpec,
    /,
    *,
    cell: Annotated[
        Literal["gru", "lstm", "rnn"], Field(description="what reads a step and keeps a state")
    ] = "gru",
    num_layers: Layers = 2,
    hidden_size: Annotated[
        Units | list[Units],
        Field(description="size of each layer's state; a list gives each its own"),
    ] = 64,
    bidirectional: Annotated[
        bool, Field(description="also read each sequence from its end, with a second state")
    ] = False,
    dropout: Dropout = 0.0,
    norm: Annotated[NormName, Field(description="normalisation after each layer")] = "none",
    skip: Skip = False,
    readout: Annotated[
        Literal["last", "mean", "attention"],
        Field(description="what the output is read from: a sequence's last state, or all of them"),
    ] = "last",
    embedding_dim: Annotated[
        int, Field(ge=1, le=1_000_000, description="numbers that stand for a token (text only)")
    ] = 32,
) -> nn.Module:
    """`num_layers` recurrent layers, a read-out over the steps, and a linear layer.

    (batch, steps, features), or (batch, steps) tokens, and lengths (batch,) or None, to
    (batch, outputs). Each sequence is read to its own last step, whatever it is padded to.

    Raises:
        ValueError: where `hidden_size` is a list whose length is not `num_layers`.
    """
    from torch import nn

    from interplay.models.blocks.readout import Attention, LastStep, MeanOverSteps
    from interplay.models.blocks.recurrent_layer import RecurrentLayer
    from interplay.models.blocks.recurrent_net import RecurrentNet
    from interplay.models.blocks.skip import Skip as SkipBlock

    tokens = spec.kind == "tokens"
    embedding = nn.Embedding(spec.vocabulary, embedding_dim) if tokens else None
    width = embedding_dim if tokens else spec.shape[1]
    layers: list[nn.Module] = []
    for size in per_layer("hidden_size", hidden_size, num_layers):
        layer = RecurrentLayer(width, size, cell=cell, bidirectional=bidirectional, norm=norm)
        outputs = 2 * size if bidirectional else size
        layers.append(SkipBlock(layer) if skip and width == outputs else layer)
        width = outputs
    read: nn.Module
    if readout == "attention":
        read = Attention(width)
    else:
        read = MeanOverSteps() if readout == "mean" else LastStep(bidirectional)
    return RecurrentNet(embedding, layers, read, nn.Linear(width, spec.num_outputs), dropout)
