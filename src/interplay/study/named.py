"""Where settings name hyperparameters: [heatmap] and [best]. Short names become full ones."""

from __future__ import annotations

from typing import Any

from interplay.errors import Mistake
from interplay.space.space import Space, resolve_name
from interplay.study.settings import Settings

CHEAP = ("score", "parameters", "seconds")
"""What [best] by may be besides hyperparameters."""


def check_names(
    settings: Settings, space: Space, unread: tuple[str, ...], mistakes: list[Mistake]
) -> dict[str, Any]:
    """The sections that name hyperparameters, with full names; what is wrong goes to `mistakes`.

    Args:
        unread: names that could not be read, which is reported where they stand.
    """
    found: dict[str, Any] = {}

    def full(key: str, asked: str, others: str = "") -> str:
        name, near = resolve_name(asked, space.varied)
        if name is None and resolve_name(asked, unread)[0] is None:
            fixed = resolve_name(asked, tuple(space.domains))[0]
            reason = "does not vary" if fixed else "no such hyperparameter"
            allowed = others + (", ".join(space.varied) or "nothing varies in this study")
            mistakes.append(Mistake(key, reason, asked, allowed, near))
        return name or asked

    if (heatmap := settings.heatmap) is not None:
        names = {axis: full(f"heatmap.{axis}", getattr(heatmap, axis)) for axis in ("x", "y")}
        if names["x"] == names["y"]:
            mistakes.append(Mistake("heatmap.y", "the same as heatmap.x", names["y"], "another"))
        found["heatmap"] = heatmap.model_copy(update=names)
    whole = space.domains.get("data.train_on")
    if whole is not None and "all" in whole.corners() and space.varied:
        reason = "cells are compared on rows that none of them was trained on"
        mistakes.append(Mistake("data.train_on", reason, "all", "train, or nothing that varies"))
    by = settings.best.by
    if by not in CHEAP:
        others = f"{', '.join(CHEAP)}, "
        wanted = [
            (one[:1] == "-", one.removeprefix("-")) for one in ([by] if isinstance(by, str) else by)
        ]
        order = ["-" * down + full("best.by", one, others) for down, one in wanted]
        found["best"] = settings.best.model_copy(update={"by": order})
    return found
