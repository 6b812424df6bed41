"""What "the same value" is: for keys of members, levels of axes and settings of a search."""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeGuard

Value = Any  # what TOML can write: bool, int, float, str, None, or a list or table of them
LONGEST = 4096  # bits of a whole number: Python writes none of thousands of digits
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of a function or an object, another in each process


def canonical(value: Value) -> Value:
    """`value` with floats at 12 significant digits and whole floats of a list kept as floats.

    Two values are the same hyperparameter value exactly when their canonical JSON is the same.
    """
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return hex(value)
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        # By the words of its keys: YAML's may be of several types, which have no order.
        words = {str(key): item for key, item in value.items()}
        return {key: canonical(words[key]) for key in sorted(words)}
    return ADDRESS.sub("", str(value))


def is_number(value: Value) -> TypeGuard[int | float]:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_kept_whole(text: str) -> bool:
    """Whether tables tell a text from all others.

    pandas finds equal texts by their UTF-8 up to a NUL: what differs behind one, or is no UTF-8, it
    takes for the same.
    """
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def as_held(value: Value) -> Value:
    """A value as tables hold it: a list, tuple, set or table as its JSON, or as Python writes it
    where JSON cannot."""
    try:
        if isinstance(value, (set, frozenset)):
            value = sorted(value)
        return (
            json.dumps(value, default=_of_array)
            if isinstance(value, (list, tuple, dict))
            else value
        )
    except (TypeError, ValueError):  # values of several types, keys that are no words
        return str(value)


def _of_array(value: Value) -> Value:
    """What stands in an array of NumPy's within a list or table, as Parquet gives it; else a text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def same_as(value: Value) -> str:
    """A string equal for values that are the same: 1 and 1.0 are, True and 1 are not."""
    if isinstance(value, int) and not isinstance(value, bool):
        return json.dumps(float(value) if abs(value) < 2**53 else canonical(value))
    return json.dumps(canonical(value), sort_keys=True)
