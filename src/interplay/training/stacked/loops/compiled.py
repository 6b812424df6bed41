"""Loops over the numbers of a tensor, compiled for the processor at hand (numba).

For what torch has no one operation for on a CPU and would go over memory for several times. The
compiled code is kept beside the source, or in the user's cache, so that only the first run of all
waits for the compiler; importing numba costs half a second, so a module of such loops is imported
where the first of them is needed.

What is kept is made anew when the loop's own file has changed: what a loop calls must stand in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """`loop` as machine code, of numpy arrays."""
    # A product and a sum may be rounded once; not-a-number stays one, also where it divides.
    options: dict[str, Any] = {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}
    try:
        made: Loop = numba.njit(cache=True, **options)(loop)
    except RuntimeError:  # no folder to keep the code in
        made = numba.njit(**options)(loop)
    return made
