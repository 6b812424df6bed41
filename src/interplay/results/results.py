"""The reader's façade over a table of trainings, its analysis and its plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from interplay.analysis.cells import CellMeans, Cells
from interplay.analysis.checks import select_rows
from interplay.analysis.incumbent import best_so_far
from interplay.analysis.interaction import Interaction, InteractionTest
from interplay.analysis.ranking import rank_settings
from interplay.errors import TableError, how_many
from interplay.metrics import Mode
from interplay.results.asking import (
    ask,
    asked_for,
    metric_of,
    mode_of,
    one_origin,
    where_of,
)
from interplay.results.many import curves_by_setting, panels_of
from interplay.results.naming import mapped
from interplay.results.question import OF_BEST, Question
from interplay.results.roles import described
from interplay.results.sources import files, read_source
from interplay.results.sources.forms import frame_of, table_of
from interplay.results.telling import tell, told_by
from interplay.table.table import Role, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from interplay.analysis.contenders import Within
    from interplay.results.choosing import Choice


@dataclass(frozen=True, repr=False)
class Results:
    """A table of trainings, and what can be asked of it.

    Attributes:
        table: the rows, and what each column is.
    """

    table: Table

    @classmethod
    def load(cls, source: str | Path) -> Results:
        """The results in a run folder, or in a file of another tool.

        Raises:
            LedgerError: where a folder is no run.
            TableError: where a file cannot be read.
        """
        return cls(read_source(source))

    @classmethod
    def from_csv(cls, path: str | Path) -> Results:
        """A table in a file of any name: one row a training; what its columns are is guessed.

        Raises:
            TableError: where it cannot be read.
        """
        return cls(files.read(str(path)))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame | Mapping[str, Any] | Iterable[Mapping[str, Any]],
        name: str = "table",
        *,
        params: Sequence[str] = (),
        metrics: Sequence[str] = (),
        seed: str | None = None,
        fold: str | None = None,
        budget: str | None = None,
        status: str | None = None,
    ) -> Results:
        """A data frame of somebody else's: one row a training, or what a tool's own frame has.

        Args:
            frame: or a dict of columns (such as scikit-learn's `cv_results_`), or a list of dicts,
                one a row. What its columns are is guessed where nothing says.
            name: for titles.
            params: the hyperparameters, all of them.
            metrics: what was measured; where it is one, it is the metric unless another is asked
                for.
            seed, fold, budget, status: columns, as of a `Question`.

        Raises:
            TableError: where it has no rows, columns of one name, or one of two roles.
            UnknownNameError: a column that there is not.
        """
        table = table_of(name, frame_of(frame))
        only: dict[Role, str | None] = {
            "seed": seed,
            "fold": fold,
            "budget": budget,
            "status": status,
        }
        return cls(tell(table, only, params=params, metrics=metrics))

    def told(self, question: Question) -> Results:
        """The results whose columns have the roles and names that a question tells.

        Raises:
            InterplayError: a column that there is not, one of two roles, or one known to be another.
        """
        table, asked = mapped(self.table, question)
        return replace(self, table=told_by(table, asked))

    def __repr__(self) -> str:
        status = self.table.one("status")
        counts = self.frame[status].value_counts().items() if status else ()
        ends = ", ".join(f"{n} {word}" for word, n in counts)
        told = [how_many(len(self.frame), "row") + (f" ({ends})" if ends else "")]
        if self.varied:
            told.append(f"{' × '.join(self.varied)} vary")
        if metrics := self.table.of("metric"):
            told.append(f"metrics {', '.join(metrics)}")
        return f"<Results {self.name}: {'; '.join(told)}>"

    @property
    def name(self) -> str:
        """For titles."""
        return self.table.name

    @property
    def frame(self) -> pd.DataFrame:
        """The tidy table, a row a member."""
        return self.table.frame

    @property
    def study(self) -> Mapping[str, Any]:
        """What was asked, as the run folder has it; empty for tables of others."""
        return self.table.study

    @property
    def curves(self) -> pd.DataFrame:
        """A row a member and epoch: `member` (row number in `frame`), `epoch` from 1, metrics."""
        return self.table.curves

    @property
    def varied(self) -> tuple[str, ...]:
        """The hyperparameters that vary."""
        return self.table.varied

    @property
    def columns(self) -> pd.DataFrame:
        """What each column was taken for, as `interplay columns` says it: `role`, `why`, `values`, `use`."""
        told = pd.DataFrame(described(self.table)).set_index("name")
        return told[["role", "why", "values", "use"]]

    def short_table(self) -> pd.DataFrame:
        """The columns of `frame` that tell trainings apart, how they ended and what they gave."""
        table = self.table
        roles = table.of("seed", "fold", "status", "budget")
        time = [name for name in ("seconds",) if name in table.columns]
        keep = [*self.varied, *roles, *time, *table.of("metric")]
        return self.frame[[name for name in keep if name in self.frame]]

    def curve_table(self) -> pd.DataFrame:
        """`curves` under what makes a member: its varied hyperparameters, seed and fold."""
        curves = self.curves
        names = [*self.varied, *self.table.of("seed", "fold")]
        of_member = self.frame.reindex(columns=names).iloc[curves["member"].astype(int)]
        rest = curves.drop(columns="member").reset_index(drop=True)
        return pd.concat([of_member.reset_index(drop=True), rest], axis=1)

    def ranked(
        self,
        metric: str | None = None,
        mode: Mode | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        budget: str | None = None,
    ) -> pd.DataFrame:
        """Every setting of the varied hyperparameters, the best first; mean, sd, n of the metric.

        Args:
            where, budget: as of a `Question`.

        Raises:
            TableError: which metric is not known, or which way it is better.
            BudgetError: they trained unequally long.
        """
        table, name = self.table, metric_of(self.table, metric)
        mode = mode or mode_of(table, name)
        if budget is not None:
            table = self.told(Question(budget=budget)).table
        only = where_of(table, where or {})
        one_origin(table, only)
        rows = select_rows(self.frame, only)
        return rank_settings(
            rows, self.varied, name, mode, table.one("status"),
            budget=table.one("budget"), seed=table.one("seed"),
        )  # fmt: skip

    def best(
        self, *, by: str | Sequence[str] | None = None, within: Within | None = None, **options: Any
    ) -> Choice:
        """The best cell, what ties with it, and which of these to take; see `choosing.choose`.

        Args:
            options: of a `Question`: metric, mode, where, and what columns are.

        Raises:
            InterplayError: where the table cannot say.
        """
        from interplay.results.choosing import choose

        table, question = mapped(self.table, Question.of(options, OF_BEST))
        return choose(told_by(table, question), question, by=by, within=within)

    def progress(self, metric: str | None = None, mode: Mode | None = None) -> pd.DataFrame:
        """A row a cell in the order in which cells were tried: the best score so far.

        That is the order of suggestion in a guided search, that of Optuna's trials, and the study's
        own in a grid or a random one. Columns: `number`, the varied values, `score` (the study's
        `search.score`), `low` and `high` (of its seeds and folds), `n`, `unstable`, `stopped`,
        `seconds` (training time so far, summed over members), `best`, `best_low`, `best_high`.

        Raises:
            TableError: of a table that does not say how cells were tried, or which way the metric
                is better.
        """
        if not self.table.ordered:
            raise TableError(f"{self.name} does not say in which order its cells were tried")
        table, name = self.table, metric_of(self.table, metric)
        # A hyperparameter or objective of Optuna's may be called seconds.
        timed = "trial_seconds" if "trial_seconds" in self.frame else "seconds"
        return best_so_far(
            self.frame, self.varied, name, mode or mode_of(table, name), table.score,
            status=table.one("status"), seconds=timed,
        )  # fmt: skip

    def cells(self, question: Question) -> Cells:
        """The numbers behind a heatmap.

        Raises:
            InterplayError: where the table cannot answer the question.
        """
        asked = ask(self.table, question)
        cells = CellMeans(**asked.options)(asked.frame)
        notes = (f"at epoch {question.at_epoch}",) if question.at_epoch else ()
        return replace(
            cells,
            title_notes=(*cells.title_notes, *notes),
            warnings=(*cells.warnings, *(caution.message for caution in asked.cautions)),
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
        asked = ask(self.table, question)
        found = InteractionTest(**asked.options)(asked.frame)
        return replace(found, cautions=(*found.cautions, *asked.cautions))

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

    # Of all pictures: names are x, y, metric; options the other fields of `Question`, and title,
    # cmap, figsize and labels (see `plots.look.Looks`). They are drawn on `ax` or on a new figure,
    # whose owner the caller is; none is saved.

    def heatmap(self, *names: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the heatmap; ties with the best square are marked where an analysis is possible."""
        from interplay.plots import draw_heatmap

        question, looks = asked_for(names, options)
        cells, found = self.judged(question)
        return draw_heatmap(cells, ax=ax, interaction=found, **self._titled(cells.metric, looks))

    def residuals(self, *names: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw where cells lie off the sum of their row and column; see `draw_residuals`."""
        from interplay.plots import draw_residuals

        question, looks = asked_for(names, options)
        return draw_residuals(self.analyse(question), ax, **looks)

    def ridge(
        self, *names: str, ax: Axes | None = None, on: Axes | None = None, **options: Any
    ) -> Axes:
        """Draw the best y for each x and what ties with it, or its line `on` a heatmap's axes."""
        from interplay.plots import draw_ridge, overlay_ridge

        question, looks = asked_for(names, options)
        found = self.analyse(question)
        if on is None:
            return draw_ridge(found, ax, **looks)
        if looks or ax is not None:
            given = ", ".join([*looks, *(["ax"] if ax is not None else [])])
            raise TableError(f"on: a line on a heatmap takes no {given}")
        return overlay_ridge(found, on, self.cells(question))

    def lines(
        self, *names: str, ax: Axes | None = None, band: Literal["se", "sd"] = "se", **options: Any
    ) -> Axes:
        """Draw the metric along x, a line a level of y, with bands; see `draw_lines`."""
        from interplay.plots import draw_lines

        question, looks = asked_for(names, options)
        return draw_lines(self.cells(question), ax, band=band, **looks)

    def full(self, *names: str, **options: Any) -> Figure:
        """Draw heatmap, residual map and ridge side by side, with the verdict and all warnings."""
        from interplay.plots import draw_full

        question, looks = asked_for(names, options)
        cells, found = self.cells(question), self.analyse(question)
        return draw_full(cells, found, **self._titled(cells.metric, looks))

    def search_curve(
        self, metric: str | None = None, mode: Mode | None = None, **looks: Any
    ) -> tuple[Axes, Axes]:
        """Draw the best score so far over the cells tried, and over the time; see `draw_progress`."""
        from interplay.plots.progress import draw_progress

        metric = metric_of(self.table, metric)
        mode = mode or mode_of(self.table, metric)
        tried = self.progress(metric, mode)
        if tried.empty:
            raise TableError(f"{self.name} has no cell that was trained")
        looks = {"title": f"{self.name}: best {metric} so far", **looks}
        return draw_progress(tried, metric=metric, mode=mode, score=self.table.score, **looks)

    def multiples(self, by: str, *names: str, **options: Any) -> Figure:
        """Draw a heatmap for each level of the hyperparameter `by`, all in the same colours."""
        from interplay.plots import draw_multiples

        question, looks = asked_for(names, options)
        panels = panels_of(self.table, by, question, lambda asked, of: Results(of).judged(asked))
        return draw_multiples(panels, **self._titled(panels[0][1].metric, looks))

    def learning_curves(
        self,
        *settings: Mapping[str, Any],
        metric: str | None = None,
        mode: Mode | None = None,
        ax: Axes | None = None,
        **looks: Any,
    ) -> Axes:
        """Draw a metric over epochs for settings such as `{"dropout": 0}`: the best and the worst."""
        from interplay.plots import draw_curves

        metric = metric_of(self.table, metric)
        mode = mode or mode_of(self.table, metric)
        means = curves_by_setting(self.table, settings, metric, mode)
        return draw_curves(means, metric=metric, mode=mode, ax=ax, **looks)

    def _titled(self, metric: str, looks: Mapping[str, Any]) -> dict[str, Any]:
        """How a picture looks, with the study and the metric for its title where none is given."""
        name = dict(looks.get("labels") or {}).get(metric, metric)
        return {"title": f"{self.name}: {name}", **looks}
