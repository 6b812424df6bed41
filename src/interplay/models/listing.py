"""What there is to build: every family with its options, read off the registry, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interplay.kinds import Kind
from interplay.models import FAMILIES, Family
from interplay.models import common as common_models
from interplay.options import Options, options_of


@dataclass(frozen=True)
class OptionListing:
    """One option of a family.

    Attributes:
        name: as written in a study file.
        allowed: its values, in words.
        default: its value where a study says nothing.
        doc: one line on what it is.
    """

    name: str
    allowed: str
    default: Any
    doc: str


@dataclass(frozen=True)
class FamilyListing:
    """One family of networks.

    Attributes:
        name: as written in a study file.
        summary: one line on what it is.
        accepts: the kinds of input it reads, the preferred first.
        options: in the order of the builder's signature.
    """

    name: str
    summary: str
    accepts: tuple[Kind, ...]
    options: tuple[OptionListing, ...]


def describe(family: Family) -> FamilyListing:
    """The listing of one family."""
    return FamilyListing(family.name, family.summary, family.accepts, _listed(family.options))


def common() -> tuple[OptionListing, ...]:
    """The options that every model has besides, whatever builds it."""
    return _listed(options_of(common_models.model))


def _listed(options: Options) -> tuple[OptionListing, ...]:
    return tuple(
        OptionListing(option.name, option.allowed, option.default, option.doc)
        for option in options.by_name.values()
    )


def describe_all() -> tuple[FamilyListing, ...]:
    """The listings of all families, in the order of the registry."""
    return tuple(describe(family) for family in FAMILIES)
