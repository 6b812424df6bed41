"""Runs to track: four cells, made-up curves, in no time."""

import pytest

METRICS = ("accuracy", "valid_loss", "train_loss")


def curves(member):
    """Another value in every member, metric and epoch; one that float32 has not."""
    at = member.config["model.hidden_size"] / 100 + member.config["model.dropout"] / 7
    return {
        name: [at + member.seed / 1000 + number / 3 + epoch / 11 for epoch in range(3)]
        for number, name in enumerate(METRICS)
    }


@pytest.fixture
def tracked_run(quiet_run, make_study):
    """A run of a study that has these `tracking` keys; `out` is its folder's name."""
    from interplay.tracking.attach import trackers_of

    def run(tracking, out="run", gives=curves, study=None, **session):
        given = {"engine": "reference", "epochs": 3, "name": "small", **(study or {})}
        asked = make_study(**given, tracking=tracking)
        return quiet_run(asked, out, listeners=trackers_of(asked), gives=gives, **session)

    return run
