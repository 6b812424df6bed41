"""Does a user's own model train the same in a stack? Tried once, on a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from interplay.data.dataset import DataSpec
from interplay.errors import in_one_line
from interplay.models.factory import build_model, count_parameters
from interplay.models.network import call, takes_lengths
from interplay.training.dropout import seed_dropout
from interplay.training.global_generators import own_globals
from interplay.training.stacked.flat import Flat
from interplay.training.stacked.refusals import PLAIN
from interplay.training.stacked.stack import Stacked, stack
from interplay.training.stacked.twin import NotStackableError

MEMBERS = 2
ROWS = 4 * MEMBERS
# What rounding may do, against the largest number of what is compared; to a gradient, also against
# the largest of all, for some are nothing but rounding (a bias before a norm).
CLOSE, CLOSE_GRADIENT, ROUNDING = 1e-4, 1e-3, 1e-4


def why_not(
    options: Mapping[str, Any], spec: DataSpec, x: Any, folders: Sequence[Path]
) -> str | None:
    """The reason why this model does not stack, or None where it does.

    A forward of the user's may mix the rows of a batch, draw random numbers, or change what flows
    back, in ways that no list of modules shows. So two members are run apart and together: a step
    of training forward and back, and an evaluation after it. Outputs, the gradient of every
    parameter and every buffer must come out the same.

    Args:
        x: a few input rows, at best `ROWS`, with their lengths where they have any.
    """
    inputs = [_unlike(part) for part in (x if isinstance(x, tuple) else (x,))]
    try:
        apart = [_seeded(options, spec, folders, seed) for seed in range(MEMBERS)]
        together = stack([_seeded(options, spec, folders, seed) for seed in range(MEMBERS)])
        return _difference(apart, together, inputs)
    except Exception as error:
        return reason(error)


def reason(error: Exception) -> str:
    """In one line, why what raised `error` did not train as a stack."""
    return str(error) if isinstance(error, NotStackableError) else in_one_line(error)


def _difference(
    apart: Sequence[nn.Module], together: Stacked, inputs: Sequence[Tensor]
) -> str | None:
    """What differs between models and the stack of their like, or None; all of them are trained."""
    lengths = takes_lengths(apart[0])
    flat = Flat([together])  # before they train, as an engine has it
    constants = {name: together.model.get_buffer(name).clone() for name in together.constants}
    settings = _settings(apart[0])

    def run(training: bool) -> tuple[list[Tensor], Tensor]:
        # The last first: what is drawn from a global generator then shows.
        outputs: dict[int, Tensor] = {}
        with own_globals(0, "check"):
            for i in reversed(range(MEMBERS)):
                outputs[i] = call(apart[i].train(training), _rows(inputs, i), lengths)
        with own_globals(0, "check"):
            joined = call(together.train(training), _rows(inputs), lengths)
        return [outputs[i] for i in range(MEMBERS)], joined

    outs, joined = run(training=True)
    if not _same(torch.cat(outs), joined):
        return "its forward gives other numbers when members share a batch"
    if count_parameters(apart[0]) != flat.size:
        return "a stack of it trains other parameters"
    # Any loss: this one has a gradient of its own for each number.
    slopes = torch.linspace(-1, 1, joined.numel()).sin().view_as(joined)
    for out, slope in zip(outs, slopes.chunk(MEMBERS), strict=True):
        (out * slope).sum().backward()  # type: ignore[no-untyped-call]
    grads = flat.gradients((joined * slopes).sum())
    other = _other_gradient(apart, together, dict(zip(flat.parameters[0], grads, strict=True)))
    if other is not None:
        return f"its backward pass gives {other} another gradient when members share a batch"
    other = _other_buffer(apart, together)
    if other is not None:
        return f"a step of training leaves other numbers in {other} when members share a batch"
    for name, buffer in constants.items():
        if not torch.equal(together.model.get_buffer(name), buffer):
            return f"its forward changes {name}, of which a stack has one for all members"
    with torch.no_grad():
        outs, joined = run(training=False)
    if not _same(torch.cat(outs), joined):
        return "its forward gives other numbers in evaluation when members share a batch"
    now = _settings(apart[0])
    for name in {**settings, **now}:
        if settings.get(name) != now.get(name):
            # As of a count of its calls: how often an engine calls a model is its own affair, and
            # steps that a device replays call none.
            return f"it changes {name} while it trains, of which a stack has one for all members"
    return None


def _settings(model: nn.Module) -> dict[str, str]:
    """The plain values that its modules hold, as text, by full name."""
    return {
        f"{path}.{name}" if path else name: repr(value)
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if type(value) in PLAIN and name != "training"
    }


def _other_gradient(
    apart: Sequence[nn.Module], together: Stacked, grads: Mapping[Tensor, Tensor]
) -> str | None:
    """The first parameter whose gradient is not the same, by name."""
    largest = max(float(g.abs().max()) for g in grads.values() if g.numel())
    for path, twin in together.leaves.items():
        for name, parameter in twin.named_parameters():
            owns = [model.get_submodule(path).get_parameter(name).grad for model in apart]
            full = f"{path}.{name}" if path else name
            if parameter not in grads:
                if any(own is not None for own in owns):
                    return full
                continue
            for own, grad in zip(owns, grads[parameter], strict=True):
                if own is None or not _same(own, grad, CLOSE_GRADIENT, ROUNDING * largest):
                    return full
    return None


def _other_buffer(apart: Sequence[nn.Module], together: Stacked) -> str | None:
    """The first buffer of fractions that is not the same, by name."""
    for path, twin in together.leaves.items():
        for name, buffer in twin.named_buffers():
            if not buffer.is_floating_point():  # a count, which nothing is computed from
                continue
            for model, own in zip(apart, buffer, strict=True):
                if not _same(model.get_submodule(path).get_buffer(name), own):
                    return f"{path}.{name}" if path else name
    return None


def _same(one: Tensor, other: Tensor, close: float = CLOSE, least: float = 1e-5) -> bool:
    if one.shape != other.shape:
        return False
    one, other = one.detach(), other.detach()
    room = max(least, close * float(one.abs().max()) if one.numel() else 0.0)
    return torch.allclose(one, other, rtol=0, atol=room, equal_nan=True)


def _rows(inputs: Sequence[Tensor], member: int | None = None) -> Any:
    """As models are given them, all or one member's."""
    own = tuple(part if member is None else part.chunk(MEMBERS)[member] for part in inputs)
    return own if len(own) > 1 else own[0]


def _unlike(part: Tensor) -> Tensor:
    """`ROWS` rows, each member's unlike another's: what mixes a batch then shows."""
    rows = part[torch.arange(ROWS).clamp(max=len(part) - 1)]
    if len(part) >= ROWS or not part.is_floating_point():
        return rows
    return rows + torch.linspace(1, 99, rows.numel()).sin().view_as(rows)


def _seeded(
    options: Mapping[str, Any], spec: DataSpec, folders: Sequence[Path], seed: int
) -> nn.Module:
    with own_globals(seed, "weights"):
        model = build_model(options, spec, folders)
    return seed_dropout(model, seed)
