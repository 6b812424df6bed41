"""What the columns of somebody else's table are, by their names and what stands in them.

A guess is never silent: the column says that it is one, and a reader's word goes before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.numbers import as_numbers
from interplay.errors import TableError, shown
from interplay.identity import as_held, is_kept_whole
from interplay.metrics import meaning_of
from interplay.results.sources.run import columns_of
from interplay.table.ledger import COLUMNS
from interplay.table.statuses import status_of
from interplay.table.table import (
    BY_NAME,
    PREFIXES,
    SEPARATORS,
    Column,
    Role,
    Table,
    short_name,
    varying,
)

SEEDS = ("seed", "random_state", "random_seed", "rng_seed", "manual_seed", "torch_seed")
FOLDS = ("fold", "cv_fold", "fold_id", "kfold", "split")
BUDGETS = (
    "epochs_run", "training_iteration", "epoch", "epochs", "num_epochs", "n_epochs", "max_epochs",
    "total_epochs", "budget", "iterations", "n_iterations", "num_iterations", "iteration",
    "global_step", "_step", "steps", "step", "num_steps", "max_steps", "timesteps_total",
    "n_resources", "iter",
)  # fmt: skip
"""The first of these that there is, is the budget; the others keep its time. What was reached stands
before what was asked for."""
STATUSES = ("status", "state", "trial_state", "trial_status", "run_status")
_PLACES = """
id name number trial trial_id run run_id run_name member index hostname host node_ip pid done
experiment experiment_id experiment_tag logdir user created updated sweep notes tags group url
origin duration runtime _runtime _timestamp timestamp date walltime wall_time n_parameters
num_parameters n_params num_params iterations_since_restore checkpoint checkpoint_dir_name
should_checkpoint worker gpu commit
"""
BOOKKEEPING = {*COLUMNS, *BUDGETS, *_PLACES.split()} - {"seed", "fold", *STATUSES}
TIMES = re.compile(
    r"(^|_)(date|datetime|time|timestamp|seconds|duration|walltime|since)(_|$)|_(id|ip|path|dir|at)$"
)
"""What a name that tells time or place is made of."""
FOLDED = re.compile(r"^(std|rank)_test_|^split\d+_|_fit_time$|_score_time$")
"""What scikit-learn's searches write beside their mean scores."""
OF_OPTUNA = re.compile(r"^(user|system)_attrs[_/]")
"""What Optuna's frames put before names of what is neither a value nor a hyperparameter."""
NONES = ("None", "none")
"""How no value is written among numbers, which is a level there and no word."""
LAST = re.compile("|".join(map(re.escape, SEPARATORS)))
_RATES = """
lr learning_rate lr0 base_lr max_lr eta weight_decay wd l1 l2 alpha lambda reg c gamma eps epsilon
"""
_SIZES = """
dropout momentum batch_size hidden_size hidden_dim num_layers n_layers layers units width depth
filters channels kernel_size max_depth n_estimators beta1 beta2 temperature
"""
RATES = frozenset(_RATES.split())
"""Hyperparameters whose scale is logarithmic where they span a decade or more."""
SETTINGS = RATES | frozenset(_SIZES.split())
"""Names of hyperparameters, whatever values they have."""


def guess_table(name: str, frame: pd.DataFrame, own: tuple[str, ...] = ()) -> Table:
    """A table of somebody else's, its columns' roles guessed; one that this tool saved is known.

    Args:
        frame: a row a training, as `plain` leaves it.
        own: how the names begin of what its tool keeps by itself: bookkeeping, and no guess.
    """
    if {"seed", "status", "engine", "epochs_asked", "epochs_run", "seconds"} <= set(frame.columns):
        columns = {n: c for n, c in columns_of(frame, {}).items() if n in frame}
    else:
        columns = guess_columns(frame)
        columns |= {n: Column(n, "bookkeeping") for n in columns if own and n.startswith(own)}
    return Table(name, frame, columns, varying(frame, columns))


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """With text as column names, plain kinds of columns, and text for what cannot be compared.

    An index that has a name is columns too.
    """
    frame = frame.set_axis(["/".join(map(str, _parts(name))) for name in frame.columns], axis=1)
    if any(name is not None for name in frame.index.names):
        levels = [f"level_{i}" if n is None else str(n) for i, n in enumerate(frame.index.names)]
        frame = frame.reset_index(names=levels, allow_duplicates=True)
    if frame.columns.has_duplicates:
        twice = ", ".join(frame.columns[frame.columns.duplicated()].unique())
        raise TableError(f"more than one column is called {twice}: rename them")
    frame = frame.reset_index(drop=True)
    changed: dict[str, pd.Series[Any]] = {}
    for (key, column), kind in zip(frame.items(), frame.dtypes, strict=True):
        name = str(key)
        # Whose groups pandas makes otherwise, or not at all.
        if isinstance(kind, pd.CategoricalDtype):
            column = changed[name] = column.astype(object)
        elif kind == np.float16:
            changed[name] = column.astype(np.float32)
        if column.dtype != object and column.dtype != "string":
            continue
        values = _distinct(column.tolist())
        if any(map(_is_many, values)):
            changed[name] = column.map(_as_text)
        elif any(isinstance(value, str) and value in NONES for value in values):
            rest = column[~column.isin(NONES)]
            if rest.notna().any() and as_numbers(rest) is not None:
                changed[name] = column.astype(object).mask(column.isin(NONES), None)
        for value in values:
            if isinstance(value, str) and not is_kept_whole(value):
                raise TableError(
                    f"column {name!r} holds {shown(value)}: no table tells texts apart by what "
                    "stands behind a NUL, or is no UTF-8; replace such signs"
                )
    for name, column in changed.items():
        frame[name] = column
    return frame


