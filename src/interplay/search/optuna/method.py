"""The method `optuna`: its keys of [search]. Optuna itself is imported where it is used."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from interplay.search.guide import Guide, Task

Sampler = Literal["tpe", "gp", "cmaes", "random", "grid", "qmc"]


def optuna(
    task: Task,
    /,
    *,
    sampler: Annotated[Sampler, Field(description="of Optuna's")] = "tpe",
    storage: Annotated[
        str | None,
        Field(
            description="where its study is kept: sqlite:///…, postgresql://…, redis://…, or a journal file"
        ),
    ] = None,
    study_name: Annotated[
        str | None, Field(description="in the store; this study's name where left out")
    ] = None,
) -> Guide:
    """Optuna's samplers, by Ray's OptunaSearch."""
    from interplay.search.optuna.guide import OptunaGuide

    return OptunaGuide(task, sampler, storage, study_name or task.name)
