"""What a value of a hyperparameter can be, whatever the notation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from interplay.errors import Mistake
from interplay.identity import is_kept_whole

LARGEST = 2**63  # whole numbers beyond it fit into no table


class Rejected(Exception):  # noqa: N818  (never leaves the readers)
    """The value is not a domain; the mistake is on the list already."""


def reject(mistakes: list[Mistake], mistake: Mistake) -> NoReturn:
    mistakes.append(mistake)
    raise Rejected


def check_plain(key: str, value: Any, mistakes: list[Mistake]) -> None:
    """Refuse what can be no hyperparameter value: nan, infinity, dates, null."""
    if isinstance(value, (list, tuple)):
        for item in value:
            check_plain(key, item, mistakes)
    elif isinstance(value, Mapping):
        for item in value.values():
            check_plain(key, item, mistakes)
    elif isinstance(value, float) and not math.isfinite(value):
        mistakes.append(Mistake(key, "not a finite number", value, "finite numbers"))
    elif isinstance(value, int) and abs(value) >= LARGEST:
        mistakes.append(Mistake(key, "too large a whole number", value, "below 2^63"))
    elif isinstance(value, str) and not is_kept_whole(value):
        reason = "a sign that no table keeps: a NUL, or one that is no UTF-8"
        mistakes.append(Mistake(key, reason, value, "other signs"))
    elif value is not None and not isinstance(value, (bool, int, float, str)):
        mistakes.append(
            Mistake(
                key,
                "not a value a hyperparameter can have",
                str(value),
                "numbers, words, true, false",
            )
        )
