"""A trained model's weights as bytes and back: safetensors, which hold numbers and run no code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interplay.errors import LedgerError
from interplay.training.members import Row
from interplay.training.running import Run

if TYPE_CHECKING:
    from torch import Tensor, nn


def weights_of(state: Mapping[str, Tensor]) -> bytes:
    """Tensors by name as the content of a safetensors file.

    Tensors that share memory, as tied weights do, are written each for itself.
    """
    from safetensors.torch import save

    return bytes(save({name: value.detach().cpu().clone() for name, value in state.items()}))


def state_of(content: bytes, what: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file's content.

    Args:
        what: it is, for the message.

    Raises:
        LedgerError: where it is none.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(load(content))
    except SafetensorError as error:
        raise LedgerError(f"{what} is no safetensors file: {error}") from None


def fill(model: nn.Module, content: bytes, what: str) -> nn.Module:
    """A model with the weights kept of another of its kind.

    Raises:
        LedgerError: where these are another kind's.
    """
    state = state_of(content, what)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        words = " ".join(str(error).split())
        raise LedgerError(f"{what} is of another model: {words[:300]}") from None
    return model


def with_weights(run: Run) -> list[Row]:
    """The rows of a training, with the weights of the members that came to their end."""
    rows = run.rows
    if all(row.status != "complete" for row in rows):
        return rows
    for row, state in zip(rows, run.states(), strict=True):
        if state is not None and row.status == "complete":
            row.weights = weights_of(state)
    return rows
