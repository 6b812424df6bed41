"""Trained weights that a run does not have: its members are trained again, alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interplay.errors import InterplayError, how_many
from interplay.table.ledger import Ledger
from interplay.tuning.devices import device_of, resources_of
from interplay.tuning.execute import context_of, session_of
from interplay.tuning.packs import pack_up

if TYPE_CHECKING:
    from interplay.training.members import Member, Row
    from interplay.tuning.plan import Plan
    from interplay.tuning.session import Session


def without_weights(ledger: Ledger, members: Sequence[Member]) -> list[Member]:
    """The members whose weights are not kept: of an older run, or of a cell that fell out."""
    return [member for member in members if not ledger.weights.has(member.key)]


def train_again(
    plan: Plan, ledger: Ledger, members: Sequence[Member], session: Session | None = None
) -> None:
    """Train members again for their weights; their rows stand as they are.

    Args:
        session: where members train; Ray on this machine where left out.

    Raises:
        InterplayError: a training failed that once came to its end.
    """
    study, lost = plan.study, {member.key for member in members}
    if session is None:
        session = session_of(study)

    def deliver(rows: list[Row]) -> None:
        for row in rows:
            if row.weights is not None:
                ledger.weights.write(row.key, row.weights)
                lost.discard(row.key)

    with ledger.lock(), session:
        device = device_of(study)
        packs, _ = pack_up(plan, members, session.workers, device)
        if packs:
            session.ready()
            session.train(
                packs,
                lambda packs: context_of(plan, packs, device),
                workers=min(session.workers, len(packs)),
                resources=resources_of(study, device, session.workers),
                deliver=deliver,
            )
    if lost:
        raise InterplayError(
            f"{how_many(len(lost), 'training')} of the chosen cell came to its end once and does not now; "
            "there are no weights of it"
        )
