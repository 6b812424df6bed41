"""What a sweep's tables come to, for the tests of readers."""

from __future__ import annotations

from typing import Any

import pytest

from interplay.errors import StudyError
from interplay.study.adopted import Sweep, sweep_of


def read(tables: dict[str, Any]) -> Sweep:
    """A sweep that is understood."""
    sweep = sweep_of(tables, "sweep")
    assert sweep is not None
    return sweep


def refused(tables: dict[str, Any]) -> str:
    """The message on a sweep that is not, in one line."""
    with pytest.raises(StudyError) as error:
        sweep_of(tables, "sweep")
    return " ".join(str(error.value).split())


def noted(sweep: Sweep) -> str:
    return " | ".join(sweep.notes)


def cells(sweep: Sweep, *names: str) -> list[Any]:
    """The grid's cells, as values of these names."""
    return [tuple(cell.get(name) for name in names) for cell in sweep.space.grid()]
