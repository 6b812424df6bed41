"""A data frame whose columns have roles: all that results, analyses and verbs know of a source."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from interplay.errors import TableError, UnknownNameError, listed
from interplay.kinds import How, Over
from interplay.metrics import Bounds, Mode, meaning_of
from interplay.table.statuses import status_of

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["hyperparameter", "metric", "seed", "fold", "budget", "status", "bookkeeping"]
SINGLE: tuple[Role, ...] = ("seed", "fold", "budget", "status")
"""Roles that one column of a table has at most."""
Sure = Literal["known", "guessed", "told"]
NAMED = 20
"""So many columns are named where one of them is meant."""
BY_NAME = "its name"
"""Why most columns are taken for what they are."""


@dataclass(frozen=True)
class Column:
    """What a column is.

    Attributes:
        name: in the frame.
        role: what it is for.
        sure: whether its role is known (whoever wrote the table says so), guessed by a source, or
            told by the reader.
        order: of a hyperparameter, the values it may take in the order given; empty where that is
            not known.
        log: of a hyperparameter, whether its scale is logarithmic; None where not known.
        mode, bounds: of a metric, as in `Meaning`.
        why: what a guess was made by, in words.
        absent: of a hyperparameter, whether it is not there in some cells: rows of those have no
            value of it.
    """

    name: str
    role: Role
    sure: Sure = "known"
    order: tuple[Any, ...] = ()
    log: bool | None = None
    mode: Mode | None = None
    bounds: Bounds | None = None
    why: str = ""
    absent: bool = False

    def to_json(self) -> dict[str, Any]:
        """What the column was taken for; unknown and infinite things are null."""
        ends = [end if math.isfinite(end) else None for end in self.bounds or ()]
        return {**vars(self), "order": list(self.order), "bounds": ends or None}


@dataclass(frozen=True)
class Default:
    """What a table is asked where its reader does not say: a run's own question."""

    x: str | None = None
    y: str | None = None
    metric: str | None = None
    over: Over | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of trainings, one a row, and what each column is.

    Attributes:
        name: for titles.
        frame: the rows.
        columns: of the frame, by name; a metric that no row has yet is there too.
        varied: the hyperparameters that vary, or that were meant to.
        default: what is asked where nobody says.
        study: what its source has on record of the study, as it stands there; empty where nothing.
        score: what a cell's replicates come to where cells are ranked one by one.
        ordered: whether rows stand in the order in which their cells were tried; `seconds`, or
            `trial_seconds`, is then how long each trained.
        horizons: values of `schedule.name` under which epoch k depends on how many were asked for.
        read_curves: gives a row a member (row number in `frame`) and epoch, with the metrics; None
            where only last values are known.
        follower: the study file that should follow a scan, where there is one.
        folded: columns that hold a mean over folds which are rows here, each with the metric whose
            mean it is: who asks for the first is answered with the second.
        cells: the hyperparameters of a row a cell, where it is known that there are no others; None
            where more may be.
        notes: what there is to know of the rows themselves, a sentence each, said with each answer.
        address: of a part of a store, what reads it again, the same however it was typed: its file
            or server, `#` and the part's name; None where the source's path says all.
        folder: of a run of ours; None of any other table.
    """

    name: str
    frame: pd.DataFrame
    columns: Mapping[str, Column]
    varied: tuple[str, ...]
    default: Default = field(default_factory=Default)
    study: Mapping[str, Any] = field(default_factory=dict)
    score: How = "mean"
    ordered: bool = False
    horizons: tuple[str, ...] = ()
    read_curves: Callable[[], pd.DataFrame] | None = None
    follower: Path | None = None
    folded: Mapping[str, str] = field(default_factory=dict)
    cells: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    address: str | None = None
    folder: Path | None = None

    @property
    def of_run(self) -> bool:
        """Whether its rows were trained here, by a study of ours."""
        return self.folder is not None

    def of(self, *roles: Role) -> tuple[str, ...]:
        """Names of the columns that have one of these roles."""
        return tuple(name for name, column in self.columns.items() if column.role in roles)

    def one(self, role: Role) -> str | None:
        """The column that is the seed, fold, budget or status; None where there is none."""
        assert role in SINGLE
        return next(iter(self.of(role)), None)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """A row a member and epoch: `member` (row number in `frame`), `epoch` from 1, metrics.

        Raises:
            TableError: only last values are known.
        """
        if self.read_curves is None:
            raise TableError(f"{self.name} has no curves: it holds one value a training")
        return self.read_curves()

    def find(self, name: str, *roles: Role) -> str:
        """The column that `name` means, among those with these roles first: a last part will do.

        Raises:
            UnknownNameError: naming the columns by role, and the nearest.
            TableError: it may mean several.
        """
        wanted = self.of(*roles)
        if "hyperparameter" in roles:
            wanted = tuple(dict.fromkeys([*self.varied, *wanted]))
        several: list[str] = []
        for names in (self.varied if "hyperparameter" in roles else (), wanted, (*self.columns,)):
            if name in names:
                return name
            ends = [full for full in names if _ends_in(full, name)]
            if len(ends) == 1:
                return ends[0]
            several = several or ends
        if several:
            raise TableError(f"{name} may mean {listed(several, NAMED)}: give more of its name")
        what = roles[0] if roles else "column"
        known = (what == "hyperparameter" and self.varied) or wanted
        raise UnknownNameError(what, name, known, self.columns)

    def told(self, roles: Mapping[Role, Sequence[str]], *, all_params: bool = False) -> Table:
        """The table with the roles that its reader says columns have.

        Args:
            roles: columns by role. An only seed, fold, budget or status takes its guess's place.
            all_params: whether the hyperparameters named are all that there are.

        Raises:
            TableError: a column is known to be something else.
        """
        columns = dict(self.columns)
        for role, names in roles.items():
            for name in names:
                self._check_told(name, role)
            for old in self.of(role):
                if old not in names and (
                    role in SINGLE or (role == "hyperparameter" and all_params)
                ):
                    why = f"the {role} is another" if role in SINGLE else "it was not named"
                    columns[old] = replace(
                        columns[old], role=INSTEAD[role], sure="guessed", why=why
                    )
            for name in names:
                own = columns[name]
                if own.sure == "known":
                    continue
                if role == "metric" and own.role != "metric":
                    meaning = meaning_of(name)
                    own = replace(own, mode=meaning.mode, bounds=meaning.bounds)
                columns[name] = replace(own, role=role, sure="told")
        if columns == self.columns:
            return self
        known: frozenset[str] = frozenset()
        if [n for n, c in columns.items() if c.role == "status"] == [*self.of("status")]:
            known = frozenset(self.of("hyperparameter"))
        new = {n: c for n, c in columns.items() if c.role == "hyperparameter" and n not in known}
        rest = {n: c for n, c in columns.items() if c.role == "status"}
        there = {*self.varied, *varying(self.frame, new | rest)}
        varied = tuple(n for n, c in columns.items() if n in there and c.role == "hyperparameter")
        return replace(self, columns=columns, varied=varied)

    def renamed(self, names: Mapping[str, str]) -> Table:
        """The table with other names of its columns, by the names that they have."""
        new = {name: names.get(name, name) for name in self.columns}
        read = self.read_curves
        of_curves = {n: name for n, name in names.items() if n not in ("member", "epoch")}

        def of(name: str | None) -> str | None:
            return None if name is None else names.get(name, name)

        def called(column: Column) -> Column:
            name = new[column.name]
            if name != column.name and column.role == "metric" and column.mode is None:
                meaning = meaning_of(name)
                column = replace(column, mode=meaning.mode, bounds=meaning.bounds)
            return replace(column, name=name)

        return replace(
            self,
            frame=self.frame.rename(columns=names),
            cells=None if self.cells is None else self.cells.rename(columns=names),
            columns={new[name]: called(column) for name, column in self.columns.items()},
            varied=tuple(new[name] for name in self.varied),
            default=replace(
                self.default,
                x=of(self.default.x),
                y=of(self.default.y),
                metric=of(self.default.metric),
            ),
            folded={names.get(a, a): names.get(b, b) for a, b in self.folded.items()},
            read_curves=read and (lambda: read().rename(columns=of_curves)),
        )

    def _check_told(self, name: str, role: Role) -> None:
        own = self.columns[name]
        if own.sure == "known" and own.role != role:
            raise TableError(f"{name} is {_NAMED[own.role]} of {self.name}, and not {_NAMED[role]}")
        known = self.one(role) if role in SINGLE else None
        if known not in (None, name) and self.columns[str(known)].sure == "known":
            raise TableError(f"{_NAMED[role]} of {self.name} is {known}, and not {name}")


INSTEAD: dict[Role, Role] = {
    # What was taken for the seed and is not is one more setting that varies.
    "seed": "hyperparameter",
    "fold": "hyperparameter",
    "budget": "bookkeeping",
    "status": "bookkeeping",
    "hyperparameter": "bookkeeping",
}
"""What a column is that was guessed to have a role which another turns out to have."""
_NAMED: dict[Role, str] = {
    "hyperparameter": "a hyperparameter",
    "metric": "a metric",
    "seed": "the seed",
    "fold": "the fold",
    "budget": "the budget",
    "status": "the status",
    "bookkeeping": "bookkeeping",
}


def varying(frame: pd.DataFrame, columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The hyperparameters with more than one value in the rows.

    None is a value, but not of rows that wait, or failed, maybe before they had their settings.
    """
    import numpy as np
    import pandas as pd

    there = {n: c.role for n, c in columns.items() if n in frame}
    ended = np.ones(len(frame), dtype=bool)
    for status in (n for n, role in there.items() if role == "status"):
        ended = ~frame[status].map(status_of).isin(["failed", "unfinished"]).to_numpy()

    def varies(name: str) -> bool:
        codes, distinct = pd.factorize(frame[name].to_numpy())
        return len(distinct) + bool((codes[ended] < 0).any()) > 1

    return tuple(n for n, role in there.items() if role == "hyperparameter" and varies(n))


PREFIXES = (
    "config/", "params_", "param_", "params.", "params/", "config.", "hparams.", "hparams/", "hp_", "hp/",
    "hyperparameters.", "hyperparameters/",
)  # fmt: skip
"""What other tools put before a hyperparameter's name."""


SEPARATORS = (".", "/", "__")
"""What stands between the parts of a name: that of settings within settings, of scikit-learn's steps."""


def _ends_in(full: str, name: str) -> bool:
    """Whether a name is the last part of a column's, or that without what its tool put before it."""
    return short_name(full) == name or full.endswith(tuple(f"{s}{name}" for s in SEPARATORS))


def short_name(name: str) -> str:
    """A column's name without what its tool put before it: `lr` of `config/lr` and `params_lr`."""
    return without_prefix(name).rpartition("/")[2]


def without_prefix(name: str) -> str:
    """A column's name without what its tool put before it: `opt/lr` of `config/opt/lr`."""
    return name.removeprefix(next((p for p in PREFIXES if name.startswith(p)), ""))
