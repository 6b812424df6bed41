"""The choice as a folder that stands alone: which of its models, and what the card says of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from interplay.data.load import split_dataset
from interplay.errors import how_many
from interplay.models.factory import input_kind
from interplay.table.ledger import Ledger
from interplay.training.members import section
from interplay.tuning.plan import make_plan
from interplay.winner.chosen import Chosen, members_of
from interplay.winner.export import export_model
from interplay.winner.handed import CardScore, Handed, Story
from interplay.winner.lacking import train_again, without_weights
from interplay.winner.predictions import model_of

if TYPE_CHECKING:
    from interplay.training.members import Member
    from interplay.tuning.plan import Plan
    from interplay.tuning.session import Session
    from interplay.winner.retrain import Retrained


def hand_over(
    chosen: Chosen,
    folder: Path,
    tested: Retrained | None = None,
    *,
    picture: Path | None = None,
    session: Session | None = None,
) -> list[Path]:
    """Write the chosen cell's model of the first seed into a folder that stands alone.

    The first one was agreed upon before anybody knew how it would turn out: the best seed on the
    test rows would be one more choice. Where the choice was retrained, it is the retrained model.

    Args:
        tested: what retraining gave; None: the study's own model, trained again where its weights
            are not kept.
        picture: a heatmap for the card.
        session: where what lacks is trained; Ray on this machine where left out.

    Returns:
        What was written.

    Raises:
        InterplayError: the folder holds anything else, or there is no model to be had.
    """
    if tested is not None:
        plan, member = tested.plan, tested.plan.members[0]
        weights = Ledger(tested.folder).weights
    else:
        plan = make_plan(chosen.study())
        member = members_of(plan, chosen.keys[:1])[0]
        if without_weights(chosen.ledger, [member]):
            train_again(plan, chosen.ledger, [member], session)
        weights = chosen.ledger.weights
    dataset = plan.dataset(member.config)
    data = section(member.config, "data")
    split = split_dataset(dataset, data, member.folds, member.fold)
    handed = Handed(
        model=model_of(plan, member, weights, torch.float32),
        config=member.config,
        dataset=dataset,
        kind=input_kind(section(member.config, "model"), data["view"], dataset),
        train_rows=split.train,
        story=_story(chosen, plan, member, tested, picture),
        folders=tuple(plan.study.folders),
    )
    return export_model(folder, handed)


def _story(
    chosen: Chosen, plan: Plan, member: Member, tested: Retrained | None, picture: Path | None
) -> Story:
    choice, study = chosen.choice, plan.study
    best = choice.table.iloc[choice.taken]
    ties, cells = len(choice.tied), len(choice.table)
    why = f"{choice.why} of the {ties} cells, of {cells}, that are {choice.like}"
    if ties == 1:
        why = f"the best score of {how_many(cells, 'cell')}; no other is {choice.like}"
    sd = None if best["sd"] != best["sd"] else float(best["sd"])
    scores = {choice.metric: CardScore(float(best["mean"]), sd, int(best["n"]))}
    split = split_dataset(
        plan.dataset(member.config), section(member.config, "data"), member.folds, member.fold
    )
    rows: dict[str, int] = {"train": len(split.train), "test": len(split.test)}
    limits = [*choice.notes]
    if tested is None:
        rows["validation"] = len(split.valid)
        limits.append(
            "its score is that of the rows by which it was chosen among others, and so flatters it; "
            "no row was kept for a test, or none was looked at"
        )
        if member.folds:
            limits.append(f"trained on {member.folds - 1} of {member.folds} folds")
    else:
        for name, score in tested.scores.items():
            scores[f"{name}, test"] = CardScore(
                score.mean, score.sd, len(score.each), score.low, score.high, part="test"
            )
        limits += tested.notes
        if tested.looks:
            limits.append(
                "the test rows had been looked at "
                f"{how_many(len(tested.looks), 'time')} before this test"
            )
    return Story(
        study=chosen.results.name,
        epochs=study.epochs,
        seeds=tuple(study.seeds),
        seed=member.seed,
        chosen=_shown(choice.cell),
        why=(why,),
        scores=scores,
        rows=rows,
        limits=tuple(limits),
        picture=picture,
    )


def _shown(cell: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in cell.items() if value is not None}
