"""What a benchmark writes beside its figures: the machine, and rows of a CSV."""

from __future__ import annotations

import csv
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def machine() -> str:
    """Processor, cores this process may use, and Python's and torch's versions."""
    from interplay.tuning.describe import machine as processor

    return f"{processor()}, Python {platform.python_version()}, torch {version('torch')}"


def write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace `file` by `rows`, each with the date and the machine, or those it has already."""
    stamp = {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, dict.fromkeys([*rows[0], *stamp]))
        writer.writeheader()
        writer.writerows({**stamp, **row} for row in rows)
    print(f"wrote {file}")
