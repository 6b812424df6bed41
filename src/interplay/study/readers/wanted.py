"""What readers ask of a value before they use it; what is wrong goes to the list of mistakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from interplay.errors import Mistake, nearest
from interplay.identity import is_number
from interplay.study.readers.values import LARGEST, check_plain


def only(
    key: str,
    table: Mapping[Any, Any],
    known: Collection[str],
    mistakes: list[Mistake],
    reason: str = "no such key",
) -> bool:
    """Whether a table, or a file where `key` is empty, has no keys but the known ones."""
    unknown = [name for name in table if name not in known]
    for name in unknown:
        full = f"{key}.{name}" if key else str(name)
        value = None if isinstance(table[name], Mapping) else table[name]
        near = nearest(name, known)
        mistakes.append(Mistake(full, reason, value, ", ".join(known), near))
    return not unknown


def there(
    key: str, table: Mapping[Any, Any], needed: Collection[str], mistakes: list[Mistake]
) -> bool:
    """Whether a table has all the keys that it needs."""
    missing = [name for name in needed if table.get(name) is None]
    mistakes += [Mistake(f"{key}.{name}", "missing") for name in missing]
    return not missing


def number(key: str, value: Any, mistakes: list[Mistake]) -> bool:
    """Whether a value is a number, finite and of a size that tables keep."""
    before = len(mistakes)
    if not is_number(value):
        mistakes.append(Mistake(key, "not a finite number", value, "a number"))
    else:
        check_plain(key, value, mistakes)
    return len(mistakes) == before


def whole(key: str, value: Any, mistakes: list[Mistake], least: int | None = None) -> bool:
    """Whether a value is a whole number, written as one, and not below `least`."""
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST
    if fits and (least is None or value >= least):
        return True
    allowed = "a whole number" + ("" if least is None else f", {least} or more")
    mistakes.append(Mistake(key, "not a whole number that fits", value, allowed))
    return False


def one_of(key: str, value: Any, known: Collection[str], mistakes: list[Mistake]) -> bool:
    """Whether a value is one of the known words."""
    if isinstance(value, str) and value in known:
        return True
    near = nearest(value, known)
    mistakes.append(Mistake(key, "not one of those", value, ", ".join(known), near))
    return False
