"""The stacked engine on a GPU: the curve from 1 to 512 members, and what its parts bring.

    python benchmarks/cuda.py [ROUNDS]          on a CUDA device; writes stacked_cuda.csv
    python benchmarks/cuda.py ROUNDS cpu        the same work on the CPU, to see that it runs

A member-epoch of a small linear net on digits and of a GRU on gestures: stacked, with its steps
replayed as a CUDA graph and launched one by one, beside members trained one by one by the reference
engine, whose GRU is cuDNN's. All ways turn about in each round.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from machine import write
from stacked import HERE, load_study, milliseconds, parts_for, ratio

CURVE = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
# name, study, overrides, members
CASES: list[tuple[str, str, list[str], list[int]]] = [
    ("digits linear 32", "digits", ["model.hidden_size=32", "model.dropout=0.2"], CURVE),
    *(
        (f"gestures gru {h}", "gestures", [f"model.hidden_size={h}", "model.dropout=0.2"], m)
        for h, m in ((32, [1, 4, 16, 64]), (64, [1, 4, 16, 64]))
    ),
]


def measure(
    case: str, study: str, overrides: list[str], members: int, rounds: int, device: str
) -> Any:
    import torch

    from interplay.training.members import Member
    from interplay.training.reference import train_member
    from interplay.training.stacked import engine

    epochs = 3
    config, parts = parts_for(load_study(study, epochs, overrides), synthetic=False, device=device)
    stack = [Member(str(s), config, s, epochs) for s in range(members)]
    few = stack[:2]

    def launched() -> None:
        found, engine.recorder_for = engine.recorder_for, lambda _: None
        try:
            engine.train_stack(stack, [parts] * members, device=device)
        finally:
            engine.recorder_for = found

    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "stacked": (members, lambda: engine.train_stack(stack, [parts] * members, device=device)),
        "launched": (members, launched),
        "reference": (len(few), lambda: [train_member(m, parts, device=device) for m in few]),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(-1, rounds):  # the first warms up
        for way, (count, train) in ways.items():
            started = time.perf_counter()
            train()
            if device == "cuda":
                torch.cuda.synchronize()
            if number >= 0:
                times[way].append((time.perf_counter() - started) / count / epochs)
    return {
        "case": case,
        "members": members,
        "rounds": rounds,
        **{f"{way}_ms": milliseconds(times[way]) for way in ways},
        "ratio_reference": ratio(times, "reference"),
        "ratio_launched": ratio(times, "launched"),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
    }


def main() -> None:
    import torch

    from interplay.training.reference import quieten

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    device = sys.argv[2] if len(sys.argv) > 2 else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("no CUDA device here")
    quieten()
    rows = []
    for case, study, overrides, curve in CASES:
        for members in curve:
            rows.append(measure(case, study, overrides, members, rounds, device))
            print(rows[-1], flush=True)
    if device == "cuda":
        write(HERE / "stacked_cuda.csv", rows)


if __name__ == "__main__":
    main()
