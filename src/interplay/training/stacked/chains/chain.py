"""Chains: convolutions and what stands between them, run as one.

Within a chain a tile of members stays side by side as channels (see `conv_layout`), so nothing is
copied back and forth between modules.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from interplay.models.blocks.conv import Chain, Conv
from interplay.models.blocks.conv_net import ConvLayer
from interplay.models.blocks.downsample import Downsample
from interplay.models.blocks.inception import Inception
from interplay.models.blocks.residual import Residual
from interplay.models.blocks.squeeze_excite import SqueezeExcite
from interplay.training.dropout import SeededDropout
from interplay.training.stacked.chains.layout import Layout, divided, tile_size
from interplay.training.stacked.chains.leaves import (
    ChainBatchNorm,
    ChainDropout,
    ChainGroupNorm,
    ChainLinear,
)
from interplay.training.stacked.chains.pool import NormPool
from interplay.training.stacked.leaves.conv import StackedConv
from interplay.training.stacked.stack import Fused, _same_shapes, fuses

LEAVES: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
    nn.Conv1d: StackedConv,
    nn.Conv2d: StackedConv,
    nn.BatchNorm1d: ChainBatchNorm,
    nn.BatchNorm2d: ChainBatchNorm,
    nn.GroupNorm: ChainGroupNorm,
    SeededDropout: ChainDropout,
}
POOLS: tuple[type[nn.Module], ...] = (
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.ZeroPad1d,
    nn.ZeroPad2d,
)
# Activations that never fall: the maximum of a window may be taken before them.
RISING: tuple[type[nn.Module], ...] = (nn.ReLU, nn.Sigmoid, nn.Tanh)
ACTIVATIONS: tuple[type[nn.Module], ...] = (
    *RISING,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.ReLU6,
    nn.Hardtanh,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.LogSigmoid,
    nn.Softplus,
    nn.Softsign,
    nn.Tanhshrink,
    nn.Identity,
)
PROBE_ROWS = 2  # of which a batch norm without running statistics can still take a variance


@dataclass
class Part:
    """What one module comes to in a chain: its steps, and the twins of the leaves within it."""

    steps: list[nn.Module]
    leaves: dict[str, nn.Module] = field(default_factory=dict)

    def below(self, name: str) -> dict[str, nn.Module]:
        """The twins by their paths from one module up."""
        return {f"{name}.{path}" if path else name: twin for path, twin in self.leaves.items()}


class Steps(nn.Module):
    """Modules one after the other; shapes as theirs. A mask is there to be None."""

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(norm_pools(pool_first(steps)))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        assert mask is None
        for step in self.steps:
            x = step(x)
        return x


def pool_first(steps: Sequence[nn.Module]) -> list[nn.Module]:
    """Rising activations moved behind the max pooling that follows them, where there is less.

    The numbers and the gradients are the same: ties within a window are between zeros of a relu,
    through which nothing flows, or between equal slopes.
    """
    ordered = list(steps)
    for i in range(len(ordered) - 1):
        pools = isinstance(ordered[i + 1], (nn.MaxPool1d, nn.MaxPool2d))
        if type(ordered[i]) in RISING and pools:
            ordered[i], ordered[i + 1] = ordered[i + 1], ordered[i]
    return ordered


def norm_pools(steps: Sequence[nn.Module]) -> list[nn.Module]:
    """Each batch norm with the max pooling behind it, and a relu behind that, as one step."""
    joined: list[nn.Module] = []
    for step in steps:
        last = joined[-1] if joined else None
        if type(step) is nn.MaxPool2d and type(last) is ChainBatchNorm:
            joined[-1] = NormPool(last, step, relu=False)
        elif type(step) is nn.ReLU and isinstance(last, NormPool) and not last.relu:
            joined[-1] = NormPool(last.norm, last.pool, relu=True)
        else:
            joined.append(step)
    return joined


class FusedChain(Fused):
    """(members * batch, channels, …) to the same of the last step, tile after tile.

    Attributes:
        widest: numbers of the widest activation of one row, by the shape of one row of the input.
    """

    def __init__(
        self, members: int, steps: Sequence[nn.Module], leaves: dict[str, nn.Module]
    ) -> None:
        super().__init__(leaves)
        self.members = members
        self.body = Steps(steps)
        self.layout = Layout()
        for module in self.body.modules():
            if hasattr(module, "layout"):
                cast(Any, module).layout = self.layout
        self.widest: dict[tuple[int, ...], int] = {}

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        assert mask is None
        numbers = x.shape[0] // self.members * self._widest_row(x)
        size = tile_size(self.members, numbers * x.element_size(), x.device)
        return self.layout.run(self.body, x, self.members, size)

    @torch.no_grad()
    def _widest_row(self, x: Tensor) -> int:
        """Numbers of the widest activation of one row, found by sending two rows of zeros through."""
        shape = tuple(x.shape[1:])
        if shape not in self.widest:
            modes = {module: module.training for module in self.body.modules()}
            self.body.eval()
            self.layout.widest = PROBE_ROWS * x[0].numel()
            rows = x.new_zeros(self.members * PROBE_ROWS, *shape)
            self.layout.run(self.body, rows, self.members, 1)
            self.widest[shape] = self.layout.widest // PROBE_ROWS
            for module, mode in modes.items():
                module.training = mode
        return self.widest[shape]


def members_at_once(stacked: nn.Module, members: int, batch: int) -> int:
    """How many members' forward and backward passes to run before those of the next.

    Tiles within a chain are together in the cache while they go forward only; what the backward
    pass needs of them, it then fetches from memory. A training step that takes so many members
    forward and backward at a time, as stacks of their own, is the faster the larger the images.

    Args:
        stacked: a stack (of one member is enough) that has seen an input.
        batch: rows of one member.
    """
    kinds = (FusedChain, StackedConv)
    seen = [n for m in stacked.modules() if isinstance(m, kinds) for n in m.widest.values()]
    if not seen:
        return members
    parameter = next(stacked.parameters())
    return tile_size(members, batch * max(seen) * parameter.element_size(), parameter.device)


class SideBySideInception(nn.Module):
    """`Inception` where branches are joined member by member."""

    def __init__(self, branches: dict[str, Steps]) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)
        self.layout = Layout()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, count * inputs, …) to (batch, count * outputs, …)."""
        assert mask is None
        at = self.branches
        outs = [at["point"](x), at["near"](x), at["far"](x), at["pooled"](at["highest"](x))]
        own = [divided(out, 1, self.layout.count) for out in outs]
        return torch.cat(own, dim=2).flatten(1, 2)


