"""Sunspots: the monthly mean total sunspot number since 1749.

Source: WDC-SILSO, Royal Observatory of Belgium, Brussels (SN_m_tot_V2.0.txt), through mads_datasets.
The source adds a line every month, so the digest that mads_datasets knows does not last; `latest`
takes the series as it is.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from interplay.data.dataset import Dataset
from interplay.data.download import fetch
from interplay.data.raw import Raw
from interplay.errors import DataError, words_of

UNIT = 100.0  # sunspots


def sunspots(
    *,
    window: Annotated[int, Field(ge=1, description="months that are seen")] = 23,
    horizon: Annotated[int, Field(ge=1, description="months after them that are predicted")] = 3,
    latest: Annotated[
        bool, Field(description="the series as it is now, not the month mads_datasets knows")
    ] = False,
) -> Dataset:
    """Every window of the series: inputs (window, 1), targets (horizon,), in hundreds of sunspots.

    A fixed unit, not the largest training value, so that nothing is fitted before the split.
    Neighbouring windows share months. So the parts follow each other in time (training, then
    validation, then test, in the sizes of `valid` and `test`; folds are stretches of time), and
    the window + horizon - 1 windows that reach into two parts are in none; `split_seed` decides
    nothing. The defaults are the course's windows of 26 months.

    Raises:
        DataError: where the file cannot be had or read, or the series is too short.
    """
    file = fetch("sunspots", latest=latest)
    try:
        series = np.genfromtxt(file, usecols=(3,), encoding="utf-8", dtype=np.float64)
    except ValueError as error:
        raise DataError(
            f"dataset 'sunspots': {file} is no such series ({words_of(error)})"
        ) from None
    series = np.atleast_1d(series)
    both = window + horizon
    if len(series) <= both:
        raise DataError(
            f"dataset 'sunspots': {len(series)} months hold no windows of {window} + {horizon}"
        )
    if not np.isfinite(series).all() or series.min() < 0:  # the source writes -1 for no value
        raise DataError(f"dataset 'sunspots': {file} has months without a number of sunspots")
    windows = np.lib.stride_tricks.sliding_window_view(series / UNIT, both).astype(np.float32)
    return Dataset(
        name="sunspots",
        task="regression",
        kind="sequence",
        inputs=np.ascontiguousarray(windows[:, :window, None]),
        targets=np.ascontiguousarray(windows[:, window:]),
        num_outputs=horizon,
        overlap=both - 1,
        raw=Raw("arrays", {"shape": [window, 1], "unit": UNIT}, unit=UNIT),
    )
