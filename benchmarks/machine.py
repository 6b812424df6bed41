"""What a benchmark writes beside its figures: the machine, and rows of a CSV."""

from __future__ import annotations

import csv
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def machine() -> str:
    """Processor, cores this process may use, and Python's and torch's versions."""
    from importlib.metadata import version

    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, Python {platform.python_version()}, torch {version('torch')}"


def write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace `file` by `rows`, each with the date and the machine."""
    stamp = {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], *stamp])
        writer.writeheader()
        writer.writerows({**row, **stamp} for row in rows)
    print(f"wrote {file}")
