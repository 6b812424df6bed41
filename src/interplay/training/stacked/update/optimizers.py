"""Optimisers over a stack's parameters: each member its own rate, decay, momentum, betas.

The arithmetic is torch's own (torch.optim's single-tensor forms), on matrices with a row a
member; a setting that differs between members is a column. torch.optim itself is not used: one
call a member would cost more than the step, and importing it costs a worker more than a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from interplay.training.stacked.device.place import on_host

Column = float | Tensor
FUSED = ("cpu", "cuda")  # where torch has Adam as one kernel


class StackedOptimizer:
    """The state and the step of one optimiser for all members.

    Args:
        values, grads: (members, parameters), changed in place.
        options: each member's options, all of one optimiser.
        clip: each member's largest gradient norm, 0 where it is not clipped.
    """

    def __init__(
        self,
        values: Tensor,
        grads: Tensor,
        options: Sequence[Mapping[str, Any]],
        clip: Sequence[float],
    ) -> None:
        self.values, self.grads, self.options = values, grads, list(options)
        # What changes from step to step is on a device kept there, where a step that is replayed
        # finds it.
        self.on_device = not on_host(values.device)
        exact = torch.float32 if values.device.type == "mps" else torch.float64
        self.steps: float | Tensor = (
            torch.zeros((), dtype=exact, device=values.device) if self.on_device else 0.0
        )
        self.lr: Column = 0.0
        self.set_rates([o["lr"] for o in options])
        self.decay = self._column("weight_decay")
        self.clip = self._as_column(list(clip)) if any(c > 0 for c in clip) else None

    def set_rates(self, rates: Sequence[float]) -> None:
        """Each member's learning rate from now on."""
        lr = self._as_column(list(rates))
        if self.on_device:
            lr = torch.as_tensor(lr, dtype=self.values.dtype).to(self.values.device)
            if isinstance(self.lr, Tensor) and self.lr.shape == lr.shape:
                self.lr.copy_(lr)
                return
        self.lr = lr

    @torch.no_grad()
    def step(self) -> None:
        """One update from the gradients that are there."""
        if self.clip is not None:
            self._clip_norms(self.clip)
        self.steps += 1
        self.update()

    def update(self) -> None:
        raise AssertionError("a subclass's")

    def zeros(self) -> Tensor:
        return torch.zeros_like(self.values)

    def _column(self, name: str) -> Column:
        return self._as_column([o[name] for o in self.options])

    def _as_column(self, values: Sequence[float]) -> Column:
        """One number where all members agree, which is faster; a column where they do not."""
        if len(set(values)) == 1:
            return float(values[0])
        column = torch.tensor(values, dtype=torch.float64)
        return column.to(self.values)[:, None]

    def _clip_norms(self, clip: Column) -> None:
        # torch.nn.utils.clip_grad_norm_, a member a row; 0 means no bound.
        norms = torch.linalg.vector_norm(self.grads, dim=1, keepdim=True)
        bound = clip if isinstance(clip, Tensor) else torch.full_like(norms, clip)
        factor = (bound / (norms + 1e-6)).clamp_(max=1.0)
        self.grads.mul_(torch.where(bound > 0, factor, torch.ones_like(factor)))

    def decayed(self) -> Tensor:
        """The gradient with weight decay as an L2 penalty; a new tensor where there is any."""
        if isinstance(self.decay, float):
            return self.grads.add(self.values, alpha=self.decay) if self.decay else self.grads
        return self.grads + self.values * self.decay


