"""Options that every model takes, whatever builds it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from interplay.options import Late

UNLEARNT = "nothing was learnt before that could be kept: there is no model.start"


def _named(place: str) -> str:
    """Not the word that stands for nothing."""
    if place in ("", "none"):
        raise ValueError("a name of weights, or none")
    return place


def model(
    *,
    start: Annotated[
        Annotated[str, AfterValidator(_named)] | None,
        Late(),
        Field(
            description="weights to begin from: a folder, a file or torchvision:NETWORK; the last "
            "layer begins anew"
        ),
    ] = None,
    frozen: Annotated[
        int,
        Late(),
        Field(ge=0, le=1000, description="first stages that keep the weights of start; 0 none"),
    ] = 0,
) -> dict[str, object]:
    """The keys of a study's [model] section besides the builder's own.

    `start` names the folder of an exported model, a file of safetensors, one of
    `torch.save(model.state_dict(), …)`, or torchvision:<network>.
    """
    return {"start": start, "frozen": frozen}
