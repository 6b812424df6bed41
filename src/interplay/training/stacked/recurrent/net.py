"""Stacked recurrent networks: layers whose cells learn where the sequences end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from interplay.models.blocks.recurrent_layer import RecurrentLayer
from interplay.models.blocks.recurrent_net import RecurrentNet
from interplay.models.blocks.steps import reverse_steps
from interplay.training.stacked.leaves.dropout import StackedDropout
from interplay.training.stacked.recurrent.layers import (
    StackedRecurrent,
    read_through,
)
from interplay.training.stacked.stack import stack
from interplay.training.stacked.twin import Fused


class Together(Fused):
    """Modules of which each child is stacked on its own, and forward is ours.

    Attributes:
        parts: what stands for each child, by its name; a dict, which registers none of them.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        names = [name for name, child in modules[0].named_children() if child is not None]
        stacks = {name: stack([m.get_submodule(name) for m in modules]) for name in names}
        super().__init__(
            {
                f"{name}.{path}" if path else name: twin
                for name, part in stacks.items()
                for path, twin in part.leaves.items()
            }
        )
        self.parts: dict[str, nn.Module] = {name: part.model for name, part in stacks.items()}


class StackedLayer(Together):
    """`RecurrentLayer` of every member, whose cells learn where the sequences end.

    (members * batch, steps, inputs) and lengths (members * batch,) to (…, steps, outputs).
    """

    def __init__(self, layers: Sequence[RecurrentLayer]) -> None:
        super().__init__(layers)
        self.there, self.norm = self.parts["there"], self.parts["norm"]
        self.back = self.parts.get("back")

    @property
    def plain(self) -> StackedRecurrent | None:
        """The twin that is all there is to this layer, where one is."""
        alone = self.back is None and not len(cast(nn.Sequential, self.norm))
        return self.there if alone and isinstance(self.there, StackedRecurrent) else None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        out = steps_of(self.there, x, lengths)
        if self.back is not None:
            back = steps_of(self.back, reverse_steps(x, lengths), lengths)
            out = torch.cat([out, reverse_steps(back, lengths)], dim=2)
        normed: Tensor = self.norm(out)
        return normed


def steps_of(cell: Any, x: Tensor, lengths: Tensor | None) -> Tensor:
    """What the twin `cell` puts out at each step, zeros past the sequences' ends."""
    out: Tensor = cell(x)[0] if lengths is None else cell.read(x, lengths)
    return out


def stacked_layer(layers: Sequence[RecurrentLayer]) -> dict[tuple[str, ...], Fused]:
    return {(): StackedLayer(layers)}


class StackedNet(Together):
    """`RecurrentNet` of every member, layers of one direction without norm or skip as one scan.

    (members * batch, steps, …) and lengths (members * batch,) to (members * batch, outputs).
    """

    def __init__(self, nets: Sequence[RecurrentNet]) -> None:
        super().__init__(nets)
        parts = self.parts
        self.embedding = parts.get("embedding")
        self.layers = cast(nn.ModuleList, parts["layers"])
        self.dropouts = cast(nn.ModuleList, parts["dropouts"])
        self.readout, self.head = parts["readout"], parts["head"]
        self.runs = [[0]]  # numbers of layers: those that go through the steps together
        for below, above in pairwise(range(len(self.layers))):
            if plain(self.layers[below]) is None or plain(self.layers[above]) is None:
                self.runs.append([])
            self.runs[-1].append(above)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is not None:
            lengths = lengths.clamp(min=1)
        if self.embedding is not None:
            x = self.embedding(x)
        for run in self.runs:
            x = self._through(run, x, lengths)
            if run[-1] == len(self.layers) - 1:
                x = self.readout(x, lengths)
            x = self.dropouts[run[-1]](x)
        out: Tensor = self.head(x)
        return out

    def _through(self, run: list[int], x: Tensor, lengths: Tensor | None) -> Tensor:
        """Some layers, and the dropout between them."""
        twins = [twin for twin in (plain(self.layers[i]) for i in run) if twin is not None]
        dropouts = [cast(StackedDropout, self.dropouts[i]) for i in run[:-1]]
        if lengths is None or not twins:
            for i, layer in enumerate(run):
                x = self.layers[layer](x, lengths)
                x = dropouts[i](x) if i < len(dropouts) else x
            return x
        below = zip(dropouts, twins[:-1], strict=True)
        masks = [dropout.step_masks(x, lengths, twin.hidden) for dropout, twin in below]
        return read_through(twins, x, lengths, masks)


def plain(layer: nn.Module) -> StackedRecurrent | None:
    """The twin that is all there is to a layer, where one is."""
    return layer.plain if isinstance(layer, StackedLayer) else None


def stacked_net(nets: Sequence[RecurrentNet]) -> dict[tuple[str, ...], Fused]:
    return {(): StackedNet(nets)}
