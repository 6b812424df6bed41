"""The method `bayes`: its keys of [search]. What it computes with is imported where it is used."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from interplay.search.guide import Guide, Task

Acquisition = Literal["ei", "ucb", "poi"]


def bayes(
    task: Task,
    /,
    *,
    acquisition: Annotated[
        Acquisition,
        Field(
            description="expected improvement, upper confidence bound, probability of improvement"
        ),
    ] = "ei",
    xi: Annotated[
        float,
        Field(
            ge=0,
            description="what ei and poi ask of an improvement, in standard deviations of scores",
        ),
    ] = 0.01,
    kappa: Annotated[
        float, Field(ge=0, description="how many standard deviations ucb adds")
    ] = 2.576,
) -> Guide:
    """Bayesian optimisation with a Gaussian process."""
    from interplay.search.bayes.searcher import BayesGuide

    return BayesGuide(task, acquisition, xi, kappa)
