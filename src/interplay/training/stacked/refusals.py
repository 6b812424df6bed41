"""What keeps models from being stacked: all of which a stack would drop without a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils.parametrize import is_parametrized

from interplay.training.stacked.twin import NotStackableError

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
GRADIENT_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")
METHODS = ("forward", "train", "eval", "__call__")
PLAIN = (bool, int, float, str, bytes, type(None))


def refuse(model: nn.Module) -> None:
    """Look a model through for what no twin can do in its place.

    Raises:
        NotStackableError: for hooks, methods put on a module of their own, parameters that two
            modules share or whose numbers they do, and those that have no shape as yet.
    """
    held: dict[int, str] = {}
    for path, module in model.named_modules():
        where = f"{path or 'the model'} ({type(module).__name__})"
        if isinstance(module, LazyModuleMixin):
            raise NotStackableError(f"{where} has no shape before a first forward pass")
        if is_parametrized(module):
            raise NotStackableError(f"{where} has parametrizations")
        own = [h for name in HOOKS for h in getattr(module, name).values() if not _ours(h)]
        if own:
            raise NotStackableError(f"{where} has hooks, which would see all members at once")
        method = next((name for name in METHODS if name in vars(module)), None)
        if method is not None:
            raise NotStackableError(f"{where} has a {method} of its own, put on this very module")
        for name, parameter in module._parameters.items():
            if parameter is None:
                continue
            full = f"{path}.{name}" if path else name
            if any(getattr(parameter, name, None) for name in GRADIENT_HOOKS):
                raise NotStackableError(f"{full} has hooks on its gradient")
            other = held.setdefault(parameter.untyped_storage().data_ptr(), full)
            if other != full and parameter.numel():
                raise NotStackableError(f"{other} and {full} are a parameter that is shared")


def _ours(hook: Any) -> bool:
    """Whether a hook is this package's, whose twins do what it does."""
    return str(getattr(hook, "__module__", "")).startswith("interplay.")


def same_shapes(modules: Sequence[nn.Module], path: str) -> None:
    """Whether leaves are alike but for their numbers.

    Raises:
        NotStackableError: where they are not.
    """

    def shapes(module: nn.Module) -> list[Any]:
        tensors = [*module.named_parameters(), *module.named_buffers()]
        return [(name, t.shape, t.dtype) for name, t in tensors]

    def trained(module: nn.Module) -> list[bool]:
        return [p.requires_grad for p in module.parameters()]

    first, text = shapes(modules[0]), _settings(modules[0])
    learns = trained(modules[0])
    for other in modules[1:]:
        if shapes(other) != first or _settings(other) != text:
            raise NotStackableError(f"{path} has not one shape in all members")
        if trained(other) != learns:
            raise NotStackableError(f"{path} is frozen in some members only")


def same_settings(modules: Sequence[nn.Module], path: str) -> None:
    """Whether modules whose own forward runs in a stack, once for all, have the same settings.

    Raises:
        NotStackableError: where they have not.
    """
    for name, value in vars(modules[0]).items():
        if type(value) in PLAIN and any(vars(m).get(name) != value for m in modules[1:]):
            raise NotStackableError(f"{path or 'the model'}.{name} differs between members")


def same_buffers(modules: Sequence[nn.Module], path: str) -> list[str]:
    """The full names of the own buffers of modules whose forward runs once for all.

    Raises:
        NotStackableError: where their numbers are not the same.
    """
    names = []
    for name, buffer in modules[0].named_buffers(recurse=False):
        names.append(f"{path}.{name}" if path else name)
        others = [m._buffers.get(name) for m in modules[1:]]
        if not all(other is not None and torch.equal(other, buffer) for other in others):
            raise NotStackableError(f"{names[-1]}, a buffer, differs between members")
    return names


def _settings(module: nn.Module) -> str:
    """What a leaf says of itself (stride, groups, eps …); a dropout's rate may differ."""
    return "" if isinstance(module, nn.Dropout) else module.extra_repr()


def draws(module: nn.Module) -> bool:
    """Whether a module without parameters draws random numbers of its own, or mixes a batch."""
    return isinstance(module, (_DropoutNd, nn.RReLU, _NormBase))


def used_twice(model: nn.Module) -> set[int]:
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
