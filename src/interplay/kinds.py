"""The words shared by data and models: what a task is, and what one input can be."""

from __future__ import annotations

from typing import Literal

Task = Literal["classification", "regression"]
Kind = Literal["flat", "image", "sequence", "tokens"]
KINDS: tuple[Kind, ...] = ("flat", "image", "sequence", "tokens")
