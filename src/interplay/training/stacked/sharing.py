"""Which members may train as one stack, which engine trains them, and how large a stack is."""

from __future__ import annotations

from typing import Literal

from interplay.errors import InterplayError
from interplay.identity import same_as
from interplay.models import FAMILIES
from interplay.training.members import Config, section
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.schedules import SCHEDULES
from interplay.training.stackable import Stackable

# function: a training that is a function of the user's own.
Engine = Literal["reference", "stacked", "function"]

# Of training: the loss and the arithmetic are the whole stack's; clipping is a member's own.
SHARED_TRAINING = ("label_smoothing", "precision", "class_weights")

# Members, and numbers (parameters and activations of a step), that one stack may hold. On a CPU a
# larger one gains nothing more; a GPU is not full before its memory is, and where that is, the pack
# is halved.
CPU_MOST, CPU_ROOM = 64, 1 << 23
GPU_MOST, GPU_ROOM = 512, 1 << 28


def shape_key(config: Config, epochs: int, batch: int, steps: int) -> str:
    """Equal for members that may train as one: same shapes, same number of the same steps.

    Args:
        batch, steps: rows of one step, and steps of one epoch.
    """
    model, data = with_shape(section(config, "model")), section(config, "data")
    optimizer, training = section(config, "optimizer"), section(config, "training")
    shared = ("name", *OPTIMIZERS.get(optimizer["name"]).shared)
    return same_as(
        [
            model,
            {k: v for k, v in data.items() if k != "batch_size"},
            {k: v for k, v in optimizer.items() if k in shared},
            {k: v for k, v in training.items() if k in SHARED_TRAINING},
            [epochs, batch, steps, why_alone(config)],
        ]
    )


def with_shape(model: Config) -> Config:
    """The options of a model that its shape and structure depend on."""
    if "builder" in model:
        return model
    free = FAMILIES.get(model["name"]).free
    return {k: v for k, v in model.items() if k not in free}


def why_alone(config: Config) -> str | None:
    """Why members of this configuration train one by one whatever their model, or None."""
    for registry in (OPTIMIZERS, SCHEDULES):
        entry: Stackable = registry.get(config[f"{registry.what}.name"])
        if entry.stacked is None:
            return f"{registry.what} {entry.name!r} has no stacked form"
    return None


def choose_engine(asked: str, unstackable: str | None) -> tuple[Engine, str | None]:
    """The engine of a cell, and the reason where `auto`, which stacks whatever stacks, does not.

    Args:
        unstackable: why its members do not train as a stack, or None.

    Raises:
        InterplayError: where a stack is asked for and they do not.

    In benchmarks/stacked_engines.csv the stacked engine is ahead at every family, shape and batch
    size tried once a few members train together (1.3 to 20 times at five or more); at a single
    member recurrent nets gain twofold, linear ones a little, and small convolutional ones lose up
    to a tenth. So the rule asks only whether a model stacks, which its modules decide, never a
    clock.
    """
    if asked == "reference":
        return "reference", None
    if unstackable is None:
        return "stacked", None
    if asked == "stacked":
        raise InterplayError(
            f"engine = 'stacked': {unstackable}; engine = 'auto' trains this one by one"
        )
    return "reference", f"does not stack: {unstackable}"


def most_members(parameters: int, batch: int, values: int, kind: str, device: str) -> int:
    """How many members one stack holds at most.

    Args:
        parameters: of one member.
        batch, values: rows of a step, and numbers of one input.
        kind: of the input; what convolutions keep of an image is many times the image.
    """
    kept = 16 if kind == "image" else 4
    most, room = (CPU_MOST, CPU_ROOM) if device == "cpu" else (GPU_MOST, GPU_ROOM)
    return max(1, min(most, room // (parameters + batch * values * kept)))


def cost(parameters: int, shape: tuple[int, ...], kind: str) -> float:
    """A member-step's arithmetic, about, in units of its own: for dividing work evenly.

    Weights are used once a step or position of the input; the constant stands for what a step
    costs however small the model is.
    """
    positions = {"image": shape[-1] * shape[-2] if kind == "image" else 1, "flat": 1}.get(
        kind, shape[0]
    )
    return float(parameters * positions + 2000 * positions**0.5)
