"""Learning-rate schedules by name; each steps once an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from interplay.options import Late
from interplay.registry import Registry
from interplay.training.stackable import Stackable

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


@dataclass(frozen=True)
class Schedule(Stackable):
    """A schedule's builder takes the optimiser and `epochs`, then its options; its stacked form
    is a `Rate`.

    Attributes:
        horizon: whether epoch k's rate depends on how many epochs are asked for; then runs of
            different lengths cannot be compared at epoch k.
        watches: whether it looks at the validation loss.
    """

    horizon: bool = False
    watches: bool = False


SCHEDULES: Registry[Schedule] = Registry("schedule")


def with_horizon() -> tuple[str, ...]:
    """The names of the schedules that have one; what an older run folder does not say itself."""
    return tuple(schedule.name for schedule in SCHEDULES if schedule.horizon)


def none(optimizer: Optimizer, epochs: int, /) -> None:
    """The rate stays as it is."""
    del optimizer, epochs


def cosine(
    optimizer: Optimizer,
    epochs: int,
    /,
    *,
    eta_min: Annotated[float, Field(ge=0, description="rate at the end")] = 0.0,
    warmup: Annotated[
        float, Late(), Field(ge=0, lt=1, description="share of the epochs in which the rate rises")
    ] = 0.0,
) -> LRScheduler:
    """Half a cosine down to `eta_min` at the last epoch (Loshchilov & Hutter, 2017, https://arxiv.org/abs/1608.03983).

    Before it the rate rises in even steps (Goyal et al., 2017, https://arxiv.org/abs/1706.02677) in
    the first `rising(warmup, epochs)` epochs: with three of them a quarter, a half, three quarters.
    """
    from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

    first = rising(warmup, epochs)
    if not first:
        return CosineAnnealingLR(optimizer, T_max=epochs, eta_min=eta_min)
    up = LinearLR(optimizer, start_factor=1 / (first + 1), total_iters=first)
    down = CosineAnnealingLR(optimizer, T_max=epochs - first, eta_min=eta_min)
    return SequentialLR(optimizer, [up, down], milestones=[first])


def rising(warmup: float, epochs: int) -> int:
    """How many epochs a rate rises: a share of all, rounded up, but never the last one."""
    return min(math.ceil(warmup * epochs - 1e-9), epochs - 1)


def step(
    optimizer: Optimizer,
    epochs: int,
    /,
    *,
    step_size: Annotated[int, Field(ge=1, description="epochs between two drops")] = 10,
    gamma: Annotated[float, Field(gt=0, le=1, description="factor of each drop")] = 0.1,
) -> LRScheduler:
    """Times `gamma` every `step_size` epochs."""
    from torch.optim.lr_scheduler import StepLR

    del epochs
    return StepLR(optimizer, step_size=step_size, gamma=gamma)


def plateau(
    optimizer: Optimizer,
    epochs: int,
    /,
    *,
    factor: Annotated[float, Field(gt=0, lt=1, description="factor of each drop")] = 0.1,
    patience: Annotated[int, Field(ge=0, description="epochs without progress borne")] = 10,
    threshold: Annotated[float, Field(ge=0, description="relative progress that counts")] = 1e-4,
    cooldown: Annotated[int, Field(ge=0, description="epochs after a drop not counted")] = 0,
    min_lr: Annotated[float, Field(ge=0, description="lowest rate")] = 0.0,
) -> ReduceLROnPlateau:
    """Times `factor` once the validation loss has not improved for `patience` epochs."""
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    del epochs
    return ReduceLROnPlateau(
        optimizer,
        factor=factor,
        patience=patience,
        threshold=threshold,
        cooldown=cooldown,
        min_lr=min_lr,
    )


def listed(
    optimizer: Optimizer,
    epochs: int,
    /,
    *,
    factors: Annotated[
        list[Annotated[float, Field(ge=0)]],
        Field(min_length=1, description="of each epoch in turn, of the optimiser's rate"),
    ],
) -> LRScheduler:
    """Each epoch's rate as it is told; the last one for the epochs beyond."""
    from torch.optim.lr_scheduler import LambdaLR

    del epochs
    return LambdaLR(optimizer, lambda epoch: factors[min(epoch, len(factors) - 1)])


_STACKED = "interplay.training.stacked.update.schedules"

for _name, _summary, _form, _is in (
    ("none", "constant", "Constant", {}),
    (
        "cosine",
        "half a cosine down over all epochs, the first of them upwards where asked for",
        "Cosine",
        {"horizon": True},
    ),
    ("step", "drops at even intervals", "Step", {}),
    ("plateau", "drops when the validation loss stalls", "Plateau", {"watches": True}),
    ("listed", "each epoch's rate as told, such as those of another training", "Listed", {}),
):
    SCHEDULES.register(
        Schedule(_name, f"{__name__}:{_name}", _summary, f"{_STACKED}:{_form}", **_is)
    )
