"""From a configuration to a network: families by name, or the user's own builder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.errors import InterplayError
from interplay.kinds import Kind
from interplay.models import FAMILIES
from interplay.models import common as common_models
from interplay.options import arguments_of, options_of
from interplay.usercode import load_function

if TYPE_CHECKING:
    from torch import nn

    from interplay.data.dataset import Dataset, DataSpec

COMMON = frozenset(options_of(common_models.model).by_name)


def input_kind(model: Mapping[str, Any], view: str, dataset: Dataset) -> Kind:
    """The form in which the model reads the data: the study's `data.view`, or the family's choice.

    Raises:
        InterplayError: where the data does not come in a form that the family reads.
    """
    family = FAMILIES.get(model["name"]) if "builder" not in model else None
    accepts = family.accepts if family else tuple(dataset.views)
    wanted = accepts if view == "auto" else (view,)
    for kind in wanted:
        if kind in dataset.views and kind in accepts:
            return kind
    who = f"model {model['name']!r} reads {' or '.join(accepts)}; " if family else ""
    asked = "" if view == "auto" else f"data.view asks for {view}; "
    raise InterplayError(f"{who}{asked}{dataset.name!r} comes as {', '.join(dataset.views)}")


def build_model(
    model: Mapping[str, Any], spec: DataSpec, folders: Sequence[Path] = ()
) -> nn.Module:
    """The network of a cell, with the weights that it begins from.

    Args:
        model: the [model] section's part of a configuration.
        spec: of the data as the model reads it. A user's builder gets it as `spec`, or its
            `input_shape` and `num_outputs`, where it has parameters of these names.
        folders: where the user's modules, and files of weights, are.

    Raises:
        Exception: whatever the builder raises.
    """
    options = dict(model)
    if "builder" not in options:
        common = take_common(options, frozenset())
        family = FAMILIES.get(options.pop("name"))
        built: nn.Module = family.build(spec, **options)
        return _begun(built, folders, **common)
    path = options.pop("builder")
    function = load_function(path, folders)
    common = take_common(options, frozenset(options_of(function).by_name))
    return _begun(built_by(function, options, spec, path), folders, **common)


def built_by(
    function: Callable[..., Any], options: Mapping[str, Any], spec: DataSpec, who: str
) -> nn.Module:
    """The network of a user's own function.

    Args:
        who: the function, for the message.

    Raises:
        InterplayError: where it makes something else.
        Exception: whatever it raises.
    """
    from torch import nn

    given = {"spec": spec, "input_shape": spec.shape, "num_outputs": spec.num_outputs}
    built = function(**arguments_of(function, options, given))
    if not isinstance(built, nn.Module):
        raise InterplayError(f"{who} returned {type(built).__name__}, not a torch.nn.Module")
    return built


def take_common(options: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """What of `options` is every model's, taken out of them; what a builder names is its own."""
    return {name: options.pop(name) for name in COMMON - own if name in options}


def _begun(
    model: nn.Module, folders: Sequence[Path], start: str | None = None, frozen: int = 0
) -> nn.Module:
    """`model` with the weights of `start`, its first stages frozen."""
    from interplay.models.stages import freeze, head_of
    from interplay.models.start import begin_from, find_start

    if start is not None:
        begin_from(model, find_start(start, folders), start, head_of(model))
        freeze(model, frozen)
    elif frozen:
        raise InterplayError(f"model.frozen = {frozen}: {common_models.UNLEARNT}; allowed: 0")
    return model


def count_parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
