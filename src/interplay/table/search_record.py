"""What a search has suggested so far, round by round: `search.jsonl` in the run folder."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from interplay.errors import LedgerError
from interplay.identity import same_as
from interplay.space.space import Cell
from interplay.table.folder import SEARCH, SEARCH_BEFORE, put, remove, writing

HEAD = ("owner", "search", "settings", "before")


def _without_others(found: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """What a record says, less the keys that belong to other methods: older ones had all of them."""
    own = {k: v for k, v in found["search"].items() if k in settings["search"]}
    return {**found, "search": own}


@dataclass
class Record:
    """A first line says what is searched, each further one holds the cells of a round. Written
    before the round trains, so that a search that was killed knows what it had asked.

    Attributes:
        owner: of the run, for stores that several drivers share.
        search: this one, the same whenever it goes on; another where the settings are others.
        settings: what the suggestions depend on; with others, the search begins anew.
        before: cells that were finished before the first suggestion.
        rounds: cells in the order of suggestion.
    """

    folder: Path
    settings: dict[str, Any]
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    search: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    before: list[Cell] = field(default_factory=list)
    rounds: list[list[Cell]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, settings: dict[str, Any]) -> Record:
        """The record in a run folder; an empty one where there is none, or it is of another search.

        Raises:
            LedgerError: where it cannot be read.
        """
        settings = json.loads(json.dumps(settings))
        found = read(folder)
        if found is None:
            return cls(folder, settings)
        if _without_others(found.settings, settings) != settings:
            return cls(folder, settings, found.owner)
        return replace(found, settings=settings)

    @property
    def suggested(self) -> int:
        """How many cells were suggested, repeated ones each time."""
        return sum(map(len, self.rounds))

    @property
    def cells(self) -> list[Cell]:
        """Every cell that the search knows of, each once."""
        known: Iterator[Cell] = chain(self.before, *self.rounds)
        return list({same_as(cell): cell for cell in known}.values())

    def save(self) -> None:
        """Write it whole.

        Raises:
            LedgerError: where it cannot be written.
        """
        lines = [{name: getattr(self, name) for name in HEAD}, *self.rounds]
        put(self.folder / SEARCH, "".join(map(_line, lines)).encode())
        remove(self.folder / SEARCH_BEFORE)

    def add(self, cells: list[Cell]) -> None:
        """One more round, written to what `save` has.

        Raises:
            LedgerError: where it cannot be written.
        """
        with writing(self.folder), (self.folder / SEARCH).open("ab") as file:
            file.write(_line(cells).encode())
        self.rounds.append(cells)


def _line(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


def read(folder: Path) -> Record | None:
    """The record in a run folder, of whatever search it is; None where there is none.

    Raises:
        LedgerError: where it cannot be read.
    """
    path = folder / SEARCH
    if not path.is_file():
        path = folder / SEARCH_BEFORE
        if not path.is_file():
            return None
    try:
        text = path.read_text(encoding="utf-8")
        if path.name == SEARCH_BEFORE:
            head = json.loads(text)
            head["search"], rounds = head["owner"], head["rounds"]
        else:
            # A last line without its end is of a round that was never trained.
            head, *rounds = map(json.loads, text.split("\n")[:-1])
        return Record(folder, **{name: head[name] for name in HEAD}, rounds=rounds)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{path} cannot be read: {error}; without it (moved elsewhere) the search begins anew "
            "with the members that are there"
        ) from None
