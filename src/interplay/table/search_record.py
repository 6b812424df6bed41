"""What a search has suggested so far, round by round: `search.json` in the run folder."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.errors import LedgerError
from interplay.identity import same_as
from interplay.space.space import Cell

FILE = "search.json"


def _without_others(found: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """What a record says, less the keys that belong to other methods: older ones had all of them."""
    own = {k: v for k, v in found["search"].items() if k in settings["search"]}
    return {**found, "search": own}


@dataclass
class Record:
    """Written before a round trains, so that a search that was killed knows what it had asked.

    Attributes:
        owner: of the run, for stores that several drivers share.
        settings: what the suggestions depend on; with others, the search begins anew.
        before: cells that were finished before the first suggestion.
        rounds: cells in the order of suggestion.
    """

    path: Path
    settings: dict[str, Any]
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    before: list[Cell] = field(default_factory=list)
    rounds: list[list[Cell]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, settings: dict[str, Any]) -> Record:
        """The record in a run folder; an empty one where there is none, or it is of another search."""
        path = folder / FILE
        settings = json.loads(json.dumps(settings))
        if not path.is_file():
            return cls(path, settings)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            record = cls(path, settings, found["owner"], found["before"], found["rounds"])
        except (OSError, ValueError, KeyError) as error:
            raise LedgerError(f"{path} cannot be read: {error}") from None
        if _without_others(found["settings"], settings) != settings:
            return cls(path, settings, record.owner)
        return record

    @property
    def suggested(self) -> int:
        """How many cells were suggested, repeated ones each time."""
        return sum(map(len, self.rounds))

    @property
    def cells(self) -> list[Cell]:
        """Every cell that the search knows of, each once."""
        known = [*self.before, *(cell for cells in self.rounds for cell in cells)]
        return list({same_as(cell): cell for cell in known}.values())

    def save(self) -> None:
        content = {name: getattr(self, name) for name in ("owner", "settings", "before", "rounds")}
        temporary = self.path.with_name(f".{FILE}.tmp")
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        temporary.replace(self.path)
