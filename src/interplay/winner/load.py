"""A folder that `export` wrote, as a model again. Nothing in it is run; see `trusted`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from interplay.data.dataset import DataSpec
from interplay.data.raw import FORMS
from interplay.errors import InterplayError, words_of
from interplay.models import FAMILIES
from interplay.models.factory import built_by, take_common
from interplay.options import options_of
from interplay.training.kept import fill
from interplay.training.members import section
from interplay.winner import manifest as files
from interplay.winner.loaded import HandedOver
from interplay.winner.manifest import Manifest
from interplay.winner.trusted import load_program


def load_model(folder: str | Path, builder: Callable[..., nn.Module] | None = None) -> HandedOver:
    """The model of a folder that `interplay best … --export` wrote, in eval mode on the CPU.

    A family of ours is built anew and filled with the weights; a network of somebody's own is the
    exported program, or built by `builder`. It needs neither Ray nor mltrainer.

    Args:
        builder: the function that made the network, called with the options it was made with.

    Returns:
        A module with `predict(raw)` and, for classes, `probabilities(raw)`.

    Raises:
        InterplayError: where the folder is none, is not as it was written, is of a newer format,
            or holds what could run.
    """
    folder = Path(folder).expanduser()
    manifest, held = files.read(folder)
    if manifest.raw.form not in FORMS.names:
        raise InterplayError(f"{folder} reads {manifest.raw.form!r:.80}, which no form is called")
    if files.WEIGHTS not in held:
        raise InterplayError(f"{folder} has no {files.WEIGHTS}")
    if builder is None and manifest.built_by == "builder":
        if files.PROGRAM not in held:
            raise InterplayError(
                f"{folder} holds a network of {_model(manifest).get('builder')!r}, for which there "
                "is no exported program: `load_model(…, builder=make)` builds it by your function"
            )
        network: nn.Module = load_program(held[files.PROGRAM], str(folder / files.PROGRAM))
    else:
        network = _built(folder, manifest, builder)
        fill(network, held[files.WEIGHTS], str(folder / files.WEIGHTS))
    return HandedOver(network, manifest)


def _model(manifest: Manifest) -> dict[str, Any]:
    return section(manifest.config, "model")


def _built(folder: Path, manifest: Manifest, builder: Callable[..., nn.Module] | None) -> nn.Module:
    """The network, not yet trained; the global generator stays as it was."""
    options, spec = _model(manifest), DataSpec(**manifest.spec.model_dump())
    with torch.random.fork_rng(devices=[]):
        if manifest.built_by == "builder":
            assert builder is not None
            options.pop("builder", None)
            take_common(options, frozenset(options_of(builder).by_name))
            return built_by(builder, options, spec, "builder")
        take_common(options, frozenset())  # the weights that it began from are not needed
        name = options.pop("name", None)
        if builder is not None:
            raise InterplayError(f"{folder} holds the family {name!r}; it takes no builder")
        family = FAMILIES.get(name)
        if family.version != manifest.version:
            raise InterplayError(
                f"{folder} holds version {manifest.version} of the family {name!r}, and this "
                f"interplay builds version {family.version}; "
                "install the version of interplay that its README.md names"
            )
        known = family.options.by_name
        for option, value in options.items():
            mistake = known[option].mistake(option, value) if option in known else "no such option"
            if mistake is not None:
                raise InterplayError(f"{folder}: family {name!r}: {option!r:.80}: {mistake}")
        try:
            made: nn.Module = family.build(spec, **options)
        except Exception as error:
            raise InterplayError(f"{folder}: {name!r} is not built: {words_of(error)}") from None
        return made
