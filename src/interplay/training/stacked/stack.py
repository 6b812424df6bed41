"""`stack(models)` makes one model of many of one shape; `unstack` gives them back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn


class NotStackableError(Exception):
    """These models do not train as one; the reason is the message. The reference engine can."""


class Twin(nn.Module):
    """The stacked counterpart of a leaf: its parameters and buffers under the same names, with a
    leading member dimension; its forward takes and gives `(members * batch, …)`.

    Args:
        leaves: the members' leaves, all of one type and shape.
    """

    def __init__(self, leaves: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(leaves)
        for name, _ in leaves[0].named_parameters(recurse=False):
            together = torch.stack([leaf.get_parameter(name).detach() for leaf in leaves])
            self.register_parameter(name, nn.Parameter(together))
        for name, _ in leaves[0].named_buffers(recurse=False):
            self.register_buffer(name, torch.stack([leaf.get_buffer(name) for leaf in leaves]))

    def split(self, x: Tensor) -> Tensor:
        """(members * batch, …) as (members, batch, …)."""
        return split_members(x, self.members)


def split_members(x: Tensor, members: int) -> Tensor:
    """(members * batch, …) as (members, batch, …)."""
    return x.view(members, len(x) // members, *x.shape[1:])


MakeTwin = Callable[[Sequence[Any]], nn.Module]
TWINS: dict[type[nn.Module], MakeTwin] = {}


class Fused(nn.Module):
    """Several modules of the models run as one, `(members * batch, …)` in and out.

    Attributes:
        leaves: twin by the path, from the fused module down, of the leaf it stands for.
    """

    def __init__(self, leaves: dict[str, nn.Module]) -> None:
        super().__init__()
        self.leaves = leaves


# Modules that may run as one: tried before their children get twins. Children's names, one after
# the other, with what stands for them; () for the whole module; empty where there is nothing to
# offer.
MakeFused = Callable[[Sequence[Any]], dict[tuple[str, ...], Fused]]
CHAINS: dict[type[nn.Module], MakeFused] = {}


def fuses(*kinds: type[nn.Module]) -> Callable[[MakeFused], MakeFused]:
    """Register what fuses modules that are exactly of one of these types."""

    def register(make: MakeFused) -> MakeFused:
        CHAINS.update(dict.fromkeys(kinds, make))
        return make

    return register


def twin_of(*kinds: type[nn.Module]) -> Callable[[MakeTwin], MakeTwin]:
    """Register a twin for leaves that are exactly of one of these types."""

    def register(make: MakeTwin) -> MakeTwin:
        for kind in kinds:
            if kind in TWINS:
                raise ValueError(f"{kind.__name__} has a twin already")
            TWINS[kind] = make
        return make

    return register


class Stacked(nn.Module):
    """Many models of one shape as one.

    `forward` takes `(members * batch, …)`, member after member (and lengths alike, where the
    models take them), and gives `(members * batch, …)`.

    Attributes:
        members: how many.
        model: the first model's structure, its leaves replaced by twins.
        leaves: twin by the path of the leaf it stands for.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(models)
        self._template = [models[0]]  # in a list: no submodule of this one
        self.leaves: dict[str, nn.Module] = {}
        made: dict[int, nn.Module] = {}
        held = [id(p) for m in models[0].modules() for p in m._parameters.values() if p is not None]
        if len(set(held)) < len(held):
            raise NotStackableError("a parameter that two modules share")
        self._shared = _used_twice(models[0])
        # The leaves go in as they are: twins take their places, and copies (of generators above
        # all) cost as much as a tenth of an epoch.
        replaced = {id(m): m for m in models[0].modules() if type(m) in TWINS}
        self.model = self._replace(copy.deepcopy(models[0], replaced), list(models), "", made)

    def forward(self, *inputs: Tensor) -> Tensor:
        out: Tensor = self.model(*inputs)
        return out

    def _replace(
        self, skeleton: nn.Module, modules: list[nn.Module], path: str, made: dict[int, nn.Module]
    ) -> nn.Module:
        """`skeleton` with everything below it that needs a twin replaced by one."""
        if id(modules[0]) in made:  # one module used twice stays one
            return made[id(modules[0])]
        kind = type(modules[0])
        if any(type(m) is not kind for m in modules):
            raise NotStackableError(f"{path or 'the model'} is not of one type in all members")
        if kind in TWINS:
            _same_shapes(modules, path)
            twin = TWINS[kind](modules)
            made[id(modules[0])] = self.leaves[path] = twin
            return twin
        own = [
            *modules[0].named_parameters(recurse=False),
            *modules[0].named_buffers(recurse=False),
        ]
        if own or _draws(modules[0]):
            raise NotStackableError(f"{path or 'the model'} ({kind.__name__}) has no stacked twin")
        if not modules[0]._modules:
            _same_shapes(modules, path)  # a slope, a window: settings without parameters
        made[id(modules[0])] = skeleton
        if kind in CHAINS and self._shared.isdisjoint(map(id, modules[0].modules())):
            for names, fused in CHAINS[kind](modules).items():
                self.leaves |= {_join(path, below): t for below, t in fused.leaves.items()}
                if not names:
                    return fused
                skeleton._modules[names[0]] = fused
                for name in names[1:]:
                    del skeleton._modules[name]
        for name, child in list(skeleton._modules.items()):
            if isinstance(child, Fused):
                continue
            children = [m._modules.get(name) for m in modules]
            if child is None and all(c is None for c in children):
                continue
            if child is None or any(c is None for c in children):
                raise NotStackableError(f"{path}.{name} is not in all members")
            below = _join(path, name)
            present = [c for c in children if c is not None]
            skeleton._modules[name] = self._replace(child, present, below, made)
        return skeleton


