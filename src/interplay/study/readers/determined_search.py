"""Determined's searchers as [search] of ours; those that stop trials early become scans.

Source: `searcher_config.go`, `adaptive_asha.go`, `adaptive.go` and `sha.go` of determined-ai/determined.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from interplay.errors import Mistake
from interplay.study.readers import wanted as want

COMMON = (
    *("name", "metric", "smaller_is_better", "source_trial_id", "source_checkpoint_uuid"),
    *("max_length", "time_metric", "max_time"),
)
BRACKETS = ("mode", "divisor", "max_rungs", "bracket_rungs")
SEARCHERS: dict[str, tuple[str, ...]] = {
    "single": ("max_steps",),
    "random": ("max_trials", "max_concurrent_trials", "max_steps"),
    "grid": ("max_concurrent_trials", "max_steps"),
    "adaptive_asha": (
        *BRACKETS,
        *("max_trials", "max_concurrent_trials", "stop_once", "target_trial_steps"),
    ),
    "async_halving": (
        *("num_rungs", "max_trials", "divisor", "max_concurrent_trials", "stop_once"),
        "target_trial_steps",
    ),
    "adaptive": (*BRACKETS, "budget", "step_budget", "target_trial_steps", "train_stragglers"),
    "adaptive_simple": ("mode", "divisor", "max_rungs", "max_trials", "max_steps"),
    "sync_halving": (
        *("num_rungs", "divisor", "budget", "step_budget", "target_trial_steps"),
        "train_stragglers",
    ),
}
"""The searchers, each with its keys beside the common ones, those of 2020 included."""
REFUSED = {
    "pbt": "changes hyperparameters while it trains, so that its trials belong to no cell",
    "custom": "is a program of its own",
}
MODES = ("aggressive", "standard", "conservative")
DIVISOR, RUNGS, CONCURRENT, SIMPLE = 4.0, 5, 16, 2000
LONGEST = 1e15
"""A length beyond which no trial trains."""
UNITS = ("batches", "records", "epochs")
STEPS = ("max_steps", "target_trial_steps")
"""The lengths of 2020, in steps of 100 batches unless batches_per_step says otherwise."""


def read_search(
    searcher: Mapping[str, Any], varied: bool, mistakes: list[Mistake], notes: list[str]
) -> dict[str, Any]:
    """What a study of ours says of the same: [search], and epochs where the searcher has them."""
    name = searcher.get("name")
    if isinstance(name, str) and name in REFUSED:
        reason = f"{name} {REFUSED[name]}"
        mistakes.append(Mistake("searcher.name", reason, name, ", ".join(SEARCHERS)))
        return {"search": {}}
    if not want.one_of("searcher.name", name, SEARCHERS, mistakes):
        return {"search": {}}
    assert isinstance(name, str)
    known = (*COMMON, *SEARCHERS[name])
    want.only("searcher", searcher, known, mistakes)
    return _Search(name, searcher, varied, mistakes, notes).study()


class _Search:
    def __init__(
        self,
        name: str,
        table: Mapping[str, Any],
        varied: bool,
        mistakes: list[Mistake],
        notes: list[str],
    ) -> None:
        self.name, self.table, self.varied = name, table, varied
        self.mistakes, self.notes = mistakes, notes

    def study(self) -> dict[str, Any]:
        search = self._metric()
        length, unit = self._length()
        if self.name in ("single", "random", "grid"):
            search = {**self._listed(), **search}
        else:
            search = {**self._scan(length, unit), **search}
        warm = [key for key in ("source_trial_id", "source_checkpoint_uuid") if self.table.get(key)]
        if warm:
            self.notes.append(f"{' and '.join(warm)}: nothing here begins with another's weights")
        return {"epochs": length, "search": search} if unit == "epochs" else {"search": search}

    def _whole(self, key: str, default: int | None = None, least: int = 1) -> int | None:
        """A whole number of the searcher; its default where it is left out, None where wrong."""
        value = self.table.get(key)
        if value is None:
            return default
        fine = want.whole(f"searcher.{key}", value, self.mistakes, least)
        return int(value) if fine else None

    def _metric(self) -> dict[str, Any]:
        metric, smaller = self.table.get("metric"), self.table.get("smaller_is_better")
        if not isinstance(metric, str) or not metric:
            self.mistakes.append(Mistake("searcher.metric", "missing", metric, "a name"))
        if smaller is not None and not isinstance(smaller, bool):
            key = "searcher.smaller_is_better"
            self.mistakes.append(Mistake(key, "not true or false", smaller, "true, false"))
        if smaller is None:
            self.notes.append("smaller_is_better is left out, and true where it is")
        return {"metric": metric, "mode": "max" if smaller is False else "min"}

    def _length(self) -> tuple[int | None, str]:
        """How long a trial trains, and in what: "" where nothing says."""
        for key in STEPS:
            if self.table.get(key) is not None:
                steps = self._whole(key)
                self._no_epochs(f"{key} of {steps} counts steps of batches")
                return steps, "steps"
        raw = self.table.get("max_length")
        if raw is None:
            raw, metric = self.table.get("max_time"), self.table.get("time_metric")
            if raw is None:
                self._no_epochs("it says no length")
                return None, ""
            length = self._whole("max_time")
            if metric in ("epoch", "epochs"):
                return length, "epochs"
            self._no_epochs(f"max_time of {length} counts {metric or 'batches'}")
            return length, str(metric or "batches")
        key = "searcher.max_length"
        if isinstance(raw, Mapping):
            return self._unit(key, raw, said=True)
        fine = want.whole(key, raw, self.mistakes, 1)
        self._no_epochs(f"max_length of {raw} has no unit")
        return (raw if fine else None), ""

    def _unit(self, key: str, raw: Mapping[Any, Any], said: bool = False) -> tuple[int | None, str]:
        """A length such as {batches: 100}."""
        if len(raw) != 1 or not want.only(key, raw, UNITS, self.mistakes):
            if len(raw) != 1:
                self.mistakes.append(Mistake(key, "not one length", raw, "{epochs: 10}"))
            return None, ""
        unit, length = next(iter(raw.items()))
        if not want.whole(f"{key}.{unit}", length, self.mistakes, 1):
            return None, ""
        if said and unit != "epochs":
            self._no_epochs(f"max_length counts {unit}: {length}")
        return length, unit

    def _no_epochs(self, why: str) -> None:
        self.notes.append(f"how long a trial trains: {why}, so epochs=… is yours to say")

    def _listed(self) -> dict[str, Any]:
        """single, random and grid."""
        concurrent = self._whole("max_concurrent_trials", None, 0)
        if concurrent is not None:
            self.notes.append(
                f"max_concurrent_trials of {concurrent}: here resources.workers trainings at once"
            )
        trials = 1 if self.name == "single" else self._trials()
        if not self.varied:
            if self.name == "random" and trials is not None and trials > 1:
                self.notes.append(
                    f"nothing varies but the seed of {trials} trials: seeds={trials} trains as many"
                )
            return {"method": "single"}
        if self.name == "grid":
            return {"method": "grid"}
        return {"method": "random", "trials": trials}

    def _trials(self) -> int | None:
        if self.name == "grid":
            return None
        trials = self._whole("max_trials")
        if self.table.get("max_trials") is None:
            self.mistakes.append(Mistake("searcher.max_trials", "missing"))
        elif self.name == "adaptive_simple" and trials is not None and trials > SIMPLE:
            reason = "more than adaptive_simple takes"
            self.mistakes.append(Mistake("searcher.max_trials", reason, trials, f"up to {SIMPLE}"))
        return trials

    def _scan(self, length: int | None, unit: str) -> dict[str, Any]:
        """Trials that are stopped early, as near as a scan of ours comes."""
        divisor = self._divisor()
        brackets = self._brackets(divisor, length, self.table.get("max_trials"))
        if "max_trials" in SEARCHERS[self.name]:
            trials = self._trials()
        else:
            trials = self._of_budget(brackets, divisor, length, unit)
        concurrent = self._whole("max_concurrent_trials", CONCURRENT, 0)
        if not self.varied:
            self.notes.append(f"nothing varies, so {self.name} has nothing to stop")
            return {"method": "single"}
        if None in (trials, concurrent) or not brackets:
            return {}
        assert trials is not None
        search: dict[str, Any] = {"method": "random", "trials": trials}
        rungs = max(brackets)
        grace = None
        if unit == "epochs" and length is not None:
            grace = max(int(length / divisor ** (rungs - 1)), 1)
        if (
            rungs == 1
            or length == 1
            or (grace is not None and length is not None and grace >= length)
        ):
            self.notes.append(f"{self.name} with one rung stops nothing: all train to the end")
            return search
        search |= {"scheduler": "asha", "max_concurrent": min(concurrent or trials, trials)}
        search["reduction_factor"] = max(round(divisor), 2)
        if grace is not None:
            search["grace_period"] = grace
        self._differs(brackets, divisor, search["reduction_factor"])
        return search

    def _differs(self, brackets: list[int], divisor: float, factor: int) -> None:
        notes = [f"{self.name} becomes a scan (asha): its cells train unequally long, no heatmap"]
        if len(brackets) > 1:
            told = ", ".join(map(str, brackets))
            notes.append(f"of its {len(brackets)} brackets ({told} rungs) the one of most is here")
        if factor != divisor:
            notes.append(f"a divisor of {divisor:g} is a whole number here, {factor}")
        if self.name in ("adaptive", "adaptive_simple", "sync_halving"):
            notes.append(
                "a cell is judged against those that came so far, not against a whole rung"
            )
        for key in ("stop_once", "train_stragglers"):
            if self.table.get(key) is not None:
                if not isinstance(self.table[key], bool):
                    wrong = Mistake(f"searcher.{key}", "not true or false", self.table[key])
                    self.mistakes.append(wrong)
                notes.append(f"{key} has no counterpart: what is stopped stays so")
        self.notes.append("; ".join(notes))

    def _divisor(self) -> float:
        divisor = self.table.get("divisor")
        if divisor is None or not want.number("searcher.divisor", divisor, self.mistakes):
            return DIVISOR
        if divisor <= 1:
            self.mistakes.append(Mistake("searcher.divisor", "not above 1", divisor, "above 1"))
            return DIVISOR
        return float(divisor)

    def _brackets(self, divisor: float, length: int | None, trials: Any) -> list[int]:
        """The rungs of each bracket, most first; none where something is wrong."""
        if self.name in ("async_halving", "sync_halving"):
            rungs = self._whole("num_rungs")
            if self.table.get("num_rungs") is None:
                self.mistakes.append(Mistake("searcher.num_rungs", "missing"))
            return [] if rungs is None else [_most(rungs, divisor)]
        given = self.table.get("bracket_rungs")
        if given:
            key = "searcher.bracket_rungs"
            if not isinstance(given, list):
                self.mistakes.append(Mistake(key, "not a list", given, "[5, 4, 3]"))
                return []
            fine = [want.whole(key, rungs, self.mistakes, 1) for rungs in given]
            if not all(fine):
                return []
            return sorted((_most(rungs, divisor) for rungs in given), reverse=True)
        rungs = self._whole("max_rungs", RUNGS)
        mode = self.table.get("mode")
        mode = "standard" if mode is None else mode
        if not want.one_of("searcher.mode", mode, MODES, self.mistakes) or rungs is None:
            return []
        rungs = _most(rungs, divisor)
        if self.name != "adaptive":
            for most in (length, trials):
                if isinstance(most, int) and most >= 1:
                    rungs = min(rungs, int(math.log(most) / math.log(divisor)) + 1)
        first = {"aggressive": rungs, "standard": (rungs - 1) // 2 + 1, "conservative": 1}[mode]
        return list(range(rungs, first - 1, -1))

    def _of_budget(
        self, brackets: list[int], divisor: float, length: int | None, unit: str
    ) -> int | None:
        """How many trials a budget of all brackets pays for, as successive halving counts them."""
        key = "step_budget" if self.table.get("step_budget") is not None else "budget"
        raw = self.table.get(key)
        budget: int | None
        if key == "budget" and isinstance(raw, Mapping):
            budget = self._unit("searcher.budget", raw)[0]
            if budget is not None and length is not None and unit not in raw:
                allowed = f"{{{unit}: …}}" if unit in UNITS else "a whole number"
                wrong = Mistake("searcher.budget", "another unit than its length's", raw, allowed)
                self.mistakes.append(wrong)
        elif raw is None:
            self.mistakes.append(Mistake("searcher.budget", "missing"))
            budget = None
        else:
            budget = self._whole(key)
        if all(self.table.get(one) is None for one in (*STEPS, "max_length", "max_time")):
            reason = "missing, and a budget pays for trials of that length"
            self.mistakes.append(Mistake("searcher.max_length", reason))
        if budget is None or length is None or not brackets:
            return None
        trials = sum(_first_rung(budget // len(brackets), n, divisor, length) for n in brackets)
        self.notes.append(f"a budget of {budget} pays for {trials} trials")
        return max(trials, 1)


def _most(rungs: int, divisor: float) -> int:
    """So many rungs at the most: of more, the first would be of length 1 whatever the last is."""
    return min(rungs, 100, int(math.log(LONGEST) / math.log(divisor)) + 1)


def _first_rung(budget: int, rungs: int, divisor: float, length: int) -> int:
    """How many trials begin in a bracket, so that all of its rungs together take the budget."""
    compounds = [divisor ** (rungs - i - 1) for i in range(rungs)]
    units = [max(int(length / compound), 1) for compound in compounds]
    starts = [max(int(compound), 1) for compound in compounds]
    before = [0, *units[:-1]]
    expected = sum((u - b) * s for u, b, s in zip(units, before, starts, strict=True))
    return int(budget / expected * starts[0])
