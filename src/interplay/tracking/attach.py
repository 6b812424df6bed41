"""The mirrors that a study asks for, as listeners; and runs that have them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from interplay.errors import Mistake, StudyError
from interplay.tracking import MIRRORS
from interplay.tracking.tracker import Tracker

if TYPE_CHECKING:
    from interplay.results.results import Results
    from interplay.study.study import Study


def trackers_of(study: Study) -> list[Tracker]:
    """A tracker for each mirror that `[tracking]` names; nothing is asked of them yet.

    Raises:
        StudyError: with all addresses that are none.
    """
    asked = {e.name: getattr(study.settings.tracking, e.name) for e in MIRRORS}
    check_addresses(study.name, asked)
    return [Tracker(name, address) for name, address in asked.items() if address is not None]


def check_addresses(source: str, addresses: dict[str, str | None]) -> None:
    """See that each mirror's address is one.

    Raises:
        StudyError: with all that are none.
    """
    mistakes = []
    for name, address in addresses.items():
        if address is not None:
            module = importlib.import_module(MIRRORS.get(name).path.partition(":")[0])
            if reason := module.mistake(address):
                mistakes.append(Mistake(f"tracking.{name}", reason, address))
    if mistakes:
        raise StudyError(source, mistakes)


def run(study: Study, out: str | Path | None = None, *, progress: bool = True) -> Results:
    """Train what `study` asks for and is not there yet, and return its results.

    Args:
        out: the run folder; runs/<name> where left out.
        progress: show a progress bar on stderr.

    Raises:
        InterplayError: where the study and the folder, the data, or the models do not work.
    """
    from interplay.tuning.execute import execute

    outcome = execute(study, out, progress=progress, listeners=trackers_of(study))
    if progress and not outcome.tried:
        print(f"{study.name}: {outcome.nothing_new}", file=sys.stderr)
    if progress and outcome.left_aside:
        print(f"{study.name}: {outcome.left_aside}", file=sys.stderr)
    return outcome.results
