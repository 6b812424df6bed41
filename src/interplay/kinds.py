"""The words that several parts share: tasks, kinds of input, what becomes of many values."""

from __future__ import annotations

from typing import Literal

Task = Literal["classification", "regression"]
Kind = Literal["flat", "image", "sequence", "tokens"]
"""What one input can be."""
How = Literal["mean", "median", "min", "harmonic", "geometric"]
"""What the values of a cell's seeds and folds come to; min is the worst of them."""
Over = Literal["mean", "best"]
"""What becomes of other settings that vary: their mean, or each cell's best one."""
