"""What a sweep of W&B's says besides its parameters, as [search] of ours; hyperband becomes a scan.

Source: `config/schema.json` and `hyperband_stopping.py` of wandb/sweeps, and its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import wanted as want
from interplay.study.settings import is_name

UNEXPECTED = "additional properties are not allowed"
ITS_OWN = {
    **dict.fromkeys(("apiVersion", "description", "program", "job", "image_uri"), str),
    **dict.fromkeys(("entity", "project"), str),
    **{"controller": Mapping, "command": list, "kind": str},
}
"""Keys that concern W&B alone, with what they hold."""
READ = ("method", "name", "metric", "metrics", "parameters", "run_cap", "early_terminate")
METHODS = ("grid", "random", "bayes", "custom")
METRIC = ("name", "goal", "target", "impute", "impute_while_running")
IMPUTE = ("latest", "best", "worst")
GOALS = {"minimize": "min", "maximize": "max"}
SCHEDULER = ("engine", "source", "optimizer", "search_space")
ENGINES = ("optuna", "ax", "wandb")
HYPERBAND = ("type", "min_iter", "max_iter", "s", "eta", "strict")
ETA = 3
MOST_BANDS = 100


def read_sweep(
    tables: Mapping[str, Any],
    varied: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> dict[str, Any]:
    """What a study of ours says of the same.

    Args:
        varied: what varies, as a study file of ours has it.
    """
    return _Sweep(tables, varied, mistakes, notes).study()


class _Sweep:
    def __init__(
        self,
        tables: Mapping[str, Any],
        varied: Mapping[str, Any],
        mistakes: list[Mistake],
        notes: list[str],
    ) -> None:
        self.tables, self.varied = tables, varied
        self.mistakes, self.notes = mistakes, notes

    def study(self) -> dict[str, Any]:
        want.only("", self.tables, (*READ, "scheduler", *ITS_OWN), self.mistakes, UNEXPECTED)
        study: dict[str, Any] = {}
        name = self.tables.get("name")
        if isinstance(name, str) and is_name(name):
            study["name"] = name
        elif name is not None and self._is("name", name, str):
            self.notes.append(f"its name, {name!r}, is none that a study here can have")
        self._alone()
        search = {**self._method(), **self._metric(), **self._early_terminate()}
        return {**study, "search": search}

    def _wrong(self, key: str, reason: str, value: Any = None, allowed: str | None = None) -> None:
        self.mistakes.append(Mistake(key, reason, value, allowed))

    def _is(self, key: str, value: Any, kind: type) -> bool:
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not fits:
            words = {str: "string", list: "array", int: "integer", bool: "boolean"}
            self._wrong(key, f"is not of type {words.get(kind, 'object')}", value)
        return fits

    def _alone(self) -> None:
        """What concerns W&B alone."""
        alone = [key for key in ITS_OWN if key in self.tables]
        for key in alone:
            self._is(key, self.tables[key], ITS_OWN[key])
        kind, controller = self.tables.get("kind"), self.tables.get("controller")
        if isinstance(kind, str) and kind != "sweep":
            self._wrong("kind", "not one of those", kind, "sweep")
        if isinstance(controller, Mapping):
            want.one_of(
                "controller.type", controller.get("type"), ("local", "cloud"), self.mistakes
            )
        if alone:
            self.notes.append(f"concerns W&B only, and nothing here: {', '.join(alone)}")

    def _method(self) -> dict[str, Any]:
        method = self.tables.get("method")
        if method is None:
            self._wrong("method", "missing: it is a required property", None, ", ".join(METHODS))
            return {}
        if not want.one_of("method", method, METHODS, self.mistakes):
            return {}
        engine = self._engine(method)
        if method == "custom":
            if engine != "optuna":
                return {}
            method = "optuna"
            self.notes.append("its scheduler is Optuna: here search.method optuna, with TPE")
        if method in ("bayes", "optuna") and not {"metric", "metrics"} & self.tables.keys():
            self._wrong("metric", f"missing: method {method} needs it", None, "{name: val_loss}")
        cap = self.tables.get("run_cap")
        if cap is not None and not want.whole("run_cap", cap, self.mistakes, 1):
            cap = None
        if not self.varied:
            if cap is not None and cap > 1:
                self.notes.append(f"nothing varies: seeds={cap} trains as often as run_cap says")
            return {"method": "single"}
        if method == "grid":
            self._check_cap(cap)
            return {"method": "grid"}
        if cap is None:
            self.notes.append(
                "without run_cap W&B goes on until it is stopped; here search.trials=… says how "
                "many cells are tried"
            )
            return {"method": method}
        return {"method": method, "trials": cap}

    def _check_cap(self, cap: int | None) -> None:
        """Whether a grid ends before its end, which none here does."""
        size = 1
        for raw in self.varied.values():
            size *= len(raw["values"]) if "values" in raw else raw["high"] - raw["low"] + 1
        if cap is not None and cap < size:
            reason = f"ends a grid of {size:,} runs before its end, and a grid here is whole"
            self._wrong("run_cap", reason, cap, f"{size:,} or more, or method: random")

    def _engine(self, method: str) -> str | None:
        """The engine of a scheduler that can be had here."""
        scheduler = self.tables.get("scheduler")
        if scheduler is None:
            if method == "custom":
                allowed = "{engine: optuna}, or method: grid, random, bayes"
                self._wrong("scheduler", "missing: method custom needs it", None, allowed)
            return None
        if not self._is("scheduler", scheduler, Mapping):
            return None
        if not want.only("scheduler", scheduler, SCHEDULER, self.mistakes, UNEXPECTED):
            return None
        engine = scheduler.get("engine")
        if not want.one_of("scheduler.engine", engine, ENGINES, self.mistakes):
            return None
        if "early_terminate" in self.tables:
            reason = "cannot be used together with early_terminate"
            self._wrong("scheduler", reason, dict(scheduler), "one of them")
        if (engine == "wandb") == (method == "custom"):
            needs = "grid, random or bayes" if engine == "wandb" else "custom"
            self._wrong("method", f"engine {engine} requires another", method, needs)
        elif engine == "ax":
            self._wrong("scheduler.engine", "Ax is not to be had here", engine, "optuna, wandb")
        for key in SCHEDULER[1:]:
            if key in scheduler:
                reason = "names a function of a program of yours, which is not run here"
                self._wrong(f"scheduler.{key}", reason, scheduler[key], "engine alone")
        return str(engine)

    def _metric(self) -> dict[str, Any]:
        if "metrics" in self.tables:
            reason = "several objectives, of which a search here has one"
            self._wrong("metrics", reason, None, "metric, with the one to compare")
        metric = self.tables.get("metric")
        if metric is None or not self._is("metric", metric, Mapping):
            return {}
        want.only("metric", metric, METRIC, self.mistakes, UNEXPECTED)
        name, goal = metric.get("name"), metric.get("goal")
        if name is None:
            self._wrong("metric.name", "missing: it is a required property", None, "a name")
        elif self._is("metric.name", name, str) and not name:
            self._wrong("metric.name", "empty", name, "a name")
        if goal is None:
            self.notes.append("metric.goal is left out, and minimize where it is")
            goal = "minimize"
        elif not want.one_of("metric.goal", goal, GOALS, self.mistakes):
            return {}
        self._imputed(metric)
        return {"metric": name, "mode": GOALS[goal]}

    def _imputed(self, metric: Mapping[str, Any]) -> None:
        target = metric.get("target")
        if target is not None and want.number("metric.target", target, self.mistakes):
            self.notes.append(
                f"W&B begins no further run once one reaches metric.target, {target:g}; here all "
                "cells train"
            )
        for key, words in (("impute", IMPUTE), ("impute_while_running", (*IMPUTE, "false"))):
            if key in metric and want.one_of(f"metric.{key}", metric[key], words, self.mistakes):
                self.notes.append(
                    f"metric.{key} {metric[key]}: here a cell that diverged scores worst, one that "
                    "failed is not told, and each is told when it ends"
                )

    def _early_terminate(self) -> dict[str, Any]:
        table = self.tables.get("early_terminate")
        if table is None or not self._is("early_terminate", table, Mapping):
            return {}
        key = "early_terminate"
        want.only(key, table, HYPERBAND, self.mistakes, UNEXPECTED)
        want.one_of(f"{key}.type", table.get("type"), ("hyperband",), self.mistakes)
        if "metric" not in self.tables and "metrics" not in self.tables:
            self._wrong("metric", "missing: hyperband stopping requires it", None, "{name: …}")
        eta = table.get("eta", ETA)
        if not want.number(f"{key}.eta", eta, self.mistakes):
            return {}
        if eta <= 1:
            self._wrong(f"{key}.eta", "not greater than 1", eta, "above 1")
            return {}
        if "strict" in table:
            self._is(f"{key}.strict", table["strict"], bool)
        grace = self._first_band(table, float(eta))
        if grace is None:
            return {}
        if not self.varied:
            self.notes.append("nothing varies, so early_terminate has nothing to stop")
            return {}
        factor = max(round(eta), 2)
        said = [
            f"early_terminate becomes a scan (asha, from epoch {grace} on, by {factor}): its cells "
            "train unequally long, no heatmap",
            "W&B counts what a run logs, here epochs count, and epochs=… is yours to say",
            "W&B compares a run's best value so far, and at any time; here its value at a rung, "
            "once",
        ]
        if factor != eta:
            said.append(f"an eta of {eta:g} is a whole number here, {factor}")
        if "strict" in table:
            said.append(
                "strict is true where it is left out by W&B's schema, false by its documentation, "
                "and its code does not ask for it"
            )
        self.notes.append("; ".join(said))
        return {"scheduler": "asha", "grace_period": grace, "reduction_factor": factor}

    def _first_band(self, table: Mapping[str, Any], eta: float) -> int | None:
        """After how much the first runs are stopped."""
        key = "early_terminate"
        if "max_iter" not in table:
            least = table.get("min_iter")
            if least is None:
                self._wrong(key, "needs min_iter, or max_iter with s", dict(table))
                return None
            return least if want.whole(f"{key}.min_iter", least, self.mistakes, 1) else None
        most, bands = table["max_iter"], table.get("s")
        if bands is None:
            self._wrong(f"{key}.s", "missing: max_iter needs it", None, "how many bands")
            return None
        fine = [want.whole(f"{key}.{k}", table[k], self.mistakes, 1) for k in ("max_iter", "s")]
        if not all(fine):
            return None
        band, first = float(most), None
        for _ in range(min(bands, MOST_BANDS)):
            band /= eta
            if band < 1:
                break
            first = int(band)
        if first is None:
            reason = f"no band: max_iter / eta is {most / eta:g}"
            self._wrong(f"{key}.max_iter", reason, most, f"{eta:g} or more")
        if "min_iter" in table:
            self.notes.append("early_terminate has max_iter and min_iter; W&B takes max_iter")
        else:
            self.notes.append(f"early_terminate stops nothing after max_iter, {most}; here it may")
        return first