def part_of(modules: Sequence[nn.Module]) -> Part | None:
    """What the members' modules come to in a chain; None where they cannot be in one."""
    first = modules[0]
    kind = type(first)
    if any(type(m) is not kind for m in modules):
        return None
    if kind in LEAVES:
        _same_shapes(modules, kind.__name__)
        twin = LEAVES[kind](modules)
        return Part([twin], {"": twin})
    if kind in POOLS or kind in ACTIVATIONS:
        same = all(m.extra_repr() == first.extra_repr() for m in modules)
        return Part([copy.deepcopy(first)]) if same and not _gives_indices(first) else None
    return UNITS[kind](modules) if kind in UNITS else None


def in_line(modules: Sequence[nn.Module]) -> Part | None:
    """Modules whose children run one after the other, in their order."""
    parts = children_of(modules)
    if parts is None:
        return None
    steps = [step for part in parts.values() for step in part.steps]
    leaves = {path: t for name, part in parts.items() for path, t in part.below(name).items()}
    return Part(steps, leaves)


def downsample(modules: Sequence[Downsample]) -> Part | None:
    """Of images; a sequence of an odd number of steps is padded first."""
    return in_line(modules) if modules[0].layout == "image" else None


def with_own_forward(modules: Sequence[nn.Module]) -> Part | None:
    """Modules whose forward holds for members side by side as it stands."""
    parts = children_of(modules)
    if parts is None:
        return None
    unit = copy.copy(modules[0])
    unit._modules = dict(unit._modules)
    leaves: dict[str, nn.Module] = {}
    for name, part in parts.items():
        unit._modules[name] = Steps(part.steps)
        leaves |= part.below(name)
    return Part([unit], leaves)


