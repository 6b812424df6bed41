"""Where a stack computes, as far as it matters how."""

from __future__ import annotations

import torch

HOST = ("cpu",)


def on_host(device: torch.device) -> bool:
    """Whether what lies there can be looked at without waiting, and a cache decides what is fast.

    Elsewhere looking stalls a queue of kernels, and their number decides.
    """
    return device.type in HOST
