"""Which settings did best: every setting of the varied hyperparameters, ranked by its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from interplay.analysis.checks import Outcome, check_budgets, outcomes


def rank_settings(
    frame: pd.DataFrame,
    varied: Sequence[str],
    metric: str,
    mode: str,
    status: str | None = "status",
    *,
    budget: str | None = None,
    seed: str | None = None,
) -> pd.DataFrame:
    """One row a setting, the best first.

    Args:
        frame: the tidy table.
        varied: the columns that make a setting.
        status: its column; None where there is none.
        budget, seed: columns, to see that what is ranked trained equally long (see
            `check_budgets`); None: it is not seen to.

    Returns:
        `varied`, mean and sd (ddof 1) of `metric` over complete rows, n of them, and `unstable`
        (rows that diverged), each with a _ behind it where a hyperparameter is called so. Settings
        with a diverged row rank last, whatever their mean.

    Raises:
        BudgetError: unequal budgets.
    """
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *varied, metric])))
    values, outcome = outcomes(frame, metric, status, with_stopped=False)
    complete = frame[outcome == Outcome.COMPLETE]
    check_budgets(complete, cell=varied, budget=budget, seed=seed)
    keys = [frame[name] for name in varied] or [pd.Series("all", frame.index, name="all")]
    table = pd.DataFrame(
        {
            "value": np.where(outcome == Outcome.COMPLETE, values, np.nan),
            "unstable": outcome == Outcome.DIVERGED,
        },
        frame.index,
    )
    ranked = table.groupby(keys, sort=False, dropna=False).agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        n=("value", "count"),
        unstable=("unstable", "sum"),
    )
    ranked = ranked.assign(shaky=ranked["unstable"] > 0)
    ranked = ranked.sort_values(
        ["shaky", "mean"], ascending=[True, mode == "min"], kind="stable", na_position="last"
    )
    ranked = ranked.drop(columns=["shaky"])
    beside = {name: f"{name}_" for name in ranked.columns if name in varied}
    return ranked.rename(columns=beside).reset_index()
