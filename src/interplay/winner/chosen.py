"""A run's chosen cell: its study alone, its members, and what they say of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.errors import InterplayError, Option
from interplay.results.choosing import Choice
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.training.members import Config, Member

if TYPE_CHECKING:
    from interplay.tuning.plan import Plan

LENGTH = 64
"""Of a study's name, at most."""
ASIDE = ("heatmap", "best", "constraint", "search", "tracking")
"""Sections of a study that say nothing of one cell."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A choice from a run of ours.

    Attributes:
        ledger: of the run.
        results: what was chosen from.
        choice: which cell, and why.
    """

    ledger: Ledger
    results: Results
    choice: Choice

    @classmethod
    def of(cls, choice: Choice, results: Results) -> Chosen:
        """The choice from the results of a run.

        Raises:
            InterplayError: it is no run of ours, or a user's function trained it, whose models are
                not ours to keep.
        """
        folder = results.table.folder
        if folder is None:
            raise InterplayError(
                f"{results.name} is no run of ours, so there is nothing to train its choice with; "
                "`interplay convert` writes a study that trains its cells anew, and that one's choice "
                "can be retrained"
            )
        ledger = Ledger(folder)
        if "trial" in ledger.study()["study"]:
            raise InterplayError(
                f"{folder}: a function of your own trained it, and its models stay with it: without ",
                Option("retrain"), " and ", Option("export"), " the choice itself is told",
            )  # fmt: skip
        return cls(ledger, results, choice)

    @property
    def keys(self) -> list[str]:
        """Of the cell's members, in the order of the run's table."""
        keys = self.ledger.keys()
        return [keys[label] for label in self.choice.rows[self.choice.taken]]

    @cached_property
    def config(self) -> Config:
        """The cell's whole configuration."""
        import pyarrow as pa

        from interplay.table.arrow import configs_of
        from interplay.table.parts import CONFIG

        return configs_of(self.ledger.rows([CONFIG], pa.array(self.keys[:1], pa.string())))[0][0]

    @property
    def folders(self) -> list[Path]:
        """Where code of the user's own is looked for."""
        told = [Path(folder) for folder in self.ledger.study().get("folders", ())]
        return [*(folder for folder in told if folder.is_dir()), Path.cwd()]

    def study(self, **changes: Any) -> Study:
        """The study that trains this cell alone, as the run trained it.

        Args:
            changes: sections, whose keys go into the study's own; other keys take their place, and
                None takes one away.
        """
        return Study(source=str(self.ledger.folder), folders=self.folders, **self.tables(**changes))

    def tables(self, **changes: Any) -> dict[str, Any]:
        """As `study`, as a file has it."""
        record = self.ledger.study()
        tables = {
            key: dict(value) if isinstance(value, Mapping) else value
            for key, value in record["study"].items()
            if key not in ASIDE
        }
        tables["name"] = f"{record['name'][: LENGTH - len('-best')]}-best"
        tables["search"] = {"metric": record["metric"], "mode": record["mode"]}
        for name in self.results.varied:
            section, _, key = name.partition(".")
            tables.setdefault(section, {})
            if self._is_there(name):
                value = self.config[name]
                tables[section][key] = (
                    {"value": value} if isinstance(value, (list, dict)) else value
                )
            else:
                tables[section].pop(key, None)
        for key, value in changes.items():
            if isinstance(value, Mapping) and isinstance(tables.get(key), dict):
                gone = {own for own, new in value.items() if new is None}
                value = {**tables[key], **value}
                value = {own: one for own, one in value.items() if own not in gone}
            tables[key] = value
        return {key: value for key, value in tables.items() if value is not None}

    def _is_there(self, name: str) -> bool:
        """Whether the cell has this hyperparameter."""
        if name not in self.config:
            return False
        column, label = self.results.table.columns[name], self.choice.rows[self.choice.taken][0]
        value = self.results.frame.loc[label, name]
        return not (column.absent and (value is None or value != value))


def members_of(plan: Plan, keys: Sequence[str]) -> list[Member]:
    """The members of a plan of one cell that have these keys, in the keys' order.

    Raises:
        InterplayError: data or code are others than they were.
    """
    there = {member.key: member for member in plan.members}
    if lacking := [key for key in keys if key not in there]:
        raise InterplayError(
            f"{plan.study.name}: the data, the code or the version of the model are others than when "
            f"the run was trained ({len(lacking)} of {len(keys)} trainings would not be the same); "
            "run the study again, which trains them as they are now"
        )
    return [there[key] for key in keys]
