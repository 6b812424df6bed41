"""The stages of a network, from its input on, and freezing the first of them."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from interplay.errors import InterplayError, how_many
from interplay.models.blocks.norm import FROZEN

PLAIN = (nn.Sequential, nn.ModuleList)  # exactly these: a block made of one is a stage
NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm)


def head_of(model: nn.Module) -> str:
    """The path of the last linear layer, which reads the outputs.

    Raises:
        InterplayError: where there is none.
    """
    linear: list[str] = [
        path for path, module in model.named_modules() if isinstance(module, nn.Linear)
    ]
    if not linear:
        raise InterplayError(
            f"{type(model).__name__} has no linear layer, the last of which begins anew with "
            "model.start"
        )
    return linear[-1]


def stages(model: nn.Module) -> list[list[nn.Module]]:
    """What has weights before the last linear layer, in the order in which the network holds it.

    A stage is a child of the network: a layer, a block of any size. Plain containers are taken
    apart, and so is what holds the last linear layer; a norm that stands alone belongs to what it
    follows.
    """
    found: list[list[nn.Module]] = []
    for module in _before(model, model.get_submodule(head_of(model))):
        if isinstance(module, NORMS) and found:
            found[-1].append(module)
        elif any(True for _ in module.parameters()):
            found.append([module])
    return found


def _before(module: nn.Module, head: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        if child is head:
            return
        holds = any(below is head for below in child.modules())
        if holds or type(child) in PLAIN:
            yield from _before(child, head)
        else:
            yield child
        if holds:
            return


def freeze(model: nn.Module, count: int) -> None:
    """Let the first `count` stages be as they are: no weight is trained, and batch norms there keep
    their statistics and use them, in training too. Dropout goes on.

    Raises:
        InterplayError: where there are not so many, or a norm there does not allow it.
    """
    found = stages(model)
    if count > len(found):
        raise InterplayError(
            f"model.frozen = {count}: this network has {how_many(len(found), 'stage')} before its "
            f"last linear layer; allowed: 0 to {len(found)}"
        )
    for stage in found[:count]:
        for module in stage:
            module.requires_grad_(False)
            for norm in module.modules():
                if isinstance(norm, _NormBase) and norm.running_mean is not None:
                    _keep(norm)


def _keep(norm: _NormBase) -> None:
    kind = FROZEN.get(type(norm))
    if kind is None:
        raise InterplayError(
            f"model.frozen: {type(norm).__name__} keeps statistics that cannot be frozen; allowed: "
            f"{', '.join(known.__name__ for known in FROZEN)}"
        )
    norm.__class__ = kind  # the same module wherever the network holds it, of the same names
    norm.eval()
