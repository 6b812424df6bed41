"""One recurrent layer, in one direction or in both."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.compiler import is_compiling
from torch.nn import functional as F

from interplay.models.blocks.norm import norms
from interplay.models.blocks.steps import reverse_steps, step_mask, zero_past_end

CELLS: dict[str, Callable[..., nn.Module]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class RecurrentLayer(nn.Module):
    """Cell and norm: (batch, steps, inputs) to (batch, steps, outputs).

    `outputs` is `hidden_size`, or twice that in both directions (Schuster and Paliwal, 1997,
    https://doi.org/10.1109/78.650093), where the second half has read each sequence from its own
    last step back. Cells: gru (Cho et al., 2014, https://arxiv.org/abs/1406.1078), lstm
    (Hochreiter and Schmidhuber, 1997), rnn (Elman, 1990, with tanh).
    """

    def __init__(
        self, inputs: int, hidden_size: int, *, cell: str, bidirectional: bool, norm: str
    ) -> None:
        super().__init__()
        # A direction is a module of its own: torch's two-way cell starts the way back at the
        # padding's end, unless sequences are packed, which mixes the samples of a batch.
        self.there = CELLS[cell](inputs, hidden_size, batch_first=True)
        self.back = CELLS[cell](inputs, hidden_size, batch_first=True) if bidirectional else None
        self.norm = nn.Sequential(*norms(norm, hidden_size * (2 if bidirectional else 1), "steps"))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` (batch,): each sequence's own number of steps, at least 1; None: all."""
        steps = x.shape[1]
        if lengths is not None and lengths.device.type == "cpu" and not is_compiling():
            # Steps past the longest cost time and change nothing. Elsewhere asking would stall
            # the device, and an exported program has no shapes that hang on values. What comes
            # out has all steps again, so that dropout draws as many numbers.
            x = x[:, : int(lengths.max())]
        out = self.there(x)[0]
        if self.back is not None:
            back = reverse_steps(self.back(reverse_steps(x, lengths))[0], lengths)
            out = torch.cat([out, back], dim=2)
        if lengths is not None:
            # Zeros past every end, cut or not: batch norm's statistics are over these too.
            out = F.pad(out, (0, 0, 0, steps - out.shape[1]))
            out = zero_past_end(out, step_mask(lengths, steps)[:, :, None])
        normed: Tensor = self.norm(out)
        return normed
