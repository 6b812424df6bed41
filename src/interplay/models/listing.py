"""What there is to build: every family with its options, read off the registry, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interplay.kinds import Kind
from interplay.models import FAMILIES, Family


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
    options = tuple(
        OptionListing(option.name, option.allowed, option.default, option.doc)
        for option in family.options.by_name.values()
    )
    return FamilyListing(family.name, family.summary, family.accepts, options)


def describe_all() -> tuple[FamilyListing, ...]:
    """The listings of all families, in the order of the registry."""
    return tuple(describe(family) for family in FAMILIES)
