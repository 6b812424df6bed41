"""`cv_results_` of scikit-learn's searches, as a frame: each setting's folds become rows.

Its columns are `param_…` (a row a setting), `split0_test_score` … (of each fold, and of each scorer
by name where there are several), their means, spreads and ranks, times, and `iter` and `n_resources`
of a halving search (sklearn/model_selection/_search.py, `_format_results`). A score is better where
it is higher: a loss stands there as its negative.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from interplay.analysis.numbers import as_numbers
from interplay.identity import canonical
from interplay.metrics import Mode, meaning_of
from interplay.results.sources.guess import SEEDS, guess_columns, plain_name
from interplay.results.sources.known import known_table
from interplay.table.table import INSTEAD, SINGLE, Column, Default, Role, Table

PARAM = "param_"
SPLIT = re.compile(r"split(0|[1-9]\d{0,5})_((?:test|train)_.+)")
RESOURCES = "n_resources"
OWN = re.compile(
    rf"params$|iter$|{RESOURCES}$|{PARAM}|Unnamed: |(mean|std)_(fit|score)_time$|"
    r"(mean|std|rank|split\d+)_(test|train)_"
)
"""How the columns that scikit-learn writes begin, and a frame's index that was saved with them."""
Scores = dict[str, dict[int, str]]
"""Of each score (`test_score`, `train_f1`) the column of each fold."""


def recognises_frame(frame: pd.DataFrame) -> bool:
    """Whether it has settings, and scores of folds."""
    settings = any(str(column).startswith(PARAM) for column in frame.columns)
    return settings and any(map(_is_test, _scores(frame)))


def read_frame(name: str, frame: pd.DataFrame) -> Table:
    """The table with a row a setting and fold; a setting that is a seed, and varies, is taken for one.

    A seed that is the same everywhere is none: folds are what is repeated.
    """
    frame, scores = _in_words(frame), _scores(frame)
    called = {score: _unused(frame, score) for score in scores}
    fold, status = _unused(frame, "fold"), _unused(frame, "status")
    rows = _rows_of(frame, scores, called, fold, status)
    splits = {column for of_score in scores.values() for column in of_score.values()}
    rest = [column for column in map(str, frame.columns) if column not in splits]
    params = [c for c in rest if c.startswith(PARAM) and not _is_resource(frame, c)]
    roles: dict[Role, str] = {"fold": fold, "status": status}
    if RESOURCES in frame:
        roles["budget"] = RESOURCES
    seeds = [c for c in params if plain_name(c) in SEEDS]
    seeds = [c for c in seeds if frame[c].nunique() > 1]
    if seeds:
        roles["seed"] = seeds[0]
    tests = [called[score] for score in scores if _is_test(score)]
    return known_table(
        name,
        rows,
        hyperparameters=params,
        metrics=[*tests, *(called[score] for score in scores if not _is_test(score))],
        roles=roles,
        modes={called[score]: _mode(score, rows[called[score]]) for score in scores},
        guessed=seeds,
        others=_others(frame[[c for c in rest if not OWN.match(c)]], roles),
        default=Default(metric=tests[0] if len(tests) == 1 else None),
        folded={f"mean_{score}": called[score] for score in scores},
        notes=_notes(frame),
    )


def _is_test(score: str) -> bool:
    return score.startswith("test_")


def _scores(frame: pd.DataFrame) -> Scores:
    found: Scores = {}
    for column in map(str, frame.columns):
        if split := SPLIT.fullmatch(column):
            found.setdefault(split[2], {})[int(split[1])] = column
    return found


def _unused(frame: pd.DataFrame, name: str) -> str:
    """The name, marked where a column that somebody added has it."""
    while name in frame:
        name = f"cv_{name}"
    return name


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """With the text of estimators and functions among the settings, which are equal to nothing."""
    words = {
        name: frame[name].map(_in_word)
        for name in map(str, frame.select_dtypes([object]).columns)
        if name.startswith(PARAM)
    }
    return frame.assign(**words)


def _in_word(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return value
    return " ".join(str(canonical(value)).split())


def _rows_of(
    frame: pd.DataFrame, scores: Scores, called: dict[str, str], fold: str, status: str
) -> pd.DataFrame:
    """A row a setting and fold, which is failed where its scores are no numbers.

    Where their mean is one for all that, there was no such fold: searches with other folds stand
    in one table.
    """
    folds = sorted({number for of_score in scores.values() for number in of_score})
    wide = {s: [of.get(i, f"split{i}_{s}") for i in folds] for s, of in scores.items()}
    rest = frame.drop(columns=[column for of in scores.values() for column in of.values()])
    rows = rest.iloc[np.arange(len(frame)).repeat(len(folds))].reset_index(drop=True)
    new = {called[s]: frame.reindex(columns=wide[s]).to_numpy().ravel() for s in scores}
    tests = [score for score in scores if _is_test(score)]
    empty = np.all([pd.isna(new[called[score]]) for score in tests], axis=0)
    ends = {fold: np.tile(folds, len(frame)), status: np.where(empty, "failed", "complete")}
    means = frame.reindex(columns=[f"mean_{score}" for score in tests])
    whole = means.notna().any(axis=1).to_numpy().repeat(len(folds))
    rows = pd.concat([rows, pd.DataFrame({**ends, **new}, index=rows.index)], axis=1)
    there: pd.DataFrame = rows.loc[~(empty & whole)].reset_index(drop=True)
    return there


def _is_resource(frame: pd.DataFrame, name: str) -> bool:
    """Whether a setting is what a halving search gave more of: each row's budget once more."""
    if RESOURCES not in frame or frame[RESOURCES].nunique() < 2:
        return False
    budgets, values = as_numbers(frame[RESOURCES]), as_numbers(frame[name])
    return budgets is not None and values is not None and bool((budgets == values).all())


def _mode(score: str, values: pd.Series[Any]) -> Mode | None:
    """Higher is better; not known of a loss that is no negative, as functions of one's own give."""
    numbers = as_numbers(values)
    doubtful = meaning_of(score).mode == "min" and (numbers is None or bool((numbers > 0).any()))
    return None if doubtful else "max"


def _others(frame: pd.DataFrame, roles: dict[Role, str]) -> dict[str, Column]:
    """What somebody added, by name and values.

    A number of a setting stands in each of its folds and is no metric: it would have no spread.
    """
    columns = guess_columns(frame)
    for name, column in columns.items():
        if column.role == "metric" or (column.role == "seed" and frame[name].nunique() < 2):
            columns[name] = Column(name, "bookkeeping")
        elif column.role in SINGLE and column.role in roles:
            columns[name] = replace(column, role=INSTEAD[column.role])
    return columns


def _notes(frame: pd.DataFrame) -> tuple[str, ...]:
    if RESOURCES not in frame or frame[RESOURCES].nunique() < 2:
        return ()
    return (f"settings with more {RESOURCES} are those that had the best scores at fewer",)
