"""Where a stack computes, as far as it matters how."""

from __future__ import annotations

import torch
from torch import Tensor

HOST = ("cpu",)


def on_host(device: torch.device) -> bool:
    """Whether what lies there can be looked at without waiting, and a cache decides what is fast.

    Elsewhere looking stalls a queue of kernels, and their number decides.
    """
    return device.type in HOST


def for_loops(x: Tensor) -> bool:
    """Whether compiled loops take `x`: on the host, and numbers that numpy has whole."""
    return on_host(x.device) and x.dtype in (torch.float32, torch.float64)
