"""Weights to begin a training from: read once, by the driver, and given to every worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interplay.data.folder import find_path
from interplay.errors import InterplayError, listed, nearest, words_of
from interplay.usercode import AsBegun

if TYPE_CHECKING:
    from torch import nn

FILE = "model.safetensors"  # in the folder of an exported model
TORCHVISION = "torchvision:"
# Where a checkpoint keeps a model's weights beside an optimiser's.
HELD = ("state_dict", "model_state_dict", "model")
WRAPPED = "module."  # before every name, of a model that several devices trained


@dataclass(frozen=True)
class Start:
    """The weights and statistics of a network, by name. As numpy's arrays, because Ray's object
    store hands those to workers without a copy."""

    weights: Mapping[str, NDArray[Any]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and numbers, in 16 hexadecimal digits: the same in every format."""
        h = hashlib.sha256()
        for name in sorted(self.weights):
            array = self.weights[name]
            h.update(repr((name, array.shape, array.dtype.str)).encode())
            h.update(np.ascontiguousarray(array).data)
        return h.hexdigest()[:16]


def find_start(named: str, folders: Sequence[Path]) -> Start:
    """What `model.start` names: of a study that runs, as it was when the study began.

    Args:
        folders: the study's and the working folder, where files are looked for.

    Raises:
        InterplayError: where it cannot be had, or holds no weights.
    """
    if isinstance(folders, AsBegun) and named in folders.starts:
        held: Start = folders.starts[named]
        return held
    if named.startswith(TORCHVISION):
        return _arrays(_from_torchvision(named.removeprefix(TORCHVISION)), named)
    path = find_path(
        named, folders, "file or folder with weights (model.start; or torchvision:NETWORK)"
    )
    if path.is_dir():
        if not (path / FILE).is_file():
            raise InterplayError(f"model.start: {path} holds no {FILE}, which an export has")
        path /= FILE
    return _arrays(_read(path), str(path))


def _read(path: Path) -> Any:
    """What a file holds; never by running code that is in it."""
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise InterplayError(
                f"model.start: {path} is no file of safetensors ({words_of(error)})"
            ) from None
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of pickle, zip files, torch itself
        raise InterplayError(
            f"model.start: {path} cannot be read as weights alone ({words_of(error):.200}); write it "
            "by torch.save(model.state_dict(), …) or as safetensors"
        ) from None


def _from_torchvision(network: str) -> Any:
    """The weights that torchvision publishes for one of its networks."""
    from interplay.data.vision import load_torchvision

    models = load_torchvision(f"model.start = {TORCHVISION + network!r}").models
    known = models.list_models()
    if network not in known:
        near = nearest(network, known)
        hint = f"; did you mean {TORCHVISION + near!r}?" if near else ""
        raise InterplayError(f"model.start: torchvision has no network {network!r}{hint}")
    weights = models.get_model_weights(network).DEFAULT
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except Exception as error:  # of the network, the disk, the file
        import torch

        place = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
        raise InterplayError(
            f"model.start: the weights of {network} cannot be had ({words_of(error):.200}); put the file "
            f"{weights.url} at {place}"
        ) from None


def _arrays(read: Any, source: str) -> Start:
    """What was read, as arrays by name; numbers of fewer bits than numpy has become float32."""
    import torch

    for key in HELD:
        if isinstance(read, Mapping) and isinstance(read.get(key), Mapping):
            read = read[key]
    tensors = isinstance(read, Mapping) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in read.items()
    )
    if not tensors or not read:
        raise InterplayError(f"model.start: {source} holds no weights by name")
    wrapped = all(name.startswith(WRAPPED) for name in read)
    weights = {}
    for name, value in read.items():
        whole = value.detach().cpu()
        if whole.is_floating_point() and whole.dtype != torch.float64:
            whole = whole.float()
        weights[name.removeprefix(WRAPPED) if wrapped else name] = whole.contiguous().numpy()
    return Start(weights)


def begin_from(model: nn.Module, start: Start, named: str, head: str) -> None:
    """Give `model` the weights and statistics of `start`, but for its last linear layer's.

    Args:
        named: as the study has it, for messages.
        head: the path of that layer.

    Raises:
        InterplayError: where the weights are another network's.
    """
    import torch

    own = {name: v for name, v in model.state_dict().items() if not name.startswith(f"{head}.")}
    given = {name: v for name, v in start.weights.items() if not name.startswith(f"{head}.")}
    wrong = [
        f"{name} is {_shape(given.get(name))} there and {_shape(own.get(name))} here"
        for name in dict.fromkeys([*own, *given])
        if _shape(given.get(name)) != _shape(own.get(name))
    ]
    if wrong:
        raise InterplayError(
            f"model.start = {named!r} has the weights of another network: {listed(wrong, 3)}; build "
            "this one with the options of that one, all but its outputs"
        )
    model.load_state_dict({name: torch.tensor(v) for name, v in given.items()}, strict=False)


def _shape(value: Any) -> str:
    return "nothing" if value is None else "×".join(map(str, value.shape)) or "a number"
