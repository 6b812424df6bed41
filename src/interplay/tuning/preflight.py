"""Build every distinct model once and push one batch through it, before any worker starts.

What torch says against an optimiser's options is asked here too, so that both engines fail the
same cells, with the same words.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from interplay.data.common import AUGMENT
from interplay.data.dataset import Dataset
from interplay.data.load import dataset_key
from interplay.errors import InterplayError, in_one_line
from interplay.identity import same_as
from interplay.models.factory import build_model, input_kind
from interplay.models.network import Network
from interplay.training.global_generators import own_globals
from interplay.training.members import Config, section
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.stacked.sharing import why_alone, with_shape
from interplay.usercode import printing_aside, remedy

ROWS = 8  # of the data, that are sent through a model


@dataclass(frozen=True)
class Built:
    """What trying a cell's model and optimiser showed.

    Attributes:
        reason: why it cannot be trained, or None.
        parameters: how many weights it has, trained or frozen.
        unstackable: why it does not train as a stack, or None.
    """

    reason: str | None
    parameters: int = 0
    unstackable: str | None = None


def preflight(
    configs: Sequence[Config],
    datasets: Mapping[str, Dataset],
    folders: Sequence[Path],
    models: dict[str, Built] | None = None,
) -> list[Built]:
    """Try the model of every one of `configs`, and the options of its optimiser; what is the same
    once.

    Args:
        datasets: by `dataset_key`.
        folders: where the user's own code is.
        models: what earlier calls found, to which this one adds.
    """
    models = {} if models is None else models
    refusals: dict[str, str | None] = {}
    found = []
    for config in configs:
        model, data = section(config, "model"), section(config, "data")
        # A few rows stand for a batch: what depends on its size is left to training.
        distinct = same_as([with_shape(model), {**data, "batch_size": 0}])
        if distinct not in models:
            with printing_aside():
                models[distinct] = _try(model, data, datasets[dataset_key(data)], folders)
        options = section(config, "optimizer")
        optimizer = same_as(options)
        if optimizer not in refusals:
            refusals[optimizer] = OPTIMIZERS.get(options.pop("name")).refusal(options)
        built = models[distinct]
        found.append(
            Built(
                unfit(config, datasets[dataset_key(data)]) or built.reason or refusals[optimizer],
                built.parameters,
                why_alone(config) or built.unstackable,
            )
        )
    return found


def unfit(config: Config, dataset: Dataset) -> str | None:
    """What of a configuration asks for other data than it has, or None."""
    weights = config["training.class_weights"]
    if dataset.task != "classification" and weights != "none":
        return (
            f"training.class_weights = {weights!r} weighs classes, and dataset {dataset.name!r} has "
            "numbers to predict; allowed: none"
        )
    for name in AUGMENT:
        value = config[f"data.{name}"]
        if value and dataset.kind != "image":
            return (
                f"data.{name} = {value} changes images, and dataset {dataset.name!r} has "
                f"{dataset.kind} inputs; allowed: {type(value)()}"
            )
    side = min(dataset.inputs.shape[2:]) if dataset.kind == "image" else 1
    if (moved := config["data.augment_crop"]) >= side:
        return (
            f"data.augment_crop = {moved} moves images out of sight that are {side} pixels high or "
            f"wide; allowed: 0 to {side - 1}"
        )
    return None


def _try(model_options: Config, data: Config, dataset: Dataset, folders: Sequence[Path]) -> Built:
    try:
        kind = input_kind(model_options, data["view"], dataset)
        spec = dataset.spec(kind)
        with own_globals(0, "preflight"), one_thread():
            model = build_model(model_options, spec, folders)
            parameters = sum(p.numel() for p in model.parameters())
            inputs = torch.from_numpy(dataset.view(kind)[:ROWS].copy())
            lengths = None if dataset.lengths is None else torch.from_numpy(dataset.lengths[:ROWS])
            x = inputs if lengths is None else (inputs, lengths)
            with torch.no_grad():
                out = Network(model)(x)
    except InterplayError as error:
        return Built(str(error))
    except (Exception, SystemExit) as error:
        return Built(f"{in_one_line(error)}{_where(error, folders)}{remedy(error)}")
    expected = (len(inputs), spec.num_outputs)
    if tuple(out.shape) != expected:
        gives = f"the model gives shape {tuple(out.shape)} for a batch of {len(inputs)}"
        return Built(f"{gives}; {expected} is needed")
    if "builder" not in model_options:
        return Built(None, parameters)  # families stack; a test holds that
    from interplay.training.stacked.check import why_not

    return Built(None, parameters, why_not(model_options, spec, x, folders))


@contextmanager
def one_thread() -> Iterator[None]:
    """A few rows are done before a second thread has woken up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _where(error: BaseException, folders: Sequence[Path]) -> str:
    """The user's own line that raised, where one did."""
    roots = [str(folder) for folder in folders]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        own = any(frame.filename.startswith(root) for root in roots)
        if own and "site-packages" not in frame.filename and "interplay" not in frame.filename:
            return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""
