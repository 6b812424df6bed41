"""Values that trainings logged by step, as other tools keep them: last values, and curves by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from interplay.results.sources.guess import guess_table, plain, plain_name
from interplay.table.table import Table

Logged = tuple[str, str, int, float]
"""A value that was logged: by which member, of which metric, at which step."""


def logged_table(
    name: str,
    frame: pd.DataFrame,
    member: str,
    logged: Sequence[Logged],
    own: tuple[str, ...] = (),
) -> Table:
    """The table of trainings with their settings, and of what they logged.

    Args:
        frame: a row a training.
        member: its column that names them, as `logged` does.
        logged: what these trainings logged, in the order of logging.
        own: as of `guess_table`.
    """
    frame, _, curves = with_logged(frame, member, logged)
    table = guess_table(name, plain(frame), own)
    return table if curves is None else replace(table, read_curves=lambda: curves)


def with_logged(
    frame: pd.DataFrame, member: str, logged: Sequence[Logged]
) -> tuple[pd.DataFrame, list[str], pd.DataFrame | None]:
    """The frame with the last value of each metric, their names, and what a `Table` has as curves.

    Where there are curves, the frame has `epochs_run` too.

    Args:
        frame, member, logged: as of `logged_table`.
    """
    points = pd.DataFrame(logged, columns=["member", "metric", "step", "value"])
    metrics = last_values(points, pd.Index(frame[member]))
    names = list(map(str, metrics))
    epoch = next((n for n in names if plain_name(n) == "epoch"), None)
    curves = by_epoch(points, epoch)
    if curves is not None:
        last = curves.groupby("member")["epoch"].max()
        frame = frame.assign(epochs_run=frame[member].map(last))
        numbers = dict(zip(frame[member], range(len(frame)), strict=True))
        curves["member"] = curves["member"].map(numbers)
        curves = curves.sort_values(["member", "epoch"], ignore_index=True)
    return pd.concat([frame, metrics.reset_index(drop=True)], axis=1), names, curves


def last_values(points: pd.DataFrame, members: pd.Index) -> pd.DataFrame:
    """The value of each metric at its last step: a row for each of `members`, a column a metric.

    Of several values at one step the one that was logged last counts.
    """
    last = points.sort_values("step", kind="stable").drop_duplicates(
        ["member", "metric"], keep="last"
    )
    return last.pivot(index="member", columns="metric", values="value").reindex(members)


def by_epoch(points: pd.DataFrame, epoch: str | None = None) -> pd.DataFrame | None:
    """`member`, `epoch` and the metrics that have a history; None where every metric has one value.

    Where members log their epoch beside other metrics, steps are whatever they are (batches, often)
    and an epoch's values are the last in it. Where they do not, a step is an epoch. Those who count
    from 0 (0, 1, 2 …, or 0 alone) begin with epoch 1.

    Args:
        epoch: the metric that tells the epoch, where there is one.
    """
    steps = points.groupby(["member", "metric"])["step"].transform("nunique")
    names = points.loc[(steps > 1) & (points["metric"] != epoch), "metric"].unique()
    logged = points[points["metric"].isin(names)].sort_values("step", kind="stable")
    if logged.empty:
        return None
    told = points[(points["metric"] == epoch) & np.isfinite(points["value"])]
    logged = _in_epochs(logged, told) if len(told) else logged.assign(epoch=logged["step"])
    epochs = set(logged["epoch"])
    if ({0, 1} <= epochs or epochs == {0}) and all(epoch % 1 == 0 for epoch in epochs):
        logged["epoch"] += 1
    # Half an epoch is a place in the first.
    logged["epoch"] = np.ceil(logged["epoch"]).astype(int)
    last = logged.drop_duplicates(["member", "metric", "epoch"], keep="last")
    curves = last.pivot(index=["member", "epoch"], columns="metric", values="value")
    return curves[[str(name) for name in names]].reset_index().rename_axis(columns=None)


def _in_epochs(logged: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """What was logged, with the epoch that its member told last before or at that step."""
    told = told.sort_values("step", kind="stable").rename(columns={"value": "epoch"})
    told = told.drop_duplicates(["member", "step"], keep="last")[["member", "step", "epoch"]]
    found = pd.merge_asof(logged, told, on="step", by="member", direction="backward")
    return found[found["epoch"].notna()]
