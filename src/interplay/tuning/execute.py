"""A study from question to finished ledger: plan, what is missing, preflight, train, keep."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.combination import curve_of
from interplay.errors import UnknownNameError, how_many, listed
from interplay.identity import same_as
from interplay.results.results import Results
from interplay.space.space import Cell
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.training.members import Member, Row
from interplay.tuning.bar import StudyProgress
from interplay.tuning.describe import changes, describe
from interplay.tuning.devices import device_of, resources_of, workers_of
from interplay.tuning.keeping import Keeper, keep_best
from interplay.tuning.listeners import Audience, Listener
from interplay.tuning.packs import Pack, pack_up
from interplay.tuning.plan import Plan, make_plan
from interplay.tuning.search.book import (
    CellBook,
    members_left,
    open_book,
    open_record,
    open_rounds,
)
from interplay.tuning.session import RaySession, Session

if TYPE_CHECKING:
    from interplay.tuning.worker import Context


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: what was finished is kept in `folder`."""

    def __init__(self, folder: Path, done: int, total: int) -> None:
        self.folder, self.done, self.total = folder, done, total
        super().__init__(
            f"interrupted; {done} of {how_many(total, 'member')} finished and kept in {folder}; "
            "the same command goes on from there"
        )


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        folder: the run's.
        tried: members that were missing, and tried now.
        trained: those of them that did not fail.
        kept: members that were there already.
        failed: members of the study that are failed, now or still.
        seconds: of the whole run.
        unused: rows in the folder that the study does not ask for.
        changed: what it asks otherwise than the run before in this folder did.
    """

    results: Results
    folder: Path
    tried: int
    trained: int
    kept: int
    failed: int
    seconds: float
    unused: int
    changed: list[str]

    @property
    def nothing_new(self) -> str:
        """What to say where nothing was tried."""
        members = "the one member was" if self.kept == 1 else f"all {self.kept} members were"
        return f"nothing new to train, {members} there already"

    @property
    def left_aside(self) -> str | None:
        """What to say of rows that are not the study's; None where there are none."""
        if not self.unused:
            return None
        changed = f"; changed since: {listed(self.changed, 6)}" if self.changed else ""
        members, are = how_many(self.unused, "member"), "is" if self.unused == 1 else "are"
        return f"{members} of other settings, data or code {are} kept{changed}"


def run_folder(study: Study, out: str | Path | None) -> Path:
    """Where a study's run is kept."""
    return Path(out) if out is not None else Path("runs") / study.name


def execute(
    study: Study,
    out: str | Path | None = None,
    *,
    progress: bool = True,
    session: Session | None = None,
    listeners: Sequence[Listener] = (),
) -> Outcome:
    """Train what `study` asks for and is not there yet; what was done.

    Args:
        out: the run folder; runs/<name> where left out.
        progress: show a progress bar on stderr.
        session: where members train; Ray on this machine where left out.
        listeners: told where the run stands.

    Raises:
        InterplayError: where the study and the folder, the data, or the models do not work.
    """
    started = time.monotonic()
    ledger = Ledger(run_folder(study, out)).create()
    if session is None:
        session = session_of(study)
    audience = Audience(listeners)
    with audience, ledger.lock(), session:
        ledger.compact()
        before = ledger.study()["study"] if ledger.is_run else {}
        finished = ledger.finished(stopped=study.search.scheduler is not None)
        if not finished:
            session.begin()  # there will be something to train
        plan = make_plan(study)
        missing = plan.sort([m for m in plan.members if m.key not in finished])
        if not study.search.listed:
            tried = _train_guided(plan, ledger, session, audience, progress)
        elif missing:
            tried = _train_listed(plan, ledger, session, missing, audience, progress)
        else:
            ledger.write_study(describe(plan), plan.members)
            audience.begin(ledger)
            tried = {}
        ledger.compact()
        results = Results.load(ledger.folder)
        keep_best(ledger, results, study.best)
    audience.end(results)
    failed = int((results.frame["status"] == "failed").sum())
    trained = sum(status != "failed" for status in tried.values())
    kept = len(results.frame) - len(tried)
    return Outcome(
        results,
        ledger.folder,
        tried=len(tried),
        trained=trained,
        kept=kept,
        failed=failed,
        seconds=time.monotonic() - started,
        unused=len(ledger.rows([])) - len(results.frame),
        changed=changes(before, results.study["study"]) if before else [],
    )


def session_of(study: Study) -> Session:
    """Where members of a study train: Ray on this machine."""
    return RaySession(workers_of(study), study.resources.cpus_per_worker)


class Desk:
    """Where the driver sits while members train: rows come in, are kept, counted and shown.

    Attributes:
        tried: by key, what became of the members that came in.
    """

    def __init__(
        self, plan: Plan, ledger: Ledger, total: int, audience: Audience, progress: bool
    ) -> None:
        self.ledger, self.plan, self.audience = ledger, plan, audience
        self.book: CellBook | None = None
        self.tried: dict[str, str] = {}
        space = plan.study.space
        self.bar = StudyProgress(
            total, plan.metric, plan.mode, space.varied, active=space.active, show=progress
        )
        self.keeper = Keeper(plan, ledger, self.bar.tell)

    def deliver(self, rows: list[Row]) -> None:
        """Rows that came in.

        Raises:
            InterplayError: where they cannot be kept, or a user's function does not return the
                metric that is compared: known with its first row, and true of all.
        """
        self.ledger.append(rows)
        self.keeper.take(rows)
        self.bar.add(rows)
        self.audience.rows(rows)
        self.tried |= {row.key: row.status for row in rows}
        if self.book is not None:
            self.book.take(rows)
        metric = self.plan.metric
        for row in rows:
            if row.curves and curve_of(row.curves, metric) is None:
                raise UnknownNameError("search.metric", metric, row.curves)


