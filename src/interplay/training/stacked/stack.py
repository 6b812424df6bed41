"""`stack(models)` makes one model of many of one shape; `unstack` gives them back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

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
        return x.unflatten(0, (self.members, -1))


MakeTwin = Callable[[Sequence[Any]], nn.Module]
TWINS: dict[type[nn.Module], MakeTwin] = {}
# Sequences of modules that may run as one: tried before their children get twins. Each returns
# None where it has nothing to offer.
CHAINS: dict[type[nn.Module], Callable[[Sequence[Any]], nn.Module | None]] = {}


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
        self._template = [copy.deepcopy(models[0])]  # in a list: no submodule of this one
        self.leaves: dict[str, nn.Module] = {}
        made: dict[int, nn.Module] = {}
        self.model = self._replace(copy.deepcopy(models[0]), list(models), "", made)

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
        own = [*modules[0].named_parameters(recurse=False), *modules[0].named_buffers(recurse=False)]
        if own or _draws(modules[0]):
            raise NotStackableError(f"{path or 'the model'} ({kind.__name__}) has no stacked twin")
        made[id(modules[0])] = skeleton
        for name, child in list(skeleton._modules.items()):
            children = [m._modules.get(name) for m in modules]
            if child is None and all(c is None for c in children):
                continue
            if child is None or any(c is None for c in children):
                raise NotStackableError(f"{path}.{name} is not in all members")
            below = f"{path}.{name}" if path else name
            setattr(
                skeleton, name, self._replace(child, [c for c in children if c], below, made)
            ) if not name.isdigit() else skeleton._modules.__setitem__(
                name, self._replace(child, [c for c in children if c], below, made)
            )
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
        for path, twin in stacked.leaves.items():
            leaf = model.get_submodule(path)
            for name, parameter in leaf.named_parameters(recurse=False):
                parameter.copy_(twin.get_parameter(name)[member])
            for name, buffer in leaf.named_buffers(recurse=False):
                buffer.copy_(twin.get_buffer(name)[member])
            if isinstance(leaf, nn.Dropout):
                leaf.p = float(twin.rates[member])  # type: ignore[arg-type]
        models.append(model)
    return models


class Flat:
    """All parameters of a stack in one matrix, a row a member; gradients in another.

    An optimiser's step is then a handful of operations on whole matrices, whatever the number of
    members and layers, and clipping is a norm along rows.

    Attributes:
        values, grads: (members, parameters of one member). The stack's parameters are views of
            the first.
    """

    def __init__(self, stacked: Stacked) -> None:
        self.parameters = [p for p in stacked.parameters() if p.requires_grad]
        if not self.parameters:
            raise NotStackableError("the model has no parameters")
        self.values = torch.cat([p.detach().flatten(1) for p in self.parameters], dim=1)
        self.grads = torch.zeros_like(self.values)
        start = 0
        for p in self.parameters:
            end = start + p[0].numel()
            p.data = self.values[:, start:end].view(p.shape)
            start = end

    def backward(self, loss: Tensor) -> None:
        """The gradients of `loss`, in `grads`.

        Raises:
            NotStackableError: where a parameter has no part in it: an optimiser would leave that
                parameter alone, a matrix would not.
        """
        grads = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        if any(grad is None for grad in grads):
            raise NotStackableError("a parameter that the loss does not depend on")
        torch.cat([grad.flatten(1) for grad in grads], dim=1, out=self.grads)

    @property
    def size(self) -> int:
        """Parameters of one member."""
        return self.values.shape[1]


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
    return isinstance(module, (nn.modules.dropout._DropoutNd, nn.RReLU, nn.modules.batchnorm._NormBase))
