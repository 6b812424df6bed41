"""The stacked twin of an embedding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from interplay.training.stacked.twin import NotStackableError, Twin


class StackedEmbedding(Twin):
    """A table a member: (members * batch, …) tokens to (members * batch, …, features)."""

    weight: Tensor

    def __init__(self, leaves: Sequence[nn.Embedding]) -> None:
        super().__init__(leaves)
        first = leaves[0]
        if first.max_norm is not None or first.sparse or first.scale_grad_by_freq:
            raise NotStackableError("an embedding with max_norm, sparse or scaled gradients")
        self.padding = first.padding_idx

    def forward(self, tokens: Tensor) -> Tensor:
        own = self.split(tokens)
        member = torch.arange(self.members, device=tokens.device)
        out = self.weight[member.view(-1, *[1] * (own.dim() - 1)), own]
        if self.padding is not None:  # its row is read, never trained
            out = torch.where((own == self.padding)[..., None], out.detach(), out)
        return out.flatten(0, 1)
