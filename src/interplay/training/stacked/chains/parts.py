"""What a module of the models comes to within a chain: steps, and the twins of its leaves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from interplay.models.blocks.conv import Chain, Conv
from interplay.models.blocks.conv_net import ConvLayer
from interplay.models.blocks.downsample import Downsample
from interplay.models.blocks.inception import Inception
from interplay.models.blocks.residual import Residual
from interplay.models.blocks.squeeze_excite import SqueezeExcite
from interplay.training.stacked.chains.layout import Layout, divided
from interplay.training.stacked.chains.leaves import ChainLinear
from interplay.training.stacked.chains.steps import RISING, Steps
from interplay.training.stacked.leaves.table import LEAVES, load
from interplay.training.stacked.refusals import same_shapes

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


@dataclass
class Part:
    """What one module comes to in a chain: its steps, and the twins of the leaves within it."""

    steps: list[nn.Module]
    leaves: dict[str, nn.Module] = field(default_factory=dict)

    def below(self, name: str) -> dict[str, nn.Module]:
        """The twins by their paths from one module up."""
        return {f"{name}.{path}" if path else name: twin for path, twin in self.leaves.items()}


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
    if kind in LEAVES and LEAVES[kind].chain:
        same_shapes(modules, kind.__name__)
        twin: nn.Module = load(LEAVES[kind].chain)(modules)
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
            same_shapes(linears, "gates")
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


def _gives_indices(module: nn.Module) -> bool:
    return bool(getattr(module, "return_indices", False))
