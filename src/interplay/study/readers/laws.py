"""Laws of probability in a study file: by name, with their own keys, and how likely listed values are.

{ distribution = "normal", mu = 0.0, sigma = 1.0 }       lognormal: mu and sigma of the logarithm
{ distribution = "beta", a = 2.0, b = 5.0 }
{ distribution = "reversed_loguniform", low = 1e-3, high = 0.1, n = 1 }      n less a log-uniform
{ distribution = "uniform", low = 0, high = 100, q = 5 }    each: rounded to a multiple of q
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.space.domains import Law
from interplay.space.laws import LAWS
from interplay.study.readers.values import LARGEST, Rejected, reject
from interplay.study.readers.wanted import number

DEFAULTS = {"n": 1}
LAW_KEYS = ("mu", "sigma", "a", "b", "n", "q")
"""Keys that ranges without a law do not have."""
CLOSE = 1e-5
"""So near to 1 is what probabilities add up to, written with few digits."""


def read_law(key: str, table: Mapping[str, Any], distribution: str, mistakes: list[Mistake]) -> Law:
    """The law that a table writes down.

    Raises:
        Rejected: with what is wrong added to `mistakes`.
    """
    names = LAWS[distribution].parameters
    own, before = (*names, "q", "distribution"), len(mistakes)
    for name in table:
        if name not in own:
            reason = f"no key of {distribution}"
            mistakes.append(Mistake(f"{key}.{name}", reason, table[name], ", ".join(own)))
    missing = [name for name in names if name not in table and name not in DEFAULTS]
    if missing:
        what = f"{distribution} needs {' and '.join(missing)}"
        keys = ", ".join(f"{name} = …" for name in names)
        mistakes.append(Mistake(key, what, dict(table), f"{{ {keys} }}"))
    for name in (*names, "q"):
        if name in table:
            number(f"{key}.{name}", table[name], mistakes)
    if len(mistakes) > before:
        raise Rejected
    given = {name: table.get(name, DEFAULTS.get(name)) for name in names}
    _check_bounds(key, distribution, given, mistakes)
    for name in ("sigma", "a", "b", "q"):
        value = table.get(name)
        if value is not None and value <= 0:
            mistakes.append(Mistake(f"{key}.{name}", "not positive", value, "above 0"))
    if len(mistakes) > before:
        raise Rejected
    law = Law(distribution, tuple(float(given[name]) for name in names), table.get("q"))
    _check_drawn(key, law, mistakes)
    return law


def _check_bounds(
    key: str, distribution: str, given: Mapping[str, Any], mistakes: list[Mistake]
) -> None:
    if "low" not in given:
        return
    low, high = given["low"], given["high"]
    if low >= high:
        reason = "low is above high" if low > high else "low equals high, so nothing varies"
        mistakes.append(Mistake(key, reason, f"{low:g} to {high:g}", "low below high"))
    if distribution != "uniform" and low <= 0:
        mistakes.append(Mistake(f"{key}.low", "a log range needs a positive low", low, "above 0"))
    if "n" in given and high > given["n"]:
        reason = f"above n, which is {given['n']:g}: n less a draw would be negative"
        mistakes.append(Mistake(f"{key}.high", reason, high, f"up to {given['n']:g}, or n = …"))


def _check_drawn(key: str, law: Law, mistakes: list[Mistake]) -> None:
    """Whether all that comes out are numbers that a table holds, and more than one."""
    if law.name == "beta" and law.q is None:
        return  # its ends are for scipy to say, which is not imported to read a study
    largest = max(abs(law.before_rounding(u)) for u in (0.0, 1.0))
    if not largest < math.inf or (law.q is not None and largest / min(law.q, 1) >= LARGEST):
        allowed = "a narrower one" + ("" if law.q is None else ", or a larger q")
        reject(mistakes, Mistake(key, "draws larger than a number can be", str(law), allowed))
    if law.low == law.high:
        reason = f"every draw is {law.low:g}, so nothing varies"
        reject(mistakes, Mistake(key, reason, str(law), "a smaller q, or a wider law"))


def read_probabilities(key: str, raw: Any, size: int, mistakes: list[Mistake]) -> tuple[float, ...]:
    """How likely each of so many listed values is.

    Raises:
        Rejected: with what is wrong added to `mistakes`.
    """
    key = f"{key}.probabilities"
    if not isinstance(raw, (list, tuple)):
        reject(mistakes, Mistake(key, "not a list", raw, "a list"))
    if len(raw) != size:
        reason = f"{len(raw)} for {size} values"
        reject(mistakes, Mistake(key, reason, list(raw), "one for each value"))
    if not all(number(key, value, mistakes) for value in raw):
        raise Rejected
    for value in raw:
        if value <= 0:
            reason = "not positive, so its value would never come"
            reject(mistakes, Mistake(key, reason, value, "above 0; leave the value out"))
    if abs(math.fsum(raw) - 1) > CLOSE:
        allowed = "numbers that add up to 1"
        reject(mistakes, Mistake(key, f"add up to {math.fsum(raw):g}", list(raw), allowed))
    return tuple(float(value) for value in raw)