class StackedAdam(StackedOptimizer):
    """Adam (Kingma & Ba, 2015)."""

    decoupled = False  # weight decay is a part of the gradient

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.beta1 = self._as_column([o["betas"][0] for o in self.options])
        self.beta2 = self._as_column([o["betas"][1] for o in self.options])
        self.eps = self._column("eps")
        self.amsgrad = bool(self.options[0]["amsgrad"])
        self.mean, self.square = self.zeros(), self.zeros()
        self.largest = self.zeros() if self.amsgrad else None
        # `steps` as the kernel takes it; the plain form needs it exact.
        self._count = torch.zeros((), dtype=torch.float32, device=self.values.device)

    def update(self) -> None:
        alike = isinstance(self.lr, float) or self.lr.dim() == 0
        alike &= all(isinstance(s, float) for s in (self.beta1, self.beta2, self.eps, self.decay))
        # On a device the kernel takes a learning rate in single precision only.
        single = not self.on_device or self.values.dtype == torch.float32
        if alike and single and self.values.device.type in FUSED:
            self._fused()
        else:
            self._plain()

    def _fused(self) -> None:
        """One pass over memory by torch's own kernel, for members that agree in everything."""
        kernel: Any = torch._fused_adamw_ if self.decoupled else torch._fused_adam_
        if isinstance(self.steps, Tensor):
            self._count.copy_(self.steps)
        else:
            self._count.fill_(self.steps)
        kernel(
            [self.values],
            [self.grads],
            [self.mean],
            [self.square],
            [self.largest] if self.largest is not None else [],
            [self._count],
            lr=self.lr,
            beta1=self.beta1,
            beta2=self.beta2,
            weight_decay=self.decay,
            eps=self.eps,
            amsgrad=self.amsgrad,
            maximize=False,
        )

    def _plain(self) -> None:
        grads = self.grads
        if self.decoupled:
            self.values.mul_(1 - self.lr * self.decay)
        else:
            grads = self.decayed()
        self.mean.lerp_(grads, _like(1 - self.beta1, grads))
        self.square.mul_(self.beta2).add_(grads.square().mul_(1 - self.beta2))
        correction1: Column = 1 - self.beta1**self.steps
        correction2: Column = 1 - self.beta2**self.steps
        square = self.square
        if self.largest is not None:
            square = torch.maximum(self.largest, self.square, out=self.largest)
        denominator = square.sqrt().div_(correction2**0.5).add_(self.eps)
        self.values.sub_(self.mean.div(denominator).mul_(self.lr / correction1))


class StackedAdamW(StackedAdam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019)."""

    decoupled = True


class StackedSGD(StackedOptimizer):
    """Stochastic gradient descent with momentum (Sutskever et al., 2013)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.momentum = self._column("momentum")
        # Without momentum torch does not dampen either.
        self.keep = self._as_column(
            [1.0 if o["momentum"] == 0 else 1 - o["dampening"] for o in self.options]
        )
        self.nesterov = bool(self.options[0]["nesterov"])
        self.buffer: Tensor | None = None

    def update(self) -> None:
        grads = self.decayed()
        if isinstance(self.momentum, Tensor) or self.momentum != 0:
            if self.buffer is None:
                self.buffer = grads.clone()
            else:
                self.buffer.mul_(self.momentum).add_(grads * self.keep)
            grads = grads + self.buffer * self.momentum if self.nesterov else self.buffer
        if isinstance(self.lr, float):
            self.values.add_(grads, alpha=-self.lr)
        else:
            self.values.sub_(grads * self.lr)


class StackedRMSprop(StackedOptimizer):
    """RMSprop (Tieleman & Hinton, 2012)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.alpha, self.eps = self._column("alpha"), self._column("eps")
        self.momentum = self._column("momentum")
        self.centered = bool(self.options[0]["centered"])
        self.square, self.buffer = self.zeros(), self.zeros()
        self.mean = self.zeros() if self.centered else None

    def update(self) -> None:
        grads = self.decayed()
        self.square.mul_(self.alpha).add_(grads.square().mul_(1 - self.alpha))
        average = self.square
        if self.mean is not None:
            self.mean.lerp_(grads, _like(1 - self.alpha, grads))
            average = self.square - self.mean.square()
        grads = grads / average.sqrt().add_(self.eps)
        if isinstance(self.momentum, Tensor) or self.momentum != 0:
            self.buffer.mul_(self.momentum).add_(grads)
            grads = self.buffer
        self.values.sub_(grads * self.lr)


def _like(weight: Column, other: Tensor) -> Any:
    """A weight as lerp takes it: a number, or a tensor of the other's shape."""
    return weight.expand_as(other) if isinstance(weight, Tensor) else weight