def stack(models: Sequence[nn.Module]) -> Stacked:
    """One model that computes what `models` compute, each member on its own rows.

    Args:
        models: of one structure; they may differ in weights and dropout rates.

    Raises:
        NotStackableError: where a module has no twin, or the models differ in shape.
    """
    return Stacked(models)


@torch.no_grad()
def unstack(stacked: Stacked) -> list[nn.Module]:
    """Ordinary models with the weights (and statistics) that the members have now."""
    models = []
    for member in range(stacked.members):
        model = copy.deepcopy(stacked._template[0])
        model.zero_grad()
        for path, twin in stacked.leaves.items():
            leaf = model.get_submodule(path)
            for name, parameter in leaf.named_parameters(recurse=False):
                parameter.copy_(twin.get_parameter(name)[member])
            for name, buffer in leaf.named_buffers(recurse=False):
                buffer.copy_(twin.get_buffer(name)[member])
            if isinstance(leaf, nn.Dropout):
                leaf.p = float(cast(Any, twin).rates[member])
        models.append(model)
    return models


class Flat:
    """All parameters of some stacks in one matrix, a row a member; gradients in another.

    An optimiser's step is then a handful of operations on whole matrices, whatever the number of
    members and layers, and clipping is a norm along rows.

    Args:
        stacks: of one shape; their members' rows follow one another.

    Attributes:
        values, grads: (members, parameters of one member). The stacks' parameters are views of
            the first.
    """

    def __init__(self, stacks: Sequence[Stacked]) -> None:
        self.parameters = [[p for p in s.parameters() if p.requires_grad] for s in stacks]
        if not self.parameters[0]:
            raise NotStackableError("the model has no parameters")
        self.values = torch.cat(
            [torch.cat([as_rows(p.detach()) for p in own], dim=1) for own in self.parameters]
        )
        self.grads = torch.zeros_like(self.values)
        self.rows: list[slice] = []
        first = 0
        for own, stacked in zip(self.parameters, stacks, strict=True):
            rows = slice(first, first + stacked.members)
            start = 0
            for p in own:
                end = start + p[0].numel()
                p.data = from_rows(self.values[rows, start:end], p.shape)
                start = end
            self.rows.append(rows)
            first = rows.stop

    def backward(self, loss: Tensor, number: int = 0) -> None:
        """The gradients of `loss`, which stack `number` gave, in its rows of `grads`.

        Raises:
            NotStackableError: where a parameter has no part in it: an optimiser would leave that
                parameter alone, a matrix would not.
        """
        grads = torch.autograd.grad(loss, self.parameters[number], allow_unused=True)
        if any(grad is None for grad in grads):
            raise NotStackableError("a parameter that the loss does not depend on")
        torch.cat([as_rows(grad) for grad in grads], dim=1, out=self.grads[self.rows[number]])

    @property
    def size(self) -> int:
        """Parameters of one member."""
        return self.values.shape[1]


def as_rows(parameter: Tensor) -> Tensor:
    """(members, …) as (members, numbers): windows of images channels last, as convolutions are
    fastest and give their gradients."""
    return (parameter.movedim(2, -1) if parameter.dim() == 5 else parameter).flatten(1)


def from_rows(rows: Tensor, shape: Sequence[int]) -> Tensor:
    """`as_rows` undone, as a view."""
    if len(shape) != 5:
        return rows.view(shape)
    members, outputs, inputs, height, width = shape
    return rows.view(members, outputs, height, width, inputs).movedim(-1, 2)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _used_twice(model: nn.Module) -> set[int]:
    """Ids of modules with a state (weights, statistics, a stream) that stand in two places."""
    seen: set[int] = set()
    twice: set[int] = set()
    for module in model.modules():
        for child in module._modules.values():
            if child is None or id(child) not in seen:
                seen.add(id(child))
                continue
            stateful = [*child.parameters(), *child.buffers()]
            if stateful or any(isinstance(m, nn.Dropout) for m in child.modules()):
                twice.add(id(child))
    return twice


def _same_shapes(modules: Sequence[nn.Module], path: str) -> None:
    def shapes(module: nn.Module) -> list[Any]:
        tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        return [(name, t.shape, t.dtype, t.requires_grad) for name, t in tensors]

    first, text = shapes(modules[0]), _settings(modules[0])
    for other in modules[1:]:
        if shapes(other) != first or _settings(other) != text:
            raise NotStackableError(f"{path} has not one shape in all members")


def _settings(module: nn.Module) -> str:
    """What a leaf says of itself (stride, groups, eps …); a dropout's rate may differ."""
    return "" if isinstance(module, nn.Dropout) else module.extra_repr()


def _draws(module: nn.Module) -> bool:
    """Whether a module without parameters draws random numbers of its own."""
    return isinstance(
        module, (nn.modules.dropout._DropoutNd, nn.RReLU, nn.modules.batchnorm._NormBase)
    )
