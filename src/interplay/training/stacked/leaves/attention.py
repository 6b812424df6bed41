"""Stacked twins of attention and of the encoder layer around it (Vaswani et al., 2017,
https://arxiv.org/abs/1706.03762)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interplay.training.stacked.leaves.linear import StackedLinear
from interplay.training.stacked.leaves.table import LEAVES, load
from interplay.training.stacked.refusals import same_shapes
from interplay.training.stacked.twin import Fused, NotStackableError, Twin


class StackedAttention(Twin):
    """`nn.MultiheadAttention` of every member: shapes as torch's, members along the batch, member
    after member, wherever `batch_first` has that axis.

    Masks as torch's: `attn_mask` (steps, keys) is for all, (members * batch * heads, steps, keys) a
    row's own; `key_padding_mask` (members * batch, keys); truth values forbid, numbers are added.

    Raises:
        NotStackableError: for dropout of the weights, whose masks are not seeded; for bias_kv and
            zero_attn; in `forward` for inputs without a batch.
    """

    in_proj_weight: Tensor | None
    in_proj_bias: Tensor | None

    def __init__(self, leaves: Sequence[nn.MultiheadAttention]) -> None:
        super().__init__(leaves)
        first = leaves[0]
        if any(leaf.dropout for leaf in leaves):
            raise NotStackableError("dropout inside attention, whose masks are not seeded")
        if first.bias_k is not None or first.add_zero_attn:
            raise NotStackableError("attention with add_bias_kv or add_zero_attn")
        if any(_options(leaf) != _options(first) for leaf in leaves):
            raise NotStackableError("attention that is not alike in all members")
        # Under torch's names, which models read.
        self.num_heads, self.batch_first = first.num_heads, first.batch_first
        self.embed_dim, self.kdim, self.vdim = first.embed_dim, first.kdim, first.vdim
        if first.in_proj_bias is None:
            self.in_proj_bias = None
        if not first._qkv_same_embed_dim:
            self.in_proj_weight = None
        self.out_proj = StackedLinear([leaf.out_proj for leaf in leaves])

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        if query.dim() != 3:
            raise NotStackableError("attention to inputs without a batch")
        if is_causal and attn_mask is None:
            raise RuntimeError("is_causal is a hint at what attn_mask is, and needs it")
        if not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        rows, steps, width = query.shape
        q, k, v = (self._heads(x) for x in self._projected(query, key, value))
        mask = self._mask(attn_mask, key_padding_mask, rows, q.dtype)
        weights = None
        if need_weights:
            scores = q @ k.transpose(2, 3) * (1 / math.sqrt(q.shape[3]))
            weights = torch.softmax(scores if mask is None else scores + mask, dim=3)
            out = weights @ v
            weights = weights.mean(1) if average_attn_weights else weights
        else:
            out = F.scaled_dot_product_attention(q, k, v, mask)
        joined: Tensor = self.out_proj(out.transpose(1, 2).reshape(rows, steps, width))
        return joined if self.batch_first else joined.transpose(0, 1), weights

    def _projected(self, *inputs: Tensor) -> list[Tensor]:
        """Queries, keys and values, (members * batch, …, width)."""
        if self.in_proj_weight is not None:
            weights: Sequence[Tensor] = self.in_proj_weight.chunk(3, 1)
        else:
            weights = [self.get_parameter(f"{name}_proj_weight") for name in "qkv"]
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3, 1)
        out = []
        for x, weight, bias in zip(inputs, weights, biases, strict=True):
            own = x.reshape(self.members, -1, x.shape[2])
            turned = weight.transpose(1, 2)
            made = own @ turned if bias is None else torch.baddbmm(bias[:, None], own, turned)
            out.append(made.view(*x.shape[:2], -1))
        return out

    def _heads(self, x: Tensor) -> Tensor:
        """(rows, steps, width) as (rows, heads, steps, part of the width)."""
        return x.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def _mask(
        self, mask: Tensor | None, padding: Tensor | None, rows: int, dtype: torch.dtype
    ) -> Tensor | None:
        """Both masks as what is added to the scores, (rows or 1, heads or 1, steps or 1, keys)."""
        total = None
        if mask is not None:
            own = _added(mask, dtype)
            total = (
                own[None, None]
                if own.dim() == 2
                else own.view(rows, self.num_heads, *own.shape[1:])
            )
        if padding is not None:
            keys = _added(padding, dtype)[:, None, None]
            total = keys if total is None else total + keys
        return total


def _added(mask: Tensor, dtype: torch.dtype) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros_like(mask, dtype=dtype).masked_fill_(mask, -math.inf)


def _options(leaf: nn.MultiheadAttention) -> tuple[Any, ...]:
    return leaf.num_heads, leaf.batch_first, leaf.add_zero_attn


class StackedEncoderLayer(Fused):
    """`nn.TransformerEncoderLayer` of every member, as torch computes it in training; torch's own
    has another way in evaluation, which reads its children's weights.

    Inside, each member's rows are one after the other whatever `batch_first` says, so that
    dropout's numbers are those of the layer alone.

    Raises:
        NotStackableError: for what its attention or another child refuses; for an activation with
            parameters; in `forward` for the nested tensors that `nn.TransformerEncoder` makes of
            padded rows in evaluation.
    """

    self_attn: StackedAttention
    linear1: nn.Module
    linear2: nn.Module
    norm1: nn.Module
    norm2: nn.Module
    dropout: nn.Module
    dropout1: nn.Module
    dropout2: nn.Module

    def __init__(self, layers: Sequence[nn.TransformerEncoderLayer]) -> None:
        first = layers[0]
        names = [name for name, _ in first.named_children() if name != "activation"]
        twins: dict[str, nn.Module] = {}
        for name in names:
            leaves = [layer.get_submodule(name) for layer in layers]
            kind = type(leaves[0])
            if kind not in LEAVES or any(type(leaf) is not kind for leaf in leaves):
                raise NotStackableError(f"{name} ({kind.__name__}) of an encoder layer")
            same_shapes(leaves, name)
            twins[name] = load(LEAVES[kind].twin)(leaves)
        super().__init__(twins)
        for name, twin in twins.items():
            self.add_module(name, twin)
        self.members, self.norm_first = len(layers), first.norm_first
        self.activation: Any = first.activation
        if isinstance(self.activation, nn.Module) and [*self.activation.parameters()]:
            raise NotStackableError("an encoder layer whose activation has parameters")

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        if src.is_nested:
            raise NotStackableError("an encoder with enable_nested_tensor, given padding masks")
        if src.dim() != 3:
            raise NotStackableError("attention to inputs without a batch")
        turned = not self.self_attn.batch_first
        # (steps, members * batch, …) as (members * steps, batch, …), and back.
        steps = len(src)
        x = self._member_major(src) if turned else src

        def attended(x: Tensor) -> Tensor:
            own = self._batch_inside(x, steps) if turned else x
            to, _ = self.self_attn(
                own, own, own, src_key_padding_mask, False, src_mask, is_causal=is_causal
            )
            out: Tensor = self.dropout1(self._member_major(to) if turned else to)
            return out

        def fed(x: Tensor) -> Tensor:
            inner = self.dropout(self.activation(self.linear1(x)))
            out: Tensor = self.dropout2(self.linear2(inner))
            return out

        if self.norm_first:
            x = x + attended(self.norm1(x))
            x = x + fed(self.norm2(x))
        else:
            x = self.norm1(x + attended(x))
            x = self.norm2(x + fed(x))
        return self._batch_inside(x, steps) if turned else x

    def _member_major(self, x: Tensor) -> Tensor:
        """(steps, members * batch, …) as (members * steps, batch, …)."""
        own = x.reshape(len(x), self.members, -1, x.shape[2])
        return own.transpose(0, 1).flatten(0, 1)

    def _batch_inside(self, x: Tensor, steps: int) -> Tensor:
        """`_member_major` undone."""
        own = x.reshape(self.members, steps, -1, x.shape[2])
        return own.transpose(0, 1).flatten(1, 2)


def stacked_encoder_layer(
    layers: Sequence[nn.TransformerEncoderLayer],
) -> dict[tuple[str, ...], Fused]:
    return {(): StackedEncoderLayer(layers)}
