"""Which settings did best: every setting of the varied hyperparameters, ranked by its mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def rank_settings(
    frame: pd.DataFrame, varied: Sequence[str], metric: str, mode: str
) -> pd.DataFrame:
    """One row a setting, the best first.

    Args:
        frame: the tidy table.
        varied: the columns that make a setting.

    Returns:
        `varied`, mean and sd (ddof 1) of `metric` over complete rows, n of them, and `unstable`
        (rows that diverged). Settings with a diverged row rank last, whatever their mean.
    """
    if metric not in frame:
        frame = frame.assign(**{metric: float("nan")})
    values = frame[metric].where(frame["status"] == "complete")
    table = frame[list(varied)].assign(
        value=pd.to_numeric(values), unstable=frame["status"] == "diverged"
    )
    keys: list[str] = list(varied)
    if not keys:
        table = table.assign(all="all")
        keys = ["all"]
    groups = table.groupby(keys, sort=False, dropna=False)
    ranked = groups.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        n=("value", "count"),
        unstable=("unstable", "sum"),
    ).reset_index()
    ranked = ranked.assign(shaky=ranked["unstable"] > 0)
    ranked = ranked.sort_values(
        ["shaky", "mean"], ascending=[True, mode == "min"], kind="stable", na_position="last"
    )
    return ranked.drop(columns=["shaky"]).reset_index(drop=True)
