"""What a mirror is given: the study, its cells with what their members come to, and trainings."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from interplay.combination import curve_of
from interplay.identity import canonical, same_as
from interplay.training.members import WITH_RESULT, Config, Row

if TYPE_CHECKING:
    from interplay.table.ledger import Ledger


@dataclass(frozen=True)
class Asked:
    """A study as its run folder has it.

    Attributes:
        run: name of the run folder, which tells runs of one study apart.
        place: the run folder.
        told: what the folder says of the study.
    """

    run: str
    place: Path
    told: Mapping[str, Any]

    @classmethod
    def of(cls, ledger: Ledger) -> Asked:
        place = ledger.folder.resolve()
        return cls(place.name, place, ledger.study())

    @property
    def experiment(self) -> str:
        """Where it is kept among other studies: the study's name, or another that it asks for."""
        asked = self.told["study"].get("tracking", {}).get("experiment")
        return str(asked or self.told["name"])

    @property
    def metric(self) -> str:
        return str(self.told["metric"])

    @property
    def varied(self) -> tuple[str, ...]:
        return tuple(self.told["varied"])

    @property
    def replicates(self) -> int:
        """Members of a cell."""
        repeats = self.told["study"].get("repeats", 1)
        return len(self.told["seeds"]) * (self.told["folds"] or 1) * int(repeats)

    def called(self, config: Config) -> str:
        """A cell in words: `hidden_size=8, dropout=0.5`."""
        ends = [name.rpartition(".")[2] for name in self.varied]
        shown = self.varied if len(set(ends)) < len(ends) else ends
        named = [
            f"{short}={config[full]}"
            for short, full in zip(shown, self.varied, strict=True)
            if full in config
        ]
        return ", ".join(named) or "the one cell"


@dataclass(frozen=True)
class Training:
    """A member that was trained.

    Attributes:
        curves: of every metric, also of the one that combines others: a value an epoch.
        digest: another where the member was trained anew.
    """

    row: Row
    curves: Mapping[str, Sequence[float]]

    @classmethod
    def of(cls, row: Row, metric: str) -> Training:
        curves = {name: values for name, values in (row.curves or {}).items() if values}
        combined = curve_of(row.curves, metric)
        return cls(row, curves if not combined else {**curves, metric: combined})

    @cached_property
    def digest(self) -> str:
        row = self.row
        told = [row.key, row.status, row.error, row.epochs_run, row.seconds]
        return hashlib.sha256(same_as(told).encode()).hexdigest()[:16]

    @property
    def called(self) -> str:
        """The member among those of its cell: `seed 0`, `seed 0, fold 1`."""
        fold = "" if self.row.fold is None else f", fold {self.row.fold}"
        return f"seed {self.row.seed}{fold}"

    @property
    def settings(self) -> dict[str, Any]:
        """Its configuration, and what else it was asked for."""
        own = {"seed": self.row.seed, "fold": self.row.fold, "epochs": self.row.epochs_asked}
        return canonical_settings(self.row.config | {k: v for k, v in own.items() if v is not None})

    @property
    def last(self) -> dict[str, float]:
        """Of each metric the last value; none without a result."""
        if self.row.status not in WITH_RESULT:
            return {}
        return {name: float(values[-1]) for name, values in self.curves.items()}


@dataclass(eq=False)
class CellSoFar:
    """A cell, and what its members come to so far.

    Attributes:
        name: in words, as `Asked.called` gives it.
        digest: of its configuration and how long its members train.
        last: by member key the last value of each metric, none where it has no result.
    """

    name: str
    digest: str
    config: Config
    epochs: int
    last: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Members with a result."""
        return sum(bool(own) for own in self.last.values())

    @property
    def settings(self) -> dict[str, Any]:
        return canonical_settings({**self.config, "epochs": self.epochs})

    def figures(self) -> dict[str, float]:
        """`n`, and of each metric `_mean` and, of two values or more, `_sd` over the members."""
        import numpy as np

        found: dict[str, float] = {"n": float(self.n)}
        for metric in dict.fromkeys(name for own in self.last.values() for name in own):
            values = [own[metric] for own in self.last.values() if metric in own]
            with np.errstate(all="ignore"):
                found[f"{metric}_mean"] = float(np.mean(values))
                if len(values) > 1:
                    found[f"{metric}_sd"] = float(np.std(values, ddof=1))
        return {name: value for name, value in found.items() if math.isfinite(value)}


def canonical_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the ledger has them, which a row that just came in says with more digits."""
    return {name: canonical(value) for name, value in settings.items()}


class Mirror(Protocol):
    """Where trainings are kept as well. Whatever goes wrong is raised, as whatever it is.

    Attributes:
        place: for a message.
    """

    place: str

    def open(self, asked: Asked) -> Mapping[str, str]:
        """Go on with a study there, and make one of what is there twice.

        Returns:
            The digest of each training that is there as a whole, by its member's key.
        """
        ...

    def training(self, training: Training, cell: CellSoFar) -> None:
        """Keep one, in place of what there is of its member."""
        ...

    def cell(self, cell: CellSoFar) -> None:
        """Keep what a cell's members come to, once its trainings are there."""
        ...

    def files(self, paths: Mapping[str, Path]) -> None:
        """Keep files and folders of the study's by these names, in place of those before; what
        keeps none forgets them."""
        ...

    def close(self, whole: bool) -> None:
        """The study is done there, or broken off."""
        ...