def _train_listed(
    plan: Plan,
    ledger: Ledger,
    session: Session,
    missing: list[Member],
    audience: Audience,
    progress: bool,
) -> dict[str, str]:
    """Train the members of a study whose cells are all known; what became of those tried."""
    # Before the study is written: a study that cannot run leaves the folder as it was.
    device = device_of(plan.study)
    packs, unbuildable = pack_up(plan, missing, session.workers, device)
    ledger.write_study(describe(plan), plan.members)
    with _desk(plan, ledger, len(missing), audience, progress) as desk:
        if unbuildable:
            desk.deliver(unbuildable)
        if packs:
            session.ready()
            desk.bar.begin()
            session.train(
                packs,
                lambda packs: context_of(plan, packs, device),
                workers=min(session.workers, len(packs)),
                resources=resources_of(plan.study, device, session.workers),
                deliver=desk.deliver,
            )
    return desk.tried


def _train_guided(
    plan: Plan, ledger: Ledger, session: Session, audience: Audience, progress: bool
) -> dict[str, str]:
    """Train the cells that the study's search comes to; what became of the members tried."""
    study = plan.study
    device = device_of(study)
    book = open_book(plan, ledger, lambda rows: desk.deliver(rows), device)
    record = open_record(study, ledger, book)
    total = members_left(study, book, record)
    asked = {same_as(cell): book.members(cell) for cell in record.cells}

    def on_round(cells: list[Cell]) -> None:
        new = {same_as(cell): book.members(cell) for cell in cells}
        ledger.add_asked([m for key, own in new.items() if key not in asked for m in own])
        asked.update(new)

    guide = study.guide(plan.mode, record.owner, record.search)
    # Before the record of a search: a folder that has one is a run.
    ledger.write_study(describe(plan), [m for own in asked.values() for m in own])
    with _desk(plan, ledger, total, audience, progress) as desk:
        desk.book = book
        rounds = open_rounds(plan, guide, book, record, on_round)
        if rounds.left():
            session.ready()
            desk.bar.begin()
            scheduler = None
            if study.search.scheduler is not None:
                from interplay.tuning.search.scheduler import open_scheduler

                scheduler = open_scheduler(plan, ledger, book, record)
            session.search(
                rounds,
                context_of(plan, [], device),
                workers=min(session.workers, study.search.max_concurrent),
                resources=resources_of(study, device, session.workers),
                deliver=desk.deliver,
                scheduler=scheduler,
            )
    return desk.tried


@contextmanager
def _desk(
    plan: Plan, ledger: Ledger, total: int, audience: Audience, progress: bool
) -> Iterator[Desk]:
    """The driver's place, once the study is written."""
    desk = Desk(plan, ledger, total, audience, progress)
    try:
        audience.begin(ledger)
        yield desk
    except KeyboardInterrupt:
        raise Interrupted(ledger.folder, len(desk.tried), total) from None
    finally:
        desk.bar.close()


def context_of(plan: Plan, packs: list[Pack], device: str) -> Context:
    """What workers get."""
    from interplay.tuning.worker import Context, Target

    study = plan.study
    threads = study.resources.cpus_per_worker
    target = Target(plan.metric, plan.mode, study.search.score)
    keep = study.best.keep != "none"
    return Context(packs, plan.datasets, plan.begun, device, threads, target, keep)


def dry_run(study: Study, out: str | Path | None = None) -> dict[str, Any]:
    """What a run would do: cells, members, how many are there already, packs. Trains nothing."""
    plan = make_plan(study)
    ledger = Ledger(run_folder(study, out))
    scan = study.search.scheduler is not None
    finished = ledger.finished(stopped=scan)
    missing = plan.sort([m for m in plan.members if m.key not in finished])
    asked = study.resources.device
    device = device_of(study) if asked == "auto" else asked  # that need not be on this machine
    packs, unbuildable = pack_up(plan, missing, workers_of(study), device)
    search, workers = study.search, min(workers_of(study), max(1, len(packs)))
    left = len(missing)
    if not search.listed:
        book = open_book(plan, ledger, lambda _: None, device)
        left = members_left(study, book, open_record(study, ledger, book))
        workers = min(workers_of(study), search.max_concurrent)
    each = ledger.seconds(study.epochs or 0)
    return {
        "folder": str(ledger.folder),
        "chosen": None if search.listed else search.trials or len(study.cells()),
        "cells": len(plan.cells),
        "members": len(plan.members),
        "finished": len(plan.members) - len(missing),
        "missing": left,
        "unbuildable": len(unbuildable),
        "workers": workers,
        "seconds": None if each is None else each * (left - len(unbuildable)) / workers,
        "packs": [len(pack.members) for pack in packs],
        "engines": sorted({pack.engine for pack in packs}),
    }
