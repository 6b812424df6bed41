"""How far a search has come: the best score so far, cell by cell in the order of trying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from interplay.analysis.checks import Outcome, outcomes
from interplay.analysis.codes import rows_of, setting_codes
from interplay.analysis.score import score_of
from interplay.kinds import How
from interplay.metrics import Mode


def best_so_far(
    frame: pd.DataFrame,
    varied: Sequence[str],
    metric: str,
    mode: Mode,
    score: How = "mean",
    *,
    status: str | None = "status",
    seconds: str = "seconds",
) -> pd.DataFrame:
    """A row a cell, in the order in which the cells first appear.

    Args:
        frame: the tidy table, cells in the order in which they were tried.
        varied: the columns that make a cell.
        score: what a cell's replicates (its seeds and folds) come to.
        status: the column that says how a training ended; None where all ended well. What has not
            ended is left out.
        seconds: the column that says how long it trained.

    Returns:
        `number` from 1, the `varied` values, and

        - `score`, and `low` and `high`, the lowest and highest replicate: a band that holds the
          score whichever kind it is, and with few seeds says what was seen, not what is likely.
          `n` replicates gave a number;
        - `unstable`: a replicate diverged or failed, so that there is no score; `stopped`: one
          trained shorter than was asked for. Neither becomes the best: it would be compared with
          cells of which all was seen;
        - `seconds`: training time spent so far, this cell's included: the sum of its members'
          seconds and of those before. Workers train side by side, so the clock showed less;
        - `best`, `best_low`, `best_high`: the best score so far with the band of its cell.

    Raises:
        TableError: the metric is not numeric.
    """
    names = ["score", "low", "high", "n", "unstable", "stopped", "seconds"]
    tail = [*names, "best", "best_low", "best_high"]
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, metric])))
    numbers, outcome = outcomes(frame, metric, status, with_stopped=False)
    ended = outcome != Outcome.UNFINISHED
    frame, numbers, outcome = frame[ended], numbers[ended], outcome[ended]
    if frame.empty:
        return pd.DataFrame(columns=["number", *varied, *tail])
    stopped = outcome == Outcome.STOPPED
    numbers = np.where(stopped | (outcome == Outcome.COMPLETE), numbers, np.nan)
    cells = rows_of(setting_codes(frame, tuple(varied)))
    table = frame.iloc[[rows[0] for rows in cells]][list(varied)].reset_index(drop=True)
    spent = frame[seconds].to_numpy(dtype=float)
    rows = []
    for mine in cells:
        found = numbers[mine]
        finite = found[np.isfinite(found)]
        rows.append(
            (
                score_of(list(found), score, mode),
                finite.min() if len(finite) else np.nan,
                finite.max() if len(finite) else np.nan,
                len(finite),
                len(finite) < len(found),
                bool(stopped[mine].any()),
                float(np.nansum(spent[mine])),
            )
        )
    table.insert(0, "number", range(1, len(table) + 1))
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        table[name] = column
    table["score"] = table["score"].astype(float)
    table["seconds"] = table["seconds"].cumsum()
    return _with_incumbent(table, mode)


def _with_incumbent(table: pd.DataFrame, mode: str) -> pd.DataFrame:
    """`table` with the best so far and its band; a tie stays with the cell that came first."""
    counted = table["score"].where(~table["unstable"] & ~table["stopped"]).to_numpy()
    gain = np.where(np.isfinite(counted), counted if mode == "max" else -counted, -np.inf)
    # Where the best so far rises, a cell took the lead; it holds it until the next rise.
    highest = np.maximum.accumulate(gain)
    lead = np.flatnonzero(highest > np.append(-np.inf, highest[:-1]))
    held = np.searchsorted(lead, np.arange(len(gain)), side="right") - 1
    for name, column in (("best", "score"), ("best_low", "low"), ("best_high", "high")):
        band = table[column].to_numpy(dtype=float)[lead]
        table[name] = np.append(band, np.nan)[held]
    return table
