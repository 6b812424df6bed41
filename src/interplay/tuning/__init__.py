"""Members into packs, packs onto Ray Tune, rows into the ledger. `run` is all that users call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interplay.results import Results
    from interplay.study import Study


def run(study: Study, out: str | Path | None = None, *, progress: bool = True) -> Results:
    """Train what `study` asks for and is not there yet, and return its results.

    Args:
        out: the run folder; runs/<name> where left out.
        progress: show a progress bar on stderr.

    Raises:
        InterplayError: where the study and the folder, the data, or the models do not work.
    """
    from interplay.tuning.execute import execute

    return execute(study, out, progress=progress).results
