"""Learning curves of settings: the mean and spread of a metric at each epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd


def mean_curve(curves: pd.DataFrame, members: pd.Index[int], metric: str) -> pd.DataFrame:
    """A row an epoch over these members: `epoch`, `mean`, `sd` (ddof 1) and `n` of finite values.

    Args:
        curves: a row a member and epoch, with columns `member`, `epoch` and the metric.
    """
    own = curves[curves["member"].isin(members)]
    value = own[metric].where(np.isfinite(own[metric]))
    return value.groupby(own["epoch"]).agg(mean="mean", sd="std", n="count").reset_index()
