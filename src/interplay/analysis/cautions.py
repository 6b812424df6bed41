"""What a reader must be warned of: a code for programs, a sentence for people, the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caution:
    """One warning.

    Attributes:
        code: for programs, such as "few_seeds".
        message: one sentence.
        cells: (x, y) values of the cells concerned, where it is about some.
    """

    code: str
    message: str
    cells: tuple[tuple[Any, Any], ...] = ()
