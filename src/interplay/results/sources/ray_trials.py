"""What an experiment of Ray Tune left on disk. Only JSON and CSV are read: pickles would be executed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

from interplay.errors import TableError, listed, words_of
from interplay.identity import ADDRESS
from interplay.results.sources.logs import rows_of
from interplay.results.sources.nested import flat

STATE = "experiment_state-*.json"  # of each start of the experiment; the last one holds all trials
PARAMS, REPORTS, PROGRESS, ERRORS = "params.json", "result.json", "progress.csv", "error[._]*txt"
BUDGET = "training_iteration"
CONFIG = "config/"
PICKLED = "CLOUDPICKLE_FALLBACK"


@dataclass(frozen=True)
class Trial:
    """What is on disk of a trial.

    Attributes:
        state: as Ray has it in the experiment's state.
        settings: its hyperparameters, by name.
        reports: (iteration, values): every value that was reported by then, the newest of each.
        logged: whether reports are from the trial's own files, not the last one in its state.
        error: the last line of its error.
        broken: how many lines of its reports cannot be read.
    """

    state: Mapping[str, Any]
    settings: Mapping[str, Any]
    reports: list[tuple[int, dict[str, Any]]]
    logged: bool
    error: str | None
    broken: int

    @property
    def iterations(self) -> int:
        """How many it trained."""
        return self.reports[-1][0] if self.reports else 0

    @property
    def last(self) -> Mapping[str, Any]:
        """What it reported in the end."""
        return self.reports[-1][1] if self.reports else {}


def read_trials(state: Path) -> tuple[list[Trial], Any]:
    """All trials of an experiment, and the metric that it was told, if any.

    Args:
        state: the file.

    Raises:
        TableError: it cannot be read, or a trial's hyperparameters changed while it trained.
    """
    entries, metric = _content(state)
    return [_trial(state.parent, entry) for entry in entries], metric


def _content(state: Path) -> tuple[list[dict[str, Any]], Any]:
    try:
        content = json.loads(state.read_text(encoding="utf-8"))
        # Earlier versions of Ray have one part a trial, the first ones no text.
        entries = content["trial_data"] if "trial_data" in content else content["checkpoints"]
        metric = (content.get("runner_data") or {}).get("_metric")
        return [_joined(entry) for entry in entries], metric
    except KeyError:
        raise TableError(f"{state} names no trials: it is no state of an experiment") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise TableError(
            f"{state} cannot be read: {words_of(error)}. While an experiment runs, Ray writes it "
            "anew; that of an earlier start, where there is one, can be given by name"
        ) from None


def _joined(entry: Any) -> dict[str, Any]:
    """What the state has of a trial, in one."""
    trial: dict[str, Any] = {}
    for part in entry if isinstance(entry, list) else [entry]:
        trial.update(json.loads(part) if isinstance(part, str) else part)
    return trial


def _trial(experiment: Path, state: Mapping[str, Any]) -> Trial:
    """What is on disk of a trial, wherever its experiment was moved."""
    named = state.get("relative_logdir") or state.get("logdir") or ""
    name = re.split(r"[\\/]", str(named).rstrip("\\/"))[-1]
    # One that has not begun has no folder.
    folder = experiment / name if name not in ("", ".", "..") else None
    rows, broken = _logged(folder) if folder else ([], 0)
    settings = _settings(_params(folder) or state.get("config"))
    _check_constant(str(state.get("trial_id") or name), settings, [r.get("config") for r in rows])
    logged, last = bool(rows), state.get("last_result")
    if not rows and isinstance(last, dict) and BUDGET in last:
        rows = [last]
    reports: list[tuple[int, dict[str, Any]]] = []
    for row in rows:
        values = dict(_flat({key: value for key, value in row.items() if key != "config"}))
        at = values.get(BUDGET)
        at = at if isinstance(at, int) and 0 < at < 2**31 else len(reports) + 1
        while reports and reports[-1][0] >= at:
            reports.pop()  # it went on from a checkpoint before them, or began anew
        reports.append((at, {**(reports[-1][1] if reports else {}), **values}))
    return Trial(state, settings, reports, logged, _error(folder) if folder else None, broken)


def _logged(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """A trial's reports as it wrote them, and how many lines are no report: a killed trial's last."""
    try:
        for name, parse in ((REPORTS, _lines), (PROGRESS, rows_of)):
            if (folder / name).is_file():
                text = (folder / name).read_text(encoding="utf-8", errors="replace")
                rows = list(parse(text))
                return [row for row in rows if row is not None], rows.count(None)
    except (OSError, csv.Error) as error:
        raise TableError(f"{folder} cannot be read: {words_of(error)}") from None
    return [], 0


def _lines(text: str) -> Iterator[dict[str, Any] | None]:
    for line in text.split("\n"):
        if line.strip():
            yield _dict_of(line)


def _params(folder: Path | None) -> dict[str, Any] | None:
    """A trial's hyperparameters as its own file has them, where it can be read: without pickles."""
    try:
        return _dict_of((folder / PARAMS).read_text(encoding="utf-8")) if folder else None
    except (OSError, UnicodeDecodeError):
        return None


def _dict_of(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is; None where it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested names with slashes between, as Ray's own tables have them."""
    for name, value in flat(values, "/", before, whole=_is_pickled):
        if isinstance(value, dict):
            # Not opened; what differs stays different.
            yield name, f"pickled {crc32(str(value.get('value')).encode()):08x}"
        else:
            yield name, value


def _is_pickled(value: Mapping[str, Any]) -> bool:
    return value.get("_type") == PICKLED


def _settings(config: Any) -> dict[str, Any]:
    """Hyperparameters by name; those of functions and objects without where in memory they were."""
    found = _flat(config, CONFIG) if isinstance(config, dict) else ()
    return {name: ADDRESS.sub("", v) if isinstance(v, str) else v for name, v in found}


def _check_constant(trial: str, settings: Mapping[str, Any], configs: list[Any]) -> None:
    """Refuse a trial that trained with one setting after the other."""
    for before, after in pairwise(configs):
        if before == after:
            continue
        one, two = _settings(before), _settings(after)
        changed = [n for n in settings if n in one and n in two and one[n] != two[n]]
        if changed:
            raise TableError(
                f"trial {trial} changed {listed(changed, 4)} while it trained, as population based "
                "training does: it belongs to no one setting, and there is nothing to compare"
            )


def _error(folder: Path) -> str | None:
    """The last line of a trial's last error."""
    for path in sorted(folder.glob(ERRORS), reverse=True):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        return next((line.strip() for line in reversed(lines) if line.strip()), None)
    return None