def _distinct(values: list[Any]) -> Collection[Any]:
    """Each value once, which are few where rows are many; all where some cannot be told apart."""
    try:
        return dict.fromkeys(values)
    except TypeError:
        return values


def _parts(name: Any) -> tuple[Any, ...]:
    """Those of a column's name where columns have several levels; levels may be empty."""
    return tuple(part for part in name if part != "") if isinstance(name, tuple) else (name,)


def _is_many(value: Any) -> bool:
    """Whether a value is several, or cannot be told apart from others of its kind."""
    return isinstance(value, (tuple, frozenset)) or not isinstance(value, Hashable)


def _as_text(value: Any) -> Any:
    held = as_held(value.tolist() if isinstance(value, np.ndarray) else value)
    return str(held) if _is_many(held) else held


def guess_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Each column with what it seems to be."""
    names = list(map(str, frame.columns))
    marked = {name for name in names if name.startswith(PREFIXES)}
    plain = {name: plain_name(name) for name in names}
    guesses = {
        name: _role(column, plain[name], name in marked, bool(marked))
        for name, column in zip(names, (column for _, column in frame.items()), strict=True)
    }
    for role, order in (
        ("seed", SEEDS),
        ("fold", FOLDS),
        ("budget", BUDGETS),
        ("status", STATUSES),
    ):
        found = [n for n in names if plain[n] in order and _fits(role, frame[n])]
        # What its tool marks as a setting is a budget only where nothing else is.
        found.sort(key=lambda n: (n in marked, order.index(plain[n])))
        for only in found[:1]:
            guesses[only] = role, BY_NAME  # type: ignore[assignment]
    return {name: _column(name, *guess) for name, guess in guesses.items()}


def plain_name(name: str) -> str:
    """The name as the lists above have it: `seed` of `config/Seed` and of `user_attrs_seed`."""
    name = LAST.split(short_name(OF_OPTUNA.sub("", name)))[-1]
    return re.sub(r"[\s-]+", "_", name.strip()).lower()


def _role(column: pd.Series[Any], plain: str, marked: bool, some_marked: bool) -> tuple[Role, str]:
    """What a column is that is neither seed, fold, budget nor status, and why."""
    name = str(column.name)
    if marked:
        return "hyperparameter", "marked as a setting"
    if FOLDED.search(name) or name.startswith(("Unnamed: ", "tags.")):
        return "bookkeeping", BY_NAME
    if OF_OPTUNA.search(name):
        return attribute_role(column), "an attribute of a trial"
    numbers = as_numbers(column)
    if plain in SETTINGS and not some_marked:
        return "hyperparameter", BY_NAME
    if plain in BOOKKEEPING or TIMES.search(plain):
        return "bookkeeping", BY_NAME
    if numbers is not None and meaning_of(name).mode is not None:
        return "metric", BY_NAME
    if some_marked:
        others = "settings are marked, and this is not"
        return ("bookkeeping" if numbers is None else "metric"), others
    if numbers is None:
        # Words that name each row anew are no setting.
        unique = len(column) > 3 and column.nunique() == len(column)
        return ("bookkeeping", "another in each row") if unique else ("hyperparameter", "words")
    broken = bool((numbers[np.isfinite(numbers)] % 1 != 0).any())
    if broken and column.nunique() > max(2, len(column) // 2):
        return "metric", "fractions, hardly one twice"
    return "hyperparameter", "fractions, few of them" if broken else "whole numbers"


def attribute_role(column: pd.Series[Any]) -> Role:
    """What an attribute of a trial is that is neither seed nor fold: its tool knows the settings."""
    told = as_numbers(column) is not None and meaning_of(str(column.name)).mode is not None
    return "metric" if told else "bookkeeping"


def paired_by_name(frame: pd.DataFrame) -> dict[Role, str]:
    """Which of these settings is the seed, and which the fold, by their names."""
    found: dict[Role, str] = {}
    names: dict[Role, tuple[str, ...]] = {"seed": SEEDS, "fold": FOLDS}
    plain = {str(c): plain_name(str(c)) for c in frame}
    for role, words in names.items():
        called = [c for word in words for c in plain if plain[c] == word]
        fits = [c for c in called if _fits(role, frame[c])]
        if fits:
            found[role] = fits[0]
    return found


def _fits(role: str, column: pd.Series[Any]) -> bool:
    """Whether a column that is called like a role has the values of one."""
    if role == "status":
        return any(status_of(word) for word in column.dropna().unique())
    return role == "seed" or as_numbers(column) is not None


def _column(name: str, role: Role, why: str) -> Column:
    if role == "metric":
        meaning = meaning_of(name)
        return Column(name, role, "guessed", mode=meaning.mode, bounds=meaning.bounds, why=why)
    return Column(name, role, "guessed", why=why)
