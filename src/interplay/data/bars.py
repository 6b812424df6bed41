"""Progress on stderr while data is downloaded, unpacked and parsed.

In a notebook too: there rich would ask for widgets, so it is told to write plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
FEW = 500  # files: fewer are done before a bar could be read


@contextmanager
def download_bar() -> Iterator[Progress]:
    """A bar in bytes with speed and time left; it shows once it has a task."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, force_jupyter=False),
    )
    try:
        yield bar
    finally:
        bar.stop()


def counted(items: Sequence[T], what: str) -> Iterable[T]:
    """`items` one by one, with a bar where they are many."""
    if len(items) < FEW:
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=what, console=Console(stderr=True, force_jupyter=False))
