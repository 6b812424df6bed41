"""Optimisers by name, with torch's own keywords and defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from interplay.errors import in_one_line
from interplay.registry import Registry
from interplay.training.stackable import Stackable

if TYPE_CHECKING:
    import torch

    Parameters = Iterable[torch.Tensor]

Rate = Annotated[float, Field(gt=0, description="learning rate")]
Decay = Annotated[float, Field(ge=0, description="weight decay")]
Beta = Annotated[float, Field(ge=0, lt=1)]
Betas = Annotated[
    list[Beta],
    Field(min_length=2, max_length=2, description="decay of the gradient's and its square's mean"),
]
Eps = Annotated[float, Field(gt=0, description="added to the denominator")]
Momentum = Annotated[float, Field(ge=0, lt=1, description="momentum")]


@dataclass(frozen=True)
class Optimizer(Stackable):
    """An optimiser's builder takes parameters, then its options; its stacked form those of
    `StackedOptimizer`.

    Attributes:
        shared: options in which the members of a stack must agree, for they choose another
            algorithm; in all others each member has its own.
    """

    shared: tuple[str, ...] = ()

    def refusal(self, options: Mapping[str, Any]) -> str | None:
        """What torch says against `options` taken together, or None where they can be used."""
        try:
            self.build(_Wanted(), **options)
        except _OptionsFineError:
            return None
        except Exception as error:
            return in_one_line(error)
        return None


class _OptionsFineError(Exception):
    """An optimiser has come to ask for its parameters."""


class _Wanted:
    """Parameters that no optimiser gets.

    torch's optimisers check their options before they look at a parameter, and what comes after
    would import torch's compiler: two seconds for every study.
    """

    def __iter__(self) -> Iterator[Any]:
        raise _OptionsFineError


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")


def adam(
    params: Parameters,
    /,
    *,
    lr: Rate = 1e-3,
    weight_decay: Decay = 0.0,
    betas: Betas = [0.9, 0.999],  # noqa: B006  (never changed; pydantic reads it as the default)
    eps: Eps = 1e-8,
    amsgrad: Annotated[bool, Field(description="keep the largest second moment")] = False,
) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980); weight decay as L2."""
    from torch.optim import Adam

    first, second = betas
    return Adam(
        params, lr=lr, weight_decay=weight_decay, betas=(first, second), eps=eps, amsgrad=amsgrad
    )


def adamw(
    params: Parameters,
    /,
    *,
    lr: Rate = 1e-3,
    weight_decay: Decay = 1e-2,
    betas: Betas = [0.9, 0.999],  # noqa: B006
    eps: Eps = 1e-8,
    amsgrad: Annotated[bool, Field(description="keep the largest second moment")] = False,
) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019, https://arxiv.org/abs/1711.05101)."""
    from torch.optim import AdamW

    first, second = betas
    return AdamW(
        params, lr=lr, weight_decay=weight_decay, betas=(first, second), eps=eps, amsgrad=amsgrad
    )


def sgd(
    params: Parameters,
    /,
    *,
    lr: Rate = 1e-3,
    weight_decay: Decay = 0.0,
    momentum: Momentum = 0.0,
    dampening: Annotated[float, Field(ge=0, le=1, description="dampening of momentum")] = 0.0,
    nesterov: Annotated[bool, Field(description="Nesterov momentum")] = False,
) -> torch.optim.Optimizer:
    """Stochastic gradient descent, with momentum (Sutskever et al., 2013) where asked for."""
    from torch.optim import SGD

    return SGD(
        params,
        lr=lr,
        weight_decay=weight_decay,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov,
    )


def rmsprop(
    params: Parameters,
    /,
    *,
    lr: Rate = 1e-2,
    weight_decay: Decay = 0.0,
    alpha: Annotated[float, Field(ge=0, lt=1, description="decay of the squares' mean")] = 0.99,
    eps: Eps = 1e-8,
    momentum: Momentum = 0.0,
    centered: Annotated[bool, Field(description="divide by the variance")] = False,
) -> torch.optim.Optimizer:
    """RMSprop (Tieleman & Hinton, 2012, lecture 6.5 of Neural Networks for Machine Learning)."""
    from torch.optim import RMSprop

    return RMSprop(
        params,
        lr=lr,
        weight_decay=weight_decay,
        alpha=alpha,
        eps=eps,
        momentum=momentum,
        centered=centered,
    )


_STACKED = "interplay.training.stacked.update.optimizers"

for _name, _summary, _form, _shared in (
    ("adam", "Adam", "StackedAdam", ("amsgrad",)),
    ("adamw", "Adam with decoupled weight decay", "StackedAdamW", ("amsgrad",)),
    (
        "sgd",
        "stochastic gradient descent, momentum where asked for",
        "StackedSGD",
        ("nesterov",),
    ),
    ("rmsprop", "RMSprop", "StackedRMSprop", ("centered",)),
):
    OPTIMIZERS.register(
        Optimizer(_name, f"{__name__}:{_name}", _summary, f"{_STACKED}:{_form}", _shared)
    )
