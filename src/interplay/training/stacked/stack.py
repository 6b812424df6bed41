"""`stack(models)` makes one model of many of one shape; `unstack` gives them back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from interplay.training.stacked.leaves.table import FUSED, LEAVES, load
from interplay.training.stacked.refusals import (
    draws,
    refuse,
    same_buffers,
    same_settings,
    same_shapes,
    used_twice,
)
from interplay.training.stacked.twin import Fused, NotStackableError


class Stacked(nn.Module):
    """Many models of one shape as one.

    `forward` takes `(members * batch, …)`, member after member (and lengths alike, where the
    models take them), and gives `(members * batch, …)`.

    Attributes:
        members: how many.
        model: the first model's structure, its leaves replaced by twins.
        leaves: twin by the path of the leaf it stands for.
        constants: paths of buffers outside of leaves (positions, say), which are one for all.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(models)
        self._template = [models[0]]  # in a list: no submodule of this one
        self.leaves: dict[str, nn.Module] = {}
        self.constants: list[str] = []
        made: dict[int, nn.Module] = {}
        for model in models:
            refuse(model)
        self._shared = used_twice(models[0])
        # The leaves go in as they are: twins take their places, and copies (of generators above
        # all) cost as much as a tenth of an epoch.
        replaced = {id(m): m for m in models[0].modules() if type(m) in LEAVES}
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
        if kind in LEAVES:
            same_shapes(modules, path or "the model")
            twin: nn.Module = load(LEAVES[kind].twin)(modules)
            made[id(modules[0])] = self.leaves[path] = twin
            return twin
        if [*modules[0].parameters(recurse=False)] or draws(modules[0]):
            raise NotStackableError(f"{path or 'the model'} ({kind.__name__}) has no stacked twin")
        self.constants += same_buffers(modules, path)
        if not modules[0]._modules:
            same_shapes(modules, path or "the model")  # a slope, a window
        same_settings(modules, path)
        made[id(modules[0])] = skeleton
        if kind in FUSED and self._shared.isdisjoint(map(id, modules[0].modules())):
            offered: dict[tuple[str, ...], Fused] = load(FUSED[kind])(modules)
            for names, fused in offered.items():
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
        NotStackableError: where a module has no twin, the models differ in shape, or have what a
            stack would drop (see `refuse`).
    """
    return Stacked(models)


@torch.no_grad()
def unstack(stacked: Stacked) -> list[nn.Module]:
    """Ordinary models with the weights (and statistics) that the members have now."""
    models = []
    for member, state in enumerate(states(stacked)):
        model = copy.deepcopy(stacked._template[0])
        model.zero_grad()
        model.load_state_dict(state)
        for path, twin in stacked.leaves.items():
            leaf = model.get_submodule(path)
            if isinstance(leaf, nn.Dropout):
                leaf.p = float(cast(Any, twin).rates[member])
        models.append(model)
    return models


def states(stacked: Stacked) -> list[dict[str, Tensor]]:
    """What the members' own models would have as their `state_dict`, on the host."""
    template = stacked._template[0].state_dict()
    shared = {name: value.detach().cpu() for name, value in template.items()}
    found = [dict(shared) for _ in range(stacked.members)]
    # A leaf that is used twice has a twin under one of its names and is kept under each.
    for path, twin in _everywhere(stacked).items():
        own = {**dict(twin.named_parameters()), **dict(twin.named_buffers())}
        for name, values in own.items():
            full = _join(path, name)
            if full in template:
                for state, value in zip(found, values.detach().cpu(), strict=True):
                    state[full] = value
    return found


def _everywhere(stacked: Stacked) -> dict[str, nn.Module]:
    """The twin at every path at which the models have the leaf it stands for."""
    template = stacked._template[0]
    twins = {id(template.get_submodule(path)): twin for path, twin in stacked.leaves.items()}
    modules = template.named_modules(remove_duplicate=False)
    return {path: twins[id(leaf)] for path, leaf in modules if id(leaf) in twins}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
