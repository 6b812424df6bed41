"""The network made of recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class RecurrentNet(nn.Module):
    """(batch, steps, features), or (batch, steps) tokens, to (batch, outputs).

    A sequence's output does not depend on its padding, nor on what it shares a batch with. (Batch
    norm's statistics while training are the exception: they are over all steps of the batch.)

    Args:
        embedding: of tokens; None where inputs are numbers already.
        layers: map (batch, steps, …) and lengths to (batch, steps, …).
        readout: from (batch, steps, features) and lengths to (batch, features).
        dropout: rate after each layer; after the last, of what is read out.
    """

    def __init__(
        self,
        embedding: nn.Embedding | None,
        layers: Sequence[nn.Module],
        readout: nn.Module,
        head: nn.Linear,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        # Present at rate 0 too, as in `Dense`.
        self.dropouts = nn.ModuleList(nn.Dropout(dropout) for _ in layers)
        self.readout = readout
        self.head = head

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` (batch,): each sequence's own number of steps; None where all count."""
        if lengths is not None:
            lengths = lengths.clamp(min=1)
        if self.embedding is not None:
            x = self.embedding(x)
        last = len(self.layers) - 1
        for i, (layer, dropout) in enumerate(zip(self.layers, self.dropouts, strict=True)):
            x = layer(x, lengths)
            if i == last:  # one vector a sequence costs fewer random numbers than all its steps
                x = self.readout(x, lengths)
            x = dropout(x)
        out: Tensor = self.head(x)
        return out
