"""Which members may train as one stack, which engine trains them, and how large a stack is."""

from __future__ import annotations

from typing import Literal

from interplay.identity import same_as
from interplay.models import FAMILIES
from interplay.training.members import Config, section

# function: a training that is a function of the user's own.
Engine = Literal["reference", "stacked", "function"]

# Options of optimisers that choose another algorithm; in all others the members of a stack may
# differ, each having a rate, a decay, a momentum of its own.
SHARED = ("name", "amsgrad", "nesterov", "centered")
# Of training: the loss and the arithmetic are the whole stack's; clipping is a member's own.
SHARED_TRAINING = ("label_smoothing", "precision")

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
    model, data = section(config, "model"), section(config, "data")
    if "builder" not in model:
        free = FAMILIES.get(model["name"]).free
        model = {k: v for k, v in model.items() if k not in free}
    optimizer, training = section(config, "optimizer"), section(config, "training")
    return same_as(
        [
            model,
            {k: v for k, v in data.items() if k != "batch_size"},
            {k: v for k, v in optimizer.items() if k in SHARED},
            {k: v for k, v in training.items() if k in SHARED_TRAINING},
            [epochs, batch, steps],
        ]
    )


def choose_engine(asked: str, stackable: bool) -> Engine:
    """The engine of a cell: `auto` stacks whatever stacks.

    In benchmarks/stacked_engines.csv the stacked engine is ahead at every family, shape and batch
    size tried once a few members train together (1.3 to 20 times at five or more); at a single
    member recurrent nets gain twofold, linear ones a little, and small convolutional ones lose up
    to a tenth. So the rule asks only whether a model stacks, which its modules decide, never a
    clock.
    """
    return "stacked" if asked != "reference" and stackable else "reference"


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
