"""What bounds the stacked engine, case by case: arithmetic, memory, or dispatch.

    python benchmarks/bounds.py

For each case of `stacked.py engines` (the largest stack), from torch's profiler over one epoch:
the share of the time inside matrix products and convolutions, inside other operations and compiled
loops (passes over memory), and outside any (Python, autograd, numpy); the calls a step; and the arithmetic
done a second, beside what one product of 1024 x 1024 matrices reaches in the same process. The
profiler itself costs some microseconds a call, so the share outside is an upper bound, and the
arithmetic is timed without it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from machine import write
from stacked import ENGINES, HERE, MALLOC, load_study, parts_for

LOOP = "compiled loop"
PRODUCTS = ("mm", "bmm", "addmm", "baddbmm", "convolution", "convolution_backward")


def measure(name: str, study_name: str, overrides: list[str], members: int) -> dict[str, Any]:
    import torch
    from torch.profiler import ProfilerActivity, profile

    from interplay.training.members import Member
    from interplay.training.stacked.engine import train_stack

    study = load_study(study_name, 1, overrides)
    config, parts = parts_for(study, "data.name=synthetic" in overrides)
    stack = [Member(str(s), config, s, 1) for s in range(members)]

    def train() -> float:
        started = time.perf_counter()
        train_stack(stack, [parts] * members)
        return time.perf_counter() - started

    train()
    seconds = sorted(train() for _ in range(3))[1]
    with loops_seen(), profile(activities=[ProfilerActivity.CPU], with_flops=False) as profiled:
        watched = train()
    products = other = loops = calls = 0.0
    for event in profiled.key_averages():
        if event.key == LOOP:
            loops += event.self_cpu_time_total / 1e6
        if not event.key.startswith("aten::"):
            continue
        kind = event.key.removeprefix("aten::").strip("_")
        took = event.self_cpu_time_total / 1e6
        if kind in PRODUCTS or "conv" in kind or "mkldnn" in kind:
            products += took
        else:
            other += took
        calls += event.count
    counted = flops(stack, parts)
    rows, batch = len(parts.train), config["data.batch_size"]
    return {
        "case": name + (" buckets" if "data.bucket=true" in overrides else ""),
        "members": members,
        "ms_member_epoch": round(1000 * seconds / members, 2),
        "products_share": round(products / watched, 2),
        "memory_share": round(other / watched, 2),
        "loops_share": round(loops / watched, 2),
        "outside_share": round(max(0.0, 1 - (products + other + loops) / watched), 2),
        "calls_a_step": round(calls / (rows // batch)),
        "gflop_per_s": round(counted / seconds / 1e9, 1),
        "product_gflop_per_s": round(peak(torch), 1),
    }


@contextmanager
def loops_seen() -> Iterator[None]:
    """The profiler sees compiled loops, which are no operations of torch."""
    from numba.core.dispatcher import Dispatcher
    from torch.profiler import record_function

    from interplay.training.stacked.loops import dropout as dropout_loops
    from interplay.training.stacked.loops import norm_pool as norm_pool_loops
    from interplay.training.stacked.loops import recurrent as recurrent_loops

    def seen(loop: Any) -> Any:
        def run(*args: Any) -> None:
            with record_function(LOOP):
                loop(*args)

        return run

    modules = (dropout_loops, norm_pool_loops, recurrent_loops)
    found = [(m, k, v) for m in modules for k, v in vars(m).items() if isinstance(v, Dispatcher)]
    for module, name, loop in found:
        setattr(module, name, seen(loop))
    try:
        yield
    finally:
        for module, name, loop in found:
            setattr(module, name, loop)


def flops(stack: list[Any], parts: Any) -> float:
    """Multiply-adds, twice, of one epoch's products and convolutions, forward and back."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    from interplay.training.stacked.engine import train_stack

    total = 0.0

    class Count(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            nonlocal total
            out = func(*args, **(kwargs or {}))
            packet = func._overloadpacket
            name = packet.__name__.strip("_")
            if name in ("bmm", "mm"):
                a, b = args[:2]
                total += 2 * a.numel() * b.shape[-1]
            elif name in ("baddbmm", "addmm"):
                a, b = args[1:3]
                total += 2 * a.numel() * b.shape[-1]
            elif name == "convolution":  # torch's own counter leaves groups out of the backward
                total += 2 * out.numel() * args[1][0].numel()
            elif name == "convolution_backward":
                grad, weight, wanted = args[0], args[2], args[-1]
                total += 2 * grad.numel() * weight[0].numel() * sum(wanted[:2])
            return out

    with torch.random.fork_rng(), Count():
        train_stack(stack, [parts] * len(stack))
    return total


def peak(torch: Any) -> float:
    """What a product of two 1024 x 1024 matrices reaches here, GFLOP/s; the best of ten."""
    a = torch.randn(1024, 1024)
    times = []
    for _ in range(10):
        started = time.perf_counter()
        torch.mm(a, a)
        times.append(time.perf_counter() - started)
    return 2 * 1024**3 / min(times) / 1e9


def main() -> None:
    if not all(os.environ.get(k) == v for k, v in MALLOC.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})
    import torch

    torch.set_num_threads(1)
    largest: dict[str, tuple[str, str, list[str], int]] = {}
    for case in ENGINES:
        largest[case[0] + str("data.bucket=true" in case[2])] = case
    rows = []
    for case in largest.values():
        rows.append(measure(*case))
        print(rows[-1], flush=True)
    write(HERE / "stacked_bounds.csv", rows)


if __name__ == "__main__":
    main()
