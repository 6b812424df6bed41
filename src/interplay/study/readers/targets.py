"""What `{_target_: torch.nn.Tanh}` names of ours. A name is looked up, and nothing is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interplay.errors import listed, shown

ACTIVATIONS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Identity": "none",
}
"""Our names of classes of torch.nn, as they are without arguments."""


def named(table: Mapping[str, Any]) -> str:
    """Our name of what `_target_` asks for.

    Raises:
        ValueError: it asks for anything else, or for arguments.
    """
    target = table["_target_"]
    if len(table) > 1:
        more = ", ".join(str(key) for key in table if key != "_target_")
        raise ValueError(
            f"_target_ {shown(target)} with arguments ({more}), which has no name here"
        )
    module, _, name = str(target).rpartition(".")
    if module not in ("torch.nn", "nn") or name not in ACTIVATIONS:
        known = listed([f"torch.nn.{one}" for one in ACTIVATIONS])
        raise ValueError(f"_target_ {shown(target)} is never imported or called; known: {known}")
    return ACTIVATIONS[name]
