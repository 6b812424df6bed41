"""In which floating-point format a training computes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from interplay.training.common import Precision


def forward_in(precision: Precision, device: str, forward: Callable[[], Tensor]) -> Tensor:
    """What `forward` gives, computed in `precision`; weights, losses and updates stay float32.

    bf16 is torch's automatic mixed precision (Micikevicius et al., 2018, with bfloat16, which
    needs no scaling of the loss). What tf32 says, `allow_tf32` has set before.
    """
    if precision != "bf16":
        return forward()
    with torch.autocast(torch.device(device).type, torch.bfloat16):
        return forward().float()


def allow_tf32(precision: Precision) -> None:
    """Let CUDA's products of float32 matrices and its convolutions round to 10 bits, or not.

    Said each time: torch's own defaults differ between the two.
    """
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