def squeeze_excite(modules: Sequence[SqueezeExcite]) -> Part | None:
    """Its gates are read from (batch, channels) by linear layers."""
    steps: list[nn.Module] = []
    leaves: dict[str, nn.Module] = {}
    for name, child in modules[0].gates.named_children():
        step: nn.Module
        if type(child) is nn.Linear:
            linears: list[Any] = [m.gates._modules[name] for m in modules]
            _same_shapes(linears, "gates")
            step = leaves[f"gates.{name}"] = ChainLinear(linears)
        else:
            step = copy.deepcopy(child)
        steps.append(step)
    unit = copy.copy(modules[0])
    unit._modules = {"gates": Steps(steps)}
    return Part([unit], leaves)


def inception(modules: Sequence[Inception]) -> Part | None:
    parts = children_of(modules)
    if parts is None:
        return None
    leaves = {path: t for name, part in parts.items() for path, t in part.below(name).items()}
    return Part([SideBySideInception({n: Steps(p.steps) for n, p in parts.items()})], leaves)


UNITS: dict[type[nn.Module], Callable[[Any], Part | None]] = {
    nn.Sequential: in_line,
    Conv: in_line,
    Chain: in_line,
    ConvLayer: in_line,  # block, downsample, dropout
    Downsample: downsample,
    Residual: with_own_forward,
    SqueezeExcite: squeeze_excite,
    Inception: inception,
}


def children_of(modules: Sequence[nn.Module]) -> dict[str, Part] | None:
    """Every child's part by its name; None where one has none."""
    parts = {}
    for name in modules[0]._modules:
        children = [m._modules.get(name) for m in modules]
        there = [c for c in children if c is not None]
        if not there:
            continue
        part = part_of(there) if len(there) == len(modules) else None
        if part is None:
            return None
        parts[name] = part
    return parts


@fuses(nn.Sequential)
def runs(modules: Sequence[nn.Sequential]) -> dict[tuple[str, ...], Fused]:
    """A chain for each longest run of children that can be in one."""
    found: list[tuple[list[str], Part]] = [([], Part([]))]
    for name in modules[0]._modules:
        children = [m._modules.get(name) for m in modules]
        part = part_of([c for c in children if c is not None]) if None not in children else None
        names, run = found[-1]
        # What goes in must come out anew: an activation in place would write into the input.
        if part is None or not (run.steps or _begins(part)):
            found.append(([], Part([])))
            continue
        names.append(name)
        run.steps += part.steps
        run.leaves |= part.below(name)
    members = len(modules)
    return {tuple(n): FusedChain(members, r.steps, r.leaves) for n, r in found if _worth_it(r)}


@fuses(Conv, ConvLayer, Chain, Residual, Inception)
def whole(modules: Sequence[nn.Module]) -> dict[tuple[str, ...], Fused]:
    """The block as one, of images: over sequences it is given a mask."""
    part = None
    if not any(isinstance(m, nn.Conv1d) for m in modules[0].modules()):
        part = part_of(modules)
    if part is None or not _worth_it(part):
        return {}
    return {(): FusedChain(len(modules), part.steps, part.leaves)}


def _begins(part: Part) -> bool:
    return bool(part.steps) and type(part.steps[0]) not in (*ACTIVATIONS, ChainDropout)


def _worth_it(part: Part) -> bool:
    return len(part.steps) > 1 and any(isinstance(t, StackedConv) for t in part.leaves.values())


def _gives_indices(module: nn.Module) -> bool:
    return bool(getattr(module, "return_indices", False))
