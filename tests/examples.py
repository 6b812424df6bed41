"""How many examples a property is tried with, where hypothesis' hundred are too many or too few."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from tests.conftest import SOAK


def examples(number: int, **others: Any) -> settings:
    """So many in `make test`, twenty times as many in `make soak`; the profile's other settings."""
    return settings(max_examples=number * (20 if SOAK else 1), **others)
