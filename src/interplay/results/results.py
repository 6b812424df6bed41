"""The reader's façade over a run folder (or a CSV), its analysis and its plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from interplay.analysis.axes import read_axis
from interplay.analysis.cautions import Caution
from interplay.analysis.cells import CellMeans, Cells
from interplay.analysis.checks import select_rows
from interplay.analysis.curves import mean_curve
from interplay.analysis.incumbent import best_so_far
from interplay.analysis.interaction import Interaction, InteractionTest
from interplay.analysis.numbers import text_of
from interplay.analysis.ranking import rank_settings
from interplay.errors import TableError, UnknownNameError
from interplay.results.question import Question
from interplay.results.sources.csv import read_table
from interplay.space.space import resolve_name
from interplay.table.ledger import COLUMNS, Ledger
from interplay.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Results:
    """What a study gave.

    Attributes:
        name: for titles.
        study: what was asked, as the run folder has it; empty for a CSV.
        frame: the tidy table, a row a member.
        ledger: where it came from; None for a CSV.
    """

    name: str
    study: Mapping[str, Any]
    frame: pd.DataFrame
    ledger: Ledger | None = None

    @classmethod
    def load(cls, run: str | Path) -> Results:
        """The results in a run folder.

        Raises:
            LedgerError: where it is not one.
        """
        ledger = Ledger.open(run)
        study = ledger.study()
        return cls(study["name"], study, ledger.frame(), ledger)

    @classmethod
    def from_csv(cls, path: str | Path) -> Results:
        """A table of somebody else's: one row a training.

        Raises:
            TableError: where it cannot be read.
        """
        path = Path(path)
        return cls(path.stem, {}, read_table(path))

    @cached_property
    def curves(self) -> pd.DataFrame:
        """A row a member and epoch: `member` (row number in `frame`), `epoch` from 1, metrics."""
        if self.ledger is None:
            raise TableError("a CSV has no curves")
        return self.ledger.curves()

    @property
    def varied(self) -> tuple[str, ...]:
        """The hyperparameters that the study varies."""
        return tuple(self.study.get("varied", ()))

    def ranked(self) -> pd.DataFrame:
        """Every setting of the varied hyperparameters, the best first; mean, sd, n of the metric."""
        return rank_settings(self.frame, self.varied, self.study["metric"], self.study["mode"])

    def progress(self) -> pd.DataFrame:
        """A row a cell in the order in which cells were tried: the best score so far.

        That is the order of suggestion in a guided search, and the study's own in a grid or a
        random one. Columns: `number`, the varied values, `score` (the study's `search.score`),
        `low` and `high` (of its seeds and folds), `n`, `unstable`, `stopped`, `seconds` (training
        time so far, summed over members), `best`, `best_low` and `best_high`.

        Raises:
            TableError: of a CSV, which does not say how cells were tried.
        """
        if not self.study:
            raise TableError("a CSV does not say in which order its cells were tried")
        score = self.study.get("search", {}).get("score", "mean")
        metric, mode = self.study["metric"], self.study["mode"]
        return best_so_far(self.frame, self.varied, metric, mode, score)

    def cells(self, question: Question) -> Cells:
        """The numbers behind a heatmap.

        Raises:
            InterplayError: where the table cannot answer the question.
        """
        frame, options, extra = self._asked(question)
        cells = CellMeans(**options)(frame)
        notes = (f"at epoch {question.at_epoch}",) if question.at_epoch else ()
        return replace(
            cells,
            title_notes=(*cells.title_notes, *notes),
            warnings=(*cells.warnings, *(caution.message for caution in extra)),
        )

    def interaction(
        self, x: str | None = None, y: str | None = None, metric: str | None = None, **options: Any
    ) -> Interaction:
        """Whether x and y interact, how strongly, in what way, and how far to trust it.

        Args:
            options: the other fields of `Question`.

        Raises:
            InterplayError: where the table cannot answer the question.
        """
        return self.analyse(Question(x=x, y=y, metric=metric, **options))

    def analyse(self, question: Question) -> Interaction:
        """As `interaction`, of a question."""
        frame, options, extra = self._asked(question)
        found = InteractionTest(**options)(frame)
        return replace(found, cautions=(*found.cautions, *extra))

    def pivot(
        self, x: str | None = None, y: str | None = None, metric: str | None = None, **options: Any
    ) -> pd.DataFrame:
        """The means of a heatmap as a table: y down, x across.

        Args:
            options: the other fields of `Question`.
        """
        cells = self.cells(Question(x=x, y=y, metric=metric, **options))
        levels = [axis.labels if axis.binned else axis.values for axis in (cells.x, cells.y)]
        return pd.DataFrame(
            cells.mean,
            index=pd.Index(levels[1], name=cells.y.name),
            columns=pd.Index(levels[0], name=cells.x.name),
        )

    def judged(self, question: Question) -> tuple[Cells, Interaction | None]:
        """The numbers of a heatmap, and their analysis where the table allows one."""
        cells = self.cells(question)
        try:
            return cells, self.analyse(question)
        except TableError:
            return cells, None

    # Of all pictures: names are x, y, metric; options the other fields of `Question`. They are
    # drawn on `ax` or on a new figure, whose owner the caller is; none is saved.

    def heatmap(self, *names: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the heatmap; ties with the best square are marked where an analysis is possible."""
        from interplay.plots import draw_heatmap

        cells, found = self.judged(_question(names, options))
        title = f"{self.name}: {cells.metric}"
        return draw_heatmap(cells, ax=ax, title=title, interaction=found)

    def residuals(self, *names: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw where cells lie off the sum of their row and column; see `draw_residuals`."""
        from interplay.plots import draw_residuals

        return draw_residuals(self.analyse(_question(names, options)), ax)

    def ridge(
        self, *names: str, ax: Axes | None = None, on: Axes | None = None, **options: Any
    ) -> Axes:
        """Draw the best y for each x and what ties with it, or its line `on` a heatmap's axes."""
        from interplay.plots import draw_ridge, overlay_ridge

        question = _question(names, options)
        found = self.analyse(question)
        return overlay_ridge(found, on, self.cells(question)) if on else draw_ridge(found, ax)

    def lines(
        self, *names: str, ax: Axes | None = None, band: Literal["se", "sd"] = "se", **options: Any
    ) -> Axes:
        """Draw the metric along x, a line a level of y, with bands; see `draw_lines`."""
        from interplay.plots import draw_lines

        return draw_lines(self.cells(_question(names, options)), ax, band=band)

    def full(self, *names: str, **options: Any) -> Figure:
        """Draw heatmap, residual map and ridge side by side, with the verdict and all warnings."""
        from interplay.plots import draw_full

        question = _question(names, options)
        cells, found = self.cells(question), self.analyse(question)
        return draw_full(cells, found, title=f"{self.name}: {cells.metric}")

    def multiples(self, by: str, *names: str, **options: Any) -> Figure:
        """Draw a heatmap for each level of the hyperparameter `by`, all in the same colours."""
        from interplay.plots import draw_multiples

        question, by = _question(names, options), self._column(by, hyper=True)
        codes, axis = read_axis(self.frame[by], self.study.get("levels", {}).get(by, ()))
        panels = []
        for place in sorted(set(codes) - {-1}):
            where = {**question.where, by: axis.values[place]}
            cells, found = self.judged(replace(question, where=where))
            note = f"{by} = {text_of(axis.values[place])}"
            notes = tuple(text for text in cells.title_notes if text != note)
            panels.append((note, replace(cells, title_notes=notes), found))
        return draw_multiples(panels, title=f"{self.name}: {panels[0][1].metric}")

    def learning_curves(
        self, *settings: Mapping[str, Any], metric: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw a metric over epochs for settings such as `{"dropout": 0}`: the best and the worst."""
        from interplay.plots import draw_curves

        metric = metric or str(self.study.get("metric"))
        curves = self._curves_of(metric)
        ranked: list[Any] = self.ranked()[list(self.varied)].to_dict("records")
        parts = []
        for setting in settings or [*ranked[:3], *ranked[3:][-1:]]:
            full = {self._column(name, hyper=True): value for name, value in setting.items()}
            rows = select_rows(self.frame, full)
            part = mean_curve(curves, rows.index, metric)
            name = ", ".join(f"{k.rpartition('.')[2]} = {text_of(v)}" for k, v in full.items())
            parts.append(part.assign(setting=name, members=len(rows)))
        return draw_curves(pd.concat(parts), metric=metric, mode=self._mode(metric), ax=ax)

    def _asked(
        self, question: Question
    ) -> tuple[pd.DataFrame, dict[str, Any], tuple[Caution, ...]]:
        """The rows for a question, a `RowReader`'s options with the study's defaults, warnings."""
        default = self.study.get("heatmap") or {}
        x, y = question.x, question.y
        if x is None and y is None and default:
            x, y = default["x"], default["y"]
        over = question.over or default.get("over")
        if x is None or y is None:
            names = ", ".join(self.varied) or ", ".join(map(str, self.frame.columns))
            raise TableError(f"which two? give --x and --y; there are {names}")
        metric = question.metric or self.study.get("metric")
        if metric is None:
            numbers = self.frame.select_dtypes("number").columns
            raise TableError(
                f"which metric? give --metric; there are {', '.join(map(str, numbers))}"
            )
        mode: str | None = question.mode
        if mode is None and self.study:
            mode = self._mode(metric)
        if self.study and self.frame.empty:
            raise TableError(f"{self.name}: no member has finished yet")
        for name in (x, y) if self.study else ():
            full = self._column(name, hyper=True)
            if full not in self.varied:
                raise TableError(
                    f"{full} does not vary here; what varies: {', '.join(self.varied)}"
                )
        x, y = self._column(x, hyper=True), self._column(y, hyper=True)
        metric = self._column(metric)
        seed, budget = (n and self._column(n) for n in (question.seed, question.budget))
        if seed is not None and seed in (x, y, metric):
            raise TableError(f"--seed {seed}: that is an axis or the metric already")
        where = {self._column(k, hyper=True): v for k, v in question.where.items()}
        frame = self.frame
        extra: tuple[Caution, ...] = ()
        if question.at_epoch is not None:
            frame, extra = self._at_epoch(question.at_epoch, metric)
        elif not self.study:
            extra = _unnamed(frame, {x, y, metric, seed, budget, *where})
        usual = "epochs_run" if "epochs_run" in frame else None
        options = {
            "x": x,
            "y": y,
            "metric": metric,
            "mode": mode or "max",
            "seed": "seed" if self.study else seed,
            "fold": "fold" if self.study.get("folds") else None,
            "budget": None if question.at_epoch else budget or usual,
            "where": where,
            "over": over,
            "others": tuple(v for v in self.varied if v not in (x, y)),
            "bins": question.bins,
            **{
                key: self.study.get(name, {})
                for key, name in (("orders", "levels"), ("logs", "logs"))
            },
        }
        return frame, options, extra

    def _column(self, name: str, hyper: bool = False) -> str:
        """The column that `name` means; a run's hyperparameter may be given by its short name."""
        columns = tuple(map(str, self.frame.columns))
        if self.study and hyper:
            settings = tuple(c for c in columns if "." in c)
            full, _ = resolve_name(name, self.varied)
            full = full or resolve_name(name, settings)[0]
            if full is None:
                raise UnknownNameError("hyperparameter", name, self.varied or settings)
            return full
        full, _ = resolve_name(name, columns)
        if full is None:
            raise UnknownNameError("column", name, columns)
        return full

    def _curves_of(self, metric: str) -> pd.DataFrame:
        if metric not in self.curves:
            raise UnknownNameError("metric", metric, list(self.curves.columns[2:]))
        return self.curves

    def _mode(self, metric: str) -> str:
        """Which way a metric of a run is better: the study says it of its own."""
        from interplay.metrics import mode_of

        return (
            str(self.study["mode"]) if metric == self.study["metric"] else mode_of(metric) or "min"
        )

    def _at_epoch(self, epoch: int, metric: str) -> tuple[pd.DataFrame, tuple[Caution, ...]]:
        """The rows that reached `epoch`, with `metric` as it was then."""
        if self.ledger is None:
            raise TableError("--at-epoch needs a run: a CSV has no curves")
        curves = self._curves_of(metric)
        at = curves[curves["epoch"] == epoch].set_index("member")[metric]
        rows = self.frame.index.isin(at.index)
        if not rows.any():
            last = int(curves["epoch"].max()) if len(curves) else 0
            raise TableError(f"no row reached epoch {epoch}; the longest ran {last}")
        frame = self.frame.loc[rows].copy()
        # A user's function has no schedule that we know of.
        schedules = frame.get("schedule.name", pd.Series(None, frame.index, dtype=object))
        horizon = schedules.isin([s.name for s in SCHEDULES if s.horizon])
        if frame.loc[horizon, "epochs_asked"].nunique() > 1:
            raise TableError(
                f"at epoch {epoch} the learning rates differ: under this schedule they depend on "
                "how many epochs were asked for, and these rows asked for different numbers"
            )
        frame[metric] = at.reindex(frame.index)
        frame["status"] = "complete"
        short = len(self.frame) - len(frame)
        note = f"{short} of {len(self.frame)} rows did not reach epoch {epoch}"
        return frame, (Caution("short_of_epoch", note),) if short else ()


def _question(names: Sequence[str], options: Mapping[str, Any]) -> Question:
    named: dict[str, Any] = dict(zip(("x", "y", "metric"), names, strict=False))
    return Question(**named, **options)


def _unnamed(frame: pd.DataFrame, named: AbstractSet[str | None]) -> tuple[Caution, ...]:
    """A warning of columns that vary too and were not named."""
    known = named | (set(COLUMNS) - {"seed"})
    rest = [str(c) for c in frame.columns if c not in known and frame[c].nunique() > 1]
    if not rest:
        return ()
    shown = ", ".join(rest[:6]) + (", …" if len(rest) > 6 else "")
    text = f"columns that also vary and were not named: {shown}"
    return (Caution("unnamed_columns", text),)
