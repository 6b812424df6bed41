"""From rows to cells: the mean, spread and n of each square of a two-variable heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from interplay.analysis.axes import Axis
from interplay.analysis.checks import Outcome
from interplay.analysis.grid import ROUNDING
from interplay.analysis.numbers import Floats, text_of
from interplay.analysis.rows import RowReader, Rows, averaged, best_settings
from interplay.errors import how_many

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The numbers of a heatmap; arrays have shape (len(y), len(x)), row i is y.values[i].

    Attributes:
        x, y: the axes.
        metric, mode: what was measured, and whether "max" or "min" is better.
        statistic: a phrase such as "mean ± sd over 5 seeds".
        mean, sd: over the n units of a cell (seeds, or rows); nan where there are none. sd has
            ddof 1 and is nan for n < 2.
        n: units that entered the mean.
        complete, diverged, failed, stopped, unfinished: rows. None of them in an empty cell.
        there: squares that have a cell, or may have one; others lie where no cell can be.
        best: (row, column) of the best mean of a cell without divergence; None where there is none,
            or all are the same.
        title_notes: what a title must say besides: n, averaged and fixed settings, bins.
        warnings: sentences for a footnote.
    """

    x: Axis
    y: Axis
    metric: str
    mode: str
    statistic: str
    mean: Floats
    sd: Floats
    n: Ints
    complete: Ints
    diverged: Ints
    failed: Ints
    stopped: Ints
    unfinished: Ints
    there: npt.NDArray[np.bool_]
    best: tuple[int, int] | None
    title_notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def typical(self) -> tuple[float, float]:
        """A typical (mean, sd), which sets the decimals of all squares; nan where unknown."""
        spread = self.sd[np.isfinite(self.sd) & (self.sd > 0)]
        mean = float(np.nanmedian(np.abs(self.mean))) if self.n.any() else np.nan
        return mean, float(np.median(spread)) if spread.size else np.nan

    def frame(self) -> pd.DataFrame:
        """A row a cell, empty ones too: the axes (bins as labels), mean, sd, n and the counts."""
        counts = [outcome.name.lower() for outcome in Outcome]
        names = ("mean", "sd", "n", *counts)
        table = pd.DataFrame({name: getattr(self, name).ravel() for name in names})
        x, y = (axis.labels if axis.binned else axis.values for axis in (self.x, self.y))
        # A foreign table may well call its axis "n".
        table.insert(0, self.y.name, [v for v in y for _ in x], allow_duplicates=True)
        table.insert(0, self.x.name, [v for _ in y for v in x], allow_duplicates=True)
        return table


@dataclass(frozen=True)
class CellMeans(RowReader):
    """Rows to cells: options here (see `RowReader`), the work in the call.

    Each cell's rows are averaged in steps: over folds, then over the other settings (or the best of
    them is taken), and last over seeds, whose spread is the sd. Without a seed column the rows are
    the units, or the folds where those are named. In bins the rows are the units.
    """

    def __call__(self, frame: pd.DataFrame) -> Cells:
        """The cells of a table with a row a member.

        Raises:
            InterplayError: as `read` does.
        """
        read = self.read(frame)
        rows, warnings = read.table, [caution.message for caution in read.cautions]
        unit = "row" if read.binned else "seed" if read.seed else "fold" if read.fold else "row"
        good = read.good
        if read.fold and read.seed:
            good = averaged(good, ["sample", "setting", "cell", "seed", "fold"])
            good = averaged(good, ["sample", "setting", "cell", "seed"])
        if unit != "row" and read.varying:
            good = averaged(good, ["setting", "cell", unit])
        if read.varying and self.over == "best":
            rows, good, last = best_settings(rows, good, self.mode)
            if last:
                settings = how_many(last, "setting")
                warnings.append(f"over best: {settings} with diverged members ranked last")
        elif read.varying and not read.binned:
            warnings += _uneven(good)
        if unit != "row":
            good = averaged(good, ["cell", unit])
        return self._cells(read, rows, good, unit, warnings)

    def _cells(
        self,
        read: Rows,
        rows: pd.DataFrame,
        good: pd.DataFrame,
        unit: str,
        warnings: Sequence[str],
    ) -> Cells:
        x, y, varying = read.x, read.y, read.varying
        size, shape = len(x) * len(y), (len(y), len(x))
        cell, value = good["cell"].to_numpy(), good["value"].to_numpy()
        with np.errstate(all="ignore"):
            n = np.bincount(cell, minlength=size)
            mean = np.bincount(cell, value, size) / n
            sd = np.sqrt(np.bincount(cell, (value - mean[cell]) ** 2, size) / (n - 1))
            # Equal values have no spread, also where their sum was rounded.
            sd = np.where(sd <= 1e-14 * np.abs(mean), 0.0, sd)
        sd = np.where(n < 2, np.nan, sd)
        complete, diverged, failed, stopped, unfinished = (
            np.bincount(rows["cell"][rows["outcome"] == kind], minlength=size).reshape(shape)
            for kind in Outcome
        )
        score = np.where((n > 0) & (diverged.ravel() == 0), mean, np.nan)
        first = _best(score if self.mode == "max" else -score)
        counts = n[n > 0] if n.any() else np.zeros(1, dtype=np.int64)
        low, high = int(counts.min()), int(counts.max())
        span = str(low) if low == high else f"{low} to {high}"
        statistic = f"mean ± sd over {span} {unit}s"
        if high < 2:
            statistic = f"one {unit} per cell" if high else "no complete rows"
        notes = [f"n = {span} per cell"]
        if varying and self.over:
            notes.append(f"over {self.over} of {', '.join(varying)}")
        notes += [f"{name} = {text_of(value)}" for name, value in self.where.items()]
        if binned := [axis.name for axis in (x, y) if axis.binned]:
            notes.append(f"binned {' and '.join(binned)}: settings inside a bin are pooled")
        return Cells(
            x=x,
            y=y,
            metric=self.metric,
            mode=self.mode,
            statistic=statistic,
            mean=mean.reshape(shape),
            sd=sd.reshape(shape),
            n=n.reshape(shape),
            complete=complete,
            diverged=diverged,
            failed=failed,
            stopped=stopped,
            unfinished=unfinished,
            there=read.there,
            best=None if first is None else (first // len(x), first % len(x)),
            title_notes=tuple(notes),
            warnings=tuple(warnings),
        )


def _best(score: Floats) -> int | None:
    """The first of the highest; None where there is none, or several are all the same."""
    known = score[~np.isnan(score)]
    if known.size == 0:
        return None
    same = np.ptp(known) <= ROUNDING * np.abs(known).max()
    return None if known.size > 1 and same else int(np.nanargmax(score))


def _uneven(good: pd.DataFrame) -> list[str]:
    """A warning where cells average over different settings, so that their means differ by that."""
    firsts = ~good[["cell", "setting"]].duplicated()
    counts = np.bincount(good.loc[firsts, "cell"])
    counts = counts[counts > 0]
    total = good["setting"].nunique()
    if counts.size == 0 or counts.min() == total:
        return []
    return [
        f"over mean: cells average over {counts.min()} to {counts.max()} of {total} settings, "
        "so they differ by more than x and y"
    ]
