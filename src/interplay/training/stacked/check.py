"""Does a user's own model compute the same in a stack? Tried once, on a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import interplay.training.stacked.twins  # noqa: F401  (registers them)
from interplay.data.dataset import DataSpec
from interplay.models.factory import build_model
from interplay.models.network import call, takes_lengths
from interplay.training.dropout import seed_dropout
from interplay.training.stacked.stack import NotStackableError, stack
from interplay.training.streams import own_globals


def why_not(
    options: Mapping[str, Any], spec: DataSpec, x: Any, folders: Sequence[Path]
) -> str | None:
    """The reason why this model does not stack, or None where it does.

    A forward of the user's may mix the rows of a batch, or draw random numbers, in ways that no
    list of modules shows. So two members are run apart and together, training and evaluating.

    Args:
        x: a few input rows, with their lengths where they have any.
    """
    models = [_seeded(options, spec, folders, seed) for seed in (0, 1)]
    again = [_seeded(options, spec, folders, seed) for seed in (0, 1)]
    lengths = takes_lengths(models[0])

    def rows(parts: Sequence[Tensor], member: int | None = None) -> Any:
        own = tuple(p if member is None else p.chunk(2)[member] for p in parts)
        return own if isinstance(x, tuple) else own[0]

    try:
        together = stack(again)
        for training in (True, False):
            together.train(training)
            inputs = x if isinstance(x, tuple) else (x,)
            # Unlike rows for the two: what mixes a batch then shows.
            twice = [torch.cat([part, part[-1:].expand_as(part)]) for part in inputs]
            with torch.no_grad(), own_globals(0, "check"):
                # The second first: what is drawn from a global generator then shows.
                second, first = (
                    call(models[i].train(training), rows(twice, i), lengths) for i in (1, 0)
                )
                apart = torch.cat([first, second])
            with torch.no_grad(), own_globals(0, "check"):
                joined = call(together, rows(twice), lengths)
            if not torch.allclose(apart, joined, rtol=1e-4, atol=1e-5):
                return "its forward gives other numbers when members share a batch"
    except NotStackableError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return None


def _seeded(
    options: Mapping[str, Any], spec: DataSpec, folders: Sequence[Path], seed: int
) -> nn.Module:
    with own_globals(seed, "weights"):
        model = build_model(options, spec, folders)
    return seed_dropout(model, seed)
