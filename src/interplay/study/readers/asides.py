"""What sweeps vary that is no hyperparameter here, said with the way out."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

SEED = re.compile(r"(^|[._])seeds?$")
EPOCHS = re.compile(r"(^|[._])((num|n|max)_)?epochs?$")


def once_told(tool: str, said: Container[str]) -> list[str]:
    """A note that a tool trains every setting once, where nothing says how often it is trained here.

    Args:
        said: the keys at the top of the study.
    """
    if "seeds" in said:
        return []
    return [
        f"{tool} trains every setting once; here each is trained with several seeds, of which "
        "seeds=1 makes one"
    ]


def seeds_told(varied: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A note on each hyperparameter that is a seed.

    Args:
        varied: what varies, as a study file of ours has it.
    """
    notes = []
    for name, raw in varied.items():
        if not SEED.search(name):
            continue
        if {"values", "step"} & raw.keys():
            way = f"--map {name}=seeds trains every cell with each of its values"
        else:
            way = f"--map {name}= leaves it out, and seeds=5 trains every cell with five"
        notes.append(f"{name} is a seed, and no hyperparameter but a repeat: {way}")
    return notes


def epochs_told(varied: Mapping[str, Any]) -> list[str]:
    """A note on each hyperparameter that is how long a training lasts."""
    return [
        f"{name} varies, and here all train equally long, or no heatmap could compare them: "
        f"--map {name}= leaves it out, and epochs=10 says how long"
        for name in varied
        if EPOCHS.search(name)
    ]
