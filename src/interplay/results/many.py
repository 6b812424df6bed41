"""One question asked many times: for each level of a hyperparameter, for some settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from interplay.analysis.axes import read_axis
from interplay.analysis.cells import Cells
from interplay.analysis.checks import select_rows
from interplay.analysis.curves import mean_curve
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import text_of
from interplay.analysis.ranking import rank_settings
from interplay.metrics import Mode
from interplay.results.asking import curves_of
from interplay.results.naming import mapped
from interplay.results.question import Question
from interplay.table.table import Table

Panel = tuple[str, Cells, Interaction | None]
Answer = tuple[Cells, Interaction | None]


def panels_of(
    table: Table, by: str, question: Question, answer: Callable[[Question, Table], Answer]
) -> list[Panel]:
    """A question answered for each level of the hyperparameter `by`, under what it is there."""
    table, question = mapped(table, question)
    by = table.find(by, "hyperparameter")
    codes, axis = read_axis(table.frame[by], table.columns[by].order)
    panels = []
    for place in sorted(set(codes) - {-1}):
        where = {**question.where, by: axis.values[place]}
        cells, found = answer(replace(question, where=where), table)
        note = f"{by} = {text_of(axis.values[place])}"
        notes = tuple(text for text in cells.title_notes if text != note)
        panels.append((note, replace(cells, title_notes=notes), found))
    return panels


def curves_by_setting(
    table: Table, settings: Sequence[Mapping[str, Any]], metric: str, mode: Mode
) -> pd.DataFrame:
    """The mean curve of each setting, with `setting` in words and how many `members` it is of.

    Args:
        settings: hyperparameters by short or full name; the three best and the worst where none.
    """
    curves = curves_of(table, metric)
    order = rank_settings(table.frame, table.varied, metric, mode, table.one("status"))
    ranked: list[Any] = order[list(table.varied)].to_dict("records")
    parts = []
    for setting in settings or [*ranked[:3], *ranked[3:][-1:]]:
        full = {table.find(k, "hyperparameter"): v for k, v in setting.items()}
        rows = select_rows(table.frame, full)
        part = mean_curve(curves, rows.index, metric)
        name = ", ".join(f"{k.rpartition('.')[2]} = {text_of(v)}" for k, v in full.items())
        parts.append(part.assign(setting=name, members=len(rows)))
    return pd.concat(parts)
