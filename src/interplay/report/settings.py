"""The small settings file beside a report: words that no run knows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from interplay.errors import Mistake, StudyError, nearest


class ReportSettings(BaseModel):
    """What an author may set; empty texts are made from the study."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    author: str = ""
    question: str = ""
    language: str = Field("en", pattern="^[a-z]{2,3}$")
    font_size: float = Field(9.0, ge=7.5, le=12)
    x: str = ""
    y: str = ""
    metric: str = ""


TEMPLATE = """\
# The page's own words; empty ones are made from the study.
title     = ""
author    = ""
question  = ""
language  = "en"     # two letters, for hyphens and screen readers
font_size = 9.0      # points, 7.5 to 12
x         = ""       # which two hyperparameters, and which metric; the study's if empty
y         = ""
metric    = ""
"""


def read_settings(file: Path) -> ReportSettings:
    """The settings of a file.

    Raises:
        StudyError: all its mistakes at once.
    """
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # also a number of more digits than Python reads
        raise StudyError(str(file), [Mistake("file", f"is no TOML: {error}")]) from None
    try:
        return ReportSettings(**given)
    except ValidationError as error:
        names = tuple(ReportSettings.model_fields)
        mistakes = []
        for one in error.errors():
            key = ".".join(map(str, one["loc"]))
            if one["type"] == "extra_forbidden":
                allowed, near = ", ".join(names), nearest(key, names)
                mistakes.append(Mistake(key, "there is no such key", None, allowed, near))
            else:
                mistakes.append(Mistake(key, str(one["msg"]), one["input"]))
        raise StudyError(str(file), mistakes) from None
