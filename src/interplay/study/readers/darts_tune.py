"""What darts' tune-smp is asked besides its hyperparameters: trials, seeds, folds, scores.

Source: `tune.py`, `cv.py`, `scoring.py` and `data.py` of darts-nextgen.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

from interplay.combination import RULES
from interplay.errors import Mistake
from interplay.study.readers import wanted as want
from interplay.study.scoring import WAYS

OPTIONS = (
    *("n_trials", "n_randoms", "n_folds", "total_folds", "fold_method", "data_split_method"),
    *("data_split_by", "scoring_metric", "multi_score_strategy", "retrain_and_test", "max_epochs"),
)
TRIALS, RANDOMS, FOLDS, EPOCHS, SEED = 100, 3, 5, 100, 42
"""Its defaults; SEED draws the trials, and the folds."""
FIRST = (42, 21, 69)
"""The seeds of three trainings; more are drawn."""
BELOW = 9999
"""What those are drawn below."""
FOLD_METHODS = {
    "kfold": ("kfold", ""),
    "shuffle": (
        "stratified",
        "darts draws each validation part anew; here each row validates once, evenly over the classes",
    ),
    "stratified": ("stratified", ""),
    "region": (
        "grouped",
        "darts draws the regions of each validation part anew; here each group of the data (data.groups) "
        "validates once",
    ),
    "region-stratified": ("stratified-grouped", "regions are the groups of the data (data.groups)"),
    "none": ("", "darts validates on the rows that it trains on; here one part validates"),
}
"""Of each the way to cut folds here ("" for none), and what is otherwise."""
SPLITS = ("random", "region", "sample", "none")
METRICS = ("val/JaccardIndex", "val/Recall")


def read_tune(
    options: Mapping[str, Any],
    found: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> dict[str, Any]:
    """What a study of ours says of the same.

    Args:
        options: by their names.
        found: the hyperparameters, as a study of ours has them.
    """
    study: dict[str, Any] = {"epochs": _epochs(options, mistakes, notes)}
    study["seeds"] = _seeds(options, mistakes, notes)
    study |= _folds(options, mistakes, notes)
    search = _search(options, found, mistakes, notes)
    study["search"] = {**search, **_metric(options, mistakes, notes)}
    retrain = options.get("retrain_and_test", True)
    if not isinstance(retrain, bool):
        mistakes.append(Mistake("retrain_and_test", "not true or false", retrain, "true, false"))
    elif retrain:
        notes.append(
            "retrain_and_test: when the study has run, `interplay best RUN --retrain` trains the best "
            "again and tests it, on rows that data.test keeps"
        )
    return study


def _whole(
    options: Mapping[str, Any], name: str, default: int, mistakes: list[Mistake], least: int = 1
) -> int | None:
    value = options.get(name)
    if value is None:
        return default
    return int(value) if want.whole(name, value, mistakes, least) else None


def _epochs(options: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]) -> int | None:
    epochs = _whole(options, "max_epochs", EPOCHS, mistakes)
    notes.append(
        f"darts stops a training early, after {epochs} epochs at the latest (max_epochs); here each "
        "trains all of them, equally long"
    )
    return epochs


def _search(
    options: Mapping[str, Any],
    found: Mapping[str, Any],
    mistakes: list[Mistake],
    notes: list[str],
) -> dict[str, Any]:
    """The grid, or so many random draws; all there are where they are not more than that."""
    trials = options.get("n_trials", TRIALS)
    sizes = [len(value["values"]) for value in found.values() if "values" in value]
    ranges = [name for name, value in found.items() if "low" in value]
    varied = ranges or any(size > 1 for size in sizes)
    grid = {"method": "grid" if varied else "single"}
    if trials == "grid":
        reason = "a range, and n_trials is grid, which needs lists and constants"
        mistakes += [Mistake(f"hyperparameters.{name}", reason, None, "a list") for name in ranges]
        notes.append("darts shuffles its grid; here it is trained in the order of the file, whole")
        return grid
    if isinstance(trials, str):
        mistakes.append(Mistake("n_trials", "not a number and not grid", trials, "100, grid"))
        return {}
    number = TRIALS if trials is None else trials
    if not want.whole("n_trials", number, mistakes, 1):
        return {}
    if ranges:
        notes.append(f"the {number} trials are drawn with seed {SEED} as there, but not alike")
        return {"method": "random", "trials": number, "seed": SEED}
    combinations = math.prod(sizes)
    if number >= combinations:
        notes.append(
            f"n_trials of {number} and {combinations} combinations: each of them is trained once"
        )
        return grid
    notes.append(
        f"{number} of {combinations} combinations are drawn with seed {SEED}; darts never draws one "
        "twice, here one that is drawn twice is trained once, so there may be fewer"
    )
    return {"method": "random", "trials": number, "seed": SEED}


def _seeds(options: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]) -> list[int]:
    number = _whole(options, "n_randoms", RANDOMS, mistakes)
    if number is None:
        return list(FIRST)
    if number > BELOW + len(FIRST):
        allowed = f"up to {BELOW + len(FIRST)}"
        mistakes.append(Mistake("n_randoms", "more than there are seeds", number, allowed))
        return list(FIRST)
    more = random.Random(42).sample(range(BELOW), max(number - len(FIRST), 0))
    seeds = [*FIRST[:number], *more]
    once = list(dict.fromkeys(seeds))
    if len(once) < len(seeds):
        notes.append(
            f"darts trains {len(seeds) - len(once)} of its {number} seeds twice; once here"
        )
    return once


def _folds(options: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]) -> dict[str, Any]:
    """`folds`, and of `data` how they are cut."""
    split = options.get("data_split_method")
    if split is not None and want.one_of("data_split_method", split, SPLITS, mistakes):
        notes.append(f"data_split_method {split}: the data here has a test part of its own")
    method, by = options.get("fold_method"), None
    if method is not None and want.one_of("fold_method", method, FOLD_METHODS, mistakes):
        by, otherwise = FOLD_METHODS[method]
        if otherwise:
            notes.append(f"fold_method {method}: {otherwise}")
    total = _whole(options, "total_folds", FOLDS, mistakes)
    folds = _whole(options, "n_folds", total or FOLDS, mistakes)
    if folds is None or total is None or by == "":
        return {}
    if folds > total:
        allowed = f"up to total_folds, {total}"
        mistakes.append(Mistake("n_folds", "more than there are", folds, allowed))
    elif folds < total:
        told = f"the {folds} folds of ours" if folds > 1 else "one validation part"
        notes.append(f"darts trains {folds} of {total} folds; here {told} are other parts")
    if options.get("n_folds") is None:
        notes.append(f"n_folds is left out: total_folds, {total}; darts' own tune-smp then fails")
    if folds == 1:
        return {}
    # They are drawn with the seed that draws its trials.
    cut = {} if by is None else {"data": {"folds_by": by, "split_seed": SEED}}
    return {"folds": folds, **cut}


def _metric(
    options: Mapping[str, Any], mistakes: list[Mistake], notes: list[str]
) -> dict[str, Any]:
    """What is compared: one metric with its direction, or several in one."""
    strategy = options.get("multi_score_strategy") or "harmonic"
    want.one_of("multi_score_strategy", strategy, RULES, mistakes)
    asked = options.get("scoring_metric")
    if asked is None:
        told = " and ".join(METRICS)
        notes.append(f"scoring_metric is left out: darts compares {told}; here search.metric=…")
        return {}
    metrics = [asked] if isinstance(asked, str) else asked
    words = isinstance(metrics, list) and all(isinstance(metric, str) for metric in metrics)
    if not words or not metrics:
        mistakes.append(Mistake("scoring_metric", "no names of metrics", asked, "[val/Recall]"))
        return {}
    ends = {f":{way}": mode for way, mode in WAYS.items()}
    said = [metric.rpartition(":") for metric in metrics if ":" in metric]
    if not all(want.one_of("scoring_metric", f":{end}", ends, mistakes) for *_, end in said):
        return {}
    if ends:
        notes.append(
            "scoring_metric with :higher or :lower is read as documented; darts' code looks for a "
            "metric of the whole name, and fails"
        )
    if len(metrics) > 1:
        # What says nothing is better high, whatever it is called.
        several = [metric if ":" in metric else f"{metric}:higher" for metric in metrics]
        return {"metric": several, "multi_score": strategy}
    name, colon, end = metrics[0].rpartition(":")
    if not colon:
        return {"metric": metrics[0], "mode": "max"}
    if end == "lower":
        notes.append(f"{name}: lower is better here; darts takes the highest of a single metric")
    return {"metric": name, "mode": ends[f":{end}"]}
