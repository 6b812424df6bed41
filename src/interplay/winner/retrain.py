"""The choice trained on train and validation rows together, over the study's seeds, and tested once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from interplay.data.load import split_dataset
from interplay.errors import InterplayError, how_many
from interplay.identity import same_as
from interplay.results.choosing import plain
from interplay.table.folder import LOOKS, RETRAINED, get_json, put_json
from interplay.training.members import Config, section
from interplay.training.schedules import SCHEDULES
from interplay.tuning.execute import execute
from interplay.tuning.plan import Plan, make_plan
from interplay.winner.chosen import Chosen, members_of
from interplay.winner.intervals import Score, scores

if TYPE_CHECKING:
    from interplay.tuning.session import Session


@dataclass(frozen=True, eq=False)
class Retrained:
    """A choice that was trained anew and tested.

    Attributes:
        folder: of the run that trained it.
        plan: of that run: one cell, a member a seed.
        choice: the cell, as looks at the test part name it.
        rows: how many trained it and how many tested it.
        scores: by metric, on the test part.
        looks: earlier looks at this test part, oldest first.
        notes: what a reader must know, a sentence each.
    """

    folder: Path
    plan: Plan
    choice: str
    rows: tuple[int, int]
    scores: Mapping[str, Score]
    looks: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The test as plain values."""
        return {
            "folder": str(self.folder),
            "seeds": self.plan.study.seeds,
            "train_rows": self.rows[0],
            "test_rows": self.rows[1],
            "scores": {
                name: {
                    **{key: plain(value) for key, value in asdict(score).items()},
                    "each": [plain(value) for value in score.each],
                }
                for name, score in self.scores.items()
            },
            "looked_before": [dict(look) for look in self.looks],
            "notes": list(self.notes),
        }


def retrain(chosen: Chosen, *, progress: bool = True, session: Session | None = None) -> Retrained:
    """Train a choice on train and validation rows together and test it on the rows kept for that.

    As many epochs as the study had, over its seeds. A schedule that looks at the validation loss
    has none to look at: its epochs get the median rates that the study's trainings of this cell
    had. Nothing reads the test rows before all is trained. What was trained before is not trained
    again; the run remembers every look at its test part.

    Args:
        session: where members train; Ray on this machine where left out.

    Raises:
        InterplayError: there is no test part, data or code are others than when the choice was
            made, or a training failed.
    """
    schedule = replayed(chosen)
    best = {"keep": "all"}
    once = {"data": {"train_on": "all", "folds_by": None}, "folds": None, "repeats": None}
    changes: dict[str, Any] = {**once, "best": best}
    study = chosen.study(**changes, **({"schedule": schedule} if schedule else {}))
    plan = make_plan(study)
    config = plan.members[0].config
    dataset = plan.dataset(config)
    split = split_dataset(dataset, section(config, "data"), None, None)
    if not len(split.test):
        raise InterplayError(
            f"dataset {dataset.name!r} has no test part, and one that is cut off now was trained on "
            "by the study: give it one with data.test = 0.2 before anything trains, and run the "
            "study again"
        )
    members_of(make_plan(chosen.study()), chosen.keys)  # what was chosen is what is trained
    place = chosen.ledger.folder / RETRAINED / plan.members[0].key[:12]
    outcome = execute(study, place, progress=progress, session=session)
    frame = outcome.results.frame
    bad = frame[frame["status"] != "complete"]
    if len(bad):
        first = bad.iloc[0]
        reason = f": {first['error']}" if first["status"] == "failed" else ""
        raise InterplayError(
            f"{how_many(len(bad), 'training')} of {len(frame)} of the choice {first['status']} on "
            f"train and validation rows together{reason}; nothing was tested"
        )
    from interplay.table.ledger import Ledger
    from interplay.winner.predictions import outputs_of_test

    outputs, targets, rows = outputs_of_test(plan, plan.members, Ledger(place).weights)
    groups = None if dataset.groups is None else dataset.groups[rows]
    found = scores(outputs, targets, dataset.task, groups, chosen.choice.metric)
    looks = _look(chosen, plan, found)
    notes = []
    if dataset.overlap:
        notes.append(
            "test rows follow each other in time and share values: the interval over rows is too "
            "narrow"
        )
    if schedule:
        notes.append(
            f"schedule {chosen.config['schedule.name']} had no validation rows to look at: each epoch "
            "had the median rate of the study's trainings"
        )
    sizes = len(split.train), len(split.test)
    return Retrained(place, plan, same_as(chosen.config), sizes, found, tuple(looks), tuple(notes))


def replayed(chosen: Chosen) -> dict[str, Any] | None:
    """The schedule that gives each epoch the median rate of a cell's trainings in the study; None
    where theirs does not depend on what they scored."""
    config = chosen.config
    options = section(config, "schedule")
    schedule = SCHEDULES.get(options.pop("name"))
    if not schedule.watches:
        return None
    epochs = chosen.ledger.study()["epochs"]
    # Of trainings that came to their end: the others' rates end where they did.
    rates = [rates_of(config, curve, epochs) for curve in _losses(chosen) if len(curve) == epochs]
    if not rates:
        raise InterplayError(
            f"no training of {chosen.choice.said} came to its end, whose rates each epoch could have"
        )
    factors = np.median(np.array(rates) / config["optimizer.lr"], axis=0)
    none: dict[str, Any] = dict.fromkeys(options)  # the other schedule's own keys go
    return {**none, "name": "listed", "factors": {"value": [float(f) for f in factors]}}


def rates_of(config: Config, valid_loss: list[float], epochs: int) -> list[float]:
    """The learning rate of each epoch of a training whose validation losses these were."""
    options = section(config, "schedule")
    form = SCHEDULES.get(options.pop("name")).stacked_form
    rate = form(options, config["optimizer.lr"], epochs)
    return [rate.value, *(rate.after_epoch(loss) for loss in valid_loss[: epochs - 1])]


def _losses(chosen: Chosen) -> list[list[float]]:
    """The validation losses of the cell's trainings, epoch by epoch."""
    curves = chosen.results.curves
    members = chosen.choice.rows[chosen.choice.taken]
    by_member = curves[curves["member"].isin(members)].groupby("member")["valid_loss"]
    return [losses.tolist() for _, losses in by_member]


def _look(chosen: Chosen, plan: Plan, found: Mapping[str, Score]) -> list[dict[str, Any]]:
    """Remember that the test part was looked at; the looks before this one."""
    file = chosen.ledger.folder / LOOKS
    dataset = plan.dataset(plan.members[0].config)
    with chosen.ledger.lock():
        looks: list[dict[str, Any]] = get_json(file)["looks"] if file.is_file() else []
        now = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": dataset.digest,
            "choice": same_as(chosen.config),  # `cell` has what varied where it was asked
            "cell": chosen.choice.cell,
            "scores": {name: plain(score.mean) for name, score in found.items()},
        }
        put_json(file, {"looks": [*looks, now]})
    return [look for look in looks if look["data"] == now["data"]]
